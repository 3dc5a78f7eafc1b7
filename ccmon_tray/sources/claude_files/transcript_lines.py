"""A line of a transcript: the use of a request, or what a tool did. Nothing that somebody wrote is kept.

Use is on the lines of answers: ``message.usage``. One answer takes several lines that repeat it, and lines
are copied to other files when a session is continued. So a request is told by ``message.id`` and
``requestId``, what a tool did by the id of its call, and :meth:`Request.joined` says what counts of several
lines: the largest use, which is that of the finished answer, at the time and in the session of the first.

Names and places of the fields are those of Claude Code up to 2.1; others are passed over.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson

_SYNTHETIC: Final = "<synthetic>"
_MOST_TOKENS: Final = 10**11
_MOST_USD: Final = 10**5
_LATEST_S: Final = 2**40
_SIGNS_OF_DEEDS: Final = (b'"structuredPatch"', b'"gitOperation"', b" changed, ")
# What git says of a commit: "[main 2d8a46f] words". Clients before 2.1 note it nowhere else.
_COMMITTED: Final = re.compile(r"^\[[^\]\n]{1,200} [0-9a-f]{7,40}\] ", re.MULTILINE)


class Use(NamedTuple):
    """What a request used. The largest of several is that of the finished answer.

    The counts are tokens; ``fast`` says whether it was made in fast mode, ``given_usd`` is the cost as old
    versions of Claude Code noted it, or -1.
    """

    total: int
    output: int
    input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    model: str
    fast: bool
    given_usd: float


class Origin(NamedTuple):
    """When something was (Unix seconds, rounded up), in which session, and whether in a subagent's part."""

    at: int
    session: str
    is_subagent: bool


class Request(NamedTuple):
    """A request to the model."""

    key: int
    origin: Origin
    use: Use

    def joined(self, other: "Request") -> "Request":
        """What counts of two lines about the same request, whichever comes first."""
        return Request(self.key, min(self.origin, other.origin), max(self.use, other.use))


class Deed(NamedTuple):
    """What a tool did: lines added and removed, commits and pull requests made."""

    key: int
    origin: Origin
    added: int = 0
    removed: int = 0
    commits: int = 0
    pull_requests: int = 0

    def joined(self, other: "Deed") -> "Deed":
        """What counts of two lines about the same call of a tool."""
        return min(self, other, key=lambda deed: (deed.origin, deed.counts))

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """The four counts."""
        return self.added, self.removed, self.commits, self.pull_requests


class BrokenLine(Exception):
    """A line that should tell of use, but cannot be read."""


class LineParser:
    """Reads the lines of one transcript.

    Args:
        session: The session that the file belongs to, for lines that do not name one.
        is_subagent: Whether the file is a subagent's.
    """

    def __init__(self, session: str, *, is_subagent: bool) -> None:
        self._session = session
        self._is_subagent = is_subagent
        # What the last request was told by, and the time of its line.
        self._last: tuple[Any, ...] = ()
        self._last_at: Any = None

    def parse(self, line: bytes) -> Request | Deed | None:
        """What a line tells.

        Returns:
            A request, or what a tool did. None for all other lines, and for those that only repeat what the
            one before them told.

        Raises:
            BrokenLine: It is not a line of a transcript, or what it says is impossible.
        """
        # A quote inside a text is escaped, so these can only be keys: most lines need not be parsed.
        if b'"usage"' not in line and not _may_be_deed(line):
            bare = line.strip()
            if bare and not (bare.startswith(b"{") and bare.endswith(b"}")):
                raise BrokenLine
            return None
        try:
            content = _loads(line)
            if isinstance(message := content.get("message"), dict) and "usage" in message:
                return self._answer(line, content, message)
            if isinstance(result := content.get("toolUseResult"), dict):
                return self._deed(line, content, result)
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise BrokenLine from error
        return None

    def _answer(self, line: bytes, content: Mapping[str, Any], message: Mapping[str, Any]) -> Request | None:
        """What a line of an answer tells, unless it is the same as the one before it, only later."""
        told = (
            message.get("id"),
            message["usage"],
            message.get("model"),
            content.get("requestId"),
            content.get("sessionId"),
            content.get("isSidechain"),
            content.get("costUSD"),
        )
        if told == self._last and told[0] and content["timestamp"] >= self._last_at:
            return None
        request = self._request(line, content, message)
        self._last, self._last_at = told, content.get("timestamp")
        return request

    def _request(self, line: bytes, content: Mapping[str, Any], message: Mapping[str, Any]) -> Request | None:
        model = _text(message.get("model"))
        if model == _SYNTHETIC:
            return None
        usage = message["usage"]
        get = usage.get
        parts = get("cache_creation") or {}
        output = int(get("output_tokens") or 0)
        plain = int(get("input_tokens") or 0)
        read = int(get("cache_read_input_tokens") or 0)
        write_1h = int(parts.get("ephemeral_1h_input_tokens") or 0)
        # Old versions note the sum alone; it is for five minutes then.
        write_5m = max(
            int(parts.get("ephemeral_5m_input_tokens") or 0),
            int(get("cache_creation_input_tokens") or 0) - write_1h,
        )
        total = output + plain + read + write_5m + write_1h
        if output < 0 or plain < 0 or read < 0 or write_5m < 0 or write_1h < 0 or total > _MOST_TOKENS:
            raise ValueError("no counts of tokens")
        fast = get("speed") == "fast"
        given_usd = _usd(content["costUSD"]) if "costUSD" in content else -1.0
        use = Use(total, output, plain, read, write_5m, write_1h, model, fast, given_usd)
        message_id = _text(message.get("id"))
        # A line without ids is a request of its own, and so is each that differs from it.
        name = f"{message_id} {_text(content.get('requestId'))}".encode() if message_id else line.strip()
        return Request(_key(name), self._origin(content), use)

    def _deed(self, line: bytes, content: Mapping[str, Any], result: Mapping[str, Any]) -> Deed | None:
        counts = (*_changed_lines(result), *_git(result))
        if not any(counts):
            return None
        call = _tool_call(content.get("message"))
        return Deed(_key(call.encode() if call else line.strip()), self._origin(content), *counts)

    def _origin(self, content: Mapping[str, Any]) -> Origin:
        moment = datetime.fromisoformat(content["timestamp"])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        # Windows hold their end but not their start: what was within a second belongs to its end.
        at = math.ceil(moment.timestamp())
        if not 0 < at < _LATEST_S:
            raise ValueError("no time that could be")
        session = _text(content.get("sessionId")) or self._session
        return Origin(at, session, self._is_subagent or content.get("isSidechain") is True)


def _may_be_deed(line: bytes) -> bool:
    result = line.find(b'"toolUseResult"')
    return result >= 0 and any(line.find(sign, result) >= 0 for sign in _SIGNS_OF_DEEDS)


def _loads(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        # Texts may be cut within a character, which is only where it matters to those who read them.
        return json.loads(line.decode("utf-8", "replace"))


def _changed_lines(result: Mapping[str, Any]) -> tuple[int, int]:
    """Lines that an edit added and removed, as Claude Code counts them.

    A new file has one more than it has line ends, also where the last line has one.
    """
    hunks = result.get("structuredPatch")
    if not isinstance(hunks, list):
        return 0, 0
    if not hunks and result.get("type") == "create":
        text = result.get("content")
        return (text.count("\n") + 1 if isinstance(text, str) and text else 0), 0
    lines = [line for hunk in hunks for line in hunk.get("lines") or ()]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def _git(result: Mapping[str, Any]) -> tuple[int, int]:
    """Commits and pull requests that a command made."""
    operation = result.get("gitOperation")
    if isinstance(operation, dict):
        commit, pull_request = operation.get("commit"), operation.get("pr")
        return (
            int(isinstance(commit, dict) and commit.get("kind") in {"committed", "amended"}),
            int(isinstance(pull_request, dict) and pull_request.get("action") == "created"),
        )
    output = result.get("stdout")
    return int(isinstance(output, str) and _COMMITTED.search(output) is not None), 0


def _tool_call(message: Any) -> str:
    """The id of the tool's call that a line is the result of, or ""."""
    blocks = message.get("content") if isinstance(message, dict) else None
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, dict) and block.get("type") == "tool_result":
            return _text(block.get("tool_use_id"))
    return ""


def _usd(value: Any) -> float:
    """A cost that was noted; -1 where there is none. Nothing costs 0, so 0 is none either."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return -1.0
    return float(value) if 0 < value <= _MOST_USD else -1.0


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    # Lone surrogates would end whatever writes them.
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _key(name: bytes) -> int:
    """A number for a name: of a million names, two have the same once in thirty million cases."""
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "big", signed=True)
