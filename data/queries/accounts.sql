-- name: by_login — the account of a login name
select id, login, name, role, password_hash, disabled_at from account where login = :login;

-- name: by_id — one account
select id, login, name, role, disabled_at from account where id = :id;

-- name: intervals — the key intervals an account may see today
select r.key as region_key, coalesce(r.key, s.key_lo) as lo, coalesce(r.key_hi, s.key_hi) as hi,
       coalesce(rs.scheme, s.scheme) as scheme, coalesce(r.code, '') as code, r.name, r.tier
from account_scope a
join scheme s on s.is_main
left join region r on r.key = a.region_key
left join scheme rs on rs.id = r.scheme_id
where a.account_id = :account_id and a.valid_from <= now() and (a.valid_to is null or a.valid_to > now())
order by lo;

-- name: regions_of_logins — each log-in name with the names of its regions; empty: the whole main scheme
select a.login, coalesce(string_agg(r.name, '、' order by r.key), '') as regions
from account a join account_scope s on s.account_id = a.id left join region r on r.key = s.region_key
group by a.login;

-- name: add — a new account
insert into account (login, name, role, password_hash) values (:login, :name, :role, :password_hash)
on conflict (login) do nothing returning id;

-- name: add_scope — a region that an account may see; no region: the whole main scheme
insert into account_scope (account_id, region_key) values (:account_id, :region_key) on conflict do nothing;

-- name: set_password — a new password for an account
update account set password_hash = :password_hash where login = :login returning id;
