"""Keeping accounts over HTTP: from the invitation to the first sign-in, a file, and seeing as somebody else."""

from __future__ import annotations

import httpx

from tests.serving import Served

WEST = "440101"
NEW = {"login": "wang", "name": "王芳", "staff_number": "S-1", "roles": [{"role": "staff", "code": WEST}]}


def added(keeper: httpx.Client) -> tuple[str, str]:
    """A new person: the account's id and the invitation's token."""
    answer = keeper.post("/api/accounts", json=NEW)
    assert answer.status_code == 201, answer.text
    return answer.json()["account"], answer.json()["token"]


def test_from_the_invitation_to_the_first_sign_in(served: Served) -> None:
    """The link says whom it is for, takes one good password, and is spent; the list then shows the sign-in."""
    keeper = served.sign_in("administrator", WEST)
    _, token = added(keeper)
    door = served.client()
    assert door.post("/api/invitation", json={"token": token}).json()["login"] == "wang"
    weak = door.post("/api/invitation/acceptance", json={"token": token, "password": "short"})
    assert (weak.status_code, weak.json()["errors"][0]["field"]) == (422, "password")
    assert door.post("/api/invitation/acceptance", json={"token": token, "password": "rather long"}).status_code == 200
    used = door.post("/api/invitation", json={"token": token})
    assert (used.status_code, used.json()["type"]) == (409, "urn:citybrain:problem:invitation.used")
    assert door.post("/api/invitation", json={"token": "no such"}).status_code == 404
    assert door.post("/api/session", json={"login": "wang", "password": "rather long"}).status_code == 200
    (listed,) = keeper.get("/api/accounts", params={"search": "王"}).json()["items"]
    assert (listed["has_password"], listed["last_sign_in"] is not None, listed["is_kept"]) == (True, True, True)


def test_what_an_administrator_does_to_an_account(served: Served) -> None:
    """Each deed once: named anew, given a role, relieved of it, signed out, disabled, enabled."""
    keeper = served.sign_in("administrator", WEST)
    account, token = added(keeper)
    door = served.client()
    door.post("/api/invitation/acceptance", json={"token": token, "password": "rather long"})
    door.post("/api/session", json={"login": "wang", "password": "rather long"})
    at = f"/api/accounts/{account}"
    assert keeper.put(at, json={"name": "王小芳", "staff_number": "S-2"}).status_code == 204
    assert keeper.post(f"{at}/roles", json={"role": "dispatcher", "code": "440101001"}).status_code == 204
    card = keeper.get(at).json()
    assert (card["name"], card["staff_number"], len(card["roles"])) == ("王小芳", "S-2", 2)
    dispatcher = next(role for role in card["roles"] if role["role"] == "dispatcher")
    assert keeper.delete(f"{at}/roles/{dispatcher['id']}").status_code == 204
    assert keeper.delete(f"{at}/roles/{dispatcher['id']}").status_code == 404
    assert [role["is_over"] for role in keeper.get(at).json()["roles"]] == [False, True]
    assert keeper.delete(f"{at}/sessions").status_code == 204
    assert door.get("/api/session").status_code == 401
    assert keeper.delete(f"{at}/second-factor").status_code == 404
    assert keeper.post(f"{at}/disabling").status_code == 204
    assert door.post("/api/session", json={"login": "wang", "password": "rather long"}).status_code == 401
    assert keeper.post(f"{at}/enabling").status_code == 204
    assert door.post("/api/session", json={"login": "wang", "password": "rather long"}).status_code == 200


def test_a_file_is_looked_at_and_then_taken_in(served: Served) -> None:
    """Faults by line and field in the caller's language; with `commit` the links, this once."""
    keeper = served.sign_in("administrator", WEST)
    header = "login,name,staff_number,organisation,phone,role,region,from,to\n"
    headers = {"content-type": "text/csv"}
    bad = header + "li,李四,S-2,,,staff,440102,,\n"
    looked = keeper.post("/api/accounts/import", content=bad.encode("gb18030"), headers=headers).json()
    assert [(fault["line"], fault["field"]) for fault in looked["faults"]] == [(2, "region")]
    good = header + "li,李四,S-2,,,staff,440101001,,2030-12-31\n"
    taken = keeper.post("/api/accounts/import", params={"commit": True}, content=good.encode(), headers=headers).json()
    assert (taken["added"], taken["faults"], taken["links"][0]["login"]) == (1, [], "li")
    wrong = keeper.post("/api/accounts/import", content=b"a,b\n1,2\n", headers=headers)
    assert (wrong.status_code, wrong.json()["type"]) == (422, "urn:citybrain:problem:file.no_field")


def test_seeing_as_another_writes_nothing(served: Served) -> None:
    """Every unsafe method is refused but ending it; signing out ends it too."""
    keeper = served.sign_in("administrator", WEST)
    account, _ = added(keeper)
    assert keeper.get("/api/incidents").json()["items"] == []
    assert keeper.post("/api/session/view", json={"account": account}).status_code == 204
    session = keeper.get("/api/session").json()
    assert (session["account"]["login"], session["viewer"]) == ("wang", f"administrator-{WEST}")
    assert "see_incidents" in session["rights"]
    assert keeper.get("/api/given").status_code == 200
    assert keeper.get("/api/accounts").status_code == 403
    document = keeper.get("/api/openapi.json").json()
    unsafe = [
        (method, path)
        for path, methods in document["paths"].items()
        for method in methods
        if method != "get"
        and not path.startswith("/api/invitation")
        and path not in ("/api/session", "/api/session/view")
    ]
    assert len(unsafe) > 20
    for method, path in [*unsafe, ("post", "/api/session/view")]:
        answer = keeper.request(
            method, path.replace("{data_set}", "persons").replace("{", "1").replace("}", ""), json={}
        )
        assert answer.status_code in (403, 422), (method, path, answer.text)
        if answer.status_code == 403:
            assert answer.json()["type"].endswith("view.read_only"), (method, path)
    assert keeper.delete("/api/session/view").status_code == 204
    assert keeper.get("/api/session").json()["viewer"] is None
    keeper.post("/api/session/view", json={"account": account})
    assert keeper.delete("/api/session").status_code == 204
    assert keeper.get("/api/session").status_code == 401
