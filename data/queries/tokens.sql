-- name: add — a connector's token
insert into api_token (account_id, name, token_hash, rights, region_keys, created_at, created_by, expires_at)
values (:account_id, :name, :token_hash, :rights, :region_keys, :now, :by, :expires_at) returning id;

-- name: by_token — a token that has not been revoked, and its account
select t.id as token_id, t.rights, t.expires_at, t.last_used_at, a.id, a.login, a.name, a.disabled_at,
       exists (select from second_factor f where f.account_id = a.id and f.confirmed_at is not null
               and f.ended_at is null) as has_factor,
       (select array_agg(array[r.key, r.key_hi]) from region r where r.key = any(t.region_keys)) as regions,
       t.region_keys is not null as in_regions
from api_token t join account a on a.id = t.account_id
where t.token_hash = :token_hash and t.revoked_at is null;

-- name: used — a token was used
update api_token set last_used_at = :now where id = :id;

-- name: list — an account's tokens, the newest first
select t.id, t.name, t.rights, t.created_at, t.expires_at, t.last_used_at, t.revoked_at,
       coalesce((select array_agg(coalesce(r.name, r.code) order by r.key) from region r where r.key = any(t.region_keys)), '{}') as regions
from api_token t join account a on a.id = t.account_id
where a.login = :login and t.revoked_at is null
order by t.id desc;

-- name: revoke — a token, from now on
update api_token set revoked_at = :now where id = :id and revoked_at is null returning id;
