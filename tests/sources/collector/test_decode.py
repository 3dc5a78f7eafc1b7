"""What is taken from exports, what is left out, and what is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from ccmon_tray.sources.collector import otlp_protobuf
from ccmon_tray.sources.collector.decode import JSON, PROTOBUF, decode_logs, decode_metrics
from ccmon_tray.sources.collector.exports import ApiError, ApiRequest, Point, ToolResult
from ccmon_tray.sources.collector.faults import ContentTypeRefused, ExportInvalid, ExportRefused
from ccmon_tray.usage.metrics import Metric
from tests.sources.collector.recorded import bodies

NS = 10**9
AT = 1_795_401_739_995_000_000


def attribute(name: str, value: Any) -> dict[str, Any]:
    kind = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}[type(value)]
    return {"key": name, "value": {kind: str(value) if kind == "intValue" else value}}


def data_point(**changes: Any) -> dict[str, Any]:
    point = {
        "attributes": [attribute("session.id", "s"), attribute("model", "claude-opus-4-8")],
        "startTimeUnixNano": str(AT - NS),
        "timeUnixNano": str(AT),
        "asDouble": 0.25,
    }
    return {name: value for name, value in (point | changes).items() if value is not None}


def metric(*points: dict[str, Any], name: str = "claude_code.cost.usage", **changes: Any) -> dict[str, Any]:
    data = {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": list(points)} | changes
    return {"name": name, "sum": data}


def body(*metrics: dict[str, Any], resource: list[dict[str, Any]] | None = None) -> bytes:
    scopes = [{"scope": {"name": "com.anthropic.claude_code"}, "metrics": list(metrics)}]
    found = {"resource": {"attributes": resource or []}, "scopeMetrics": scopes}
    return json.dumps({"resourceMetrics": [found]}).encode()


def log_body(*records: dict[str, Any]) -> bytes:
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}).encode()


def record(name: str, **attributes: Any) -> dict[str, Any]:
    own = [attribute(key.replace("__", "."), value) for key, value in attributes.items()]
    return {"timeUnixNano": str(AT), "body": {"stringValue": f"claude_code.{name}"}, "attributes": own}


def as_protobuf(request: Any, of: Any) -> bytes:
    """The protobuf of a request in OTLP's JSON; it has no ids, which protobuf's JSON would have otherwise."""
    found: bytes = ParseDict(request, of).SerializeToString()
    return found


def test_a_data_point_is_taken_whole() -> None:
    point = data_point(
        attributes=[
            attribute("session.id", "s"),
            attribute("model", "claude-opus-4-8[1m]"),
            attribute("agent.name", "general-purpose"),
            attribute("fast", True),
            attribute("depth", 3),
        ]
    )
    labels = (
        ("agent_name", "general-purpose"),
        ("depth", "3"),
        ("fast", "true"),
        ("model", "claude-opus-4-8[1m]"),
    )
    expected = Point(Metric.COST, "s", labels, AT - NS, AT, 250_000_000_000, False)

    as_json = body(metric(point))
    export = decode_metrics(as_json, f"{JSON}; charset=utf-8")
    same = decode_metrics(as_protobuf(json.loads(as_json), ExportMetricsServiceRequest()), PROTOBUF)

    assert export == same
    assert (export.points, export.skipped) == ((expected,), 0)


def test_attributes_of_the_sender_are_kept_but_for_those_of_its_machine() -> None:
    resource = [
        attribute("service.name", "claude-code"),
        attribute("host.arch", "amd64"),
        attribute("team.id", "shop"),
        attribute("model", "overruled"),
    ]

    [point] = decode_metrics(body(metric(data_point()), resource=resource), JSON).points

    assert point.labels == (("model", "claude-opus-4-8"), ("team_id", "shop"))


@pytest.mark.parametrize(
    ("change", "units"),
    [
        ({"asDouble": None, "asInt": "3"}, 3_000_000),
        ({"asDouble": None, "asInt": 3}, 3_000_000),
        ({"asDouble": 0}, 0),
        ({"asDouble": "1e3"}, 1_000_000_000),
    ],
)
def test_numbers_come_in_several_forms(change: dict[str, Any], units: int) -> None:
    [point] = decode_metrics(body(metric(data_point(**change), name="claude_code.token.usage")), JSON).points

    assert point.units == units


@pytest.mark.parametrize(
    "change",
    [
        {"asDouble": "NaN"},
        {"asDouble": "Infinity"},
        {"asDouble": -1},
        {"asDouble": 1e300},
        {"asDouble": None},
        {"flags": 1},
        {"timeUnixNano": None},
        {"timeUnixNano": str(2**64 - 1)},
        {"startTimeUnixNano": str(2**64 - 1)},
    ],
)
def test_a_value_that_no_counter_has_is_skipped_and_the_others_are_kept(change: dict[str, Any]) -> None:
    export = decode_metrics(body(metric(data_point(), data_point(**change), data_point())), JSON)

    assert (len(export.points), export.skipped) == (2, 1)


@pytest.mark.parametrize(
    "other",
    [
        metric(data_point(), name="claude_code.unheard.of"),
        metric(data_point(), name="http.server.duration"),
        metric(data_point(), isMonotonic=False),
        metric(data_point(), aggregationTemporality=0),
        {"name": "claude_code.cost.usage", "gauge": {"dataPoints": [data_point()]}},
        {
            "name": "claude_code.cost.usage",
            "histogram": {"dataPoints": [{"count": "1", "timeUnixNano": "5"}]},
        },
    ],
    ids=["unknown", "foreign", "not monotonic", "no temporality", "gauge", "histogram"],
)
def test_what_is_no_counter_of_claude_code_is_skipped_and_counted(other: dict[str, Any]) -> None:
    as_json = body(other, metric(data_point()))
    for export in (
        decode_metrics(as_json, JSON),
        decode_metrics(as_protobuf(json.loads(as_json), ExportMetricsServiceRequest()), PROTOBUF),
    ):
        assert ([point.metric for point in export.points], export.skipped) == ([Metric.COST], 1)


def test_an_enum_may_be_a_name() -> None:
    as_json = body(metric(data_point(), aggregationTemporality="AGGREGATION_TEMPORALITY_CUMULATIVE"))

    [point] = decode_metrics(as_json, JSON).points

    assert point.cumulative


@pytest.mark.parametrize("decode", [decode_metrics, decode_logs])
def test_an_empty_export_is_fine(decode: Callable[[bytes, str], Any]) -> None:
    assert decode(b"", PROTOBUF).skipped == 0
    assert decode(b"{}", JSON).skipped == 0


@pytest.mark.parametrize("decode", [decode_metrics, decode_logs])
@pytest.mark.parametrize(
    ("content", "content_type", "error"),
    [
        (b"\xff\xff\xff", PROTOBUF, ExportInvalid),
        (b"{", JSON, ExportInvalid),
        (b"[]", JSON, ExportInvalid),
        (b"\xff\xfe\xfd", JSON, ExportInvalid),
        (b"[" * 100_000, JSON, ExportInvalid),
        (b'{"resourceMetrics": {}, "resourceLogs": {}}', JSON, ExportInvalid),
        (b'{"resourceMetrics": [7], "resourceLogs": [7]}', JSON, ExportInvalid),
        (b"{}", "text/plain", ContentTypeRefused),
        (b"{}", "", ContentTypeRefused),
    ],
)
def test_what_is_no_export_is_refused(
    decode: Callable[[bytes, str], Any], content: bytes, content_type: str, error: type[ExportRefused]
) -> None:
    with pytest.raises(error) as raised:
        decode(content, content_type)

    assert raised.value.status == (415 if error is ContentTypeRefused else 400)


@pytest.mark.parametrize("levels", [100, 500, 2000])
def test_a_value_that_is_nested_is_read_or_refused(levels: int) -> None:
    value: Any = '{"stringValue": "x"}'
    for _ in range(levels):
        value = f'{{"kvlistValue": {{"values": [{{"key": "k", "value": {value}}}]}}}}'
    content = body(metric(data_point(attributes=["NESTED"]))).replace(
        b'"NESTED"', f'{{"key": "deep", "value": {value}}}'.encode()
    )
    try:
        [point] = decode_metrics(content, JSON).points
    except ExportInvalid:
        assert levels > 100
    else:
        assert dict(point.labels)["deep"].count("k=") == levels


def test_series_are_told_apart_however_often_they_come() -> None:
    """They are remembered by the bytes that do not change from export to export."""
    one, other = attribute("model", "claude-opus-4-8"), attribute("model", "claude-haiku-4-5")
    values = [
        (model, {"timeUnixNano": str(AT + NS * n), "startTimeUnixNano": str(n), name: str(n)})
        for n in range(1, 4)
        for model in (one, other)
        for name in ("asInt", "asDouble")
    ]
    points = [data_point(**{"attributes": [model], "asDouble": None, **own}) for model, own in values]
    points += [data_point(attributes=[other, one], flags=2), data_point(attributes=[one, other])]
    for sender in ("a", "b"):
        as_json = body(metric(*points), resource=[attribute("team", sender)])
        as_protobuf_ = as_protobuf(json.loads(as_json), ExportMetricsServiceRequest())

        export = decode_metrics(as_protobuf_, PROTOBUF)

        assert export == decode_metrics(as_json, JSON)
        models = [dict(point.labels)["model"] for point in export.points]
        assert models[:4] == ["claude-opus-4-8"] * 2 + ["claude-haiku-4-5"] * 2
        assert models[-2:] == ["claude-opus-4-8", "claude-haiku-4-5"]
        assert {dict(point.labels)["team"] for point in export.points} == {sender}
        assert [point.start_ns for point in export.points[:12]] == [n for n in (1, 2, 3) for _ in range(4)]


def test_more_series_than_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp_protobuf, "_REMEMBERED", 3)
    points = [data_point(attributes=[attribute("session.id", str(n % 7))]) for n in range(50)]
    content = as_protobuf(json.loads(body(metric(*points))), ExportMetricsServiceRequest())

    export = decode_metrics(content, PROTOBUF)

    assert [point.session for point in export.points] == [str(n % 7) for n in range(50)]
    assert len(otlp_protobuf._known) <= 3


# Values of JSON, among them such as look like an export where it matters.
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(str(AT)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceMetrics",
                    "scopeMetrics",
                    "metrics",
                    "name",
                    "sum",
                    "dataPoints",
                    "attributes",
                    "key",
                    "value",
                    "asDouble",
                    "asInt",
                    "timeUnixNano",
                    "startTimeUnixNano",
                    "aggregationTemporality",
                    "isMonotonic",
                    "stringValue",
                    "intValue",
                    "arrayValue",
                    "kvlistValue",
                    "values",
                    "resourceLogs",
                    "scopeLogs",
                    "logRecords",
                    "body",
                    "flags",
                    "resource",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["resourceMetrics", "resourceLogs"]), _values))
def test_json_of_any_shape_is_decoded_or_refused(request: dict[str, Any]) -> None:
    content = json.dumps(request).encode()
    for decode in (decode_metrics, decode_logs):
        try:
            decode(content, JSON)
        except ExportInvalid:
            continue


@given(st.integers(0, 3), st.data())
def test_protobuf_with_flipped_bytes_is_decoded_or_refused(number: int, data: st.DataObject) -> None:
    content = bytearray(bodies("delta-session")[number].read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    for decode in (decode_metrics, decode_logs):
        try:
            decode(bytes(content), PROTOBUF)
        except ExportInvalid:
            continue


def test_halves_of_characters_do_not_reach_the_file() -> None:
    point = data_point(attributes=[attribute("session.id", "\ud800"), attribute("model", "\udfff é")])

    [found] = decode_metrics(body(metric(point)), JSON).points

    assert (found.session, found.labels) == ("?", (("model", "? é"),))


def test_events_are_taken_with_numbers_as_text_or_numbers() -> None:
    common = {"session__id": "s", "model": "claude-opus-4-8"}
    counts = {"input_tokens": 1, "output_tokens": 2, "cache_read_tokens": 3, "cache_creation_tokens": 4}
    numbers = record("api_request", **common, **counts, cost_usd=0.25, duration_ms=12, query_source="main")
    texts = record(
        "api_request",
        **common,
        **{name: str(count) for name, count in counts.items()},
        cost_usd="0.25",
        duration_ms="12",
        query_source="main",
    )
    for export in (
        decode_logs(log_body(numbers), JSON),
        decode_logs(log_body(texts), JSON),
        decode_logs(as_protobuf(json.loads(log_body(numbers)), ExportLogsServiceRequest()), PROTOBUF),
    ):
        [event] = export.events
        assert event == ApiRequest(
            AT, event.identity, "s", "claude-opus-4-8", "main", 12, 250_000_000_000, 1, 2, 3, 4
        )


def test_errors_and_tools_are_taken() -> None:
    export = decode_logs(
        log_body(
            record("api_error", model="m", status_code="529", attempt=2, error="text", duration_ms=7.4),
            record("api_error", model="m", status_code="undefined"),
            record("tool_result", tool_name="Bash", success="true", duration_ms="10"),
            record("tool_result", tool_name="Bash", success="false"),
            record("tool_result", tool_name="Bash"),
            record("user_prompt", prompt_length=5),
            {**record("tool_result"), "timeUnixNano": None},
        ),
        JSON,
    )

    errors = [(e.status, e.attempt, e.duration_ms) for e in export.events if isinstance(e, ApiError)]
    tools = [(e.success, e.duration_ms) for e in export.events if isinstance(e, ToolResult)]
    assert errors == [(529, 2, 7), (None, None, None)]
    assert tools == [(True, 10), (False, None), (None, None)]
    assert export.skipped == 2


def test_an_event_without_a_time_of_its_own_has_that_of_its_attribute() -> None:
    one = {**record("tool_result", event__timestamp="2026-11-23T02:42:21.387Z"), "timeUnixNano": None}

    [event] = decode_logs(log_body(one), JSON).events

    assert event.time_ns == 1_795_401_741_387_000_000


def test_text_of_prompts_tools_and_errors_is_nowhere() -> None:
    secret = "SECRET TEXT"
    export = decode_logs(
        log_body(
            record("user_prompt", prompt=secret),
            record("tool_result", tool_name="Bash", tool_parameters=secret, tool_input=secret, error=secret),
            record("api_error", error=secret, status_code="400"),
            record("api_request", prompt=secret, cost_usd=secret),
        ),
        JSON,
    )

    assert len(export.events) == 3
    assert secret not in repr(export)


def test_the_same_event_is_the_same_and_no_other() -> None:
    first = record("tool_result", session__id="s", tool_use_id="a", event__sequence=1)
    others = [
        record("tool_result", session__id="s", tool_use_id="b", event__sequence=1),
        record("tool_result", session__id="s", tool_use_id="a", event__sequence=2),
        record("tool_result", session__id="t", tool_use_id="a", event__sequence=1),
        {**first, "timeUnixNano": str(AT + 1_000_000)},
    ]
    events = decode_logs(log_body(first, first, *others), JSON).events

    identities = [event.identity for event in events]
    assert identities[0] == identities[1]
    assert len(set(identities)) == 5
    assert all(0 <= identity < 2**63 for identity in identities)
