"""Recordings as text: OpenMetrics for promtool, JSON lines for VictoriaMetrics."""

import json
from collections.abc import Iterator, Mapping

from tests.support.truth.recorders import Recording, SeriesKey
from tests.support.truth.spellings import Spelling


def openmetrics(
    recording: Recording, spelling: Spelling, extra_labels: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Lines of OpenMetrics text with timestamps, and its end mark."""
    for key, points in recording.series.items():
        labels = _labels(key, spelling, extra_labels)
        inside = ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items())
        head = f"{spelling.names[key.metric]}{{{inside}}} "
        for at, value in points:
            yield f"{head}{value!r} {at:.3f}\n"
    yield "# EOF\n"


def import_json(
    recording: Recording, spelling: Spelling, extra_labels: Mapping[str, str] | None = None
) -> Iterator[str]:
    """JSON lines of VictoriaMetrics' import API, one a series."""
    for key, points in recording.series.items():
        yield json.dumps(
            {
                "metric": {
                    "__name__": spelling.names[key.metric],
                    **_labels(key, spelling, extra_labels),
                },
                "values": [value for _, value in points],
                "timestamps": [round(at * 1000) for at, _ in points],
            }
        )


def _labels(key: SeriesKey, spelling: Spelling, extra_labels: Mapping[str, str] | None) -> dict[str, str]:
    own = {spelling.label(name): spelling.value(name, value) for name, value in key.labels}
    return {**own, **(extra_labels or {})}
