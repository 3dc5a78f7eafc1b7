"""The doctor against real servers, servers that fail, and data that misleads."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from ccmon_tray.paths import Paths
from ccmon_tray.sources.doctor import Doctor
from ccmon_tray.usage.checks import LINK_TITLES, CheckStatus
from tests.support.doctor import examined, look, without_metrics
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.patience import PATIENCE_S, allowed
from tests.support.servers import TOOLS, Kind
from tests.support.truth.anomalies import Anomaly, saw_tooth, two_writers
from tests.support.truth.cases import NOW, dataset
from tests.support.truth.loading import Loaded, loading
from tests.support.truth.recorders import cumulative

OK, WARNING, FAILED, SKIPPED, INFO = (
    CheckStatus.OK, CheckStatus.WARNING, CheckStatus.FAILED, CheckStatus.SKIPPED, CheckStatus.INFO
)  # fmt: skip
kinds = pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.needs(*TOOLS[kind])) for kind in Kind]
)


@pytest.fixture(
    scope="module", params=[pytest.param(kind, marks=pytest.mark.needs(*TOOLS[kind])) for kind in Kind]
)
def loaded(request: pytest.FixtureRequest) -> Iterator[Loaded]:
    with loading(dataset("API key alone"), request.param, retention="8y") as held:
        yield held


def test_a_pipeline_that_works(loaded: Loaded, paths: Paths, environ: dict[str, str]) -> None:
    checks = examined(loaded.server.url, paths, environ, NOW)
    assert list(checks) == [*LINK_TITLES]
    assert {id_: check.status for id_, check in checks.items()} == {
        **dict.fromkeys(checks, OK),
        "clocks": WARNING,  # the data are a year old, and so is the doctor's now
        "claude_telemetry": SKIPPED,
        "otlp_endpoint": SKIPPED,
        "collector": SKIPPED,
        "collector_file": SKIPPED,
        "transcripts": INFO,
        "tray": INFO,
        "fonts": SKIPPED,
    }
    assert "claude_code_cost_usage_USD_total" in checks["metrics"].details
    assert all((check.took_ms is None) == (check.status is SKIPPED) for check in checks.values())
    version = checks["api"].result.rpartition(" ")[2]
    assert version[0].isdigit() or loaded.server.kind is Kind.VICTORIA_METRICS


def test_the_newest_sample_is_found_long_after(loaded: Loaded, paths: Paths, environ: dict[str, str]) -> None:
    newest = max(at for samples in loaded.data.recording.series.values() for at, _ in samples)
    for later_s in (0, 6 * 3600, 9 * 86_400):
        check = examined(loaded.server.url, paths, environ, newest + later_s)["newest_sample"]
        moment = datetime.fromisoformat(check.details[0].partition(": ")[2]).timestamp()
        assert abs(moment - newest) <= 1
        assert check.status is (OK if later_s == 0 else INFO)
    check = examined(loaded.server.url, paths, environ, newest + 40 * 86_400)["newest_sample"]
    assert check.status is WARNING


@kinds
@pytest.mark.parametrize(
    ("anomaly", "link"),
    [(saw_tooth, "temporality"), (lambda: two_writers(cumulative), "collisions")],
    ids=["saw-tooth", "two writers"],
)
def test_counters_that_mislead(
    kind: Kind, anomaly: Any, link: str, paths: Paths, environ: dict[str, str]
) -> None:
    made: Anomaly = anomaly()
    with loading(made.data, kind) as held:
        checks = examined(held.server.url, paths, environ, NOW)
    troubled = {id_ for id_, check in checks.items() if check.status in {FAILED, WARNING}}
    assert troubled == {link, "clocks"}
    # Of two writers only the figures are off; a saw-tooth has lost counts for good.
    assert checks[link].status is (FAILED if link == "temporality" else WARNING)
    assert checks[link].cure
    assert all(any(session in line for line in checks[link].details) for session in made.sessions)


@pytest.mark.needs(*TOOLS[Kind.PROMETHEUS])
def test_ranges_beyond_the_memory_are_named(paths: Paths, environ: dict[str, str]) -> None:
    with loading(dataset("API key alone"), Kind.PROMETHEUS, retention="20d") as held:
        check = examined(held.server.url, paths, environ, NOW)["retention"]
    assert check.status is WARNING
    assert check.result == "Keeps 20 days: too short for Last 30 days, Last 90 days, Last month"
    assert "7d: covered" in check.details


@pytest.mark.parametrize(
    ("fault", "link"),
    [
        (Fault.ABSENT, "reachable"),
        (Fault.RESET, "reachable"),
        (Fault.HANG, "reachable"),
        (Fault.UNAUTHORIZED, "api"),
        (Fault.FORBIDDEN, "api"),
        (Fault.NOT_FOUND, "api"),
        (Fault.UNAVAILABLE, "api"),
        (Fault.INTERNAL, "api"),
        (Fault.LOGIN_REDIRECT, "api"),
        (Fault.HTML, "api"),
        (Fault.TRUNCATED_JSON, "api"),
        (Fault.NAN_AND_INF, "api"),
    ],
)
def test_each_fault_is_told_at_its_link(
    fault: Fault, link: str, paths: Paths, environ: dict[str, str]
) -> None:
    environ["CCMON_TRAY_PROMETHEUS__TIMEOUT_S"] = "0.5" if fault is Fault.HANG else str(PATIENCE_S)
    with FaultyServer() as server:
        server.fault = fault
        doctor = Doctor(paths, prometheus_url=server.url, environ=environ)
        checks = look(doctor)
    assert [id_ for id_, check in checks.items() if check.status is FAILED] == [link]
    assert checks[link].cure
    assert doctor.unreachable
    after = list(checks)[list(checks).index(link) + 1 : list(checks).index("claude_telemetry")]
    assert {checks[id_].status for id_ in after} == {SKIPPED}
    assert {checks[id_].result for id_ in after} == {f"Needs “{checks[link].title}”"}


def test_a_server_without_telemetry(paths: Paths, environ: dict[str, str]) -> None:
    with FaultyServer(without_metrics) as server:
        doctor = Doctor(paths, prometheus_url=server.url, environ=environ)
        checks = look(doctor)
    assert checks["metrics"].status is FAILED
    assert "CLAUDE_CODE_ENABLE_TELEMETRY" in checks["metrics"].cure
    assert checks["query"].status is SKIPPED
    assert not doctor.unreachable


def test_settings_that_cannot_be_used_stop_all_but_the_machine(paths: Paths, environ: dict[str, str]) -> None:
    environ["CCMON_TRAY_POLL__INTERVAL_S"] = "soon"
    checks = look(Doctor(paths, environ=environ))
    assert checks["settings"].status is FAILED
    assert "CCMON_TRAY_POLL__INTERVAL_S" in checks["settings"].result
    others = set(checks) - {"settings", "fonts"}
    assert {checks[id_].status for id_ in others} == {SKIPPED}


def test_what_is_wrong_in_the_settings_file_is_told(paths: Paths, environ: dict[str, str]) -> None:
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text('[poll]\ninterval_s = "soon"\n')
    check = look(Doctor(paths, kind="demo", environ=environ))["settings"]
    assert check.status is WARNING
    assert "poll.interval_s" in check.result


def test_the_demo_is_well(paths: Paths, environ: dict[str, str]) -> None:
    checks = look(Doctor(paths, kind="demo", environ=environ))
    assert not {check.status for check in checks.values()} & {FAILED, WARNING}
    assert checks["query"].status is OK
    assert checks["reachable"].status is SKIPPED


def test_a_doctor_that_is_cancelled_stops_in_the_middle_of_a_request(
    paths: Paths, environ: dict[str, str]
) -> None:
    with FaultyServer() as server:
        server.fault = Fault.HANG
        doctor = Doctor(paths, prometheus_url=server.url, environ=environ)
        checks = doctor.run()
        assert next(checks).id == "settings"
        began = time.monotonic()

        def stop() -> None:
            server.wait_until_asked(1)
            doctor.cancel()

        stopper = threading.Thread(target=stop)
        stopper.start()
        assert list(checks) == []
        stopper.join()
        assert time.monotonic() - began < allowed(5)


@pytest.mark.parametrize(("ahead_s", "words"), [(120, "ahead of"), (-120, "behind"), (2, "agree")])
def test_clocks_that_differ(ahead_s: float, words: str, paths: Paths, environ: dict[str, str]) -> None:
    with FaultyServer(without_metrics) as server:
        check = examined(server.url, paths, environ, time.time() - ahead_s)["clocks"]
    assert words in check.result
    assert check.status is (OK if words == "agree" else WARNING)


def test_a_check_that_breaks_does_not_hide_the_others(
    paths: Paths, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr("ccmon_tray.sources.doctor.contents.find_newest", break_down)
    checks = look(Doctor(paths, kind="demo", environ=environ))
    assert checks["newest_sample"].status is FAILED
    assert "a bug" in checks["newest_sample"].cause
    assert checks["query"].status is OK
