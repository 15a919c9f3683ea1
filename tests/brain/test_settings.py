"""The installation's secret, whole and private, and settings that would be wrong in silence."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from brain.settings import Settings
from data.errors import Unready


def test_many_processes_agree_on_one_secret(tmp_path: Path) -> None:
    """Whoever comes first makes it; nobody else can read the file."""
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: Settings(home=tmp_path / "home").secret, range(32)))
    assert len(found) == 1
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret"]
    assert stat.S_IMODE((tmp_path / "home" / "secret").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "00", "not hex"])
def test_a_damaged_secret_is_not_used(tmp_path: Path, content: str) -> None:
    """An empty one would let anybody compute the passwords derived from it."""
    (tmp_path / "secret").write_text(content)
    with pytest.raises(Unready):
        _ = Settings(home=tmp_path).secret


def test_each_purpose_has_its_own_secret(tmp_path: Path) -> None:
    """Knowing one tells nothing of another."""
    settings = Settings(home=tmp_path)
    purposes = ("database owner", "database application", "second factors")
    assert len({settings.derived(purpose) for purpose in purposes}) == len(purposes)


def test_the_audit_log_is_kept_for_half_a_year_at_least(tmp_path: Path) -> None:
    """Nobody sets it to less by mistake."""
    assert Settings(home=tmp_path).audit_months == 36
    with pytest.raises(ValidationError):
        Settings(home=tmp_path, audit_months=5)


def test_a_role_that_does_not_exist_cannot_want_a_second_factor() -> None:
    """A misspelt one would protect nobody, in silence."""
    assert Settings(second_factor_roles=["administrator"]).second_factor_roles == ["administrator"]
    with pytest.raises(ValueError, match="administrater"):
        Settings(second_factor_roles=["administrater"])
