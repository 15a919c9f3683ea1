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
