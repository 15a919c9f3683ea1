-- name: is_empty — whether nothing is known of the ground yet
select not exists (select from land);

-- name: try_lock — whether nobody else loads a demo city; until the end of the transaction nobody does
select pg_try_advisory_xact_lock(hashtext('citybrain demo'));

-- name: numbers — ids for so many new rows of a table
select nextval(pg_get_serial_sequence(:table, 'id')) from generate_series(1, :count);
