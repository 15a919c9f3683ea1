-- Who is asking: set for one transaction by data.engine.scoped_transaction, empty otherwise.
create or replace function actor_id() returns bigint
    language sql stable parallel safe
    return nullif(current_setting('citybrain.actor', true), '')::bigint;

-- Where the asker has a right, as one value, for what is written: made once a statement, where the comparisons below
-- would read the settings for every row. Null where the right is not held.
create or replace function held_in(held text) returns int8multirange
    language sql stable parallel safe
    return nullif(current_setting('citybrain.may.' || held, true), '')::int8multirange;

create or replace function actor_may(held text) returns boolean
    language sql stable parallel safe
    return held_in(held) is not null;

-- Everywhere in the main scheme, whose keys are the lowest 2^48.
create or replace function actor_may_everywhere(held text) returns boolean
    language sql stable parallel safe
    return coalesce(int8range(0, 281474976710655, '[]') <@ held_in(held), false);

-- Whether all that an account is, today or later, lies where accounts are kept (`held`): who keeps a part of somebody does not
-- keep them. Asked with the eyes of who sees every role, since the asker's own policies would hide just those that matter.
create or replace function keeps_account(of_account bigint, held int8multirange) returns boolean
    language plpgsql stable as
$$
declare
    asked text := coalesce(current_setting('citybrain.may.keep_accounts', true), '');
    kept boolean;
begin
    perform set_config('citybrain.may.keep_accounts', '{[0,9223372036854775807)}', true);
    select held is not null and not exists (
        select from account_role r
        where r.account_id = of_account and (r.valid_to is null or r.valid_to > now())
            and not case when r.region_key is null then int8range(0, 281474976710655, '[]') <@ held
                         else r.region_key <@ held end
    ) into kept;
    perform set_config('citybrain.may.keep_accounts', asked, true);
    return kept;
end
$$;

-- After bulk writes: without fresh statistics the planner picks loops over a hundred thousand regions. Only the
-- owner may analyze its tables, so the function runs as the owner and takes no argument.
create or replace function refresh_statistics() returns void
    language plpgsql security definer set search_path = public, pg_temp as
$$
begin
    analyze region, border, incident, incident_placement, incident_event;
end
$$;

-- Does a region key lie where the asker has a right to see? Inlined into the policies: at most four intervals, and the
-- hull around them, which alone can serve an ordered scan; the planner takes whichever is cheaper. Integer comparison
-- is leakproof, so the policy costs no index. Right not held: null, so no row.
create or replace function in_scope(held text, key bigint) returns boolean
    language sql stable parallel safe
    return key between nullif(current_setting('citybrain.' || held || '.lo', true), '')::bigint
                   and nullif(current_setting('citybrain.' || held || '.hi', true), '')::bigint
        and (
            key between nullif(current_setting('citybrain.' || held || '.lo1', true), '')::bigint
                    and nullif(current_setting('citybrain.' || held || '.hi1', true), '')::bigint
            or key between nullif(current_setting('citybrain.' || held || '.lo2', true), '')::bigint
                          and nullif(current_setting('citybrain.' || held || '.hi2', true), '')::bigint
            or key between nullif(current_setting('citybrain.' || held || '.lo3', true), '')::bigint
                          and nullif(current_setting('citybrain.' || held || '.hi3', true), '')::bigint
            or key between nullif(current_setting('citybrain.' || held || '.lo4', true), '')::bigint
                          and nullif(current_setting('citybrain.' || held || '.hi4', true), '')::bigint
        );
