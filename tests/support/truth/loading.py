"""Datasets inside running servers, and the source under test beside them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.servers import TOOLS, Kind, Server, serving
from tests.support.truth import render
from tests.support.truth.cases import Dataset, kinds_of

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet


@dataclass(frozen=True, slots=True)
class Loaded:
    """A server and the dataset it holds."""

    server: Server
    data: Dataset


@contextmanager
def loading(data: Dataset, kind: Kind, *, retention: str = "100y") -> Iterator[Loaded]:
    """A server that holds the dataset, for as long as the block runs."""
    with serving(
        kind,
        openmetrics=render.openmetrics(data.recording, data.spelling),
        import_json=render.import_json(data.recording, data.spelling),
        retention=retention,
    ) as server:
        yield Loaded(server, data)


def on_servers(names: Sequence[str]) -> list["ParameterSet"]:
    """Parameters (name, kind of server) for a fixture, each marked with the programs it needs."""
    return [
        pytest.param((name, kind), id=f"{name}, {kind}", marks=pytest.mark.needs(*TOOLS[kind]))
        for name in names
        for kind in kinds_of(name)
    ]
