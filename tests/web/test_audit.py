"""The audit log over HTTP: found by time, person, deed, object and region; taken away with a watermark."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import psycopg
import pytest

from brain import audit_records
from brain.actor import SYSTEM_ACTOR
from brain.audit import record
from brain.context import Context
from data.engine import scoped_transaction
from tests.sealing import seal_all
from tests.serving import Served, in_context
from tests.worlds import small_city_cells


def deeds(client: httpx.Client, **asked: Any) -> list[tuple[str, str]]:
    """What is found: deed and person."""
    answer = client.get("/api/audit", params=asked)
    assert answer.status_code == 200, answer.text
    return [(item["action"], item["actor_name"]) for item in answer.json()["items"]]


def leave(served: Served, *, reason: str, kind: str = "scheme") -> None:
    """A deed of the installation's."""

    async def work(context: Context) -> None:
        async with scoped_transaction(context.engine, SYSTEM_ACTOR.scope) as connection:
            await record(connection, "export_regions", kind=kind, object_id="main", reason=reason, details={"a": 1})

    in_context(served.settings, work)


def test_deeds_are_found_by_whatever_is_asked(served: Served) -> None:
    """Each filter alone, newest first, with everything that is known of a deed."""
    auditor = served.sign_in("auditor")
    served.sign_in("staff", "440101")
    assert deeds(auditor, action="sign_in") == [("sign_in", "staff-440101"), ("sign_in", "auditor-all")]
    assert deeds(auditor, person="FF-44") == [("sign_in", "staff-440101")]
    assert deeds(auditor, action="publish_borders") == [("publish_borders", "system")]
    assert deeds(auditor, object="scheme/main") == [("publish_borders", "system")]
    assert deeds(auditor, object="scheme/other") == []
    assert deeds(auditor, region="440101") == deeds(auditor, region="44") == [("give_role", "system")]
    assert deeds(auditor, region="440102") == []
    found = auditor.get("/api/audit", params={"action": "sign_in"}).json()["items"]
    account = found[0]["actor_id"]
    assert deeds(auditor, person=account) == [("sign_in", "staff-440101")]
    assert (found[0]["via"], found[0]["address"], found[0]["roles"]) == ("session", "127.0.0.1", "staff@440101")
    assert deeds(auditor, since=found[0]["at"], action="sign_in") == [("sign_in", "staff-440101")]
    assert deeds(auditor, until=found[1]["at"], action="sign_in") == [("sign_in", "auditor-all")]
    given = auditor.get("/api/audit", params={"action": "give_role", "region": "44"}).json()["items"][0]
    assert (given["region"]["code"], given["details"]["after"]["role"]) == ("440101", "staff")
    named = {deed["deed"]: deed["name"] for deed in auditor.get("/api/audit/deeds").json()}
    assert named["publish_borders"] == {"zh": "发布边界", "en": "published borders"}


def test_pages_hold_everything_once(served: Served) -> None:
    """A page's end is where the next begins, also among deeds of one moment."""
    auditor = served.sign_in("auditor")
    for reason in "abcde":
        leave(served, reason=reason)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        asked = {"action": "export_regions", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = auditor.get("/api/audit", params=asked).json()  # type: ignore[arg-type]
        seen += [item["reason"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == list("edcba")


@pytest.mark.parametrize(
    ("asked", "status", "key"),
    [
        ({"cursor": "x"}, 422, "audit.cursor"),
        ({"cursor": "2026-01-01/5"}, 422, "audit.cursor"),
        ({"cursor": "2026-01-01T00:00:00+00:00/-5"}, 422, "audit.cursor"),
        ({"action": "conquer"}, 422, "audit.unknown_deed"),
        ({"region": "nowhere"}, 404, "region.unknown"),
    ],
)
def test_what_cannot_be_asked_is_said(served: Served, asked: dict[str, str], status: int, key: str) -> None:
    """With its name, never as an empty list."""
    answer = served.sign_in("auditor").get("/api/audit", params=asked)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:citybrain:problem:{key}")


@pytest.mark.parametrize("role", ["staff", "administrator", "planner"])
def test_others_read_nothing_of_it(served: Served, role: str) -> None:
    """Who keeps accounts does not read what is said of them."""
    client = served.sign_in(role)
    answers = [client.get(f"/api/audit{path}") for path in ("", "/deeds", "/health")]
    answers.append(client.post("/api/audit/export", json={"reason": "curious"}))
    assert [answer.status_code for answer in answers] == [403] * 4


def test_an_export_says_who_took_it_and_is_recorded(served: Served) -> None:
    """In its first lines, in its name, and in the log, with the reason; no cell is a formula."""
    auditor = served.sign_in("auditor", language="zh")
    leave(served, reason="=cmd|' /C calc'!A0")
    answer = auditor.post("/api/audit/export", json={"reason": "季度检查", "action": "export_regions"})
    assert answer.status_code == 200
    assert "_auditor-all_1.csv" in answer.headers["content-disposition"]
    assert answer.text.startswith("\ufeff# ")
    mark, why, head, row = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert "auditor-all" in mark[0]
    assert "共 1 条" in mark[0]
    assert why == ["# 理由：季度检查"]
    found = dict(zip(head, row, strict=True))
    assert (found["reason"], found["details"]) == ("'=cmd|' /C calc'!A0", '{"a": 1}')
    taken = auditor.get("/api/audit", params={"action": "export_audit"}).json()["items"][0]
    assert (taken["reason"], taken["actor_name"]) == ("季度检查", "auditor-all")
    assert taken["details"] == {"rows": 1, "asked": {"action": "export_regions"}}


def test_an_export_without_a_reason_is_refused(served: Served) -> None:
    """And one that is too large says so."""
    auditor = served.sign_in("auditor")
    answer = auditor.post("/api/audit/export", json={"reason": " "})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "reason")
    assert deeds(auditor, action="export_audit") == []


def test_an_export_is_whole_over_many_pages(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a page at a time, and refused beyond what can be handed over."""
    auditor = served.sign_in("auditor")
    for reason in "abcde":
        leave(served, reason=reason)
    monkeypatch.setattr(audit_records, "PAGE", 2)
    text = auditor.post("/api/audit/export", json={"reason": "x", "action": "export_regions"}).text
    assert [line.split(",")[10] for line in text.splitlines()[3:]] == list("edcba")
    monkeypatch.setattr(audit_records, "MOST_EXPORTED", 3)
    answer = auditor.post("/api/audit/export", json={"reason": "x"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:citybrain:problem:audit.too_many")


def test_health_says_what_is_sealed(served: Served, city_settings: Any, owner: psycopg.Connection) -> None:
    """Nothing at first, then everything; overdue after a minute without a seal."""
    auditor = served.sign_in("auditor", min(small_city_cells()))
    state = auditor.get("/api/audit/health").json()
    assert state["last"] is None
    assert state["unsealed"] > 2
    in_context(served.settings, seal_all)
    state = auditor.get("/api/audit/health").json()
    assert (state["last"]["seq"], state["unsealed"], state["oldest"], state["is_overdue"]) == (1, 0, None, False)
    leave(served, reason="late")
    owner.execute("set session_replication_role = replica")
    owner.execute("update audit set at = at - interval '2 minutes' where reason = 'late'")
    assert auditor.get("/api/audit/health").json()["is_overdue"] is True


def test_signing_out_is_recorded(served: Served) -> None:
    """By who was signed in; the door is open to whoever was not."""
    client = served.sign_in("staff")
    assert [client.delete("/api/session").status_code for _ in range(2)] == [204, 204]
    assert deeds(served.sign_in("auditor"), action="sign_out") == [("sign_out", "staff-all")]
