"""The scripts that begin with nothing but Python."""

import ast
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
SCRIPTS = PROJECT / "scripts"


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    found = runpy.run_path(str(SCRIPTS / "test.py"))["PACKAGES"]
    assert isinstance(found, dict)
    return found


def needed_programs(file: Path) -> set[str]:
    """What a file's `needs` markers name as literals."""
    return {
        argument.value
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "needs"
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_every_program_that_a_test_needs_is_installed_by_the_script(packages: dict[str, str | None]) -> None:
    needed = set().union(*(needed_programs(file) for file in (PROJECT / "tests").rglob("*.py")))
    assert needed
    assert needed - packages.keys() - set(packages.values()) == set()


@pytest.mark.parametrize("name", ["bootstrap.py", "configure_ports.py", "run.py", "test.py"])
def test_they_import_the_standard_library_alone(name: str) -> None:
    tree = ast.parse((SCRIPTS / name).read_text(encoding="utf-8"))
    imported = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {(node.module or "").partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names | {"bootstrap"}


@pytest.mark.parametrize("name", ["run.py", "test.py"])
def test_a_python_that_is_too_old_is_told_so(name: str, tmp_path: Path) -> None:
    # No older interpreter is at hand everywhere; this one is made to look like one, with no other on PATH.
    code = (
        "import sys; sys.version_info = (3, 9, 2); sys.argv = sys.argv[1:]; "
        f"sys.path.insert(0, {str(SCRIPTS)!r}); "
        "import runpy; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(SCRIPTS / name)],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed, and this is 3.9" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
