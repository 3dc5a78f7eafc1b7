"""A real notification daemon: dunst, whose buttons are pressed by name."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.desktop import Desktop, wait_for
from tests.support.patience import PATIENCE_S

PROGRAMS = ("dunst", "dunstctl", "Xvfb", "dbus-daemon", "dbus-send")
"""What :class:`Dunst` drives, for ``pytest.mark.needs``."""

# Its menu of actions is a program that gets them as lines and prints the one that was chosen.
_CHOOSER = "#!/bin/sh\ngrep -F -- \"$(cat '{wish}')\" | head -n 1\n"
_SETTINGS = """\
[global]
    dmenu = {chooser}
    width = (0, 380)
    offset = 16x16
    font = Inter 11
    markup = full
    format = "<b>%s</b>\\n%b"
    show_age_threshold = -1
    icon_position = left
    min_icon_size = 48
    max_icon_size = 48
    history_length = 20
"""


class Dunst:
    """The daemon for as long as the block lasts.

    Args:
        desktop: Where it runs.
        folder: For its settings.
    """

    def __init__(self, desktop: Desktop, folder: Path) -> None:
        self._desktop = desktop
        self._wish = folder / "wish"
        chooser = folder / "chooser"
        chooser.write_text(_CHOOSER.format(wish=self._wish))
        chooser.chmod(0o755)
        self._settings = folder / "dunstrc"
        self._settings.write_text(_SETTINGS.format(chooser=chooser))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it can be asked."""
        self._process = subprocess.Popen(
            ["dunst", "-config", str(self._settings)],
            env=self._desktop.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Asked anything before it has its name, the bus would start another one, with other settings.
        wait_for(self._has_name, "the notification daemon's name")
        wait_for(lambda: self._control("is-paused").returncode == 0, "the notification daemon")

    def stop(self) -> None:
        """End it, as when it crashes."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
            self._process = None

    @property
    def displayed(self) -> int:
        """How many notifications are on the screen."""
        return int(self._control("count", "displayed").stdout or 0)

    def close_all(self) -> list[dict[str, Any]]:
        """Close what is shown. Returns everything that was closed since the start, newest first."""
        self._control("close-all")
        wait_for(lambda: self.displayed == 0, "the notifications' end")
        entries = json.loads(self._control("history").stdout)["data"][0]
        return [{name: field["data"] for name, field in entry.items()} for entry in entries]

    def press(self, words: str) -> None:
        """Press the button of the newest notification that has these words."""
        self._wish.write_text(words)
        self._control("context")

    def _has_name(self) -> bool:
        bus = "org.freedesktop.DBus"
        question = ["--print-reply", f"--dest={bus}", "/", f"{bus}.NameHasOwner"]
        done = self._run("dbus-send", "--session", *question, "string:org.freedesktop.Notifications")
        return "boolean true" in done.stdout

    def _control(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self._run("dunstctl", *words)

    def _run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            env=self._desktop.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
