-- name: entries — what a register has brought under some of its numbers
select source_key, record_id, region_key, digests, retired_at is not null as is_retired from register_entry
where register = :register and source_key = any(:keys);

-- name: in_force — every entry of a register that is not retired, in the asker's regions
select source_key, record_id, region_key from register_entry where register = :register and retired_at is null;

-- name: buildings_by_key — buildings under the town's own numbers
select e.source_key, b.id, st_x(b.entrance) as lon, st_y(b.entrance) as lat
from register_entry e join building b on b.id = e.record_id
where e.register = 'building' and e.source_key = any(:keys) and b.retired_at is null;

-- name: buildings_of_streets — buildings with their addresses
select b.id, b.street, b.house_number, b.name, st_x(b.entrance) as lon, st_y(b.entrance) as lat
from building b where b.street = any(:streets) and b.retired_at is null;

-- name: compounds_by_key — compounds under the town's own numbers
select e.source_key, c.id
from register_entry e join compound c on c.id = e.record_id
where e.register = 'compound' and e.source_key = any(:keys) and c.retired_at is null;

-- name: households_by_key — households under the town's own numbers
select e.source_key, h.id, st_x(b.entrance) as lon, st_y(b.entrance) as lat
from register_entry e join household h on h.id = e.record_id join building b on b.id = h.building_id
where e.register = 'household' and e.source_key = any(:keys) and h.retired_at is null;

-- name: households_of_buildings — the households of some buildings
select h.id, h.building_id, h.room from household h where h.building_id = any(:buildings) and h.retired_at is null;

-- name: regions_by_code — regions of the main scheme as they are today
select r.code, r.key from region r join scheme s on s.id = r.scheme_id
where s.is_main and r.code = any(:codes) and r.edition_to is null;

-- name: move_personal — personal fields that go along with their records
update personal_field p set region_key = m.region_key
from unnest(cast(:ids as bigint[]), cast(:keys as bigint[])) as m(id, region_key)
where p.data_set = :data_set and p.record_id = m.id and p.region_key <> m.region_key;

-- name: move_closed — closed fields that go along with their records
update closed_field c set region_key = m.region_key
from unnest(cast(:ids as bigint[]), cast(:keys as bigint[])) as m(id, region_key)
where c.data_set = :data_set and c.record_id = m.id and c.region_key <> m.region_key;

-- name: note_ground — that ground was changed in place
insert into ground_change default values;
