"""The clipboard of a real display, through every way there is to it."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.desktop.clipboard import copy_text
from ccmon_tray.errors import CcmonError
from tests.support.desktop import Desktop, wait_for

TEXT = "Today: $12.34 · 5.6M tokens\nThis week: $84.10 · ▲ 12 %\n日本 🎉\n"


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    with Desktop(tmp_path, bus=False) as made:
        made.enter(monkeypatch)
        yield made


def _only(monkeypatch: pytest.MonkeyPatch, folder: Path, *programs: str) -> None:
    """A PATH with these programs and no other."""
    folder.mkdir()
    for program in programs:
        found = shutil.which(program)
        assert found is not None
        (folder / program).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))


def _paste(desktop: Desktop) -> str:
    """What another program gets."""
    code = "import tkinter; root = tkinter.Tk(); root.withdraw(); print(root.clipboard_get(), end='')"
    pasted = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        env=desktop.env,
        check=True,
        capture_output=True,
        encoding="utf-8",
        timeout=20,
    )
    return pasted.stdout


def _owners() -> set[str]:
    """The processes that hold a clipboard for us."""
    owners = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            shown = (process / "environ").read_bytes()
        except OSError:
            continue
        if b"ccmon_tray.dashboard.clipboard_owner" in words:
            owners.add(f"{process.name} {os.environ['DISPLAY'].encode() in shown}")
    return {owner for owner in owners if owner.endswith("True")}


@pytest.mark.needs("Xvfb", "xclip", "xsel")
@pytest.mark.parametrize("tool", ["xclip", "xsel"])
def test_text_stays_whatever_is_installed(
    desktop: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    _only(monkeypatch, tmp_path / "bin", tool)
    copy_text(TEXT)
    assert _paste(desktop) == TEXT
    assert bool(_owners()) == (tool == "xsel")  # a child of ours where the tool would garble it


@pytest.mark.needs("Xvfb")
@pytest.mark.parametrize("text", [TEXT, "ä·" * 300_000], ids=["short", "longer than one answer of X"])
def test_child_keeps_the_text_until_another_program_copies(
    desktop: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    _only(monkeypatch, tmp_path / "bin")
    copy_text(text)
    assert _paste(desktop) == text
    assert len(_owners()) == 1
    copy_text("later")
    assert _paste(desktop) == "later"
    wait_for(lambda: len(_owners()) == 1, "the first child gone")
    code = "import tkinter; root = tkinter.Tk(); root.clipboard_append('theirs'); root.update()"
    subprocess.run([sys.executable, "-c", code], env=desktop.env, check=True, timeout=20)
    wait_for(lambda: not _owners(), "no child left")


@pytest.mark.needs("Xvfb")
def test_a_tool_that_fails_is_passed_over(
    desktop: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, tmp_path / "bin")
    _program(tmp_path / "bin" / "xclip", "exit 1")
    copy_text(TEXT)
    assert _paste(desktop) == TEXT


def _program(file: Path, body: str) -> None:
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(
    ("platform", "program", "encoding"),
    [("linux", "wl-copy", "utf-8"), ("darwin", "pbcopy", "utf-8"), ("win32", "clip.exe", "utf-16")],
)
def test_text_goes_through_stdin_in_the_platforms_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, program: str, encoding: str
) -> None:
    cat = shutil.which("cat")
    _only(monkeypatch, tmp_path / "bin")
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-9")
    monkeypatch.delenv("DISPLAY", raising=False)
    taken = tmp_path / "taken"
    arguments = tmp_path / "arguments"
    _program(tmp_path / "bin" / program, f'echo "$@" > {arguments}\n{cat} > {taken}')
    copy_text(TEXT)
    assert taken.read_bytes().decode(encoding) == TEXT
    assert "12.34" not in arguments.read_text()


def test_no_way_to_a_clipboard_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _only(monkeypatch, tmp_path / "bin")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(CcmonError, match="The clipboard cannot be reached") as caught:
        copy_text(TEXT)
    assert caught.value.next_step
