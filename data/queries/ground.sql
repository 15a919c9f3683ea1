-- name: is_empty — whether nothing is known of the ground yet
select not exists (select from land);
