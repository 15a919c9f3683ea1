-- The application's role: signs in, owns nothing, bypasses nothing. `migrate` sets its password.
do $$
begin
    if not exists (select from pg_roles where rolname = 'citybrain_app') then
        create role citybrain_app login noinherit;
    end if;
    if exists (
        select from pg_roles where rolname = 'citybrain_app'
            and (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)
    ) then
        raise exception 'the role citybrain_app may do more than it should: take its attributes away';
    end if;
end
$$;
