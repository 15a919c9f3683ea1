-- The application's role: signs in, owns nothing, bypasses nothing. `migrate` sets its password.
do $$
begin
    if not exists (select from pg_roles where rolname = 'citybrain_app') then
        create role citybrain_app login;
    end if;
    alter role citybrain_app nosuperuser nocreatedb nocreaterole noreplication nobypassrls noinherit;
end
$$;
