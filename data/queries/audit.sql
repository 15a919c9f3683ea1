-- name: add — a deed of this transaction's actor
insert into audit (action, object_kind, object_id, region_key, reason, details)
values (:action, :kind, :object_id, :region_key, :reason, cast(:details as jsonb));

-- name: make_months — tables for this month and those to come
select make_audit_months();

-- name: drop_months — drops the months that ended before a moment, as the database's owner; how many lines each had
select month, lines from drop_audit_months(:before);

-- name: seal_one_at_a_time — whether nobody else seals; until the end of the transaction nobody does
select pg_try_advisory_xact_lock(hashtext('citybrain audit seal'));

-- name: horizon — every transaction below this id has ended and is visible; and the time
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon, now() as now;

-- name: sort_nothing — from here on the index is the order: old statistics would have the rest sorted for each page
select set_config('enable_sort', 'off', true);

-- name: lines — deeds after one and below a horizon as they are sealed, transaction by transaction
select txid::text::bigint as txid, id, date_trunc('month', at at time zone 'UTC')::date as month,
       json_build_array(
           id, (extract(epoch from at) * 1000000)::bigint, actor_id, actor_name, roles, action, object_kind, object_id,
           region_key, reason, address, via, details, txid::text
       )::text as line
from audit
where (audit.txid, id) > (cast(cast(:after_txid as text) as xid8), :after_id)
  and audit.txid < cast(cast(:txid_to as text) as xid8)
order by audit.txid, id limit :limit;

-- name: last_seal — the newest seal
select seq, month, txid_from, txid_to, rows, digest, at from audit_seal order by seq desc limit 1;

-- name: seals — seals after one number and up to another, in their order
select seq, month, txid_from, txid_to, rows, digest, at from audit_seal
where seq > :after and seq <= :last order by seq limit :limit;

-- name: add_seal — the next seal
insert into audit_seal (seq, month, txid_from, txid_to, rows, digest, at)
values (:seq, :month, :txid_from, :txid_to, :rows, :digest, :at);

-- name: unsealed — how many deeds no seal covers yet, the oldest of them, and whether it has waited for over a minute
select count(*) as rows, min(at) as oldest, coalesce(min(at) < now() - interval '1 minute', false) as is_overdue
from audit where txid >= cast(cast(:txid_from as text) as xid8);

-- name: prunings — which months were pruned, and when: what sealed deeds say of it
select a.at, cast(m ->> 'month' as date) as month
from audit a, jsonb_array_elements(a.details -> 'months') m
where a.action = 'prune_audit' and a.txid < cast(cast(:txid_to as text) as xid8);

-- name: latest — deeds, newest first
select a.id, a.at, a.actor_id, a.actor_name, a.roles, a.action, a.object_kind, a.object_id,
       a.reason, a.address, a.via, a.details, r.code as region_code, r.name as region_name, r.tier as region_tier
from audit a left join region r on r.key = a.region_key
where a.at >= :since and a.at <= :until
  and (a.at, a.id) < (:before_at, :before_id)
  and (cast(:person as text) is null
       or position(lower(:person) in lower(a.actor_name)) > 0 or a.actor_id::text = :person)
  and (cast(:action as text) is null or a.action = :action)
  and (cast(:kind as text) is null or a.object_kind = :kind)
  and (cast(:object_id as text) is null or a.object_id = :object_id)
  and (cast(:lo as bigint) is null or a.region_key between :lo and :hi)
order by a.at desc, a.id desc limit :limit;
