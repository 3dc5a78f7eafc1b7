from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.tray.backends.pystray_adapter import PystrayBackend
from ccmon_tray.tray.backends.sni.icon import Icon
from tests.support.backends import face, plain_icon
from tests.support.desktop import Desktop
from tests.support.sni_menu import LINES


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    with Desktop(tmp_path, display=False) as desktop:
        desktop.enter(monkeypatch)
        yield desktop


@pytest.fixture
def backend(session: Desktop) -> PystrayBackend:
    backend = PystrayBackend("sni", Icon, plain_icon)
    backend.show(face(*LINES))
    return backend
