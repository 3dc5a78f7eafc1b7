"""What the view of the server's health gets from sources that have none, and from the demo."""

from contextlib import closing

from ccmon_tray.sources.demo import DemoSource
from ccmon_tray.sources.readings.prometheus_health import read_prometheus_health
from ccmon_tray.sources.server_health import ServerHealth
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.states import SourceKind
from ccmon_tray.usage.windows import Window
from tests.support.fake_source import FakeSource
from tests.support.truth.cases import CALENDAR

TRANSCRIPTS = SourceInfo(kind=SourceKind.TRANSCRIPTS)


def test_a_source_without_a_server_says_so() -> None:
    reading = read_prometheus_health(FakeSource(info=TRANSCRIPTS), Window("custom", 0, 60))
    assert reading.health is None
    assert reading.reason == "Transcripts data come from no server"


def test_the_demo_has_a_server_that_is_the_same_at_the_same_moment() -> None:
    window = Window("custom", 1_795_400_000, 1_795_443_120)

    def read() -> ServerHealth | None:
        with closing(DemoSource(CALENDAR, clock=lambda: 1_795_443_120)) as source:
            return read_prometheus_health(source, window).health

    health = read()
    assert health is not None
    assert health == read()
    assert health.histories.times[-1] == window.end
    assert health.histories.memory_bytes.value is not None
    assert health.histories.memory_bytes.value[-1] == health.memory_bytes.value
