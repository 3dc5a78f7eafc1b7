"""How long reading 200 MB of transcripts takes, and how much memory: cold, warm, after an addition.

    python scripts/bench_transcripts.py [--megabytes N] [--dense] [--keep FOLDER] [--ccusage PATH]

The transcripts are generated, in the proportions of real ones: a request takes two or three lines, results
of tools hold the files that they read. ``--dense`` leaves those out, so that all lines tell of use. Each look
runs in a process of its own, as the first look of a tray or a window does. With ``--ccusage`` the program of
that path reads the same files, and the totals of both are compared.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

_END: Final = datetime(2026, 11, 23, 8, tzinfo=UTC)
_DAYS: Final = 30
_MODELS: Final = ("claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001")
_LOOK: Final = """
import json, resource, sys, time
from pathlib import Path
began = time.perf_counter()
from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.claude_files.transcripts import TranscriptsSource
from ccmon_tray.usage.metrics import Metric
imported, cpu_before = time.perf_counter(), time.process_time()
memory_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source = TranscriptsSource([Path(sys.argv[1])], cache_dir=Path(sys.argv[2]))
span = Span(0, 2**32)
cost, tokens = source.ask([Question(Metric.COST, span), Question(Metric.TOKENS, span)])
took, cpu = time.perf_counter() - imported, time.process_time() - cpu_before
print(json.dumps({
    "imports_s": imported - began, "took_s": took, "cpu_s": cpu,
    "cost_usd": cost.total, "tokens": tokens.total,
    "before_mb": memory_before / 1024, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


class Writer:
    """Writes lifelike transcripts under a folder of Claude Code."""

    def __init__(self, folder: Path, seed: int = 0, *, dense: bool = False) -> None:
        self._projects = folder / "projects"
        self._random = random.Random(seed)
        self._dense = dense
        self._count = 0

    def write(self, size: int) -> int:
        """Write so many bytes.

        Returns:
            How many files that took.
        """
        written = files = 0
        while written < size:
            written += self._session(min(size - written, self._random.randrange(200_000, 3_000_000)))
            files += 1
        return files

    def _session(self, size: int) -> int:
        session = f"{self._random.getrandbits(128):032x}"
        folder = self._projects / f"-home-dev-project-{self._random.randrange(12)}"
        path = folder / f"{session}.jsonl"
        if self._random.random() < 0.2:
            path = folder / session / "subagents" / f"agent-{session[:16]}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        at = _END - timedelta(seconds=self._random.randrange(_DAYS * 86_400))
        written = 0
        with path.open("w", encoding="utf-8") as file:
            while written < size:
                at += timedelta(milliseconds=self._random.randrange(2_000, 20_000))
                for line in self._turn(session, at):
                    written += file.write(json.dumps(line, separators=(",", ":")) + "\n")
        return written

    def _turn(self, session: str, at: datetime) -> list[dict[str, Any]]:
        self._count += 1
        number, pick = self._count, self._random
        head: dict[str, Any] = {
            "parentUuid": f"{pick.getrandbits(128):032x}",
            "isSidechain": False,
            "userType": "external",
            "cwd": "/home/dev/project",
            "sessionId": session,
            "version": "2.1.197",
            "gitBranch": "main",
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        usage: dict[str, Any] = {
            "input_tokens": pick.randrange(1, 2000),
            "cache_creation_input_tokens": (written := pick.randrange(20_000)),
            "cache_read_input_tokens": pick.randrange(150_000),
            "output_tokens": pick.randrange(1, 4000),
            "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
            "service_tier": "standard",
            "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": written},
        }
        blocks: list[dict[str, Any]] = [
            {"type": "thinking", "thinking": "", "signature": "x" * pick.randrange(200, 800)},
            {"type": "text", "text": "Let me look at “this”. " * pick.randrange(1, 12)},
            {
                "type": "tool_use",
                "id": f"toolu_{number}",
                "name": "Read",
                "input": {"file_path": "/home/dev/a.py"},
            },
        ]
        del blocks[: pick.randrange(2)]
        model = pick.choice(_MODELS)
        lines: list[dict[str, Any]] = [
            head
            | {
                "message": {
                    "id": f"msg_{number}",
                    "type": "message",
                    "role": "assistant",
                    "model": model,
                    "content": [block],
                    "stop_reason": None,
                    "usage": usage,
                },
                "requestId": f"req_{number}",
                "type": "assistant",
                "uuid": f"{pick.getrandbits(128):032x}",
            }
            for block in blocks
        ]
        if not self._dense:
            lines.append(head | self._result(number))
        return lines

    def _result(self, number: int) -> dict[str, Any]:
        pick = self._random
        text = "".join(f'    value_{i} = "{pick.getrandbits(64):x}"\n' for i in range(pick.randrange(5, 120)))
        result: dict[str, Any] = {"type": "text", "file": {"filePath": "/home/dev/a.py", "content": text}}
        if pick.random() < 0.2:
            hunk = {"oldStart": 1, "lines": [" a", "-b", "+c", "+d"]}
            result = {"filePath": "/home/dev/a.py", "originalFile": text, "structuredPatch": [hunk]}
        content = [{"tool_use_id": f"toolu_{number}", "type": "tool_result", "content": text}]
        return {
            "type": "user",
            "message": {"role": "user", "content": content},
            "toolUseResult": result,
            "uuid": f"{pick.getrandbits(128):032x}",
        }


def _look(title: str, folder: Path, cache: Path) -> dict[str, float]:
    arguments = [sys.executable, "-c", _LOOK, str(folder), str(cache)]
    found: dict[str, float] = json.loads(subprocess.run(arguments, check=True, capture_output=True).stdout)
    print(
        f"{title:8} {found['took_s']:6.3f} s ({found['cpu_s']:.3f} s CPU), "
        f"{found['peak_mb']:5.1f} MB at most ({found['before_mb']:.1f} MB before), "
        f"{found['tokens']:,.0f} tokens, ${found['cost_usd']:,.2f}"
    )
    return found


def _ccusage(program: Path, folder: Path) -> tuple[float, float]:
    """What ccusage says: tokens and USD."""
    environ = os.environ | {"CLAUDE_CONFIG_DIR": str(folder)}
    began = time.perf_counter()
    with tempfile.TemporaryFile() as answer:
        process = subprocess.Popen([str(program), "daily", "--json", "--offline"], env=environ, stdout=answer)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took_s = time.perf_counter() - began
        answer.seek(0)
        totals = json.load(answer)["totals"]
    print(
        f"ccusage  {took_s:6.3f} s, {used.ru_maxrss / 1024:5.1f} MB at most, "
        f"{totals['totalTokens']:,.0f} tokens, ${totals['totalCost']:,.2f}"
    )
    return totals["totalTokens"], totals["totalCost"]


def main() -> None:
    """Generate, look, compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--dense", action="store_true")
    parser.add_argument("--keep", type=Path, help="generate here, or use what is there")
    parser.add_argument("--ccusage", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary) / "claude"
        writer = Writer(folder, dense=arguments.dense)
        if not folder.is_dir():
            files = writer.write(arguments.megabytes * 10**6)
            print(f"{arguments.megabytes} MB in {files} transcripts")
        cache = Path(temporary) / "cache"
        found = _look("cold", folder, cache)
        _look("warm", folder, cache)
        if arguments.ccusage:
            tokens, cost_usd = _ccusage(arguments.ccusage, folder)
            agree = tokens == found["tokens"] and abs(cost_usd - found["cost_usd"]) < 0.01
            print("the totals agree" if agree else "the totals DIFFER")
        if arguments.keep is None:
            Writer(folder, seed=1).write(10**6)
            _look("1 MB on", folder, cache)


if __name__ == "__main__":
    main()
