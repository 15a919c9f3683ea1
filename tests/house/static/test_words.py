"""What the house says: every message, query, glossary entry and document holds together. No database needed."""

from __future__ import annotations

import ast
import json
import re
import string
import subprocess
from pathlib import Path

import pytest

from data.dictionaries.rights import rights, roles
from data.dictionaries.transitions import actions, states
from data.errors import _catalogue, message_keys
from data.queries import _blocks

ROOT = Path(__file__).parents[3]
FLOORS = ("brain", "layers", "data", "web")
CLIENT = ROOT / "web" / "client" / "src"
MOST_LINES = 400

KEY_FAMILIES = {"where.", "field.", "status.", "step.", "snapshot.", "demo.unusual."}
"""Keys that are put together at run time."""


def sources(*floors: str) -> list[Path]:
    """The Python files of some floors."""
    return [path for floor in floors for path in (ROOT / floor).rglob("*.py") if "node_modules" not in path.parts]


def tracked(*patterns: str) -> list[Path]:
    """Files that git knows, or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def string_constants(path: Path) -> set[str]:
    """Every string literal of a file."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def placeholders(text: str) -> set[str]:
    """The names that a message is filled with."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", sorted(message_keys()))
def test_messages_say_the_same_in_both_languages(key: str) -> None:
    """Chinese and English, filled with the same values."""
    entry = _catalogue()[key]
    assert set(entry) == {"zh", "en"}
    assert placeholders(entry["zh"]) == placeholders(entry["en"])
    assert re.search(r"[\u4e00-\u9fff]", entry["zh"])
    assert not re.search(r"[\u4e00-\u9fff]", entry["en"])


def test_messages_and_code_know_the_same_keys() -> None:
    """No key without a sentence, no sentence that nobody says."""
    used = set().union(*(string_constants(path) for path in sources(*FLOORS)))
    raised = set()
    for path in sources(*FLOORS):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = ast.unparse(node.func).rsplit(".", 1)[-1]
                kinds = {
                    "BadInput",
                    "TooLarge",
                    "NotFound",
                    "Forbidden",
                    "Unauthenticated",
                    "Conflict",
                    "Unready",
                    "TooMany",
                }
                if name in kinds | {"Unusable", "say", "message"}:
                    raised.add(node.args[0].value)
    assert raised - message_keys() == set()
    silent = {key for key in message_keys() - used if not any(key.startswith(family) for family in KEY_FAMILIES)}
    assert silent == set()


def test_every_named_query_is_asked_and_every_question_is_named() -> None:
    """`query(noun, name)` calls and `data/queries/*.sql` are the same set."""
    asked = set()
    for path in sources(*FLOORS):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "query":
                noun, name = (ast.literal_eval(argument) for argument in node.args)
                asked.add((noun, name))
    written = {(file.stem, name) for file in (ROOT / "data" / "queries").glob("*.sql") for name in _blocks(file.stem)}
    assert asked == written


def test_sql_lives_in_its_two_places_only() -> None:
    """No statement hidden in Python above the archive."""
    statement = re.compile(
        r"\b(select|insert into|update|delete from)\b.+\b(from|values|set|where)\b", re.IGNORECASE | re.DOTALL
    )
    found = {
        f"{path.relative_to(ROOT)}: {text[:60]}"
        for path in sources("brain", "layers", "web")
        for text in string_constants(path)
        if statement.search(text) and "\n" not in text.strip()[:40] and text == text.lower()
    }
    assert {place for place in found if not place.startswith("brain/diagnosis.py")} == set()


def test_rooms_have_one_purpose() -> None:
    """A file beyond 400 lines has two."""
    files = tracked("*.py", "*.ts", "*.vue", "*.sql")
    long = {
        str(path.relative_to(ROOT))
        for path in files
        if ".generated." not in path.name and len(path.read_text("utf-8").splitlines()) > MOST_LINES
    }
    assert long == set()


def test_modules_open_with_one_line_that_says_what_they_are() -> None:
    """Every Python file of the floors has a docstring, and so has everything public in it."""
    silent = []
    for path in sources(*FLOORS):
        tree = ast.parse(path.read_text("utf-8"))
        if not ast.get_docstring(tree):
            silent.append(str(path.relative_to(ROOT)))
        for node in tree.body:
            is_public = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if is_public and not node.name.startswith("_") and not ast.get_docstring(node):
                silent.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert [place for place in silent if "migrations/versions" not in place] == []


def test_nothing_names_a_registry_or_a_machine() -> None:
    """Lock files pin by hash; documents speak of the project alone."""
    pattern = re.compile(
        r"https?://[^\s\"']*(pypi|npmjs|registry)[^\s\"']*|\"resolved\": *\"http|index-url|/root/|/home/\w+/"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix not in {".png", ".gz"} and path != Path(__file__)
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_python_lock_pins_every_package_with_hashes() -> None:
    """Nothing is installed that was not seen when the lock was made."""
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text("utf-8").strip())
    assert len(blocks) > 50
    assert [block.split()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []


def test_node_lock_pins_every_package_with_hashes() -> None:
    """The same for the browser's libraries."""
    packages = json.loads((ROOT / "web/client/package-lock.json").read_text("utf-8"))["packages"]
    assert len(packages) > 50
    unpinned = [
        name for name, entry in packages.items() if name and "integrity" not in entry and not entry.get("bundled")
    ]
    assert unpinned == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_console_has_words_for_what_the_tables_know(language: str) -> None:
    """States, actions, rights and roles are never shown as keys; but for roles, in Chinese it is the table's own name."""
    shown = dict(
        re.findall(
            r"^  '((?:state|action|role|right)\.\w+)': '(.+)',$",
            "".join(file.read_text("utf-8") for file in (CLIENT / "i18n").glob(f"*{language}.ts")),
            re.MULTILINE,
        )
    )
    known = {f"state.{state.state}": state.name_zh for state in states().values()}
    known |= {f"action.{action}": name for action, name in actions().items()}
    known |= {f"right.{right.right}": right.name_zh for right in rights().values()}
    assert set(known) | {f"role.{role}" for role in roles()} <= set(shown)
    if language == "zh":
        assert {key: shown[key] for key in known} == known
