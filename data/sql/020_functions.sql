-- Who is asking: set for one transaction by data.engine.scoped_transaction, empty otherwise.
create or replace function actor_id() returns bigint
    language sql stable parallel safe
    return nullif(current_setting('citybrain.actor', true), '')::bigint;

create or replace function actor_has_role(variadic roles text[]) returns boolean
    language sql stable parallel safe
    return coalesce(nullif(current_setting('citybrain.role', true), '') = any (roles), false);

-- After bulk writes: without fresh statistics the planner picks loops over a hundred thousand regions. Only the
-- owner may analyze its tables, so the function runs as the owner and takes no argument.
create or replace function refresh_statistics() returns void
    language plpgsql security definer set search_path = public, pg_temp as
$$
begin
    analyze region, border, incident, incident_placement, incident_event;
end
$$;

-- The asker's scope as one value, for what is written: there it is made once a statement, where the comparisons below
-- would read the settings for every row.
create or replace function written_scope() returns int8multirange
    language sql stable parallel safe
    return (
        select range_agg(int8range(
            nullif(current_setting('citybrain.lo' || n, true), '')::bigint,
            nullif(current_setting('citybrain.hi' || n, true), '')::bigint, '[]'))
        from generate_series(1, 4) n
        where nullif(current_setting('citybrain.lo' || n, true), '') is not null
    );

-- Does a region key lie in the asker's scope? Inlined into the policies: at most four intervals, and the hull around
-- them, which alone can serve an ordered scan; the planner takes whichever is cheaper. Integer comparison is
-- leakproof, so the policy costs no index. No scope set: null, so no row.
create or replace function in_scope(key bigint) returns boolean
    language sql stable parallel safe
    return key between nullif(current_setting('citybrain.lo', true), '')::bigint
                   and nullif(current_setting('citybrain.hi', true), '')::bigint
        and (
            key between nullif(current_setting('citybrain.lo1', true), '')::bigint
                    and nullif(current_setting('citybrain.hi1', true), '')::bigint
            or key between nullif(current_setting('citybrain.lo2', true), '')::bigint
                       and nullif(current_setting('citybrain.hi2', true), '')::bigint
            or key between nullif(current_setting('citybrain.lo3', true), '')::bigint
                       and nullif(current_setting('citybrain.hi3', true), '')::bigint
            or key between nullif(current_setting('citybrain.lo4', true), '')::bigint
                       and nullif(current_setting('citybrain.hi4', true), '')::bigint
        );
