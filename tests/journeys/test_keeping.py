"""Accounts at the command line: invited, taken from a file, and what the administrators of the whole city come from."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.command_line import CommandLine

HEADER = "login,name,staff_number,organisation,phone,role,region,from,to\n"


def test_people_are_invited_and_taken_from_a_file(command_line: CommandLine, tmp_path: Path) -> None:
    """The link is printed once; a file's go to a private file of their own; faults leave everything as it was."""
    said = command_line.run("accounts", "invite", "chief", "--name", "总管", "--role", "administrator")
    assert "/invitation/" in said
    assert "is taken" in command_line.run("accounts", "invite", "chief", "--name", "x", "--role", "staff", fails=True)
    people, links = tmp_path / "people.csv", tmp_path / "links.csv"
    people.write_text(HEADER + "li,李四,S-1,,,staff,,,\nwu,吴,S-2,,,king,,,\n", "utf-8")
    assert "line 3, role" in command_line.run("accounts", "import", people, "--commit", "--links", links, fails=True)
    assert not links.exists()
    people.write_text(HEADER + "li,李四,S-1,,,staff,,2026-09-01,2030-08-31\nwu,吴,S-2,,,auditor,,,\n", "utf-8")
    assert "--commit" in command_line.run("accounts", "import", people)
    assert "--links" in command_line.run("accounts", "import", people, "--commit", fails=True)
    assert "2 accounts added" in command_line.run("accounts", "import", people, "--commit", "--links", links)
    rows = list(csv.reader(links.read_text("utf-8-sig").splitlines()))
    assert [row[0] for row in rows] == ["login", "li", "wu"]
    assert links.stat().st_mode & 0o077 == 0
    assert "--links" in command_line.run("accounts", "import", people, "--commit", "--links", links, fails=True)
