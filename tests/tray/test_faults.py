"""The whole tray against a server that fails in every way, on real sockets, over a real Prometheus."""

import logging
import math
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ccmon_tray.desktop import channel
from ccmon_tray.settings import AlertSettings, PollSettings, PrometheusSettings, Settings
from ccmon_tray.sources.base import UsageSource
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Calendar
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.patience import PATIENCE_S, allowed
from tests.support.replies import Answer, Request, Response, make_certificate
from tests.support.running_tray import FastClock, RunningTray
from tests.support.servers import TOOLS, Kind
from tests.support.truth.cases import CALENDAR, NOW, dataset
from tests.support.truth.loading import loading

pytestmark = pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])

SPEED = 50.0
INTERVAL_S = 10
TIMEOUT_S = 10.0
SHORT_TIMEOUT_S = 0.7  # for what is waited for in vain

CODES = {
    Fault.ABSENT: "unreachable",
    Fault.HANG: "unreachable",
    Fault.HANG_IN_BODY: "unreachable",
    Fault.RESET: "unreachable",
    Fault.RESET_IN_BODY: "unreachable",
    Fault.UNAUTHORIZED: "denied",
    Fault.FORBIDDEN: "denied",
    Fault.LOGIN_REDIRECT: "denied",
    Fault.NOT_FOUND: "not-found",
    Fault.UNPROCESSABLE: "rejected",
    Fault.TOO_MANY: "unavailable",
    Fault.INTERNAL: "unavailable",
    Fault.UNAVAILABLE: "unavailable",
    Fault.TRUNCATED_JSON: "invalid-answer",
    Fault.INVALID_JSON: "invalid-answer",
    Fault.HTML: "invalid-answer",
    Fault.WRONG_SHAPE: "invalid-answer",
    Fault.HUGE: "invalid-answer",
    Fault.HUGE_PACKED: "invalid-answer",
    Fault.NOT_HTTP: "invalid-answer",
}


@pytest.fixture(scope="module")
def healthy() -> Iterator[Answer]:
    """Answers from a real Prometheus, over one client: making one a request would take most of the time."""
    with (
        loading(dataset("names of the client"), Kind.PROMETHEUS) as loaded,
        httpx.Client(base_url=loaded.server.url, timeout=30, trust_env=False) as client,
    ):

        def answer(request: Request) -> Response:
            how: dict[str, Any] = {"params" if request.method == "GET" else "data": request.params}
            reply = client.request(request.method, request.path, **how)
            return Response(reply.status_code, reply.content, {"Content-Type": "application/json"})

        yield answer


@pytest.fixture
def server(healthy: Answer) -> Iterator[FaultyServer]:
    with FaultyServer(healthy) as server:
        yield server


def settings_for(url: str, **more: object) -> Settings:
    prometheus = PrometheusSettings.model_validate({"url": url, "timeout_s": TIMEOUT_S, **more})
    return Settings(prometheus=prometheus, poll=PollSettings(interval_s=INTERVAL_S))


def open_prometheus(settings: Settings, _calendar: Calendar) -> UsageSource:
    return PrometheusSource(settings.prometheus, clock=lambda: NOW)


Start = Callable[[Settings], RunningTray]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    def start(settings: Settings) -> RunningTray:
        clock = FastClock(monkeypatch, speed=SPEED)
        return RunningTray(tmp_path, settings, open_prometheus, calendar=CALENDAR, now=NOW, poll_clock=clock)

    return start


def is_fresh(snapshot: Snapshot) -> bool:
    return snapshot.state is State.FRESH


@pytest.mark.parametrize("fault", CODES, ids=str)
def test_it_lives_keeps_its_numbers_says_what_is_wrong_and_recovers(
    fault: Fault, server: FaultyServer, start: Start
) -> None:
    timeout_s = allowed(SHORT_TIMEOUT_S) if fault in {Fault.HANG, Fault.HANG_IN_BODY} else TIMEOUT_S
    with start(settings_for(server.url, timeout_s=timeout_s)) as tray:
        before = tray.until(is_fresh, "the first numbers")
        assert before.figures is not None
        assert before.figures.range.totals.cost_usd

        server.fault = fault
        stale = tray.until(lambda snapshot: snapshot.state is State.STALE, "stale numbers")

        assert stale.figures == before.figures
        assert stale.taken_at == before.taken_at
        assert stale.problem is not None
        assert stale.problem.code == CODES[fault]
        assert stale.problem.next_step
        assert tray.menu["status"].label.startswith("◐ Prometheus · last read")
        assert tray.menu["problem"].label.startswith(f"⚠ {stale.problem.title}")
        assert any(key.startswith("problem.next") for key in tray.menu)
        assert tray.menu["today"].label

        probes = Probes(tray)
        probes.outlast(1)
        # As after hours of failures: only a probe can find out that the fault is over.
        tray.app._poller._full_poll_at = math.inf
        server.fault = Fault.NONE
        begun = probes.begun
        after = tray.until(is_fresh, "numbers after the fault")

        # The first one to begin after the fault finds out, if not the one that was under way; probes go on at
        # the interval, which the poller's own tests hold it to.
        assert probes.begun - begun <= 1
        assert after.figures == before.figures
        assert "problem" not in tray.menu


def test_the_log_tells_when_the_source_went_and_when_it_was_back(
    server: FaultyServer, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "ccmon_tray.tray.reading"), start(settings_for(server.url)) as tray:
        tray.until(is_fresh, "the first numbers")
        server.fault = Fault.UNAVAILABLE
        tray.until(lambda snapshot: snapshot.state is State.STALE, "stale numbers")
        Probes(tray).outlast(2)
        server.fault = Fault.NONE
        tray.until(is_fresh, "numbers after the fault")
    told = [record.getMessage() for record in caplog.records if record.name == "ccmon_tray.tray.reading"]
    assert [words.partition(":")[0] for words in told] == [
        "The source prometheus is fresh",
        "The source prometheus is stale",
        "The source prometheus is fresh",
    ]
    assert "503" in told[1]


class Probes:
    """Counts a tray's probes from now on."""

    def __init__(self, tray: RunningTray) -> None:
        self.begun = 0
        self._ended = threading.Semaphore(0)
        self._real = tray.app._poller._probe
        tray.app._poller._probe = self._probe

    def outlast(self, failures: int) -> None:
        """Wait until so many have ended."""
        for _ in range(failures):
            assert self._ended.acquire(timeout=PATIENCE_S)

    def _probe(self) -> str | None:
        self.begun += 1
        found = self._real()
        self._ended.release()
        return found


def test_values_that_are_no_numbers_never_show(server: FaultyServer, start: Start) -> None:
    with start(settings_for(server.url)) as tray:
        before = tray.until(is_fresh, "the first numbers")

        server.fault = Fault.NAN_AND_INF
        tray.app._poller.refresh()
        tray.until(lambda snapshot: snapshot.state is not State.FRESH, "another state than fresh")

        words = str(tray.backend.face).lower()
        # What is wrong may be called so; no figure may.
        assert not re.search(
            r"\$−?(nan|inf)|\b(nan|inf)\S* (tokens|sessions|commits|prs)|active (nan|inf)", words
        )
        server.fault = Fault.NONE
        after = tray.until(is_fresh, "numbers after the fault")
        assert after.figures == before.figures


def test_a_server_that_was_never_there_is_offline_without_any_number(
    server: FaultyServer, start: Start
) -> None:
    server.fault = Fault.ABSENT
    with start(settings_for(server.url)) as tray:
        offline = tray.until(lambda snapshot: snapshot.state is State.OFFLINE, "offline")

        assert offline.figures is None
        assert "$" not in str(tray.backend.face)
        server.fault = Fault.NONE
        tray.until(is_fresh, "numbers after the fault")


def test_a_name_that_does_not_resolve_then_settings_that_are_right(
    server: FaultyServer, start: Start
) -> None:
    with start(settings_for("http://prometheus.invalid:9090")) as tray:
        offline = tray.until(lambda snapshot: snapshot.problem is not None, "a problem")
        assert offline.problem is not None
        assert offline.problem.code == "unreachable"
        assert "prometheus.invalid" in f"{offline.problem.title} {offline.problem.cause}"

        tray.settings = settings_for(server.url)
        tray.app.on_request(channel.Request(channel.Message.SETTINGS_CHANGED))

        tray.until(is_fresh, "numbers of the right server")
        assert "problem" not in tray.menu


# Python's own ssl drops a socket that is reset just before the handshake, as here at the end.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.needs("openssl")
def test_a_certificate_nobody_knows_then_its_authority_in_the_settings(
    healthy: Answer, start: Start, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path, "127.0.0.1")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with (
        FaultyServer(healthy, tls=tls) as server,
        start(settings_for(server.url, timeout_s=2)) as tray,
    ):
        refused = tray.until(lambda snapshot: snapshot.problem is not None, "a problem")
        assert refused.problem is not None
        assert refused.problem.code == "tls"

        tray.settings = settings_for(server.url, timeout_s=2, ca_file=certificate)
        tray.app.on_request(channel.Request(channel.Message.SETTINGS_CHANGED))

        tray.until(is_fresh, "numbers over TLS")


@pytest.mark.parametrize(
    "seconds", [8 * 3600, 25 * 3600, -86_400], ids=["a night's sleep", "a day ahead", "a day back"]
)
def test_after_sleep_or_a_clock_that_was_set_it_reads_at_once(
    seconds: int, server: FaultyServer, start: Start
) -> None:
    # No alert, which may have to tell that it cannot be shown: a poll follows at once.
    changes = {"poll": PollSettings(interval_s=300), "alerts": AlertSettings(enabled=False)}
    settings = settings_for(server.url).model_copy(update=changes)
    truth = dataset("names of the client").truth
    with start(settings) as tray:
        tray.until(is_fresh, "the first numbers")
        assert tray.poll_clock is not None

        server.drop_connections()  # as they are after a sleep
        tray.now += seconds
        tray.poll_clock.set(seconds)
        changed = time.monotonic()
        after = tray.until(lambda snapshot: snapshot.polled_at == tray.now, "a poll after the change")

        assert time.monotonic() - changed < 300 / SPEED
        assert after.problem is None
        assert after.figures is not None
        begin = CALENDAR.midnight(CALENDAR.day_of(tray.now))
        assert after.figures.today.cost_usd == pytest.approx(truth.total(Metric.COST, begin, tray.now))


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.DRIP, Fault.HANG_IN_BODY], ids=str)
def test_it_ends_within_a_second_while_a_request_hangs(
    fault: Fault, server: FaultyServer, start: Start
) -> None:
    before = set(threading.enumerate())
    server.fault = fault
    with start(settings_for(server.url, timeout_s=60)) as tray:
        server.wait_until_asked(1)

        assert tray.end() < allowed(1)

    assert tray.status == 0
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert [name for name in left if not name.startswith(("Thread-", "process_request"))] == []
