"""The window's way to its data."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ccmon_tray.dashboard.services import Services
from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import find_paths
from ccmon_tray.settings import Settings
from ccmon_tray.sources import choose
from tests.support.patience import PATIENCE_S


def test_who_closes_waits_for_no_source_that_is_being_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, go_on = threading.Event(), threading.Event()
    opened: list[Any] = []
    really_open = choose.open_source

    def open_slowly(*arguments: Any, **words: Any) -> Any:
        if not opened:
            opening.set()
            assert go_on.wait(PATIENCE_S)
        opened.append(really_open(*arguments, **words))
        return opened[-1]

    monkeypatch.setattr(choose, "open_source", open_slowly)
    settings = Settings.model_validate(
        {"source": {"kind": "prometheus"}, "prometheus": {"url": "http://127.0.0.1:9"}}
    )
    services = Services(find_paths({"CCMON_TRAY_HOME": str(tmp_path)}), settings)
    with ThreadPoolExecutor(2) as workers:
        first = workers.submit(lambda: services.source)
        assert opening.wait(PATIENCE_S)
        dropping = workers.submit(services.drop)
        try:
            dropping.result(PATIENCE_S)
        finally:
            go_on.set()
        dropped = first.result(PATIENCE_S)
    assert dropped is opened[0]
    with pytest.raises(CcmonError, match="closed"):
        dropped.inventory()
    assert services.source is opened[1]
    assert services.source is opened[1]
    services.drop()
