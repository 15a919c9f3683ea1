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

-- Scoped by region key: what lies in a region is seen by those who have the right to see it there, and written by those
-- who have the right to do so there.
do $$
declare
    scoped record;
begin
    for scoped in
        select * from (values
            ('incident', 'see_incidents', 'report_incidents'),
            ('incident_event', 'see_incidents', 'report_incidents'),
            ('incident_placement', 'see_incidents', 'report_incidents'),
            ('building_people', 'see_population', 'import_registers'),
            ('household', 'see_persons', 'import_registers'),
            ('person', 'see_persons', 'import_registers'),
            ('enterprise', 'see_enterprises', 'import_registers'),
            ('asset', 'see_assets', 'import_registers'),
            ('unit', 'see_units', 'import_registers')
        ) as s(name, seen_by, added_by)
    loop
        execute format('alter table %I enable row level security', scoped.name);
        execute format('alter table %I force row level security', scoped.name);
        execute format(
            'create policy see on %1$I for select using ('
            'width_bucket(region_key, (select scope_bounds(%2$L))) %% 2 <> 0 and in_scope(%2$L, region_key))',
            scoped.name, scoped.seen_by);
        execute format(
            'create policy add on %I for insert with check (region_key <@ (select held_in(%L)))',
            scoped.name, scoped.added_by);
    end loop;
end
$$;

-- An incident is given to another region by who sees it there and here; its placements go along.
do $$
declare
    moved text;
begin
    foreach moved in array array['incident', 'incident_placement'] loop
        execute format(
            'create policy change on %I for update using (in_scope(''see_incidents'', region_key)) '
            'with check (region_key <@ (select held_in(''see_incidents'')))', moved);
    end loop;
end
$$;

-- Closed fields: seen where the scope holds the field. Personal ones are there where the data set is; their value is
-- read by the owner's function `reveal` alone, since the application's role may not select that column.
alter table closed_field enable row level security;
alter table closed_field force row level security;
create policy see on closed_field for select
    using (region_key <@ held_in('field.' || data_set || '.' || field));
create policy add on closed_field for insert with check (
    region_key <@ (select held_in('import_registers')) or region_key <@ (select held_in('correct_records')));
create policy change on closed_field for update using (region_key <@ held_in('field.' || data_set || '.' || field))
    with check (
        region_key <@ (select held_in('correct_records')) or region_key <@ (select held_in('import_registers')));

alter table personal_field enable row level security;
alter table personal_field force row level security;
create policy see on personal_field for select using (region_key <@ held_in('see_' || data_set));
create policy add on personal_field for insert with check (
    region_key <@ (select held_in('import_registers')) or region_key <@ (select held_in('correct_records')));
create policy change on personal_field for update using (region_key <@ held_in('see_' || data_set))
    with check (
        region_key <@ (select held_in('correct_records')) or region_key <@ (select held_in('import_registers')));

-- What is pushed down is known to those who may push it in that region, and to those whose own regions it touches.
alter table pushdown enable row level security;
alter table pushdown force row level security;
create policy see on pushdown for select using (
    region_key <@ (select held_in('push_data')) or int8range(region_key, region_key_hi, '[]') && (select held_in('home')));
create policy add on pushdown for insert with check (region_key <@ (select held_in('push_data')));
create policy change on pushdown for update
    using (region_key <@ (select held_in('push_data'))) with check (region_key <@ (select held_in('push_data')));

alter table pushdown_receipt enable row level security;
alter table pushdown_receipt force row level security;
create policy see on pushdown_receipt for select
    using (account_id = actor_id() or region_key <@ (select held_in('push_data')));
create policy add on pushdown_receipt for insert with check (account_id = actor_id());
create policy change on pushdown_receipt for update using (account_id = actor_id()) with check (account_id = actor_id());

-- Corrections are seen with their record, and made and decided by those who may.
alter table correction enable row level security;
alter table correction force row level security;
create policy see on correction for select using (region_key <@ held_in('see_' || data_set));
create policy add on correction for insert with check (region_key <@ (select held_in('correct_records')));
create policy change on correction for update
    using (region_key <@ (select held_in('confirm_corrections')))
    with check (region_key <@ (select held_in('confirm_corrections')));
do $$
declare
    corrected record;
begin
    for corrected in
        select * from (values
            ('building_people', 'see_population'), ('person', 'see_persons'), ('enterprise', 'see_enterprises'),
            ('asset', 'see_assets'), ('unit', 'see_units')
        ) as c(name, seen_by)
    loop
        execute format(
            'create policy correct on %I for update using (in_scope(%L, region_key)) '
            'with check (region_key <@ (select held_in(''correct_records'')))', corrected.name, corrected.seen_by);
    end loop;
end
$$;

-- What a register has brought is changed by the same register: by those who see it and may import where it comes to lie.
do $$
declare
    brought record;
begin
    for brought in
        select * from (values
            ('household', 'see_persons'), ('person', 'see_persons'), ('enterprise', 'see_enterprises'),
            ('asset', 'see_assets'), ('unit', 'see_units')
        ) as b(name, seen_by)
    loop
        execute format(
            'create policy bring on %I for update using (in_scope(%L, region_key)) '
            'with check (region_key <@ (select held_in(''import_registers'')))', brought.name, brought.seen_by);
    end loop;
end
$$;

alter table register_entry enable row level security;
alter table register_entry force row level security;
create policy see on register_entry for select using (region_key <@ (select held_in('import_registers')));
create policy add on register_entry for insert with check (region_key <@ (select held_in('import_registers')));
create policy change on register_entry for update using (region_key <@ (select held_in('import_registers')))
    with check (region_key <@ (select held_in('import_registers')));

-- Buildings, compounds and departments are visible to all. Who imports registers writes those in their own regions; the
-- installation those that lie in no region it knows, a demo city's.
do $$
declare
    listed text;
begin
    foreach listed in array array['building', 'compound', 'department'] loop
        execute format('alter table %I enable row level security', listed);
        execute format('alter table %I force row level security', listed);
        execute format('create policy see on %I for select using (true)', listed);
        execute format(
            'create policy add on %I for insert '
            'with check (actor_may(''keep_city'') or region_key <@ (select held_in(''import_registers'')))', listed);
        execute format(
            'create policy change on %1$I for update '
            'using (actor_may(''keep_city'') or region_key <@ (select held_in(''import_registers''))) '
            'with check (actor_may(''keep_city'') or region_key <@ (select held_in(''import_registers'')))', listed);
    end loop;
end
$$;

-- Accounts: each sees itself; who keeps accounts sees and gives what lies within their own regions, and what they have
-- made; who pushes data down sees whom it reaches; the system signs people in. They change those alone who lie wholly
-- within, and nobody changes themselves.
alter table account enable row level security;
alter table account force row level security;
create policy see on account for select using (
    id = actor_id() or actor_may_everywhere('keep_accounts')
    or (actor_may('keep_accounts') and created_by = actor_id())
    or ((actor_may('keep_accounts') or actor_may('push_data'))
        and exists (select from account_role r where r.account_id = account.id))
);
create policy add on account for insert with check (actor_may('keep_accounts'));
create policy change on account for update
    using (id is distinct from actor_id() and keeps_account(id, held_in('keep_accounts')));

alter table account_role enable row level security;
alter table account_role force row level security;
create policy see on account_role for select using (
    account_id = actor_id() or actor_may_everywhere('keep_accounts') or region_key <@ (select held_in('keep_accounts'))
    or region_key <@ (select held_in('push_data'))
);
create policy give on account_role for insert with check (
    account_id is distinct from actor_id()
    and (actor_may_everywhere('keep_accounts') or region_key <@ (select held_in('keep_accounts')))
);
create policy change on account_role for update using (
    account_id is distinct from actor_id()
    and (actor_may_everywhere('keep_accounts') or region_key <@ (select held_in('keep_accounts')))
);

-- The audit log: everybody writes as themselves; what was done in a region is read by who may read it there, what was done
-- nowhere in particular by who may read it everywhere. Only the installation seals.
alter table audit enable row level security;
alter table audit force row level security;
create policy see on audit for select using (
    in_scope('see_audit', region_key)
    or (region_key is null and (select actor_may_everywhere('see_audit')))
);
create policy add on audit for insert with check (actor_id is not distinct from actor_id());

alter table audit_seal enable row level security;
alter table audit_seal force row level security;
create policy see on audit_seal for select using (actor_may('see_audit'));
create policy add on audit_seal for insert with check (actor_may('keep_city'));
-- Sessions and tokens: their account's, and of those who keep it. Second factors, invitations and failures are the
-- installation's alone,
-- which asks on behalf of whoever signs in.
do $$
declare
    kept text;
begin
    foreach kept in array array['session', 'api_token'] loop
        execute format('alter table %I enable row level security', kept);
        execute format('alter table %I force row level security', kept);
        execute format(
            'create policy see on %I for select using (account_id = actor_id() or actor_may_everywhere(''keep_accounts'') '
            'or (actor_may(''keep_accounts'') and exists (select from account a where a.id = account_id)))', kept);
        execute format('create policy add on %I for insert with check (actor_may(''keep_city''))', kept);
        execute format(
            'create policy change on %I for update '
            'using (account_id = actor_id() or keeps_account(account_id, held_in(''keep_accounts''))) with check (true)', kept);
    end loop;
    foreach kept in array array['second_factor', 'recovery_code', 'sign_in_failure', 'invitation'] loop
        execute format('alter table %I enable row level security', kept);
        execute format('alter table %I force row level security', kept);
        execute format('create policy see on %I for select using (actor_may(''keep_city''))', kept);
        execute format('create policy add on %I for insert with check (actor_may(''keep_city''))', kept);
        execute format('create policy change on %I for update using (actor_may(''keep_city''))', kept);
    end loop;
end
$$;

-- Borders, names, codes, dictionaries and the ground are visible to all (a constant policy keeps spatial indexes in use);
-- only those who may publish borders write the former, only the installation the latter.
do $$
declare
    shared record;
begin
    for shared in
        select name, 'publish_borders' as written_by from unnest(array[
            'tier', 'scheme', 'edition', 'region', 'border', 'lineage', 'region_alias', 'taxonomy', 'category'
        ]) as name
        union all
        select name, 'import_registers' from unnest(array[
            'land', 'way', 'origin', 'home_tier', 'ground_change'
        ]) as name
    loop
        execute format('alter table %I enable row level security', shared.name);
        execute format('alter table %I force row level security', shared.name);
        execute format('create policy see on %I for select using (true)', shared.name);
        execute format(
            'create policy add on %I for insert with check (actor_may(%L))', shared.name, shared.written_by);
        execute format(
            'create policy change on %I for update using (actor_may(%L))', shared.name, shared.written_by);
    end loop;
end
$$;
