"""Lines of transcripts as Claude Code writes them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).parents[1] / "fixtures" / "claude-config"
BEGIN = 1_795_400_000
"""Unix seconds at which generated transcripts begin."""


def answer(
    number: int,
    *,
    at: float = BEGIN,
    session: str = "s1",
    model: str = "claude-opus-4-8",
    tokens: tuple[int, int, int, int] = (100, 300, 5000, 2000),
    written_1h: int = 0,
    request: str | None = "",
    **more: Any,
) -> dict[str, Any]:
    """A line of an answer; ``tokens`` are input, output, read from and written to the cache."""
    plain, output, read, written = tokens
    line = {
        "type": "assistant",
        "isSidechain": False,
        "message": {
            "id": f"msg_{number}",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": "a secret answer"}],
            "usage": {
                "input_tokens": plain,
                "output_tokens": output,
                "cache_read_input_tokens": read,
                "cache_creation_input_tokens": written,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": written - written_1h,
                    "ephemeral_1h_input_tokens": written_1h,
                },
                "speed": "standard",
            },
        },
        "uuid": f"uuid-{number}",
        "timestamp": moment(at),
        "sessionId": session,
        "cwd": "/home/dev/shop",
        "version": "2.1.197",
    }
    if request is not None:
        line["requestId"] = request or f"req_{number}"
    return line | more


def tool_result(
    number: int, result: object, *, at: float = BEGIN, session: str = "s1", **more: Any
) -> dict[str, Any]:
    """A line of what a tool did."""
    block = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": "a secret result"}
    return {
        "type": "user",
        "isSidechain": False,
        "message": {"role": "user", "content": [block]},
        "uuid": f"uuid-result-{number}",
        "timestamp": moment(at),
        "toolUseResult": result,
        "sessionId": session,
        "cwd": "/home/dev/shop",
    } | more


def moment(at: float) -> str:
    """A time as transcripts have it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_bytes(*lines: dict[str, Any] | bytes) -> bytes:
    """Lines as they are in the file."""
    return b"".join(
        line if isinstance(line, bytes) else json.dumps(line, separators=(",", ":")).encode() + b"\n"
        for line in lines
    )


def transcript(folder: Path, name: str = "s1.jsonl") -> Path:
    """The path of a transcript in a folder of Claude Code; its folder is made."""
    path = folder / "projects" / "-home-dev-shop" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write(path: Path, *lines: dict[str, Any] | bytes) -> None:
    """Add lines to a transcript."""
    with path.open("ab") as file:
        file.write(as_bytes(*lines))
