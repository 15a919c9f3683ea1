-- Every record of every data set in one form: where it is, what it is called, and its open fields as text; personal
-- ones are masked. What a register has no more is left out. Read as whoever asks (security_invoker), so the tables'
-- policies decide.
create or replace view record with (security_invoker = true) as
    select 'population'::text collate "C" as data_set, p.building_id as id, p.region_key,
           coalesce(b.name, b.street || b.house_number) as title, b.street || b.house_number as place, b.entrance as geom,
           jsonb_build_object('households', p.households::text, 'persons', p.persons::text,
                              'floating', p.floating::text) as fields
    from building_people p join building b on b.id = p.building_id
    where b.retired_at is null
    union all
    select 'persons', p.id, p.region_key, p.name, b.street || b.house_number || ' ' || h.room, b.entrance,
           jsonb_build_object('name', p.name, 'phone', p.phone, 'identity', p.identity, 'origin', p.origin,
                              'sex', case when p.is_woman then 'f' else 'm' end, 'born', extract(year from p.born_on)::text)
    from person p join household h on h.id = p.household_id join building b on b.id = h.building_id
    where p.retired_at is null
    union all
    select 'enterprises', e.id, e.region_key, e.name, b.street || b.house_number, e.geom,
           jsonb_build_object('name', e.name, 'trade_name', e.trade_name, 'status', e.status, 'phone', e.phone)
    from enterprise e left join building b on b.id = e.building_id
    where e.retired_at is null
    union all
    select 'assets', a.id, a.region_key, a.name, null, a.geom,
           jsonb_build_object('name', a.name, 'category', a.category, 'kind', a.kind, 'identifier', a.identifier)
    from asset a
    where a.retired_at is null
    union all
    select 'units', u.id, u.region_key, u.name, b.street || b.house_number, b.entrance,
           jsonb_build_object('name', u.name, 'kind', u.kind, 'phone', u.phone)
    from unit u left join building b on b.id = u.building_id
    where u.retired_at is null;
