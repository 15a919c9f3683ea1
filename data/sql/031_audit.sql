-- The audit log: a table for each month, made ahead; lines that stay; what is done to accounts, whoever does it.

-- Nobody changes or removes a line, the owner included. Lines are refused one by one, in whichever month's table they
-- are named; truncation is no matter of lines, so each month's table refuses it for itself.
create or replace trigger audit_append_only
    before update or delete on audit
    for each row execute function refuse_change();

create or replace trigger audit_keeps_all
    before truncate on audit
    for each statement execute function refuse_change();

create or replace trigger audit_seal_append_only
    before update or delete or truncate on audit_seal
    for each statement execute function refuse_change();

-- This month and the three to come. Only the owner makes tables, so the function runs as the owner and takes no
-- argument. A table is attached when it is made: those who write meanwhile do not wait. The log's own policies and grants
-- hold for whoever reads through it; the month's table has none and so is closed. Called by every upgrade, and by the
-- worker.
create or replace function make_audit_months() returns void
    language plpgsql security definer set search_path = public, pg_temp set timezone = 'UTC' as
$$
declare
    month timestamptz;
    name text;
begin
    for month in
        select generate_series(
            date_trunc('month', now()), date_trunc('month', now()) + interval '3 months', interval '1 month')
    loop
        name := to_char(month, '"audit_"YYYY_MM');
        continue when to_regclass(name) is not null;
        execute format('create table %I (like audit including defaults including constraints)', name);
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('revoke all on %I from citybrain_app', name);
        execute format(
            'create trigger %I before truncate on %I for each statement execute function refuse_change()',
            name || '_keeps_all', name);
        execute format(
            'alter table audit attach partition %I for values from (%L) to (%L)',
            name, month, month + interval '1 month');
    end loop;
end
$$;

-- Drops the months that ended before a moment: for the owner alone, since only the owner can. How many lines each had.
create or replace function drop_audit_months(before timestamptz) returns table (month date, lines bigint)
    language plpgsql set timezone = 'UTC' as
$$
declare
    old record;
begin
    for old in
        select c.relname as name, to_date(right(c.relname, 7), 'YYYY_MM') as month
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'audit'::regclass and to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= before
        order by c.relname
    loop
        month := old.month;
        execute format('select count(*) from audit where at >= %L and at < %L',
            old.month, old.month + interval '1 month') into lines;
        execute format('drop table %I', old.name);
        return next;
    end loop;
end
$$;

-- What is done to an account is recorded by the table itself, even where a use case forgets, or goes round the product.
-- Arguments: the deed of a new line, the deed of a change, the column with the account's id, and the columns whose
-- values may be shown. Of all others only the name is told: a new column is a secret until somebody says it is none.
create or replace function audit_account() returns trigger
    language plpgsql as
$$
declare
    before_line jsonb := to_jsonb(old);
    after_line jsonb := to_jsonb(new);
    changed text[];
    shown text[] := tg_argv[3:];
begin
    select array_agg(key order by key) into changed
    from jsonb_object_keys(coalesce(after_line, before_line)) as key
    where coalesce(after_line -> key, 'null') is distinct from coalesce(before_line -> key, 'null');
    if changed is null then
        return null;
    end if;
    insert into audit (action, object_kind, object_id, region_key, details)
    select case when tg_op = 'INSERT' then tg_argv[0]
                when tg_op = 'UPDATE' and 'password_hash' = any(changed) then 'set_password'
                else tg_argv[1] end,
           'account', coalesce(after_line, before_line) ->> tg_argv[2],
           (coalesce(after_line, before_line) ->> 'region_key')::bigint,
           jsonb_strip_nulls(jsonb_build_object(
               'before', jsonb_object_agg(key, before_line -> key)
                   filter (where key = any(shown) and before_line is not null),
               'after', jsonb_object_agg(key, after_line -> key)
                   filter (where key = any(shown) and after_line is not null),
               'concealed', jsonb_agg(key) filter (where key <> all(shown))
           ))
    from unnest(changed) as key;
    return null;
end
$$;

create or replace trigger account_is_audited
    after insert or update or delete on account
    for each row execute function audit_account(
        'add_account', 'change_account', 'id', 'id', 'login', 'name', 'staff_number', 'organisation',
        'created_at', 'created_by', 'disabled_at');

create or replace trigger account_role_is_audited
    after insert or update or delete on account_role
    for each row execute function audit_account(
        'give_role', 'change_role', 'account_id',
        'id', 'account_id', 'role', 'region_key', 'valid_from', 'valid_to', 'given_by', 'given_at');
