"""The JSON of the query API as plain values.

Every answer is ``{"status": "success", "data": …, "warnings": […]}`` or ``{"status": "error", "errorType": …,
"error": …}`` (https://prometheus.io/docs/prometheus/latest/querying/api/). Whatever does not look so raises
``ValueError`` here; the client knows the server's name and puts the words around it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Sample(NamedTuple):
    """One value of an instant vector. ``value`` can be NaN or ±Inf; ``time`` is in Unix seconds."""

    labels: Mapping[str, str]
    value: float
    time: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a matrix: its (Unix seconds, value) points, oldest first. Values can be NaN or ±Inf."""

    labels: Mapping[str, str]
    points: list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """A successful answer: its ``data``, as parsed, and what the server warns of."""

    data: Any
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApiError:
    """An answer with ``status: error``. ``kind`` is the API's errorType, such as ``bad_data``."""

    kind: str
    message: str


def parse_answer(body: bytes) -> ApiAnswer | ApiError:
    """Parse the envelope of an answer.

    Raises:
        ValueError: It is no JSON, or no answer of the query API.
    """
    try:
        parsed = json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(parsed, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  # one kind of error for one kind of fault
    if parsed.get("status") == "error":
        return ApiError(str(parsed.get("errorType", "")), str(parsed.get("error", "")))
    if parsed.get("status") != "success":
        raise ValueError('no "status"')
    warnings = parsed.get("warnings") or ()
    # Servers between Prometheus 2.48 and 3.0 send mere hints to the query's author among the warnings.
    told = (str(warning) for warning in warnings)
    return ApiAnswer(
        parsed.get("data"), tuple(words for words in told if not words.startswith("PromQL info"))
    )


def parse_vector(data: Any) -> list[Sample]:
    """The samples of an instant query's ``data``; a scalar is one sample without labels.

    Native histograms carry no single value and are left out.

    Raises:
        ValueError: The data has another shape.
    """
    try:
        kind, result = data["resultType"], data["result"]
        if kind == "scalar":
            return [Sample({}, float(result[1]), float(result[0]))]
        if kind != "vector":
            raise ValueError(f"a {kind} where a vector was asked for")
        return [
            Sample(_labels(item["metric"]), float(item["value"][1]), float(item["value"][0]))
            for item in result
            if "value" in item
        ]
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError("not a vector of samples") from error


def parse_matrix(data: Any) -> list[Series]:
    """The series of a range query's ``data``.

    Raises:
        ValueError: The data has another shape.
    """
    try:
        kind, result = data["resultType"], data["result"]
        if kind != "matrix":
            raise ValueError(f"a {kind} where a matrix was asked for")
        return [
            Series(_labels(item["metric"]), [(float(at), float(value)) for at, value in item["values"]])
            for item in result
            if "values" in item
        ]
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError("not a matrix of series") from error


def parse_names(data: Any) -> list[str]:
    """The list of strings of a label-values answer.

    Raises:
        ValueError: The data has another shape.
    """
    if data is None:  # VictoriaMetrics and older Thanos for an empty list
        return []
    if not isinstance(data, list) or not all(isinstance(name, str) for name in data):
        raise ValueError("not a list of strings")
    return data


def parse_label_sets(data: Any) -> list[dict[str, str]]:
    """The label sets of a series answer.

    Raises:
        ValueError: The data has another shape.
    """
    if data is None:
        return []
    if not isinstance(data, list):
        raise ValueError("not a list of label sets")  # noqa: TRY004  # as above
    return [_labels(item) for item in data]


def _labels(item: Any) -> dict[str, str]:
    if not isinstance(item, dict) or not {str}.issuperset(map(type, item.values())):
        raise ValueError("labels that are not strings")
    return item
