-- name: by_login — the account of a login name
select a.id, a.login, a.name, a.password_hash, a.disabled_at,
       exists (select from second_factor f where f.account_id = a.id and f.confirmed_at is not null
               and f.ended_at is null) as has_factor
from account a where a.login = :login;

-- name: by_id — one account
select a.id, a.login, a.name, a.disabled_at,
       exists (select from second_factor f where f.account_id = a.id and f.confirmed_at is not null
               and f.ended_at is null) as has_factor
from account a where a.id = :id;

-- name: card — what an account is told about itself
select login, name, staff_number, organisation, phone from account where id = :id;

-- name: roles — what an account is today, the key intervals in which it is that, and what is open to its tier there
select a.role, r.key as region_key, coalesce(r.key, s.key_lo) as lo, coalesce(r.key_hi, s.key_hi) as hi,
       coalesce(rs.scheme, s.scheme) as scheme, coalesce(r.code, '') as code, r.name, r.tier,
       array(
           select h.subject from home_tier h join tier ht on ht.tier = h.tier
           where r.key is null or (select depth from tier where tier = r.tier) <= ht.depth
           union
           select unnest(p.data_set || array(select p.data_set || '.' || f from unnest(p.fields) as f))
           from pushdown p
           where p.tier = r.tier and r.key between p.region_key and p.region_key_hi and p.withdrawn_at is null
             and p.valid_from <= now() and (p.valid_to is null or p.valid_to > now())
             and not exists (select from pushdown n where n.replaces = p.id and n.valid_from <= now())
       ) as opened
from account_role a
join scheme s on s.is_main
left join region r on r.key = a.region_key
left join scheme rs on rs.id = r.scheme_id
where a.account_id = :account_id and a.valid_from <= now() and (a.valid_to is null or a.valid_to > now())
order by lo, a.role;

-- name: regions_of_logins — each log-in name with the names of its regions; empty: the whole main scheme
select a.login, coalesce(string_agg(r.name, '、' order by r.key), '') as regions
from account a join account_role s on s.account_id = a.id left join region r on r.key = s.region_key
group by a.login;

-- name: add — a new account
insert into account (login, name, password_hash, staff_number, organisation, phone, created_by)
values (:login, :name, :password_hash, :staff_number, :organisation, :phone, actor_id())
on conflict do nothing returning id;

-- name: give_role — a role in a region; no region: in the whole main scheme
insert into account_role (account_id, role, region_key, valid_from, valid_to, given_by)
values (:account_id, :role, :region_key, coalesce(cast(:valid_from as timestamptz), now()), :valid_to, actor_id());

-- name: set_password — a new password for an account
update account set password_hash = :password_hash where login = :login;
