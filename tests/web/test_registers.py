"""Registers over HTTP: sent as a file, examined, mended, taken in."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.registers import FIRMS, as_csv, firm
from tests.serving import Served


def sent(client: httpx.Client, deed: str, path: Any, register: str = "enterprise", **said: str) -> httpx.Response:
    """A file sent as a browser does."""
    data = {"crs": "EPSG:4490"} | said
    with path.open("rb") as file:
        return client.post(f"/api/registers/{register}/{deed}", files={"file": (path.name, file)}, data=data)


def test_a_file_is_examined_then_taken_in(served: Served, tmp_path: Any) -> None:
    """The same numbers twice; the second time over it is all as before. Refused rows come back with their reasons."""
    steward = served.sign_in("steward", "440101", language="zh")
    file = as_csv(tmp_path / "企业.csv", FIRMS, [firm("A", 0.2, 0.2), firm("B", 2.5, 0.5)])
    told = sent(steward, "examine", file).json()
    assert (told["new"], told["rejected"], told["committed"], told["missing"]) == (1, 1, False, [])
    assert told["mapping"]["key"] == "统一社会信用代码"
    assert told["faults"] == [{"file": "企业.csv", "line": 3, "field": None, "message": "不在您可导入的区域内。"}]
    assert told["rejects"].splitlines()[1].startswith("3,,不在您可导入的区域内。,B,")
    done = sent(steward, "import", file).json()
    assert (done["new"], done["rejected"], done["committed"]) == (1, 1, True)
    again = sent(steward, "import", file).json()
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 1)
    listed = steward.get("/api/records/enterprises", params={"region": "440101"}).json()["items"]
    assert [each["fields"]["phone"] for each in listed] == ["138****1234"]


def test_what_must_be_said_is_told_and_a_mapping_is_obeyed(served: Served, tmp_path: Any) -> None:
    """Without it nothing is read, and an import is refused."""
    steward = served.sign_in("steward", "440101")
    headings = ["No.", *FIRMS[1:]]
    file = as_csv(tmp_path / "f.csv", headings, [firm("A", 0.2, 0.2)])
    told = sent(steward, "examine", file, crs="").json()
    assert (told["missing"], told["rows"]) == (["key", "crs"], 0)
    refused = sent(steward, "import", file, crs="")
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:citybrain:problem:register.missing")
    mapping = told["mapping"] | {"key": "No."}
    assert sent(steward, "import", file, mapping=json.dumps(mapping)).json()["new"] == 1
    for wrong in ("[]", "{", '{"key": 1}', '{"key": "nowhere"}', '{"nothing": "No."}'):
        assert sent(steward, "examine", file, mapping=wrong).status_code == 422, wrong


def test_registers_are_listed_for_who_may_bring_them(served: Served) -> None:
    """With their fields; for nobody else."""
    listed = served.sign_in("steward", "440101").get("/api/registers").json()
    assert [each["kind"] for each in listed][:3] == ["building", "household", "person"]
    assert {
        "field": "identity",
        "name": {"zh": "身份证号", "en": "identity number"},
        "required": True,
        "kind": "personal",
    } in (listed[2]["fields"])
    assert served.sign_in("planner", "440101").get("/api/registers").status_code == 403


@pytest.mark.parametrize("name", ["../../x.csv", "..", "a\\b.csv", ""])
def test_a_files_name_leads_nowhere(served: Served, name: str) -> None:
    """Whatever a browser calls the file, it is kept where it is put and called by its last part."""
    client = served.sign_in("steward", "440101")
    answer = client.post("/api/registers/building/examine", files={"file": (name, "编号\n1\n")})
    assert answer.status_code in (200, 422)
    assert "/tmp" not in answer.text
    assert ".." not in answer.text


def test_an_unknown_register_and_a_body_too_large(served: Served, tmp_path: Any) -> None:
    """404, and 413 beyond the setting."""
    client = served.sign_in("steward", "440101")
    file = as_csv(tmp_path / "f.csv", FIRMS, [firm("A", 0.2, 0.2)])
    assert sent(client, "examine", file, register="cat").status_code == 404
    file.write_bytes(b"x" * (served.settings.register_limit + 1))
    assert sent(client, "examine", file).status_code == 413
