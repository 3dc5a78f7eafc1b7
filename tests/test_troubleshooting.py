"""Each state, warning and error has its cure in docs/troubleshooting.md, and no other is named there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from ccmon_tray.paths import find_paths
from ccmon_tray.tray.stack_switch import StackSwitch
from ccmon_tray.usage.states import State

PROJECT = Path(__file__).parent.parent
DOCUMENT = (PROJECT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")


def section(title: str, level: str = "##") -> str:
    return DOCUMENT.partition(f"\n{level} {title}\n")[2].partition(f"\n{level} ")[0]


def named(text: str) -> list[str]:
    return re.findall(r"^\| `([a-z-]+)` \| \S.* \| \S.* \|$", text, re.MULTILINE)


def written(made_by: str) -> Iterator[str]:
    """The codes that calls of this name carry, as they are written in the source."""
    for node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == made_by:
            for keyword in node.keywords:
                if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value)


def nodes() -> Iterator[ast.AST]:
    for file in sorted((PROJECT / "ccmon_tray").rglob("*.py")):
        yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def error_codes() -> Iterator[str]:
    for node in nodes():
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                match line:
                    case (
                        ast.Assign(targets=[ast.Name("code")], value=ast.Constant(str(code)))
                        | ast.AnnAssign(target=ast.Name("code"), value=ast.Constant(str(code)))
                    ):
                        yield code


def test_every_state() -> None:
    assert named(section("States")) == [state.value for state in State]


def test_every_warning() -> None:
    codes = named(section("Warnings"))
    assert len(codes) == len(set(codes))
    assert set(codes) == set(written("UsageWarning"))


def test_every_error() -> None:
    codes = named(section("Errors"))
    assert len(codes) == len(set(codes))
    # Missing telemetry is a state, and has its cure there.
    assert set(codes) == (set(error_codes()) | set(written("Problem"))) - {State.NO_TELEMETRY.value}


def test_the_logs_that_are_named_are_those_that_are_written() -> None:
    paths = find_paths({"CCMON_TRAY_HOME": "/home"})
    written = {paths.log_file.name, paths.window_log_file.name, StackSwitch(paths)._said.name}
    assert set(re.findall(r"`([a-z-]+\.log)`", DOCUMENT)) == written
