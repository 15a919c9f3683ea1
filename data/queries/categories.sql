-- name: taxonomy — one dictionary of categories
select taxonomy, name_zh, name_en, kind, edition, source, is_open from taxonomy where taxonomy = :taxonomy;

-- name: codes — the codes of a taxonomy
select code from category where taxonomy = :taxonomy;

-- name: names — the categories of a taxonomy
select code, name, major_name from category where taxonomy = :taxonomy order by code;
