-- Row policies: the one place that says who may see and write which rows. Dropped and made anew on every replay.
do $$
declare
    old record;
begin
    for old in select tablename, policyname from pg_policies where schemaname = 'public' loop
        execute format('drop policy %I on %I', old.policyname, old.tablename);
    end loop;
end
$$;

-- Scoped by region key: what lies in a region is seen by those whose scope holds the region.
alter table incident enable row level security;
alter table incident force row level security;
create policy see on incident for select using (in_scope(region_key));
create policy report on incident for insert with check (region_key <@ (select written_scope()));
create policy change on incident for update using (in_scope(region_key)) with check (region_key <@ (select written_scope()));

alter table incident_event enable row level security;
alter table incident_event force row level security;
create policy see on incident_event for select using (in_scope(region_key));
create policy append on incident_event for insert with check (region_key <@ (select written_scope()));

alter table incident_placement enable row level security;
alter table incident_placement force row level security;
create policy see on incident_placement for select using (in_scope(region_key));
create policy change on incident_placement for update
    using (in_scope(region_key)) with check (region_key <@ (select written_scope()));
create policy add on incident_placement for insert with check (region_key <@ (select written_scope()));

-- Who lives, works and answers where: seen by those whose scope holds the region, kept by the system for now.
do $$
declare
    scoped text;
begin
    foreach scoped in array array['building_people', 'enterprise', 'asset', 'unit'] loop
        execute format('alter table %I enable row level security', scoped);
        execute format('alter table %I force row level security', scoped);
        execute format('create policy see on %I for select using (in_scope(region_key))', scoped);
        execute format(
            'create policy add on %I for insert with check '
            '(region_key <@ (select written_scope()) and actor_has_role(''system''))', scoped);
    end loop;
end
$$;

-- Persons one by one are seen by those who work with them, not by whoever keeps accounts, draws borders or reads logs.
do $$
declare
    personal text;
begin
    foreach personal in array array['household', 'person'] loop
        execute format('alter table %I enable row level security', personal);
        execute format('alter table %I force row level security', personal);
        execute format(
            'create policy see on %I for select using '
            '(in_scope(region_key) and (select actor_has_role(''system'', ''staff'', ''grid_worker'')))', personal);
        execute format(
            'create policy add on %I for insert with check '
            '(region_key <@ (select written_scope()) and actor_has_role(''system''))', personal);
    end loop;
end
$$;

-- Accounts: each sees itself; the system signs people in; administrators keep them.
alter table account enable row level security;
alter table account force row level security;
create policy see on account for select using (id = actor_id() or actor_has_role('system', 'administrator'));
create policy add on account for insert with check (actor_has_role('system', 'administrator'));
create policy change on account for update
    using (actor_has_role('system', 'administrator')) with check (actor_has_role('system', 'administrator'));

alter table account_scope enable row level security;
alter table account_scope force row level security;
create policy see on account_scope for select
    using (account_id = actor_id() or actor_has_role('system', 'administrator'));
create policy keep on account_scope for all
    using (actor_has_role('system', 'administrator')) with check (actor_has_role('system', 'administrator'));

-- Borders, names, codes, dictionaries and the ground are visible to all (a constant policy keeps spatial indexes in use);
-- only those who plan may write them.
do $$
declare
    shared text;
begin
    foreach shared in array array[
        'tier', 'scheme', 'edition', 'region', 'border', 'lineage', 'region_alias', 'taxonomy', 'category',
        'land', 'way', 'compound', 'building', 'origin', 'department'
    ] loop
        execute format('alter table %I enable row level security', shared);
        execute format('alter table %I force row level security', shared);
        execute format('create policy see on %I for select using (true)', shared);
        execute format(
            'create policy add on %I for insert with check (actor_has_role(''system'', ''planner'', ''administrator''))',
            shared);
        execute format(
            'create policy change on %I for update using (actor_has_role(''system'', ''planner'', ''administrator''))',
            shared);
    end loop;
end
$$;
