"""Heads of the chain outside the database: told once, in their order, whatever was cut off half-way."""

from __future__ import annotations

from pathlib import Path

from data.audit_heads import Head, append_heads, last_head, opened_heads


def head(seq: int) -> Head:
    """A head of this number."""
    return Head(seq, "2026-01-01T00:00:00+00:00", 1, f"{seq:064x}")


def test_a_head_told_twice_stands_once(tmp_path: Path) -> None:
    """Two workers tell the same; the file has each head once, in order."""
    path = tmp_path / "new" / "heads.jsonl"
    assert last_head(path) == 0
    append_heads(path, [head(1), head(2)])
    append_heads(path, [head(2), head(3)])
    with opened_heads(path) as heads:
        assert list(heads) == [head(1), head(2), head(3)]
    assert last_head(path) == 3


def test_a_line_cut_off_half_way_is_told_again(tmp_path: Path) -> None:
    """Power that failed while a line was written costs nothing but the half line."""
    path = tmp_path / "heads.jsonl"
    append_heads(path, [head(1), head(2)])
    path.write_bytes(path.read_bytes()[:-20])
    assert last_head(path) == 1
    append_heads(path, [head(2)])
    with opened_heads(path) as heads:
        assert list(heads) == [head(1), head(2)]


def test_what_is_told_after_opening_is_not_read(tmp_path: Path) -> None:
    """Who compares reads the heads of one moment."""
    path = tmp_path / "heads.jsonl"
    append_heads(path, [head(1)])
    with opened_heads(path) as heads:
        append_heads(path, [head(2)])
        assert list(heads) == [head(1)]
