"""Migrating where the product is a guest: on a server of somebody else's, as an owner who is no superuser."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from data.cluster import Cluster
from data.engine import psycopg_conninfo
from data.errors import Unready
from data.migrate import upgrade
from tests.conftest import PASSWORD


@pytest.fixture
def guest_url(cluster: Cluster) -> Iterator[str]:
    """A database owned by a role that may create roles, with the extensions made beforehand."""
    server = cluster.url_of("citybrain_owner", PASSWORD, "postgres")
    with psycopg.connect(psycopg_conninfo(server), autocommit=True) as superuser:
        superuser.execute("create role guest login createrole password 'guest'")
        superuser.execute("create database test_guest owner guest")
        try:
            inside = cluster.url_of("citybrain_owner", PASSWORD, "test_guest")
            with psycopg.connect(psycopg_conninfo(inside), autocommit=True) as connection:
                connection.execute("create extension postgis")
                connection.execute("create extension btree_gist")
            yield cluster.url_of("guest", "guest", "test_guest")
        finally:
            superuser.execute("drop database test_guest with (force)")
            superuser.execute("drop role guest")


def test_an_owner_who_is_no_superuser_can_migrate(guest_url: str, cluster: Cluster) -> None:
    """Twice; and the application's role works there."""
    for _ in range(2):
        upgrade(guest_url, None)
    as_app = make_url(guest_url).set(username="citybrain_app", password=PASSWORD)
    with psycopg.connect(psycopg_conninfo(as_app.render_as_string(hide_password=False))) as connection:
        assert connection.execute("select count(*) from tier").fetchone() == (6,)
        assert connection.execute("select count(*) from incident").fetchone() == (0,)


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"query": {"host": "/nowhere"}}])
def test_a_server_that_does_not_answer_is_said(guest_url: str, change: dict[str, object]) -> None:
    """With its own words, and without a traceback."""
    wrong = make_url(guest_url).set(**change)  # type: ignore[arg-type]
    with pytest.raises(Unready) as refused:
        upgrade(wrong.render_as_string(hide_password=False), None)
    assert refused.value.key == "database.unreachable"
