-- name: tiers — the levels of the tree, coarse to fine
select tier, depth, name_zh, name_en, min_zoom from tier order by depth;

-- name: schemes — every scheme with its current edition and the extent of its borders
select s.id, s.scheme, s.name_zh, s.name_en, s.is_main, s.key_lo, s.key_hi,
       e.id as edition_id, e.seq, e.valid_from, e.published_at,
       st_xmin(x.extent) as west, st_ymin(x.extent) as south, st_xmax(x.extent) as east, st_ymax(x.extent) as north
from scheme s
left join lateral (
    select id, seq, valid_from, published_at from edition where scheme_id = s.id order by id desc limit 1
) e on true
left join lateral (
    select st_extent(b.geom) as extent from border b
    where b.scheme_id = s.id and b.edition_to is null
      and b.depth = (select min(depth) from border where scheme_id = s.id and edition_to is null)
) x on true
order by s.is_main desc, s.id;

-- name: edition_tiers — the tiers of one edition, coarse to fine, with their numbers of regions
select t.tier, t.depth, t.min_zoom, t.name_zh, t.name_en, n.regions
from (
    select b.depth, count(*) as regions from border b
    where b.scheme_id = :scheme_id
      and b.edition_from <= :edition_id and (b.edition_to is null or b.edition_to > :edition_id)
    group by b.depth
) n
join tier t using (depth)
order by t.depth;

-- name: edition — one edition of a scheme
select e.id, e.scheme_id, e.seq, e.published_at from edition e join scheme s on s.id = e.scheme_id
where s.scheme = :scheme and e.id = :edition_id;

-- name: scheme_by_code — one scheme
select id, scheme, name_zh, name_en, is_main, key_lo, key_hi from scheme where scheme = :scheme;

-- name: add_scheme — a scheme beside the main one, with the next free interval of keys
insert into scheme (scheme, name_zh, name_en, is_main, key_lo, key_hi)
select :scheme, :name, :name, false, max(key_hi) + 1, max(key_hi) + :width from scheme
returning id, scheme, name_zh, name_en, is_main, key_lo, key_hi;

-- name: name_scheme — a scheme's names, in Chinese and English
update scheme set name_zh = :name_zh, name_en = :name_en where id = :scheme_id;

-- name: current_edition — the newest published edition of a scheme
select id, seq, valid_from, published_at from edition where scheme_id = :scheme_id order by id desc limit 1;

-- name: current_editions — the newest edition of every scheme that has one, the main scheme first
select s.id as scheme_id, s.scheme, s.is_main, e.id as edition_id, e.published_at
from scheme s
cross join lateral (select id, published_at from edition where scheme_id = s.id order by id desc limit 1) e
order by s.is_main desc, s.id;

-- name: editions_before — the last editions of a scheme before one of them
select id, published_at from edition where scheme_id = :scheme_id and id < :edition_id order by id desc limit 3;

-- name: first_note — why the first edition of the main scheme was published
select e.note from edition e join scheme s on s.id = e.scheme_id where s.is_main order by e.id limit 1;

-- name: first_published — when the main scheme's first edition was published
select min(e.published_at) from edition e join scheme s on s.id = e.scheme_id where s.is_main;

-- name: add_edition — the next edition of a scheme
insert into edition (scheme_id, seq, valid_from, note)
select :scheme_id, coalesce(max(seq), 0) + 1, now(), :note
from edition where scheme_id = :scheme_id
returning id, seq, valid_from, published_at;

-- name: all_codes — every region a scheme ever had
select key, key_hi, code, parent_key, tier, edition_to is null as is_current from region where scheme_id = :scheme_id;

-- name: current_borders — the borders of a scheme's current edition
select region_key, st_asbinary(geom) as wkb from border where scheme_id = :scheme_id and edition_to is null;

-- name: leaves — the finest regions of one edition of a scheme that an earlier edition (0: none) had not, or otherwise
select r.key, r.key_hi, r.code, r.tier, st_asbinary(b.geom) as wkb
from region r join border b on b.region_key = r.key
where r.scheme_id = :scheme_id
  and b.edition_from <= :edition_id and (b.edition_to is null or b.edition_to > :edition_id)
  and not exists (
    select from region c where c.parent_key = r.key
      and c.edition_from <= :edition_id and (c.edition_to is null or c.edition_to > :edition_id)
  )
  and (b.edition_from > :since or exists (
    select from region c where c.parent_key = r.key
      and c.edition_from <= :since and (c.edition_to is null or c.edition_to > :since)
  ))
order by r.code;

-- name: leaves_no_more — the finest regions of an earlier edition that have ended or been divided since
select r.code
from region r
where r.scheme_id = :scheme_id
  and r.edition_from <= :since and (r.edition_to is null or r.edition_to > :since)
  and not exists (
    select from region c where c.parent_key = r.key
      and c.edition_from <= :since and (c.edition_to is null or c.edition_to > :since)
  )
  and (r.edition_to <= :edition_id or exists (
    select from region c where c.parent_key = r.key
      and c.edition_from <= :edition_id and (c.edition_to is null or c.edition_to > :edition_id)
  ));

-- name: above_leaves — the regions of an edition that have others below them
select r.key, r.key_hi, r.tier
from region r
where r.scheme_id = :scheme_id
  and r.edition_from <= :edition_id and (r.edition_to is null or r.edition_to > :edition_id)
  and exists (
    select from region c where c.parent_key = r.key
      and c.edition_from <= :edition_id and (c.edition_to is null or c.edition_to > :edition_id)
  );

-- name: close_regions — regions that end with an edition
update region set edition_to = :edition_id where key = any(:keys);

-- name: close_borders — borders that end with an edition
update border set edition_to = :edition_id where region_key = any(:keys) and edition_to is null;

-- name: rename_regions — names that came anew
update region r set name = n.name
from unnest(cast(:keys as bigint[]), cast(:names as text[])) as n(key, name)
where r.key = n.key and r.name <> n.name;

-- name: publish_one_at_a_time — holds until this transaction ends
select pg_advisory_xact_lock(hashtext('citybrain publish'));

-- name: keep_editions — no edition is published until this transaction ends
select pg_advisory_xact_lock_shared(hashtext('citybrain editions'));

-- name: exchange_editions — waits for the transactions that keep the editions; none begins until this one ends
select pg_advisory_xact_lock(hashtext('citybrain editions'));

-- name: staging — where new regions and borders wait inside the publishing transaction
create temporary table staged_region (
    key bigint, key_hi bigint, code text, name text, tier text, parent_key bigint, is_new boolean,
    area_m2 double precision, geom geometry, label geometry
) on commit drop;

-- name: add_staged_regions — staged regions that are new to the scheme
insert into region (key, key_hi, scheme_id, code, name, tier, parent_key, edition_from)
select s.key, s.key_hi, :scheme_id, s.code, s.name, s.tier, s.parent_key, :edition_id
from staged_region s join tier t using (tier) where s.is_new order by t.depth, s.key;

-- name: add_staged_borders — staged borders, valid from an edition on
insert into border (region_key, edition_from, scheme_id, depth, area_m2, geom, label)
select s.key, :edition_id, :scheme_id, t.depth, s.area_m2, s.geom, s.label
from staged_region s join tier t using (tier) order by s.key;

-- name: add_lineage — what became of the regions that ended
insert into lineage (edition_id, from_key, to_key, share)
select :edition_id, l.from_key, l.to_key, l.share
from unnest(cast(:from_keys as bigint[]), cast(:to_keys as bigint[]), cast(:shares as double precision[]))
    as l(from_key, to_key, share);

-- name: refresh_statistics — tells the planner what a bulk write has changed
select refresh_statistics();

-- name: by_code — one region as it is today, with its border's facts
select r.key, r.key_hi, s.scheme, r.code, r.name, r.tier, p.code as parent, b.area_m2,
       st_xmin(b.geom) as west, st_ymin(b.geom) as south, st_xmax(b.geom) as east, st_ymax(b.geom) as north,
       st_x(b.label) as label_lon, st_y(b.label) as label_lat,
       e.id as edition_id, e.seq, e.valid_from, e.published_at,
       (select count(*) from region c where c.parent_key = r.key and c.edition_to is null) as children
from region r
join scheme s on s.id = r.scheme_id
join border b on b.region_key = r.key and b.edition_to is null
join edition e on e.id = b.edition_from
left join region p on p.key = r.parent_key
where s.scheme = :scheme and r.code = :code and r.edition_to is null;

-- name: path — a region and its ancestors, coarse to fine
with recursive up as (
    select key, parent_key, code, name, tier from region where key = :key
    union all
    select r.key, r.parent_key, r.code, r.name, r.tier from region r join up on r.key = up.parent_key
)
select up.key, up.code, up.name, up.tier from up join tier t using (tier) order by t.depth;

-- name: extent — the box around some regions' borders today
select st_xmin(x.extent) as west, st_ymin(x.extent) as south, st_xmax(x.extent) as east, st_ymax(x.extent) as north
from (select st_extent(geom) as extent from border where region_key = any(:keys) and edition_to is null) x;

-- name: border — a region's exact border today, as GeoJSON
select r.code, r.name, r.tier, st_asgeojson(b.geom, 15) as geometry
from region r join scheme s on s.id = r.scheme_id join border b on b.region_key = r.key and b.edition_to is null
where s.scheme = :scheme and r.code = :code and r.edition_to is null;

-- name: children — one page of the regions below a parent (null: the roots), by code
select r.code, r.name, r.tier,
       (select count(*) from region c where c.parent_key = r.key and c.edition_to is null) as children
from region r join scheme s on s.id = r.scheme_id
left join region p on p.key = r.parent_key
where s.scheme = :scheme and r.edition_to is null
  and p.code is not distinct from cast(:parent as text) and r.code > :after
order by r.code limit :limit;

-- name: covering — the finest region covering a point: lowest code wins where several do
select r.key, r.code
from border b join region r on r.key = b.region_key join scheme s on s.id = b.scheme_id
where s.scheme = :scheme and b.edition_to is null
  and b.geom && st_setsrid(st_makepoint(:lon, :lat), 4326)
  and st_covers(b.geom, st_setsrid(st_makepoint(:lon, :lat), 4326))
  and not exists (select from region c where c.parent_key = r.key and c.edition_to is null)
order by r.code collate "C" limit 1;

-- name: without_overview — borders that still lack their simplified shape, of the tiers drawn at low zooms
select b.region_key, b.edition_from, b.depth, st_asbinary(b.geom) as wkb
from border b
where b.scheme_id = :scheme_id and b.edition_to is null
  and b.depth in (
    select t.depth from border t
    where t.scheme_id = :scheme_id and t.edition_to is null and t.overview is null
      and t.depth < (select max(depth) from border where scheme_id = :scheme_id and edition_to is null)
  )
order by b.depth, b.region_key;

-- name: set_overviews — simplified shapes, from web mercator WKB
update border b set overview = st_multi(st_setsrid(st_geomfromwkb(o.wkb), 3857))
from unnest(cast(:keys as bigint[]), cast(:editions as bigint[]), cast(:wkbs as bytea[])) as o(key, edition, wkb)
where b.region_key = o.key and b.edition_from = o.edition;

-- name: for_export — every region of a scheme's current edition with its parent's code
select r.code, r.name, r.tier, p.code as parent, st_asbinary(b.geom) as wkb
from region r join border b on b.region_key = r.key and b.edition_to is null
join tier t using (tier)
left join region p on p.key = r.parent_key
where r.scheme_id = :scheme_id and r.edition_to is null and (cast(:tier as text) is null or r.tier = :tier)
order by t.depth, r.code;

-- name: add_alias — another name or code of a region; the code of the region, or nothing where there is none such
insert into region_alias (scheme_id, alias, region_key, note)
select r.scheme_id, :alias, r.key, :note
from region r join scheme s on s.id = r.scheme_id
where s.scheme = :scheme and r.code = :code and r.edition_to is null
on conflict (scheme_id, alias, region_key) do update set note = excluded.note
returning region_key;

-- name: by_alias — the regions that an alias stands for, by code
select r.code, r.name, r.tier,
       (select count(*) from region c where c.parent_key = r.key and c.edition_to is null) as children
from region_alias a join region r on r.key = a.region_key join scheme s on s.id = a.scheme_id
where s.scheme = :scheme and a.alias = :alias and r.edition_to is null
order by r.code;

-- name: keys_of_tier — code and key of the main scheme's current regions of one tier
select r.code, r.key from region r join scheme s on s.id = r.scheme_id
where s.is_main and r.tier = :tier and r.edition_to is null;
