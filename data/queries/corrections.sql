-- name: add — a correction, applied or waiting
insert into correction (data_set, record_id, region_key, field, before, after, reason, state, author_id, author_name)
values (:data_set, :id, :region_key, :field, :before, :after, :reason, :state, actor_id(), :author_name)
returning id;

-- name: waiting_for — the correction of a field that waits already
select id, after, author_name, at from correction
where data_set = :data_set and record_id = :id and field = :field and state = 'waiting';

-- name: last_of — the last correction of a field that was applied
select id, after, author_name, at from correction
where data_set = :data_set and record_id = :id and field = :field and state in ('applied', 'confirmed')
order by id desc limit 1;

-- name: of_record — every correction of a record, newest first
select id, field, before, after, reason, state, author_name, at, decided_at, decided_by_name, decided_why
from correction where data_set = :data_set and record_id = :id order by id desc limit 200;

-- name: queue — corrections in the asker's regions by state, newest first
select c.id, c.data_set, c.record_id, c.field, c.before, c.after, c.reason, c.state, c.author_name, c.at, c.decided_at,
       c.decided_by_name, c.decided_why, r.code, r.name, r.tier
from correction c join region r on r.key = c.region_key
where c.state = any(:states) and c.id < :before order by c.id desc limit :limit;

-- name: one — one correction
select id, data_set, record_id, region_key, field, before, after, state from correction where id = :id;

-- name: decide — that a waiting correction is confirmed or refused
update correction set state = :state, decided_at = now(), decided_by_name = :name, decided_why = :why
where id = :id and state = 'waiting' returning id;
