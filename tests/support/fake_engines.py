"""Stand-ins for podman, docker and their compose: they note what they are asked, and do as the test says.

``up`` starts a small server that answers on the stack's health pages, as the containers would; ``down`` ends
it.
"""

import json
import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PROGRAM = r"""#!{python}
import http.server, json, os, pathlib, signal, subprocess, sys, threading

folder = pathlib.Path({folder!r})
name = pathlib.Path(sys.argv[0]).name
words = sys.argv[1:]
with (folder / "asked.jsonl").open("a") as asked:
    asked.write(json.dumps({{"program": name, "words": words, "cwd": os.getcwd()}}) + "\n")
known = ("info", "version", "up", "ps", "down", "logs")
deed = next((word.lstrip("-") for word in words if word.lstrip("-") in known), "")
plan = json.loads((folder / "plan.json").read_text())
step = plan.get(f"{{name}} {{deed}}", plan.get(deed, {{}}))
sys.stdout.write(step.get("says", ""))
sys.stderr.write(step.get("complains", ""))
sys.stdout.flush()
if step.get("stays"):
    signal.pause()
if step.get("status"):
    sys.exit(step["status"])
pids = folder / "pids"
running = pids.read_text().split() if pids.exists() else []

def stop():
    for pid in running:
        try:
            os.kill(int(pid), 15)
        except ProcessLookupError:
            pass
    pids.write_text("")

if deed == "ps" and running:
    print("1f2e3d4c5b6a")
if deed == "down":
    stop()
if deed == "up":
    if "--force-recreate" in words:
        stop()
    if not running or "--force-recreate" in words:
        lines = pathlib.Path(".env").read_text().splitlines()
        ports = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
        serve = [ports[variable] for variable in plan["serves"]]
        server = subprocess.Popen(
            [sys.executable, "-c", {server!r}, *serve],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        pids.write_text(str(server.pid))
"""

_SERVER = r"""
import http.server, sys, threading, time

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path in ("/", "/-/ready") else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

for port in sys.argv[1:]:
    for _ in range(100):
        try:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Page)
            break
        except OSError:  # the one before is about to end
            time.sleep(0.05)
    threading.Thread(target=server.serve_forever, daemon=True).start()
threading.Event().wait(120)
"""


class FakeEngines:
    """A folder of stand-ins, to be the whole of PATH.

    Args:
        folder: Where.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bin"
        self._folder = folder
        self.path.mkdir(parents=True)
        self.plan(serves=("CCMON_COLLECTOR_HEALTH_PORT", "CCMON_PROMETHEUS_PORT"))

    def install(self, *names: str) -> None:
        """Put programs of these names there."""
        program = _PROGRAM.format(python=sys.executable, folder=str(self._folder), server=_SERVER)
        for name in names:
            file = self.path / name
            file.write_text(program)
            file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def remove(self, name: str) -> None:
        """Take one away again."""
        (self.path / name).unlink()

    def plan(self, *, serves: tuple[str, ...] = (), **steps: dict[str, object]) -> None:
        """What happens next.

        Args:
            serves: The variables of the ports at which an ``up`` serves.
            steps: By the word asked for (``up``, or ``docker__info`` of one program alone): the ``status``,
                what it ``says`` on stdout and ``complains`` on stderr, and whether it ``stays`` until it is
                interrupted.
        """
        named = {key.replace("__", " "): step for key, step in steps.items()}
        (self._folder / "plan.json").write_text(json.dumps({"serves": serves, **named}))

    @property
    def asked(self) -> list[list[str]]:
        """Each command so far, with the program's name first."""
        file = self._folder / "asked.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return [[entry["program"], *entry["words"]] for entry in map(json.loads, lines)]

    @property
    def folders(self) -> set[str]:
        """Where compose's commands ran."""
        lines = (self._folder / "asked.jsonl").read_text().splitlines()
        return {entry["cwd"] for entry in map(json.loads, lines) if "-f" in entry["words"]}

    def close(self) -> None:
        """End what serves."""
        pids = self._folder / "pids"
        for pid in pids.read_text().split() if pids.exists() else ():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGTERM)


@contextmanager
def fake_engines(folder: Path) -> Iterator[FakeEngines]:
    """Stand-ins, and nothing of theirs left afterwards."""
    engines = FakeEngines(folder)
    try:
        yield engines
    finally:
        engines.close()
