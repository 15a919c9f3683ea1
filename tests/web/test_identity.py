"""The door under attack: fixed, copied and old cookies, requests from other sites, tokens, guessed passwords."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pyotp
import pytest

from tests.serving import Served
from tests.worlds import at

COOKIE = "citybrain_session"
PASSWORD = "long enough"


def credentials(login: str, password: str = PASSWORD, **more: str) -> dict[str, str]:
    """What is sent to sign in."""
    return {"login": login, "password": password, **more}


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and key of a problem."""
    return answer.status_code, answer.json()["type"].removeprefix("urn:citybrain:problem:")


def status_with(served: Served, token: str) -> int:
    """What a request with this session cookie is answered."""
    return served.client().get("/api/session", headers={"cookie": f"{COOKIE}={token}"}).status_code


def test_a_session_cannot_be_fixed(served: Served) -> None:
    """A token planted before the sign-in is not taken over; one that was valid ends."""
    served.sign_in("staff")
    planted = "planted-by-somebody-else-planted-by-somebody-else"
    client = served.client()
    client.cookies.set(COOKIE, planted)
    tokens = []
    for _ in range(2):
        answer = client.post("/api/session", json=credentials("staff-all"))
        tokens.append(answer.cookies[COOKIE])
        client.cookies.clear()
        client.cookies.set(COOKIE, tokens[-1])
    assert len({planted, *tokens}) == 3
    assert [status_with(served, token) for token in (planted, *tokens)] == [401, 401, 200]


def test_a_copied_cookie_is_worth_nothing_after_signing_out(served: Served) -> None:
    """The session itself ends, not the browser's memory of it."""
    client = served.sign_in("staff")
    token = client.cookies[COOKIE]
    assert status_with(served, token) == 200
    assert client.delete("/api/session").status_code == 204
    assert status_with(served, token) == 401


@pytest.mark.parametrize(
    ("column", "kept", "over"),
    [("last_seen_at", "59 minutes", "61 minutes"), ("created_at", "11 hours 59 minutes", "12 hours 1 minute")],
)
def test_an_old_cookie_is_worth_nothing(
    served: Served, owner: psycopg.Connection, column: str, kept: str, over: str
) -> None:
    """After an hour unused, and after twelve however much used."""
    client = served.sign_in("staff")
    for age, status in ((kept, 200), (over, 401), (kept, 401)):
        owner.execute(f"update session set {column} = now() - interval '{age}'".encode())
        assert client.get("/api/session").status_code == status


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://{host}"}, True),
        ({"origin": "http://{host}.evil.example"}, False),
        ({"origin": "http://evil.example/{host}"}, False),
    ],
)
def test_other_sites_change_nothing(served: Served, headers: dict[str, str], passes: bool) -> None:
    """Whatever a browser is made to send with the cookie in it; they may follow a link here."""
    client = served.sign_in("dispatcher")
    sent = {name: value.format(host=client.base_url.netloc.decode()) for name, value in headers.items()}
    x, y = at(0.1, 0.1)
    report = {"source": "t", "source_id": "1", "taxonomy": "source", "category": "c", "x": x, "y": y}
    answers = [
        client.post("/api/incidents", json=report, headers=sent),
        client.post("/api/session", json=credentials("dispatcher-all"), headers=sent),
        client.delete("/api/session", headers=sent),
    ]
    if passes:
        assert [answer.status_code for answer in answers] == [201, 200, 204]
        return
    assert {kind_of(answer) for answer in answers} == {(403, "request.cross_site")}
    assert client.get("/api/session", headers=sent).status_code == 200


def test_guessing_is_answered_alike_for_every_name_and_then_with_a_wait(served: Served) -> None:
    """429 with Retry-After, for a name that nobody has too."""
    served.sign_in("staff")
    answers: dict[str, list[Any]] = {}
    for login in ("staff-all", "nobody"):
        for _ in range(6):
            answer = served.client().post("/api/session", json=credentials(login, "wrong one"))
            answers.setdefault(login, []).append((answer.status_code, answer.json()["type"]))
        assert 0 < int(answer.headers["retry-after"]) <= 30
    assert answers["staff-all"] == answers["nobody"]
    assert [status for status, _ in answers["nobody"]] == [401] * 5 + [429]


def test_the_second_factor_from_enrolment_to_sign_in(served: Served) -> None:
    """Over HTTP: begun with the password, confirmed with a code, asked for from then on."""
    client = served.sign_in("staff")
    assert kind_of(client.post("/api/account/second-factor", json={"password": "wrong one"}))[0] == 422
    enrolment = client.post("/api/account/second-factor", json={"password": PASSWORD}).json()
    totp = pyotp.TOTP(enrolment["secret"])
    code = totp.at(datetime.now(UTC))
    codes = client.post("/api/account/second-factor/confirm", json={"code": code}).json()["codes"]
    own = client.get("/api/account").json()
    assert (own["recovery_codes_left"], own["factor_since"] is not None) == (10, True)
    door = served.client()
    answers = [
        door.post("/api/session", json=credentials("staff-all", **more))
        for more in ({}, {"code": code}, {"code": codes[0]}, {"code": codes[0]})
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 200, 401]
    assert [kind_of(answers[place])[1] for place in (0, 1, 3)] == [
        "account.code_needed",
        "account.code_wrong",
        "account.code_wrong",
    ]
    assert "set-cookie" not in answers[0].headers
    assert client.post("/api/account/second-factor/end", json={"password": PASSWORD}).status_code == 204
    assert served.client().post("/api/session", json=credentials("staff-all")).status_code == 200


def make_token(client: httpx.Client, *rights: str, **more: Any) -> httpx.Response:
    """A token of the account that is signed in."""
    return client.post("/api/account/tokens", json={"password": PASSWORD, "name": "x", "rights": rights, **more})


def test_a_token_is_as_good_as_it_was_made_and_no_better(served: Served, owner: psycopg.Connection) -> None:
    """Limited by right and by region; worth nothing once it is over or revoked; never for the account itself."""
    client = served.sign_in("dispatcher")
    assert kind_of(make_token(client, "keep_accounts")) == (403, "token.beyond_account")
    made = make_token(client, "report_incidents", "see_incidents", regions=[{"code": "440101"}])
    bearer = {"authorization": f"Bearer {made.json()['token']}"}
    connector = served.client()
    connector.headers.update(bearer)
    assert sorted(connector.get("/api/session").json()["rights"]) == ["report_incidents", "see_incidents"]
    placed = []
    for column in (0.1, 2.5):
        x, y = at(column, 0.1)
        body = {"source": "t", "source_id": str(x), "taxonomy": "source", "category": "c", "x": x, "y": y}
        placed.append(connector.post("/api/incidents", json=body).status_code)
    assert placed == [201, 403]
    for method, path in (("GET", "/api/account"), ("GET", "/api/sessions"), ("POST", "/api/sessions/end-others")):
        assert kind_of(connector.request(method, path)) == (403, "token.not_here")
    assert kind_of(make_token(connector, "see_incidents")) == (403, "token.not_here")
    [listed] = client.get("/api/account/tokens").json()
    assert (listed["regions"], listed["last_used_at"] is not None) == (["district 440101"], True)
    owner.execute("update api_token set expires_at = now()")
    assert kind_of(connector.get("/api/session")) == (401, "token.invalid")
    owner.execute("update api_token set expires_at = now() + interval '1 day'")
    assert connector.get("/api/session").status_code == 200
    assert client.delete(f"/api/account/tokens/{listed['id']}").status_code == 204
    assert kind_of(connector.get("/api/session")) == (401, "token.invalid")


def test_a_token_does_not_ride_on_the_cookie_beside_it(served: Served) -> None:
    """Who shows a token is judged by it alone."""
    client = served.sign_in("dispatcher")
    answer = client.get("/api/session", headers={"authorization": "Bearer cb_wrong"})
    assert kind_of(answer) == (401, "token.invalid")


def end_own(client: httpx.Client, owner: psycopg.Connection) -> None:
    """Ends the one session there is."""
    [session] = client.get("/api/sessions").json()
    client.delete(f"/api/sessions/{session['id']}")


def sign_out(client: httpx.Client, owner: psycopg.Connection) -> None:
    """Signs out, elsewhere."""
    client.delete("/api/session")


def disable(client: httpx.Client, owner: psycopg.Connection) -> None:
    """The account is disabled."""
    owner.execute("update account set disabled_at = now()")


@pytest.mark.parametrize("end", [end_own, sign_out, disable])
def test_a_live_stream_ends_with_its_session(served: Served, owner: psycopg.Connection, end: Any) -> None:
    """At once, not at the next beat; another person's goes on."""
    client = served.sign_in("staff", "440101")
    with client.stream("GET", "/api/live") as stream:
        lines = stream.iter_lines()
        assert _until(lines, "event: hello")
        end(client, owner)
        with ThreadPoolExecutor(1) as thread:
            rest = thread.submit(list, lines).result(timeout=8)
    assert not any("beat" in line for line in rest)


def test_a_live_stream_ends_with_its_token(served: Served) -> None:
    """A connector that listens hears nothing after its token is revoked; the one who revoked it does."""
    client = served.sign_in("dispatcher")
    token = make_token(client, "see_incidents").json()["token"]
    [listed] = client.get("/api/account/tokens").json()
    headers = {"authorization": f"Bearer {token}"}
    with served.client().stream("GET", "/api/live", headers=headers) as stream:
        lines = stream.iter_lines()
        assert _until(lines, "event: hello")
        client.delete(f"/api/account/tokens/{listed['id']}")
        with ThreadPoolExecutor(1) as thread:
            thread.submit(list, lines).result(timeout=8)
    assert client.get("/api/session").status_code == 200


def _until(lines: Iterator[str], wanted: str) -> bool:
    return any(line == wanted for line in lines)


def test_an_administrator_ends_the_sessions_of_those_they_keep(served: Served) -> None:
    """By log-in name; somebody else finds none."""
    staff = served.sign_in("staff", "440101")
    administrator, neighbour = served.sign_in("administrator", "440101"), served.sign_in("staff", "440102")
    assert neighbour.get("/api/sessions", params={"login": "staff-440101"}).json() == []
    [session] = administrator.get("/api/sessions", params={"login": "staff-440101"}).json()
    assert neighbour.delete(f"/api/sessions/{session['id']}").status_code == 404
    assert administrator.delete(f"/api/sessions/{session['id']}").status_code == 204
    assert staff.get("/api/session").status_code == 401


def test_ones_own_account(served: Served, owner: psycopg.Connection) -> None:
    """Who one is in the service's books, and where one is signed in."""
    client = served.sign_in("staff", "440101")
    owner.execute("update account set staff_number = 'A-17', organisation = '综治中心', phone = '0757-1'")
    own = client.get("/api/account").json()
    assert (own["staff_number"], own["organisation"], own["phone"]) == ("A-17", "综治中心", "0757-1")
    served.client().post("/api/session", json=credentials("staff-440101"), headers={"user-agent": "Firefox/140"})
    sessions = client.get("/api/sessions").json()
    assert [(one["is_current"], one["address"]) for one in sessions].count((True, "127.0.0.1")) == 1
    assert "Firefox/140" in [one["user_agent"] for one in sessions]
    changed = client.put("/api/account/password", json={"old": PASSWORD, "password": "another one"})
    assert changed.status_code == 204
    assert len(client.get("/api/sessions").json()) == 1
    assert served.client().post("/api/session", json=credentials("staff-440101", "another one")).status_code == 200
