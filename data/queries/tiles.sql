-- name: regions — borders of one tier in a tile: the overview shape where there is one and the zoom is low
with tile as (select st_tileenvelope(:z, :x, :y) as box, st_tileenvelope(:z, :x, :y, margin => 64.0 / 4096) as wide),
found as (
    select r.code, r.name,
           st_asmvtgeom(
               coalesce(case when :overview then b.overview end, st_transform(b.geom, 3857)), tile.box, 4096, 64
           ) as geom
    from border b join region r on r.key = b.region_key, tile
    where b.scheme_id = :scheme_id and b.depth = :depth
      and b.edition_from <= :edition_id and (b.edition_to is null or b.edition_to > :edition_id)
      and b.geom && st_transform(tile.wide, 4326)
)
select st_asmvt(found, cast(:layer as text), 4096, 'geom') from found where geom is not null;

-- name: labels — where the names of one tier's regions stand, those of this tile only
with tile as (select st_tileenvelope(:z, :x, :y) as box),
found as (
    select r.code, r.name, r.tier, st_asmvtgeom(st_transform(b.label, 3857), tile.box, 4096, 0) as geom
    from border b join region r on r.key = b.region_key, tile
    where b.scheme_id = :scheme_id and b.depth = any(:depths)
      and b.edition_from <= :edition_id and (b.edition_to is null or b.edition_to > :edition_id)
      and b.geom && st_transform(tile.box, 4326)
      and b.label && st_transform(tile.box, 4326)
)
select st_asmvt(found, 'labels', 4096, 'geom') from found where geom is not null;

-- name: has_overview — whether every border above the finest tier has its simplified shape yet
select not exists (
    select from border b
    where b.scheme_id = :scheme_id and b.edition_to is null and b.overview is null
      and b.depth < (select max(depth) from border where scheme_id = :scheme_id and edition_to is null)
);
