-- name: begin — a subject that has not failed yet
insert into sign_in_failure (subject, failures, since, failed_at) values (:subject, 0, :now, :now)
on conflict (subject) do nothing;

-- name: lock — a subject's failures, held until the transaction ends
select failures, since, failed_at from sign_in_failure where subject = :subject for update;

-- name: write — one more failure
update sign_in_failure set failures = :failures, since = :since, failed_at = :now where subject = :subject;

-- name: take_back — one failure less; the last one's moment too, unless somebody else has failed since
update sign_in_failure
set failures = greatest(failures - 1, 0),
    failed_at = case when failed_at = :mine then coalesce(cast(:before as timestamptz), failed_at) else failed_at end
where subject = :subject;

-- name: clear — none any more
update sign_in_failure set failures = 0 where subject = :subject;
