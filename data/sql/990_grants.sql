-- What the application's role may do at all; the policies say to which rows. Nothing may be deleted.
revoke all on all tables in schema public from citybrain_app;
revoke create on schema public from citybrain_app;
grant usage on schema public to citybrain_app;
grant select, insert, update on account, account_role to citybrain_app;
grant select, insert on session, api_token, second_factor, recovery_code, invitation to citybrain_app;
grant update (last_seen_at, ended_at, ended_why, viewed_id) on session to citybrain_app;
grant update (last_used_at, revoked_at) on api_token to citybrain_app;
grant update (confirmed_at, ended_at, last_step) on second_factor to citybrain_app;
grant update (ended_at) on invitation to citybrain_app;
grant update (used_at) on recovery_code to citybrain_app;
grant select, insert, update on sign_in_failure to citybrain_app;
grant select, insert, update on tier, scheme, edition, region, border, lineage, region_alias to citybrain_app;
grant select, insert, update on taxonomy, category to citybrain_app;
grant select, insert, update on land, way, compound, building, origin, department to citybrain_app;
grant select, insert on building_people, household, person, enterprise, asset, unit to citybrain_app;
grant update (households, persons, floating) on building_people to citybrain_app;
grant update (region_key, building_id, room, retired_at) on household to citybrain_app;
grant update (region_key, household_id, name, is_woman, born_on, origin, phone, identity, retired_at) on person to citybrain_app;
grant update (region_key, building_id, name, trade, trade_name, status, phone, geom, retired_at) on enterprise to citybrain_app;
grant update (region_key, name, category, geom, retired_at) on asset to citybrain_app;
grant update (region_key, kind, name, phone, building_id, retired_at) on unit to citybrain_app;
grant select on record to citybrain_app;
grant execute on function reveal(text, bigint, text, text) to citybrain_app;
grant select, insert on home_tier to citybrain_app;
grant select, insert on ground_change to citybrain_app;
grant select, insert, update (region_key, digests, retired_at) on register_entry to citybrain_app;
grant select, insert, update (region_key, value) on closed_field to citybrain_app;
grant select (data_set, record_id, field, region_key), insert, update (region_key, value) on personal_field to citybrain_app;
grant select, insert, update (withdrawn_at, withdrawn_by_name) on pushdown to citybrain_app;
grant select, insert, update (opened_at) on pushdown_receipt to citybrain_app;
grant select, insert, update (state, decided_at, decided_by_name, decided_why) on correction to citybrain_app;
grant select, insert, update on incident to citybrain_app;
grant select, insert on incident_event to citybrain_app;
grant select, insert, update (region_key) on incident_placement to citybrain_app;
-- Who, when and from where is the transaction's: nobody writes it.
grant select, insert (action, object_kind, object_id, region_key, reason, details) on audit to citybrain_app;
grant select, insert on audit_seal to citybrain_app;

-- Reports wait in a temporary table until they are written.
do $$
begin
    execute format('grant temporary on database %I to citybrain_app', current_database());
end
$$;

-- The job queue is a library's own schema, used by the worker under the application's role.
do $$
declare
    job_table text;
begin
    for job_table in select tablename from pg_tables where schemaname = 'public' and tablename like 'procrastinate\_%' loop
        execute format('grant select, insert, update, delete on %I to citybrain_app', job_table);
    end loop;
end
$$;
grant usage on all sequences in schema public to citybrain_app;
