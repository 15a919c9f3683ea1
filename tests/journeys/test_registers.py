"""A town's registers as an operator types it: looked at, mended, taken in."""

from __future__ import annotations

from pathlib import Path

from tests.command_line import CommandLine
from tests.registers import BUILDINGS, FIRMS, as_csv, building, firm
from tests.serving import in_context
from tests.worlds import publish_small_city


def test_registers_go_in_by_a_command(command_line: CommandLine, tmp_path: Path) -> None:
    """A dry run, a mapping, a commit; again, and nothing changes; then what vanished is retired."""
    in_context(command_line.settings, publish_small_city)
    file = as_csv(
        tmp_path / "b.csv", ["No.", *BUILDINGS[1:]], [building("1", 0.2, 0.2), building("2", 9, 9)], "gb18030"
    )
    words = ["import", "register", "building", file]
    said = command_line.run(*words, fails=True)
    assert "building number, the coordinate system" in said
    words += ["--map", "No.=key", "--crs", "CGCS2000"]
    said = command_line.run(*words)
    assert "Dry run, nothing was written. buildings: 1 new" in said
    assert "line 3" in said
    rejects = tmp_path / "b.rejects.csv"
    assert rejects.read_text("utf-8-sig").splitlines()[1].startswith("3,经度,The coordinates lie in no region.,2,")
    assert "Imported buildings: 1 new" in command_line.run(*words, "--commit")
    assert "0 new, 0 changed, 1 as before" in command_line.run(*words, "--commit")
    firms = as_csv(tmp_path / "f.csv", FIRMS, [firm("A", 0.2, 0.2), firm("B", 0.2, 0.2)])
    words = ["import", "register", "enterprise", firms, "--crs", "EPSG:4490", "--commit"]
    assert "新增 2" in command_line.run(*words, language="zh_CN.UTF-8")
    as_csv(firms, FIRMS, [firm("A", 0.2, 0.2, 联系电话="13900005678")])
    said = command_line.run(*words, "--retire", language="zh_CN.UTF-8")
    assert "变更 1" in said
    assert "文件中已无 1（停用：1）" in said
    assert "联系电话：1 条" in said


def test_what_is_no_register_is_named(command_line: CommandLine, tmp_path: Path) -> None:
    """Each mistake with its own sentence."""
    in_context(command_line.settings, publish_small_city)
    file = as_csv(tmp_path / "b.csv", BUILDINGS, [building("1", 0.2, 0.2)])
    assert "no register “cat”" in command_line.run("import", "register", "cat", file, fails=True)
    assert "HEADING=FIELD" in command_line.run("import", "register", "building", file, "--map", "x", fails=True)
    assert "no field “colour”" in command_line.run(
        "import", "register", "building", file, "--map", "地址=colour", fails=True
    )
    assert "no such file" in command_line.run("import", "register", "building", "no.csv", fails=True).lower()
