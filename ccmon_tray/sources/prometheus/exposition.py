"""A page of metrics in the text format, as ``/metrics`` serves it.

https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping

_LINE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+\S+)?\s*")
_LABEL = re.compile(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"')

Labels = Mapping[str, str]


class Exposition:
    """The samples of a page; lines that cannot be read are left out.

    Args:
        text: The page.
    """

    def __init__(self, text: str) -> None:
        self._samples: dict[str, list[tuple[Labels, float]]] = defaultdict(list)
        for line in text.splitlines():
            found = None if line.startswith("#") else _LINE.fullmatch(line)
            if found is None:
                continue
            try:
                value = float(found[3])
            except ValueError:
                continue
            self._samples[found[1]].append((dict(_LABEL.findall(found[2] or "")), value))

    def __contains__(self, name: object) -> bool:
        return name in self._samples

    def sum(self, *names: str, where: Callable[[Labels], bool] = lambda _: True) -> float | None:
        """The sum over the samples of the first of these metrics that is there; None without any."""
        for name in names:
            values = [value for labels, value in self._samples.get(name, ()) if where(labels)]
            if values:
                return sum(values)
        return None

    def labels(self, name: str) -> Labels:
        """The labels of a metric's first sample; none where it is not there."""
        samples = self._samples.get(name)
        return samples[0][0] if samples else {}
