"""Series written down by hand, as text for the real servers."""

import json
from collections.abc import Iterator, Mapping, Sequence

Written = tuple[str, Mapping[str, str], tuple[tuple[float, float], ...]]
"""A stored name, its labels, and samples as (seconds before now, value)."""


def openmetrics(series: Sequence[Written], now: int) -> Iterator[str]:
    """OpenMetrics text for promtool; ``now`` in Unix seconds."""
    for name in sorted({name for name, _, _ in series}):
        yield f"# TYPE {name} unknown\n"
        for stored, labels, samples in series:
            if stored == name:
                written = ",".join(f"{key}={json.dumps(value)}" for key, value in labels.items())
                for before, value in samples:
                    yield f"{name}{{{written}}} {value} {now - before}\n"
    yield "# EOF\n"


def import_json(series: Sequence[Written], now: int) -> Iterator[str]:
    """JSON lines for VictoriaMetrics; ``now`` in Unix seconds."""
    for name, labels, samples in series:
        times = [int((now - before) * 1000) for before, _ in samples]
        values = [value for _, value in samples]
        yield (
            json.dumps({"metric": {"__name__": name, **labels}, "values": values, "timestamps": times}) + "\n"
        )
