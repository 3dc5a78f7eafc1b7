import json
from typing import Any

import pytest

from ccmon_tray.sources.claude_files.transcript_lines import BrokenLine, Deed, LineParser, Request
from tests.support.transcripts import BEGIN, answer, as_bytes, moment, tool_result


def parse(line: dict[str, Any] | bytes) -> Request | Deed | None:
    return LineParser("by-name", is_subagent=False).parse(as_bytes(line))


def request(line: dict[str, Any] | bytes) -> Request:
    told = parse(line)
    assert isinstance(told, Request)
    return told


def deed(line: dict[str, Any]) -> Deed:
    told = parse(line)
    assert isinstance(told, Deed)
    return told


def test_an_answer_tells_what_it_used() -> None:
    told = request(answer(1, at=BEGIN + 0.25, tokens=(1, 2, 30, 400), written_1h=100))

    assert (told.origin.at, told.origin.session, told.origin.is_subagent) == (BEGIN + 1, "s1", False)
    use = told.use
    assert (use.input, use.output, use.cache_read, use.cache_write_5m, use.cache_write_1h) == (
        1,
        2,
        30,
        300,
        100,
    )
    assert (use.total, use.model, use.fast) == (433, "claude-opus-4-8", False)


def test_the_largest_use_counts_at_the_time_and_in_the_session_of_the_first_line() -> None:
    early = request(answer(1, at=BEGIN, session="a", tokens=(1, 2, 3, 4)))
    late = request(answer(1, at=BEGIN + 5, session="b", tokens=(1, 200, 3, 4)))

    assert early.key == late.key
    assert early.joined(late) == late.joined(early)
    assert early.joined(late).use == late.use
    assert early.joined(late).origin == early.origin


def test_the_same_message_of_another_request_is_another_request() -> None:
    assert request(answer(1, request="req_a")).key != request(answer(1, request="req_b")).key


def test_a_provider_without_request_ids_is_told_by_messages() -> None:
    lines = [answer(1, request=None, at=BEGIN + offset) for offset in (0, 7)]
    assert len({request(line).key for line in lines}) == 1


def test_lines_without_ids_are_requests_of_their_own() -> None:
    lines = [answer(1, request=None, at=BEGIN + offset) for offset in (0, 7)]
    for line in lines:
        del line["message"]["id"]
    assert len({request(line).key for line in lines}) == 2


def test_a_repeated_line_tells_nothing_and_a_larger_one_does() -> None:
    parser = LineParser("by-name", is_subagent=False)
    first, again, finished = (
        as_bytes(answer(1, at=BEGIN + offset, tokens=(1, output, 0, 0), uuid=f"u{offset}"))
        for offset, output in ((0, 5), (1, 5), (2, 9))
    )
    assert parser.parse(first) is not None
    assert parser.parse(again) is None
    assert parser.parse(finished) is not None
    assert parser.parse(first) is not None


def test_a_broken_line_is_broken_each_time_and_hides_nothing() -> None:
    parser = LineParser("by-name", is_subagent=False)
    broken, whole = as_bytes(answer(1, tokens=(-1, 0, 0, 0))), as_bytes(answer(1))
    for _ in range(2):
        with pytest.raises(BrokenLine):
            parser.parse(broken)
    assert parser.parse(whole) is not None


@pytest.mark.parametrize(
    "line",
    [
        answer(1, model="<synthetic>"),
        {"type": "user", "message": {"role": "user", "content": 'about "usage" of things'}},
        {"type": "progress", "data": {"message": answer(1)}},
        tool_result(1, {"status": "completed", "usage": {"input_tokens": 5}}),
        tool_result(1, "Error: 1 file changed, they say"),
        {"type": "queue-operation", "operation": "enqueue", "content": "a secret"},
        b"\n",
        b"  \r\n",
    ],
)
def test_other_lines_tell_nothing(line: dict[str, Any] | bytes) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    "line",
    [
        as_bytes(answer(1))[:-30] + b"\n",
        b"not a line of JSON\n",
        b"\0" * 64 + b"\n",
        b'["usage"]\n',
        b'{"message":{"usage":' + b"[" * 100_000 + b"\n",
        b'{"a":' + b"[" * 5000 + b'"usage"' + b"]" * 5000 + b"}\n",
        answer(1, timestamp="yesterday"),
        answer(1, timestamp=None),
        answer(1, timestamp="0001-01-01T00:00:00Z"),
        answer(1, tokens=(-1, 0, 0, 0)),
        answer(1, tokens=(10**30, 0, 0, 0)),
        answer(1, message={"usage": 5}),
        answer(1, message={"usage": {"output_tokens": "many"}}),
        answer(1, message={"usage": {"output_tokens": float("nan")}}),
        answer(1, message={"usage": {"output_tokens": float("inf")}}),
    ],
)
def test_impossible_lines_are_broken(line: dict[str, Any] | bytes) -> None:
    with pytest.raises(BrokenLine):
        parse(line)


def test_a_line_without_a_timestamp_is_broken() -> None:
    line = answer(1)
    del line["timestamp"]
    with pytest.raises(BrokenLine):
        parse(line)


def test_texts_that_are_no_unicode_do_not_hide_use() -> None:
    surrogate = json.dumps(answer(1, sessionId="s\ud83d")).encode()
    latin = as_bytes(answer(1)).replace(b"a secret answer", b"caf\xe9")

    assert request(surrogate).use == request(latin).use == request(answer(1)).use
    request(surrogate).origin.session.encode()


def test_fields_may_be_missing_or_null() -> None:
    bare = {"timestamp": moment(BEGIN), "message": {"usage": {"output_tokens": 7, "cache_creation": None}}}
    told = request(bare)

    assert (told.use.total, told.use.output, told.use.model, told.origin.session) == (7, 7, "", "by-name")


def test_old_versions_write_the_sum_of_what_went_to_the_cache() -> None:
    line = answer(1, tokens=(0, 0, 0, 50))
    del line["message"]["usage"]["cache_creation"]
    assert (request(line).use.cache_write_5m, request(line).use.cache_write_1h) == (50, 0)


@pytest.mark.parametrize(("noted", "usd"), [(0.25, 0.25), (0, -1.0), (None, -1.0), (True, -1.0), ("1", -1.0)])
def test_a_cost_that_an_old_version_noted(noted: object, usd: float) -> None:
    assert request(answer(1, costUSD=noted)).use.given_usd == usd


def test_fast_mode() -> None:
    line = answer(1)
    line["message"]["usage"]["speed"] = "fast"
    assert request(line).use.fast


def test_a_time_without_a_zone_is_utc_and_other_zones_are_heeded() -> None:
    assert request(answer(1, timestamp="2026-11-23T02:00:00")).origin.at == 1_795_399_200
    assert request(answer(1, timestamp="2026-11-23T03:00:00+01:00")).origin.at == 1_795_399_200


@pytest.mark.parametrize(
    ("result", "counts"),
    [
        ({"structuredPatch": [{"lines": [" a", "-b", "+c", "+d"]}, {"lines": ["+e"]}]}, (3, 1, 0, 0)),
        ({"type": "update", "content": "x\n", "structuredPatch": [{"lines": ["-b"]}]}, (0, 1, 0, 0)),
        # A new file counts as Claude Code's own metric counts it.
        ({"type": "create", "content": "print('a')\nprint('b')\n", "structuredPatch": []}, (3, 0, 0, 0)),
        ({"stdout": "", "gitOperation": {"commit": {"sha": "2d8a46f", "kind": "committed"}}}, (0, 0, 1, 0)),
        ({"stdout": "", "gitOperation": {"commit": {"sha": "2d8a46f", "kind": "amended"}}}, (0, 0, 1, 0)),
        ({"stdout": "", "gitOperation": {"pr": {"number": 7, "action": "created"}}}, (0, 0, 0, 1)),
        (
            {"stdout": "hook ran\n[main (root-commit) 2d8a46f] x\n 1 file changed, 2 insertions(+)"},
            (0, 0, 1, 0),
        ),
    ],
)
def test_what_tools_did(result: dict[str, Any], counts: tuple[int, int, int, int]) -> None:
    assert deed(tool_result(1, result)).counts == counts


@pytest.mark.parametrize(
    "result",
    [
        {"type": "update", "content": "x\ny\n", "structuredPatch": []},
        {"stdout": "", "gitOperation": {"commit": {"sha": "2d8a46f", "kind": "cherry-picked"}}},
        {"stdout": "", "gitOperation": {"pr": {"number": 7, "action": "merged"}}},
        {"stdout": "", "gitOperation": {"push": {"branch": "main"}}},
        {"stdout": " 1 file changed, 2 insertions(+)"},
        {"stdout": 5, "structuredPatch": None, "gitOperation": None},
    ],
)
def test_what_tools_did_not_do(result: dict[str, Any]) -> None:
    assert parse(tool_result(1, result)) is None


def test_a_call_of_a_tool_counts_once() -> None:
    result = {"structuredPatch": [{"lines": ["+c"]}]}
    lines = [tool_result(1, result), tool_result(1, result, at=BEGIN + 9, session="continued")]
    one, other = map(deed, lines)

    assert one.key == other.key
    assert one.joined(other) == other.joined(one) == one
    assert deed(tool_result(2, result)).key != one.key
