-- The event log is written once: nobody changes or removes a line, the owner included.
create or replace function refuse_change() returns trigger
    language plpgsql as
$$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

create or replace trigger incident_event_append_only
    before update or delete or truncate on incident_event
    for each statement execute function refuse_change();

-- Wakes the listeners; what happened they read from the tables, through their scope.
create or replace function wake_listeners() returns trigger
    language plpgsql as
$$
begin
    perform pg_notify('citybrain', tg_table_name);
    return null;
end
$$;

create or replace trigger incident_event_wakes
    after insert on incident_event
    for each statement execute function wake_listeners();

create or replace trigger edition_wakes
    after insert or update on edition
    for each statement execute function wake_listeners();

create or replace trigger session_wakes
    after update of ended_at on session
    for each statement execute function wake_listeners();

create or replace trigger api_token_wakes
    after update of revoked_at on api_token
    for each statement execute function wake_listeners();

-- Whoever disables an account, and however: its sessions end with it.
create or replace function end_sessions() returns trigger
    language plpgsql as
$$
begin
    update session set ended_at = now(), ended_why = 'disabled' where account_id = new.id and ended_at is null;
    return null;
end
$$;

create or replace trigger account_ends_sessions
    after update of disabled_at on account
    for each row when (old.disabled_at is null and new.disabled_at is not null) execute function end_sessions();

-- What others refer to stays for good: no line is removed, no key changed. So a reference that was right once needs no
-- lock on what it refers to, and is checked below for a whole statement at once.
create or replace function refuse_removal() returns trigger
    language plpgsql as
$$
begin
    raise exception 'lines of % stay, and so do their keys', tg_table_name using errcode = 'restrict_violation';
end
$$;

do $$
declare
    kept text;
begin
    foreach kept in array array['taxonomy', 'scheme', 'edition', 'region', 'incident'] loop
        execute format(
            'create or replace trigger %1$s_stays before delete or truncate on %1$I '
            'for each statement execute function refuse_removal()', kept);
    end loop;
end
$$;

do $$
declare
    kept record;
begin
    for kept in
        select * from (values
            ('taxonomy', 'taxonomy'), ('scheme', 'id'), ('edition', 'id'), ('region', 'key'), ('incident', 'id')
        ) as k(name, key)
    loop
        execute format(
            'create or replace trigger %1$s_key_stays before update of %2$I on %1$I '
            'for each row when (old.%2$I is distinct from new.%2$I) execute function refuse_removal()',
            kept.name, kept.key);
    end loop;
end
$$;

-- Where a closed incident was placed on its day is history.
create or replace trigger incident_placing_stays
    before update of placed_code, placed_edition on incident
    for each row when (
        old.closed_at is not null
        and (old.placed_code is distinct from new.placed_code or old.placed_edition is distinct from new.placed_edition)
    ) execute function refuse_removal();

-- A new incident's region is one of the edition it was placed in, and its code is that region's. Later it may be given
-- to another region; what it was placed in stays. Taxonomies and editions are few in a statement, regions are many, and
-- each is asked for by its key: a plan made for one line is kept by the session and must do for thousands.
create or replace function check_incidents() returns trigger
    language plpgsql set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as
$$
declare
    used record;
    wrong record;
begin
    for used in
        select d.taxonomy, t.taxonomy is not null as is_listed, d.placed_edition, s.key_lo, s.key_hi
        from (select distinct taxonomy, placed_edition from given) d
        left join taxonomy t on t.taxonomy = d.taxonomy
        left join edition e on e.id = d.placed_edition
        left join scheme s on s.id = e.scheme_id
    loop
        if not used.is_listed then
            raise exception 'no taxonomy %', used.taxonomy using errcode = 'foreign_key_violation';
        end if;
        select g.source, g.source_id, g.region_key into wrong
        from given g
        where g.placed_edition = used.placed_edition and g.taxonomy = used.taxonomy
            and not coalesce((
                select r.key between used.key_lo and used.key_hi and (tg_op = 'UPDATE' or (
                    r.code = coalesce(g.placed_code, r.code) and r.edition_from <= g.placed_edition
                    and (r.edition_to is null or r.edition_to > g.placed_edition)
                ))
                from region r where r.key = g.region_key
            ), false)
        limit 1;
        if found then
            raise exception 'incident % of %: no region % in edition %',
                wrong.source_id, wrong.source, wrong.region_key, used.placed_edition
                using errcode = 'foreign_key_violation';
        end if;
    end loop;
    return null;
end
$$;

create or replace trigger incident_refers
    after insert on incident referencing new table as given
    for each statement execute function check_incidents();

create or replace trigger incident_still_refers
    after update on incident referencing new table as given
    for each statement execute function check_incidents();

-- Every incident begins with the event of its report: there is none without a log. What the system hands over together
-- with its own log, in one statement, keeps that one (decision 0023); asked one by one, as below.
create or replace function log_reports() returns trigger
    language plpgsql set enable_seqscan = off as
$$
declare
    bare bigint;
begin
    if current_setting('citybrain.brings_log', true) = 'yes' and actor_may('keep_city') then
        select g.id into bare
        from given g
        where (
            select e.action = 'report' and e.at = g.reported_at
            from incident_event e where e.incident_id = g.id order by e.id limit 1
        ) is not true
        limit 1;
        if found then
            raise exception 'incident % comes without its log', bare using errcode = 'integrity_constraint_violation';
        end if;
        return null;
    end if;
    insert into incident_event (incident_id, region_key, action, actor_id, actor_name)
    select g.id, g.region_key, 'report', actor_id(),
           coalesce((select name from account where id = actor_id()), 'system')
    from given g;
    return null;
end
$$;

create or replace trigger incident_reported
    after insert on incident referencing new table as given
    for each statement execute function log_reports();

-- An event, and a placement in a department's scheme, begin with the key of their incident, under which they are seen. Asked
-- one by one: in a join the planner would read everything in scope, which it believes is nothing while the table is new. The
-- events that the trigger above writes have their incident.
create or replace function check_events() returns trigger
    language plpgsql set enable_seqscan = off as
$$
declare
    wrong bigint;
begin
    if pg_trigger_depth() > 1 then
        return null;
    end if;
    select g.incident_id into wrong
    from given g
    where (select i.region_key from incident i where i.id = g.incident_id) is distinct from g.region_key
    limit 1;
    if found then
        raise exception 'no incident % under that region', wrong using errcode = 'foreign_key_violation';
    end if;
    return null;
end
$$;

create or replace trigger incident_event_refers
    after insert on incident_event referencing new table as given
    for each statement execute function check_events();

create or replace trigger incident_placement_refers
    after insert on incident_placement referencing new table as given
    for each statement execute function check_events();

create or replace function check_placements() returns trigger
    language plpgsql set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as
$$
declare
    wrong record;
begin
    select g.incident_id, g.placed_key, g.placed_edition into wrong
    from given g
    left join region r on r.key = g.placed_key and r.scheme_id = g.scheme_id and r.edition_from <= g.placed_edition
        and (r.edition_to is null or r.edition_to > g.placed_edition)
    left join edition e on e.id = g.placed_edition and e.scheme_id = r.scheme_id
    where e.id is null
    limit 1;
    if found then
        raise exception 'incident %: no region % in edition %', wrong.incident_id, wrong.placed_key, wrong.placed_edition
            using errcode = 'foreign_key_violation';
    end if;
    return null;
end
$$;

create or replace trigger incident_placement_in_edition
    after insert on incident_placement referencing new table as given
    for each statement execute function check_placements();

create or replace trigger incident_placement_still_refers
    after update on incident_placement referencing new table as given
    for each statement execute function check_events();

create or replace trigger incident_placement_still_in_edition
    after update on incident_placement referencing new table as given
    for each statement execute function check_placements();

-- An incident that is given to another region takes its placements along: they are seen by those who see it.
create or replace function carry_placements() returns trigger
    language plpgsql set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as
$$
begin
    update incident_placement p set region_key = g.region_key
    from given g
    where p.incident_id = g.id and p.region_key <> g.region_key;
    return null;
end
$$;

create or replace trigger incident_carries
    after update on incident referencing new table as given
    for each statement execute function carry_placements();
