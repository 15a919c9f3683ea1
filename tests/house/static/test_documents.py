"""The documents: there, in step with each other and with the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from brain.cli import app
from data.dictionaries.rights import roles

ROOT = Path(__file__).parents[3]
GLOSSARY = ROOT / "docs" / "glossary.md"

DOCUMENTS = (
    "README.md",
    "README.zh-CN.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/glossary.md",
    "docs/performance.md",
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_is_there_and_its_links_lead_somewhere(name: str) -> None:
    """Every relative link of every document names a file of the tree."""
    path = ROOT / name
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (path.parent / target).exists()] == []


def test_both_readmes_show_the_same() -> None:
    """The same commands, pictures and headings in number, in both languages."""
    english, chinese = (ROOT / name for name in ("README.md", "README.zh-CN.md"))
    for pattern in (r"^#+ ", r"!\[[^]]*\]\(([^)]+)\)", r"^(?:make|citybrain) .*$", r"`(CITYBRAIN_[A-Z_]+)`"):
        found = [re.findall(pattern, file.read_text("utf-8"), re.MULTILINE) for file in (english, chinese)]
        assert found[0] == found[1], pattern
    assert "make run" in english.read_text("utf-8")
    assert "make test" in english.read_text("utf-8")


def test_readme_names_commands_that_exist() -> None:
    """Each `citybrain …` line of the README is a command, with options it knows."""
    root = get_command(app)
    lines = re.findall(r"^citybrain (.+)$", (ROOT / "README.md").read_text("utf-8").replace("\\\n", " "), re.MULTILINE)
    assert lines
    for line in lines:
        command, words = root, line.split()
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
        assert not getattr(command, "commands", {}), line
        known = {option for parameter in command.params for option in parameter.opts}
        given = {word for word in words if word.startswith("--")}
        assert given <= known, line


def test_glossary_holds_the_words_of_the_program() -> None:
    """One word, one meaning: each has an English and a Chinese name and says what it is; roles and nouns are there."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", GLOSSARY.read_text("utf-8"), re.MULTILINE)[2:]
    words = {english.strip().lower() for english, _, _ in rows}
    assert all(re.search(r"[\u4e00-\u9fff]", chinese) for _, chinese, _ in rows)
    assert len(words) == len(rows)
    nouns = {path.stem for path in (ROOT / "data" / "tables").glob("[a-z]*.py")} - {"base"}
    singular = {"categories": "category", "people": "person"}
    assert {singular.get(noun, noun.removesuffix("s")) for noun in nouns} <= words
    assert {role.replace("_", " ") for role in roles()} <= words


def test_decisions_are_numbered_and_of_one_form() -> None:
    """Each says what was decided, why, and what it costs, on about one page."""
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [file.name[:4] for file in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    for file in files:
        headings = re.findall(r"^## (.+)$", file.read_text("utf-8"), re.MULTILINE)
        assert headings == ["Decision", "Why", "Cost"], file.name
        assert len(file.read_text("utf-8").splitlines()) <= 60, file.name
