-- name: page — accounts after a log-in name, perhaps only those that a word is found in
select a.id, a.login, a.name, a.staff_number, a.organisation, a.phone, a.created_at, a.disabled_at,
       (select max(s.created_at) from session s where s.account_id = a.id) as last_sign_in
from account a
where a.login > :after
  and position(lower(:search) in lower(concat_ws(' ', a.login, a.name, a.staff_number, a.organisation))) > 0
order by a.login limit :limit;

-- name: one — one account
select a.id, a.login, a.name, a.staff_number, a.organisation, a.phone, a.created_at, a.disabled_at,
       (select max(s.created_at) from session s where s.account_id = a.id) as last_sign_in
from account a where a.id = :id;

-- name: roles — the roles of some accounts in their regions, those of today, of later and of before
select r.id, r.account_id, r.role, coalesce(gs.scheme, s.scheme) as scheme, coalesce(g.code, '') as code, g.name, g.tier,
       r.valid_from, r.valid_to, b.name as given_by, r.valid_to is not null and r.valid_to <= now() as is_over
from account_role r
join scheme s on s.is_main
left join region g on g.key = r.region_key
left join scheme gs on gs.id = g.scheme_id
left join account b on b.id = r.given_by
where r.account_id = any(:ids)
order by is_over, g.key nulls first, r.role, r.valid_from;

-- name: standings — what accounts are as a whole, by id or by staff number: roles of today and later, and how they sign in
select a.id, a.login, a.name, a.staff_number, a.disabled_at, a.password_hash is not null as has_password,
       exists (select from second_factor f where f.account_id = a.id and f.confirmed_at is not null
               and f.ended_at is null) as has_factor,
       (select max(i.expires_at) from invitation i
        where i.account_id = a.id and i.ended_at is null and i.expires_at > :now) as invited_until,
       coalesce((
           select jsonb_agg(jsonb_build_array(r.role, coalesce(g.key, 0), coalesce(g.key_hi, cast(:last_key as bigint))))
           from account_role r left join region g on g.key = r.region_key
           where r.account_id = a.id and (r.valid_to is null or r.valid_to > now())
       ), '[]') as roles
from account a where a.id = any(:ids) or a.staff_number = any(:staff_numbers) or a.login = any(:logins);

-- name: change — what an account is called
update account set name = :name, staff_number = :staff_number, organisation = :organisation, phone = :phone
where id = :id returning id;

-- name: disable — an account, whose sessions end with it
update account set disabled_at = now() where id = :id and disabled_at is null returning id;

-- name: enable — an account that was disabled
update account set disabled_at = null where id = :id and disabled_at is not null returning id;

-- name: role_of — a role of an account that is not over
select r.id, r.role, coalesce(g.key, 0) as lo, coalesce(g.key_hi, cast(:last_key as bigint)) as hi
from account_role r left join region g on g.key = r.region_key
where r.id = :id and r.account_id = :account_id and (r.valid_to is null or r.valid_to > now());

-- name: end_role — now, or before it began
update account_role set valid_to = greatest(now(), valid_from) where id = :id;
