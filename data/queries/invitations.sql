-- name: end_open — an account's invitations that could still be used
update invitation set ended_at = :now where account_id = :account_id and ended_at is null;

-- name: add — an invitation
insert into invitation (account_id, token_hash, created_at, created_by, expires_at)
values (:account_id, :token_hash, :now, actor_id(), :expires_at);

-- name: by_token — an invitation, whether or not it can still be used, and its account
select i.id, i.account_id, i.expires_at, i.ended_at, a.login, a.name, a.disabled_at
from invitation i join account a on a.id = i.account_id where i.token_hash = :token_hash;

-- name: spend — an invitation, once
update invitation set ended_at = :now where id = :id and ended_at is null returning id;
