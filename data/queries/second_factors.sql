-- name: start — a secret that waits for its first code; one that waited before waits no more
with before as (
    update second_factor set ended_at = :now
    where account_id = :account_id and confirmed_at is null and ended_at is null
)
insert into second_factor (account_id, secret, created_at) values (:account_id, :secret, :now);

-- name: pending — the secret that waits for its first code
select id, secret from second_factor
where account_id = :account_id and confirmed_at is null and ended_at is null for update;

-- name: confirm — it counts from now on
update second_factor set confirmed_at = :now, last_step = :step where id = :id;

-- name: current — the factor that counts
select id, secret from second_factor
where account_id = :account_id and confirmed_at is not null and ended_at is null;

-- name: overview — since when an account has its factor, and how many recovery codes are left
select f.confirmed_at,
       (select count(*) from recovery_code c where c.factor_id = f.id and c.used_at is null) as codes_left
from second_factor f
where f.account_id = :account_id and f.confirmed_at is not null and f.ended_at is null;

-- name: spend — a step's code, once
update second_factor set last_step = :step where id = :id and last_step < :step returning id;

-- name: end — no factor from now on
update second_factor set ended_at = :now
where account_id = :account_id and confirmed_at is not null and ended_at is null returning id;

-- name: add_code — a recovery code
insert into recovery_code (factor_id, code_hash) values (:factor_id, :code_hash);

-- name: use_code — a recovery code, once
update recovery_code set used_at = :now
where factor_id = :factor_id and code_hash = :code_hash and used_at is null returning factor_id;
