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

-- name: ground_revision — what changes with the installation, when ground is loaded, and when a register changes it
select concat_ws(
    '.',
    coalesce((
        select cast(extract(epoch from min(e.published_at)) * 1000000 as bigint)
        from edition e join scheme s on s.id = e.scheme_id where s.is_main
    ), 0),
    coalesce((select max(id) from land), 0), coalesce((select max(id) from way), 0),
    coalesce((select max(id) from compound), 0), coalesce((select max(id) from building), 0),
    (select count(*) from ground_change)
);

-- name: land — land of some uses (null: of all) in a tile, what is smaller than a pixel left out
with tile as (select st_tileenvelope(:z, :x, :y) as box, st_tileenvelope(:z, :x, :y, margin => 64.0 / 4096) as wide),
near as (
    select l.use, st_transform(l.geom, 3857) as geom
    from land l, tile
    where l.geom && st_transform(tile.wide, 4326) and (cast(:uses as text[]) is null or l.use = any(:uses))
),
found as (
    select near.use, st_asmvtgeom(st_simplify(near.geom, :pixel / 2), tile.box, 4096, 64) as geom
    from near, tile where st_area(near.geom) >= :pixel ^ 2
)
select st_asmvt(found, 'land', 4096, 'geom') from found where geom is not null;

-- name: ways — ways of some kinds in a tile: one line for all of a name, wide bands beyond the edge for thick strokes
with tile as (select st_tileenvelope(:z, :x, :y) as box, st_tileenvelope(:z, :x, :y, margin => 256.0 / 4096) as wide),
named as (
    select w.kind, w.is_bridge and :bridges as is_bridge, st_linemerge(st_collect(st_transform(w.geom, 3857))) as geom
    from way w, tile where w.kind = any(:kinds) and w.geom && st_transform(tile.wide, 4326)
    group by w.kind, w.name, w.is_bridge and :bridges
),
found as (
    select named.kind, named.is_bridge, st_asmvtgeom(st_simplify(named.geom, :pixel / 2), tile.box, 4096, 256) as geom
    from named, tile
)
select st_asmvt(found, 'ways', 4096, 'geom') from found where geom is not null;

-- name: compounds — outlines of compounds of some uses in a tile
with tile as (select st_tileenvelope(:z, :x, :y) as box, st_tileenvelope(:z, :x, :y, margin => 64.0 / 4096) as wide),
near as (
    select c.use, st_transform(c.geom, 3857) as geom
    from compound c, tile
    where c.use = any(:uses) and c.retired_at is null and c.geom && st_transform(tile.wide, 4326)
),
found as (
    select near.use, st_asmvtgeom(st_simplify(near.geom, :pixel / 2), tile.box, 4096, 64) as geom
    from near, tile where st_area(near.geom) >= :pixel ^ 2
)
select st_asmvt(found, 'compounds', 4096, 'geom') from found where geom is not null;

-- name: buildings — buildings in a tile, those of a pixel or more
with tile as (select st_tileenvelope(:z, :x, :y) as box, st_tileenvelope(:z, :x, :y, margin => 64.0 / 4096) as wide),
near as (
    select st_transform(b.geom, 3857) as geom from building b, tile
    where b.retired_at is null and b.geom && st_transform(tile.wide, 4326)
),
found as (
    select st_asmvtgeom(near.geom, tile.box, 4096, 64) as geom from near, tile where st_area(near.geom) >= :pixel ^ 2
)
select st_asmvt(found, 'buildings', 4096, 'geom') from found where geom is not null;

-- name: ground_names — names in a tile: of areas and buildings that have their middle in it, of ways on their longest part
-- in it; `room` is how wide the name may be in tile units, `angle` the way's direction in degrees, clockwise from east
with tile as (select st_tileenvelope(:z, :x, :y) as box),
areas as (
    select c.use as kind, c.name, c.geom from compound c, tile
    where c.use = any(:uses) and c.retired_at is null and c.geom && st_transform(tile.box, 4326)
    union all
    select l.use, l.name, l.geom from land l, tile
    where l.use = any(:uses) and l.name is not null and l.geom && st_transform(tile.box, 4326)
    union all
    select 'building', coalesce(b.name, b.house_number), b.geom from building b, tile
    where :buildings and b.retired_at is null and b.geom && st_transform(tile.box, 4326)
),
shapes as (select kind, name, st_transform(geom, 3857) as geom from areas),
parts as (
    select w.kind, w.name,
           (st_dump(st_linemerge(st_collect(st_clipbybox2d(st_transform(w.geom, 3857), tile.box))))).geom as geom
    from way w, tile where w.kind = any(:kinds) and w.geom && st_transform(tile.box, 4326)
    group by w.kind, w.name
),
longest as (
    select distinct on (kind, name) kind, name, geom, least(0.5, 60 * :pixel / st_length(geom)) as half
    from parts where st_length(geom) > 0 order by kind, name, st_length(geom) desc
),
chords as (
    select kind, name, st_lineinterpolatepoint(geom, 0.5) as middle,
           st_lineinterpolatepoint(geom, 0.5 - half) as a, st_lineinterpolatepoint(geom, 0.5 + half) as b
    from longest
),
named as (
    select kind, name, st_pointonsurface(geom) as middle, st_xmax(geom) - st_xmin(geom) as room, null::float8 as angle
    from shapes
    union all
    select kind, name, middle, st_distance(a, b), degrees(st_azimuth(a, b)) - 90 from chords
),
found as (
    select named.kind, named.name, cast(named.room / :pixel * 16 as int) as room, cast(named.angle as int) as angle,
           st_asmvtgeom(named.middle, tile.box, 4096, 0) as geom
    from named, tile
)
select st_asmvt(found, 'names', 4096, 'geom') from found where geom is not null;
