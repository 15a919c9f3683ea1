-- name: start — a session, from its sign-in on
insert into session (account_id, token_hash, created_at, last_seen_at, address, user_agent)
values (:account_id, :token_hash, :now, :now, :address, :user_agent);

-- name: by_token — a session that has not been ended, and its account
select s.id as session_id, s.created_at, s.last_seen_at, s.viewed_id, a.id, a.login, a.name, a.disabled_at,
       exists (select from second_factor f where f.account_id = a.id and f.confirmed_at is not null
               and f.ended_at is null) as has_factor
from session s join account a on a.id = s.account_id
where s.token_hash = :token_hash and s.ended_at is null;

-- name: seen — a session was used
update session set last_seen_at = :now where id = :id and ended_at is null;

-- name: list — an account's sessions that can still be used, the last used first
select s.id, s.created_at, s.last_seen_at, s.address, s.user_agent
from session s join account a on a.id = s.account_id
where a.login = :login and s.ended_at is null and s.created_at > :created_after and s.last_seen_at > :seen_after
order by s.last_seen_at desc, s.id desc;

-- name: account_of — whose session this is
select account_id from session where id = :id and ended_at is null;

-- name: end — a session, with the reason
update session set ended_at = :now, ended_why = :why where id = :id and ended_at is null returning id;

-- name: end_all — an account's sessions but for one (0: none excepted)
update session set ended_at = :now, ended_why = :why
where account_id = :account_id and id <> :kept and ended_at is null;

-- name: view — look as another account from now on, or as oneself again
update session set viewed_id = :viewed_id where id = :id and ended_at is null returning id;

-- name: ended_among — which of these sessions and tokens may not be used any more
select 'session' as kind, s.id from session s join account a on a.id = s.account_id
where s.id = any(:sessions)
  and (s.ended_at is not null or a.disabled_at is not null
       or s.created_at <= :created_after or s.last_seen_at <= :seen_after)
union all
select 'token', t.id from api_token t join account a on a.id = t.account_id
where t.id = any(:tokens) and (t.revoked_at is not null or a.disabled_at is not null or t.expires_at <= :now);
