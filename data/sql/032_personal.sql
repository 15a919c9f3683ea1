-- Personal fields are read here and nowhere else: for a reason, where the asker may, and not without a line in the audit
-- log. Runs as the owner, since the application's role may not select the value; the policies bind the owner too. Null:
-- no such field there, or not for this asker.
create or replace function reveal(of_data_set text, of_record bigint, of_field text, why text) returns text
    language plpgsql security definer set search_path = public, pg_temp as
$$
declare
    held record;
begin
    if coalesce(btrim(why), '') = '' then
        raise exception 'a personal field is shown for a reason' using errcode = 'check_violation';
    end if;
    select p.region_key, p.value into held
    from personal_field p
    where p.data_set = of_data_set and p.record_id = of_record and p.field = of_field
        and p.region_key <@ held_in('reveal_personal');
    if not found then
        return null;
    end if;
    insert into audit (action, object_kind, object_id, region_key, reason, details)
    values ('reveal_personal', of_data_set, of_record::text, held.region_key, btrim(why),
            jsonb_build_object('field', of_field));
    return held.value;
end
$$;
revoke all on function reveal(text, bigint, text, text) from public;
