-- name: page — records of a data set in a region, by region and id, after one of them
select x.id, x.region_key, x.title, x.place, st_x(x.geom) as lon, st_y(x.geom) as lat, x.fields
from record x
where x.data_set = :data_set and x.region_key between :lo and :hi and (x.region_key, x.id) > (:after_key, :after_id)
order by x.region_key, x.id limit :limit;

-- name: one — one record
select x.id, x.region_key, x.title, x.place, st_x(x.geom) as lon, st_y(x.geom) as lat, x.fields
from record x where x.data_set = :data_set and x.id = :id;

-- name: regions — the regions of some keys
select r.key, r.code, r.name, r.tier from region r where r.key = any(:keys);

-- name: closed — the closed fields of some records that the asker may see
select record_id, field, value from closed_field where data_set = :data_set and record_id = any(:ids);

-- name: set_closed — a new value of a closed field, where it still has the old one
update closed_field set value = :after
where data_set = :data_set and record_id = :id and field = :field and value is not distinct from :before
returning record_id;

-- name: put_personal — the value of a personal field, new or not
insert into personal_field (data_set, record_id, field, region_key, value)
values (:data_set, :id, :field, :region_key, :value)
on conflict (data_set, record_id, field) do update set value = :value;

-- name: set_population_households — a building's households, where there are still as many
update building_people set households = cast(:after as integer)
where building_id = :id and households::text = :before returning building_id;

-- name: set_population_persons — a building's persons, where there are still as many
update building_people set persons = cast(:after as integer)
where building_id = :id and persons::text = :before returning building_id;

-- name: set_population_floating — a building's floating persons, where there are still as many
update building_people set floating = cast(:after as integer)
where building_id = :id and floating::text = :before returning building_id;

-- name: set_persons_name — a person's masked name
update person set name = :after where id = :id and name = :before returning id;

-- name: set_persons_phone — a person's masked phone
update person set phone = :after where id = :id and phone is not distinct from :before returning id;

-- name: set_persons_identity — a person's masked identity number
update person set identity = :after where id = :id and identity = :before returning id;

-- name: set_persons_origin — where a person is registered
update person set origin = :after where id = :id and origin is not distinct from :before returning id;

-- name: set_enterprises_name — an enterprise's name
update enterprise set name = :after where id = :id and name = :before returning id;

-- name: set_enterprises_trade_name — an enterprise's trade
update enterprise set trade_name = :after where id = :id and trade_name = :before returning id;

-- name: set_enterprises_status — whether an enterprise is open
update enterprise set status = :after where id = :id and status = :before returning id;

-- name: set_enterprises_phone — an enterprise's masked phone
update enterprise set phone = :after where id = :id and phone is not distinct from :before returning id;

-- name: set_assets_name — an asset's name
update asset set name = :after where id = :id and name = :before returning id;

-- name: set_assets_category — an asset's category
update asset set category = :after where id = :id and category = :before returning id;

-- name: set_units_name — a unit's name
update unit set name = :after where id = :id and name = :before returning id;

-- name: set_units_phone — a unit's masked phone
update unit set phone = :after where id = :id and phone = :before returning id;

-- name: population_figures — who lives in a region, counted
select coalesce(sum(households), 0) as households, coalesce(sum(persons), 0) as persons,
       coalesce(sum(floating), 0) as floating, count(*) as buildings
from building_people where region_key between :lo and :hi;

-- name: age_figures — who lives in a region by age: thirty-six counts, men by five-year bands, then women
select a.place, sum(a.persons) as persons
from building_people p cross join lateral unnest(p.by_age) with ordinality as a(persons, place)
where p.region_key between :lo and :hi group by a.place order by a.place;

-- name: enterprise_figures — enterprises in a region by status
select status as name, count(*) as number from enterprise
where region_key between :lo and :hi and retired_at is null group by status
order by number desc, name;

-- name: asset_figures — assets in a region by kind
select kind as name, count(*) as number from asset
where region_key between :lo and :hi and retired_at is null group by kind
order by number desc, name;

-- name: unit_figures — units in a region by kind
select kind as name, count(*) as number from unit
where region_key between :lo and :hi and retired_at is null group by kind
order by number desc, name;

-- name: reveal — a personal field in full, for a reason that is written down; null where it is not there for the asker
select reveal(:data_set, :id, :field, :reason);
