"""The credentials shown to the server, from the settings, a file, a command or the keyring.

They are read when first needed and remembered. When the server refuses them they are read once more, so that
a token that was renewed meanwhile is picked up without a restart. No error carries a secret or what a command
printed.
"""

import base64
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ccmon_tray.errors import SecretUnavailable, SettingsError
from ccmon_tray.settings import PrometheusSettings

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND_TIMEOUT_S = 10.0
"""For a secret's command: long enough for a network vault, short enough not to hold up the poll for long."""


class Secret:
    """One secret and where it comes from.

    Args:
        name: The setting, ``token`` or ``password``.
        value: The secret itself.
        file: A file that holds it.
        command: A program and its arguments that print it; no shell is involved.
        keyring: ``service/user`` of a keyring entry.

    Raises:
        SettingsError: More than one place is given, or the keyring entry is malformed.
    """

    def __init__(
        self,
        name: str,
        *,
        value: SecretStr | None = None,
        file: Path | None = None,
        command: tuple[str, ...] | None = None,
        keyring: str | None = None,
    ) -> None:
        places: dict[str, Callable[[], str]] = {}
        if value is not None:
            places[name] = value.get_secret_value
        if file is not None:
            places[f"{name}_file"] = lambda: _read_file(name, file)
        if command:
            places[f"{name}_command"] = lambda: self._run_command(command)
        if keyring:
            places[f"{name}_keyring"] = lambda: _read_keyring(name, keyring)
            if not all(keyring.rpartition("/")):
                raise SettingsError(
                    f"prometheus.{name}_keyring has no service and user",
                    next_step='Write it as "service/user"',
                )
        if len(places) > 1:
            raise SettingsError(
                f"The {name} for Prometheus is given more than once",
                cause="set are " + ", ".join(f"prometheus.{place}" for place in places),
                next_step="Keep one of them; an environment variable CCMON_TRAY_PROMETHEUS__… counts too",
            )
        self._name = name
        self._read = next(iter(places.values()), None)
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self.is_set = bool(places)
        self.can_change = self.is_set and value is None

    def read(self) -> str:
        """The secret, without the end of line that files and commands put after it.

        Raises:
            SecretUnavailable: It cannot be had, is empty, or spans several lines.
        """
        if self._read is None:
            return ""
        secret = self._read().rstrip("\r\n")
        if not secret:
            raise SecretUnavailable(
                f"The {self._name} for Prometheus is empty",
                next_step=f"Check the prometheus.{self._name}… setting",
            )
        if not secret.isprintable():
            raise SecretUnavailable(
                f"The {self._name} for Prometheus holds a line break or control characters",
                next_step="Make its file or command give the secret alone, on one line",
            )
        return secret

    def close(self) -> None:
        """End a command that is under way."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()

    def _run_command(self, command: tuple[str, ...]) -> str:
        title = f"The command for the {self._name} of Prometheus fails"
        next_step = f"Run it in a terminal to see why; it is the setting prometheus.{self._name}_command"
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it cannot be started"
            raise SecretUnavailable(title, cause=f"{command[0]}: {reason}", next_step=next_step) from error
        self._process = process
        try:
            if self._closed:
                process.kill()
            printed, _ = process.communicate(timeout=COMMAND_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            # Not communicate(): a grandchild may hold the pipe open for ever.
            raise SecretUnavailable(
                title,
                cause=f"{command[0]} did not end within {COMMAND_TIMEOUT_S:g} s",
                next_step=next_step,
            ) from None
        finally:
            self._process = None
            if process.stdout is not None:
                process.stdout.close()
        if process.returncode != 0:
            cause = f"{command[0]} ended with status {process.returncode}"
            raise SecretUnavailable(title, cause=cause, next_step=next_step)
        try:
            return printed.decode()
        except UnicodeDecodeError:
            raise SecretUnavailable(
                title, cause=f"{command[0]} printed something that is not UTF-8", next_step=next_step
            ) from None


class Credentials:
    """The ``Authorization`` header, remembered until the server refuses it.

    Args:
        settings: Where password or token come from.
        url_username: The user of the URL, where the settings name none.
        url_password: The password of the URL.

    Raises:
        SettingsError: Both a token and a password are given, or one of them twice.
    """

    def __init__(
        self, settings: PrometheusSettings, *, url_username: str = "", url_password: str = ""
    ) -> None:
        password = settings.password
        if password is None and url_password:
            password = SecretStr(url_password)
        self._username = settings.username or url_username
        self._password = Secret(
            "password",
            value=password,
            file=settings.password_file,
            command=settings.password_command,
            keyring=settings.password_keyring,
        )
        self._token = Secret(
            "token",
            value=settings.token,
            file=settings.token_file,
            command=settings.token_command,
            keyring=settings.token_keyring,
        )
        if self._token.is_set and (self._password.is_set or self._username):
            raise SettingsError(
                "Both a token and a user with password are set for Prometheus",
                next_step="Keep either prometheus.token… or prometheus.username and prometheus.password…",
            )
        if self._password.is_set and not self._username:
            raise SettingsError(
                "A password for Prometheus is set without a user", next_step="Set prometheus.username"
            )
        self.are_set = self._token.is_set or bool(self._username)
        self._reading = threading.Lock()
        self._header: str | None = None

    def header(self) -> str | None:
        """The header's value, or None where no credentials are set.

        Raises:
            SecretUnavailable: The secret cannot be had.
        """
        if not self.are_set:
            return None
        with self._reading:
            if self._header is None:
                self._header = self._read()
            return self._header

    def renew(self, refused: str | None) -> bool:
        """Read the secret again after the server refused ``refused``; say whether it is another one now.

        Raises:
            SecretUnavailable: The secret cannot be had.
        """
        if not (self._token.can_change or self._password.can_change):
            return False
        with self._reading:
            if self._header == refused:  # else another thread has just renewed it
                self._header = None  # so that a failure to read is tried again by the next request
                self._header = self._read()
            return self._header != refused

    def close(self) -> None:
        """End commands that are under way."""
        self._password.close()
        self._token.close()

    def _read(self) -> str:
        if self._token.is_set:
            header = f"Bearer {self._token.read()}"
            if not header.isascii():
                raise SecretUnavailable(
                    "The token for Prometheus holds characters that no token has",
                    next_step="Check where the prometheus.token… setting points",
                )
            return header
        # RFC 7617, with the charset every current server expects.
        pair = f"{self._username}:{self._password.read()}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


def _read_file(name: str, file: Path) -> str:
    try:
        return file.expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError, RuntimeError) as error:
        raise SecretUnavailable(
            f"The {name} file for Prometheus cannot be read",
            cause=f"{file}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}",
            next_step=f"Check the file, or change prometheus.{name}_file",
        ) from error


def _read_keyring(name: str, entry: str) -> str:
    service, _, user = entry.rpartition("/")
    try:
        import keyring  # noqa: PLC0415  # an extra
    except ImportError:
        raise SecretUnavailable(
            f"The {name} for Prometheus cannot be read from the keyring",
            cause='the "keyring" package is not installed',
            next_step='Install it with: pip install "ccmon-tray[keyring]"',
        ) from None
    try:
        secret = keyring.get_password(service, user)
    except Exception as error:  # a back end may raise anything
        raise SecretUnavailable(
            f"The keyring does not give the {name} for Prometheus",
            cause=type(error).__name__,
            next_step="Unlock the keyring, or use another prometheus." + name + "… setting",
        ) from error
    if secret is None:
        raise SecretUnavailable(
            f"The keyring has no {name} for Prometheus",
            cause=f'no entry for service "{service}" and user "{user}"',
            next_step=f"Add it with: keyring set {service} {user}",
        )
    return str(secret)
