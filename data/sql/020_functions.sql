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

-- The bounds of the asker's intervals, first and one past the last of each, ascending: a key lies inside where the number
-- of bounds not above it is odd. Read once a statement by the policies, so that each row costs one look.
create or replace function scope_bounds(held text) returns bigint[]
    language sql stable parallel safe
    return string_to_array(nullif(current_setting('citybrain.' || held || '.bounds', true), ''), ',')::bigint[];

-- The same for the planner: four intervals as comparisons of integers, inlined into the policies. They are leakproof, so
-- an index serves them; their bounds are read when a plan is made, so it fits the scope; and where the index has
-- answered they are not asked again. What is not set is an interval with nothing in it, and known to be that.
create or replace function in_scope(held text, key bigint) returns boolean
    language sql stable parallel safe
    return key between coalesce(nullif(current_setting('citybrain.' || held || '.lo1', true), '')::bigint, 0)
                   and coalesce(nullif(current_setting('citybrain.' || held || '.hi1', true), '')::bigint, -1)
        or key between coalesce(nullif(current_setting('citybrain.' || held || '.lo2', true), '')::bigint, 0)
                   and coalesce(nullif(current_setting('citybrain.' || held || '.hi2', true), '')::bigint, -1)
        or key between coalesce(nullif(current_setting('citybrain.' || held || '.lo3', true), '')::bigint, 0)
                   and coalesce(nullif(current_setting('citybrain.' || held || '.hi3', true), '')::bigint, -1)
        or key between coalesce(nullif(current_setting('citybrain.' || held || '.lo4', true), '')::bigint, 0)
                   and coalesce(nullif(current_setting('citybrain.' || held || '.hi4', true), '')::bigint, -1);
