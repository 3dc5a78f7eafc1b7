from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.errors import SettingsError
from ccmon_tray.paths import HOME_VARIABLE
from ccmon_tray.settings import (
    ClaudeSettings,
    CollectorSettings,
    PrometheusSettings,
    Settings,
    SourceSettings,
)
from ccmon_tray.sources.auto import AutoSource
from ccmon_tray.sources.choose import open_source
from ccmon_tray.sources.collector.decode import PROTOBUF
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.states import SourceKind
from ccmon_tray.usage.windows import Calendar

UTC = Calendar(ZoneInfo("UTC"), "UTC")
SETTINGS = Settings(prometheus=PrometheusSettings(url="http://prometheus.example:9090"))
DEMO = SETTINGS.model_copy(update={"source": SourceSettings(kind="demo")})


@pytest.mark.parametrize("kind", [None, "auto", "prometheus"])
def test_prometheus_is_the_default(kind: str | None) -> None:
    source = open_source(SETTINGS, UTC, kind=kind)
    info = source.info
    source.close()

    assert (info.kind, info.url) == (SourceKind.PROMETHEUS, "http://prometheus.example:9090")


@pytest.mark.parametrize(
    ("receives", "missing_from"), [(True, SourceKind.COLLECTOR), (False, SourceKind.PROMETHEUS)]
)
def test_where_nothing_has_data_what_could_have_some_says_so(
    receives: bool, missing_from: SourceKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    settings = Settings(
        collector=CollectorSettings(enabled=receives), claude=ClaudeSettings(config_dir=tmp_path / "claude")
    )
    source = open_source(settings, UTC, kind="auto")
    assert isinstance(source, AutoSource)
    # The usual address, where a server may run here: nothing is asked.
    assert source._fallback is missing_from
    source.close()


def test_the_command_line_is_above_the_settings() -> None:
    source = open_source(DEMO, UTC, prometheus_url="http://other.example:9091")
    info = source.info
    source.close()

    assert (info.kind, info.url) == (SourceKind.PROMETHEUS, "http://other.example:9091")
    assert open_source(SETTINGS, UTC, kind="demo").info.kind is SourceKind.DEMO


def test_the_settings_name_the_demo() -> None:
    assert open_source(DEMO, UTC).info.kind is SourceKind.DEMO


def test_the_collector_reads_the_file_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    ingest = Ingest(tmp_path / "data" / "usage.sqlite3")
    ingest.metrics(b"", PROTOBUF)
    source = open_source(SETTINGS, UTC, kind="collector")
    nothing = source.inventory().metrics
    body = Path(__file__).parents[1] / "fixtures" / "otlp" / "delta-session" / "02-metrics.pb"
    ingest.metrics(body.read_bytes(), PROTOBUF)
    something = source.inventory().metrics
    source.close()
    ingest.close()

    assert source.info.kind is SourceKind.COLLECTOR
    assert (not nothing, set(something)) == (True, {Metric.SESSIONS, Metric.COST, Metric.TOKENS})


def test_transcripts_are_those_of_the_configured_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    folder = Path(__file__).parents[1] / "fixtures" / "claude-config"
    source = open_source(
        SETTINGS.model_copy(update={"claude": ClaudeSettings(config_dir=folder)}), UTC, kind="transcripts"
    )
    known = source.inventory().metrics
    source.close()

    assert source.info.kind is SourceKind.TRANSCRIPTS
    assert Metric.TOKENS in known
    assert [file.suffix for file in (tmp_path / "cache").iterdir() if "transcripts" in file.name]


def test_a_source_that_there_is_not_is_said() -> None:
    with pytest.raises(SettingsError, match="pigeons"):
        open_source(SETTINGS, UTC, kind="pigeons")


def test_a_url_that_cannot_be_used_is_said() -> None:
    with pytest.raises(SettingsError):
        open_source(SETTINGS, UTC, prometheus_url="localhost:9090:9090 oops")
