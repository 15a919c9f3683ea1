-- name: add — one version of what is opened
insert into pushdown (data_set, fields, tier, region_key, region_key_hi, purpose, valid_from, valid_to, given_by,
                      given_by_name, replaces)
values (:data_set, :fields, :tier, :region_key, :region_key_hi, :purpose, coalesce(cast(:valid_from as timestamptz), now()), :valid_to,
        actor_id(), :given_by_name, :replaces)
returning id;

-- name: withdraw — ends one that is not withdrawn yet
update pushdown set withdrawn_at = now(), withdrawn_by_name = :name
where id = :id and withdrawn_at is null returning id;

-- name: one — one that the asker may give or is given
select p.*, s.scheme, r.code, r.name, r.tier as region_tier,
       (select n.id from pushdown n where n.replaces = p.id) as replaced_by
from pushdown p join region r on r.key = p.region_key join scheme s on s.id = r.scheme_id
where p.id = :id;

-- name: given_out — what the asker may give, newest first, with how many have received and opened it
select p.*, s.scheme, r.code, r.name, r.tier as region_tier,
       (select n.id from pushdown n where n.replaces = p.id) as replaced_by,
       (select count(*) from pushdown_receipt t where t.pushdown_id = p.id) as received,
       (select count(*) from pushdown_receipt t where t.pushdown_id = p.id and t.opened_at is not null) as opened
from pushdown p join region r on r.key = p.region_key join scheme s on s.id = r.scheme_id
where p.region_key <@ (select held_in('push_data')) and p.id < :before
order by p.id desc limit :limit;

-- name: received — what is given to the asker now or was, newest first: of each version the one that counts
select p.*, s.scheme, r.code, r.name, r.tier as region_tier, t.received_at, t.opened_at
from pushdown p join region r on r.key = p.region_key join scheme s on s.id = r.scheme_id
left join pushdown_receipt t on t.pushdown_id = p.id and t.account_id = actor_id()
where exists (
        select from account_role a join region own on own.key = a.region_key
        where a.account_id = actor_id() and a.role = any(array(
                select h.role from unnest(cast(:roles as text[]), cast(:sees as text[])) as h(role, data_set)
                where h.data_set = p.data_set))
            and own.tier = p.tier and own.key between p.region_key and p.region_key_hi
            and a.valid_from <= now() and (a.valid_to is null or a.valid_to > now()))
    and not exists (select from pushdown n where n.replaces = p.id and n.valid_from <= now())
order by p.id desc limit 500;

-- name: receive — that the asker has been shown these
insert into pushdown_receipt (pushdown_id, account_id, account_name, region_key)
select p.id, actor_id(), :name, p.region_key from pushdown p where p.id = any(:ids)
on conflict do nothing;

-- name: open — that the asker has opened one
update pushdown_receipt set opened_at = now()
where pushdown_id = :id and account_id = actor_id() and opened_at is null;

-- name: receipts — who has received one, and opened it
select account_name, received_at, opened_at from pushdown_receipt where pushdown_id = :id
order by received_at, account_id;

-- name: receivers — the accounts that one opens data to
select a.id, a.name, r.code, r.name as region_name, g.role
from account_role g join account a on a.id = g.account_id join region r on r.key = g.region_key
where r.tier = :tier and g.region_key between :lo and :hi and g.role = any(:roles) and a.disabled_at is null
    and g.valid_from <= now() and (g.valid_to is null or g.valid_to > now())
order by r.key, a.id limit :limit;

-- name: receiving_regions — the regions of a tier in a region, each with its shape, simplified by so many degrees
select r.code, r.name, st_asgeojson(st_simplifypreservetopology(b.geom, :tolerance), 6) as geometry
from region r join border b on b.region_key = r.key and b.edition_to is null
where r.tier = :tier and r.key between :lo and :hi
order by r.key limit :limit;

-- name: history — every version of one, the first first
with recursive back as (
    select p.id, p.replaces from pushdown p where p.id = :id
    union all
    select p.id, p.replaces from pushdown p join back b on p.id = b.replaces
), chain as (
    select p.id from pushdown p where p.id = (select min(id) from back)
    union all
    select n.id from pushdown n join chain c on n.replaces = c.id
)
select p.*, s.scheme, r.code, r.name, r.tier as region_tier,
       (select n.id from pushdown n where n.replaces = p.id) as replaced_by
from chain c join pushdown p on p.id = c.id join region r on r.key = p.region_key join scheme s on s.id = r.scheme_id
order by p.id;

-- name: home_tiers — from which tier upwards what is seen by role alone
select subject, tier from home_tier order by subject;
