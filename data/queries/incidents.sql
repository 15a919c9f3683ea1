-- name: numbers — ids for so many new incidents, ascending, and the time
select array_agg(n.id order by n.id) as numbers, now() as now
from (select nextval('incident_id_seq') as id from generate_series(1, :count)) n;

-- name: stage — where incidents wait to be added; one table a session, empty between transactions
create temporary table if not exists staged_incident (like incident) on commit delete rows;

-- name: copy_staged — incidents into the table where they wait
copy staged_incident (
    id, source, source_id, taxonomy, category, title, description, state, occurred_at, reported_at, closed_at,
    original_x, original_y, original_crs, geom, place, region_key, placed_edition, placed_code, assigned, on_border,
    nearest_m, attributes
) from stdin (format binary);

-- name: add_staged — adds them all, or none where one is known already by source and source id
insert into incident overriding system value select * from staged_incident order by id;

-- name: add_unknown — adds them, but for those known already by source and source id
insert into incident overriding system value select * from staged_incident order by id
on conflict (source, source_id) do nothing;

-- name: stage_events — where the events of incidents that bring their log wait; the same
create temporary table if not exists staged_event (
    incident_id bigint, region_key bigint, at timestamptz, action text, actor_name text, details jsonb
) on commit delete rows;

-- name: copy_staged_events — events into the table where they wait
copy staged_event (incident_id, region_key, at, action, actor_name, details) from stdin (format binary);

-- name: bring_log — for the rest of the transaction the system's incidents come with their logs
select set_config('citybrain.brings_log', 'yes', true);

-- name: add_staged_with_log — adds incidents and their logs at once: one statement, so that there is never one without
with added as (
    insert into incident overriding system value select * from staged_incident order by id
)
insert into incident_event (incident_id, region_key, at, action, actor_name, details)
select incident_id, region_key, at, action, actor_name, details from staged_event order by incident_id, at;

-- name: is_there — whether one of these sources has reported under this id
select exists (select from incident where source = any(:sources) and source_id = :source_id);

-- name: added — the ids of those that were added; asked one by one, or the planner reads all that is in scope
select s.id from staged_incident s where (select i.id from incident i where i.id = s.id) is not null;

-- name: add_placements — where incidents lie in one department's scheme
insert into incident_placement (incident_id, scheme_id, region_key, placed_key, placed_edition, on_border)
select p.incident_id, :scheme_id, p.region_key, p.placed_key, :edition_id, p.on_border
from unnest(
    cast(:incident_ids as bigint[]), cast(:region_keys as bigint[]), cast(:placed_keys as bigint[]),
    cast(:on_borders as boolean[])
) as p(incident_id, region_key, placed_key, on_border);

-- name: placements — where an incident lies in the departments' schemes
select s.scheme, s.name_zh as scheme_name_zh, s.name_en as scheme_name_en, r.code, r.name, r.tier, p.on_border,
       e.id as edition_id, e.seq as edition_seq
from incident_placement p
join region r on r.key = p.placed_key
join scheme s on s.id = p.scheme_id
join edition e on e.id = p.placed_edition
where p.incident_id = :id
order by s.id;

-- name: id_by_source — the incident that a source reported under its own id
select id from incident where source = :source and source_id = :source_id;

-- name: one — one incident with everything known of it
select i.id, i.source, i.source_id, i.title, i.description, i.taxonomy, i.category, c.name as category_name, i.state,
       i.closed_at is null as open, i.assigned, i.on_border, i.nearest_m, i.occurred_at, i.reported_at, i.closed_at,
       st_x(i.geom) as lon, st_y(i.geom) as lat, i.original_x, i.original_y, i.original_crs, i.place, i.attributes,
       i.region_key, i.placed_code, s.scheme, r.code as region_code, r.name as region_name, r.tier as region_tier,
       e.id as edition_id, e.seq as edition_seq
from incident i
join region r on r.key = i.region_key
join scheme s on s.id = r.scheme_id
join edition e on e.id = i.placed_edition
left join category c on c.taxonomy = i.taxonomy and c.code = i.category
where i.id = :id;

-- name: events — what was done to one incident, oldest first
select id, at, action, actor_name from incident_event where incident_id = :id order by id;

-- name: latest — one page of incidents, newest first, within a key interval
select i.id, i.source, i.source_id, i.title, i.taxonomy, i.category, c.name as category_name, i.state,
       i.closed_at is null as open, i.assigned, i.nearest_m, i.occurred_at, i.reported_at,
       st_x(i.geom) as lon, st_y(i.geom) as lat, i.place,
       s.scheme, r.code as region_code, r.name as region_name, r.tier as region_tier
from (
    select * from incident
    where region_key between :lo and :hi and id < :before
      and (not :only_open or closed_at is null)
      and (cast(:assigned as boolean) is null or assigned = :assigned)
    order by id desc limit :limit
) i
join region r on r.key = i.region_key
join scheme s on s.id = r.scheme_id
left join category c on c.taxonomy = i.taxonomy and c.code = i.category
order by i.id desc;

-- name: latest_in_department — one page of incidents, newest first, within a key interval of a department's scheme
select i.id, i.source, i.source_id, i.title, i.taxonomy, i.category, c.name as category_name, i.state,
       i.closed_at is null as open, i.assigned, i.nearest_m, i.occurred_at, i.reported_at,
       st_x(i.geom) as lon, st_y(i.geom) as lat, i.place,
       s.scheme, r.code as region_code, r.name as region_name, r.tier as region_tier
from (
    select n.*, p.placed_key from incident_placement p join incident n on n.id = p.incident_id
    where p.placed_key between :lo and :hi and n.id < :before
      and (not :only_open or n.closed_at is null)
      and (cast(:assigned as boolean) is null or n.assigned = :assigned)
    order by n.id desc limit :limit
) i
join region r on r.key = i.placed_key
join scheme s on s.id = r.scheme_id
left join category c on c.taxonomy = i.taxonomy and c.code = i.category
order by i.id desc;

-- name: by_ids — the incidents of these ids, newest first
select i.id, i.source, i.source_id, i.title, i.taxonomy, i.category, c.name as category_name, i.state,
       i.closed_at is null as open, i.assigned, i.nearest_m, i.occurred_at, i.reported_at,
       st_x(i.geom) as lon, st_y(i.geom) as lat, i.place,
       s.scheme, r.code as region_code, r.name as region_name, r.tier as region_tier
from incident i
join region r on r.key = i.region_key
join scheme s on s.id = r.scheme_id
left join category c on c.taxonomy = i.taxonomy and c.code = i.category
where i.id = any(:ids)
order by i.id desc;

-- name: keys_in_box — the regions that a box touches or touched in an earlier edition: incidents stay with theirs
select distinct b.region_key
from border b
where b.scheme_id = :scheme_id
  and b.geom && st_makeenvelope(:west, :south, :east, :north, 4326)
limit :limit;

-- name: points_in_regions — incidents in a box, by the regions it touches, and those outside every region
select id, st_x(geom) as lon, st_y(geom) as lat, closed_at is null as open, assigned
from incident
where (region_key = any(:keys) or not assigned)
  and geom && st_makeenvelope(:west, :south, :east, :north, 4326)
  and (not :only_open or closed_at is null)
order by id desc limit :limit;

-- name: points — incidents in a box too wide to name its regions
select id, st_x(geom) as lon, st_y(geom) as lat, closed_at is null as open, assigned
from incident
where geom && st_makeenvelope(:west, :south, :east, :north, 4326)
  and (not :only_open or closed_at is null)
order by id desc limit :limit;

-- name: region_counts — open and all incidents of one region's interval
select count(*) filter (where closed_at is null) as open, count(*) as total
from incident where region_key between :lo and :hi and assigned;

-- name: region_counts_in_department — open and all incidents within a key interval of a department's scheme
select count(*) filter (where i.closed_at is null) as open, count(*) as total
from incident_placement p join incident i on i.id = p.incident_id
where p.placed_key between :lo and :hi;

-- name: open_by_region — how many incidents are open in each region of a tier that a box touches
select r.code, o.open
from border b join region r on r.key = b.region_key
cross join lateral (
    select count(*) as open from incident i
    where i.region_key between r.key and r.key_hi and i.closed_at is null and i.assigned
) o
where b.scheme_id = :scheme_id and b.depth = :depth and b.edition_to is null
  and b.geom && st_makeenvelope(:west, :south, :east, :north, 4326)
  and o.open > 0;

-- name: figures — the four figures of the day
select count(*) filter (where closed_at is null) as open,
       count(*) filter (where reported_at >= date_trunc('day', now() at time zone :zone) at time zone :zone) as today,
       count(*) filter (where closed_at is null and not assigned) as unassigned,
       count(*) as total
from incident;

-- name: live_events — events of transactions not older than a horizon, but for those told already
select e.id, e.incident_id, e.region_key, e.txid::text::bigint as txid
from incident_event e
where e.txid >= cast(cast(:horizon as text) as xid8) and e.id <> all(cast(:told as bigint[]))
  and e.txid < pg_snapshot_xmax(pg_current_snapshot())  -- after a restore, old rows carry ids of another cluster's future
order by e.txid, e.id limit :limit;

-- name: live_horizon — every transaction below this id has ended and is visible
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon;
