"""Completion as the shells themselves do it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import run

_BASH = """
source "$1"
COMP_WORDS=(ccmon-tray {words} '{begun}')
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
"$(complete -p ccmon-tray | sed -E 's/.*-F ([^ ]+).*/\\1/')"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script"


def written(script: Path, shell: str) -> Path:
    done = run(script.parent / "home", "completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    script.write_text(done.stdout)
    return script


def out(*command: str | Path, home: Path) -> set[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=True)
    assert done.stderr == ""
    return {line.split("\t")[0] for line in done.stdout.splitlines()}


@pytest.mark.needs("bash")
@pytest.mark.parametrize(
    ("words", "begun", "wanted"),
    [
        ("", "da", {"dashboard"}),
        ("", "di", {"diagnostics"}),
        ("autostart", "", {"enable", "disable", "status"}),
        ("report --by", "s", {"session"}),
        ("run", "--da", {"--dashboard"}),
        ("dashboard --view", "smoke", {"smoke-test"}),
    ],
)
def test_bash(script: Path, words: str, begun: str, wanted: set[str]) -> None:
    code = _BASH.format(words=words, begun=begun)
    assert wanted <= out("bash", "-c", code, "bash", written(script, "bash"), home=script.parent)


@pytest.mark.needs("fish")
def test_fish(script: Path) -> None:
    code = f"source {written(script, 'fish')}; complete -C 'ccmon-tray menu-entry '"
    assert {"add", "remove", "status"} <= out("fish", "--no-config", "-c", code, home=script.parent)
    code = f"source {script}; complete -C 'ccmon-tray report --b'"
    assert out("fish", "--no-config", "-c", code, home=script.parent) == {"--by"}


@pytest.mark.needs("zsh")
def test_zsh_finds_it_in_its_path(script: Path) -> None:
    folder = script.parent / "functions"
    folder.mkdir()
    written(folder / "_ccmon-tray", "zsh")
    code = f"fpath=({folder} $fpath); autoload -U compinit; compinit -u -D; echo $_comps[ccmon-tray]"
    assert out("zsh", "-f", "-c", code, home=script.parent) == {"_ccmon-tray"}
    assert out("zsh", "-n", folder / "_ccmon-tray", home=script.parent) == set()


def test_another_shell_is_wrong_usage(tmp_path: Path) -> None:
    assert run(tmp_path, "completion", "cmd").returncode == 2
