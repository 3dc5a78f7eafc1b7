"""Where secrets come from, when they are read again, and that no message repeats them."""

import base64
import os
import sys
import threading
import time
from pathlib import Path

import keyring
import keyring.backend
import pytest
from pydantic import SecretStr

from ccmon_tray.errors import SecretUnavailable, SettingsError
from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.prometheus import credentials as module
from ccmon_tray.sources.prometheus.credentials import Credentials
from tests.support.patience import allowed

PYTHON = sys.executable
CANARY = "s3cret-canary"


def header(**settings: object) -> str | None:
    return Credentials(PrometheusSettings.model_validate(settings)).header()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A back end that lives as long as the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def memory_keyring() -> MemoryKeyring:
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    return backend


def test_none_at_all() -> None:
    assert header() is None


def test_token_and_password_from_the_environment_variable_or_the_url() -> None:
    assert header(token=CANARY) == f"Bearer {CANARY}"
    assert header(username="me", password="pä:ss") == basic("me", "pä:ss")
    assert header(username="me") == basic("me", "")
    in_url = Credentials(PrometheusSettings(), url_username="you", url_password="word")
    assert in_url.header() == basic("you", "word")


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_file(end: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(f"{CANARY}{end}".encode())
    assert header(token_file=file) == f"Bearer {CANARY}"
    assert header(username="me", password_file=file) == basic("me", CANARY)


def test_command_gets_its_arguments_without_a_shell() -> None:
    program = "import sys; print(sys.argv[1])"
    assert header(token_command=(PYTHON, "-c", program, "$HOME;*")) == "Bearer $HOME;*"


def test_keyring(memory_keyring: MemoryKeyring) -> None:
    keyring.set_password("https://host/prometheus", "me", CANARY)
    assert header(token_keyring="https://host/prometheus/me") == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token_file": "/nowhere/token"}, "/nowhere/token: No such file"),
        ({"token_file": os.devnull}, "is empty"),
        ({"token_command": ("no-such-program-here",)}, "no-such-program-here: No such file"),
        ({"token_command": (PYTHON, "-c", f"print('{CANARY}'); exit(3)")}, "ended with status 3"),
        ({"token_command": (PYTHON, "-c", "pass")}, "is empty"),
        ({"token_command": (PYTHON, "-c", f"print('{CANARY}\\n{CANARY}')")}, "line break"),
        ({"token_command": (PYTHON, "-c", "import os; os.write(1, b'\\xff')")}, "not UTF-8"),
        ({"token": f"{CANARY}ä"}, "characters that no token has"),
        ({"token_keyring": "service/nobody"}, "keyring set service nobody"),
    ],
)
def test_what_is_missing_is_told(
    settings: dict[str, object], words: str, memory_keyring: MemoryKeyring
) -> None:
    with pytest.raises(SecretUnavailable) as told:
        header(**settings)
    assert words in str(told.value)
    assert CANARY not in str(told.value)
    assert told.value.next_step


def test_keyring_package_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SecretUnavailable, match=r"ccmon-tray\[keyring\]"):
        header(token_keyring="service/me")


def test_keyring_that_fails(memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: str) -> str:
        raise RuntimeError(f"locked, {CANARY}")

    monkeypatch.setattr(memory_keyring, "get_password", fail)
    with pytest.raises(SecretUnavailable, match="Unlock the keyring") as told:
        header(token_keyring="service/me")
    assert CANARY not in str(told.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": CANARY, "token_file": "/t"}, "prometheus.token, prometheus.token_file"),
        ({"username": "me", "password": CANARY, "token": CANARY}, "Both a token and a user"),
        ({"password": CANARY}, "Set prometheus.username"),
        ({"token_keyring": "no-user"}, "service/user"),
    ],
)
def test_contradictory_settings(settings: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError) as told:
        header(**settings)
    assert words in str(told.value)
    assert CANARY not in str(told.value)


def test_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND_TIMEOUT_S", 0.3)
    # Its child keeps the pipe open, as an agent started by a password manager does.
    child = "import subprocess, time; subprocess.Popen(['sleep', '5']); time.sleep(5)"
    begun = time.monotonic()
    with pytest.raises(SecretUnavailable, match=r"within 0\.3 s"):
        header(token_command=(PYTHON, "-c", child))
    assert time.monotonic() - begun < allowed(2)


def test_close_ends_a_command_under_way(tmp_path: Path) -> None:
    started = tmp_path / "started"
    program = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(30)"
    credentials = Credentials(PrometheusSettings(token_command=(PYTHON, "-c", program)))
    errors: list[SecretUnavailable] = []

    def ask() -> None:
        try:
            credentials.header()
        except SecretUnavailable as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not started.exists():
        time.sleep(0.01)  # another process: there is nothing else to wait on
    credentials.close()
    thread.join(allowed(5))
    assert not thread.is_alive()
    assert len(errors) == 1


def test_secret_is_read_once_until_it_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    credentials = Credentials(PrometheusSettings(token_file=file))
    assert credentials.header() == "Bearer old"
    file.write_text("new")
    assert credentials.header() == "Bearer old"
    assert credentials.renew("Bearer old")
    assert credentials.header() == "Bearer new"
    assert credentials.renew("Bearer old"), "another thread's request was refused with the old one too"
    assert not credentials.renew("Bearer new"), "reading the same again is no reason to ask again"


def test_literal_secret_is_not_renewed() -> None:
    credentials = Credentials(PrometheusSettings(token=SecretStr(CANARY)))
    assert not credentials.renew(credentials.header())


def test_secret_that_vanished_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    credentials = Credentials(PrometheusSettings(token_file=file))
    refused = credentials.header()
    file.unlink()
    with pytest.raises(SecretUnavailable):
        credentials.renew(refused)
    file.write_text("new")
    assert credentials.header() == "Bearer new"
