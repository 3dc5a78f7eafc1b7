"""One HTTP exchange with the server: kept-alive connections, bounds on time and size, a way to cut it off."""

import contextlib
import socket
import ssl
import threading
import time
import weakref
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from ccmon_tray import __version__
from ccmon_tray.errors import SettingsError
from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.prometheus import faults
from ccmon_tray.sources.prometheus.address import Address, find_proxy
from ccmon_tray.sources.prometheus.credentials import Credentials
from ccmon_tray.sources.prometheus.faults import Reply
from ccmon_tray.sources.prometheus.tls import build_tls_context

CONNECT_TIMEOUT_S = 5.0
KEEP_ALIVE_S = 320.0
"""Longer than the longest poll interval (300 s), so that a poll finds the connections of the last one."""
SLEEP_GAP_S = 5.0
"""So much more wall-clock than monotonic time between two requests means that the machine slept."""
ERROR_BODY_BYTES = 64 * 1024


# All that has a meaning in a form's body; quoting byte by byte, as urllib does, would cost a poll more time
# than all else, for lists of session ids make queries long.
_FORM_SPECIAL = str.maketrans({c: quote(c, safe="") for c in "%&+=#;\r\n\t\0"} | {" ": "+"})


def encode_form(form: Mapping[str, Any]) -> bytes:
    """The body of a form (``application/x-www-form-urlencoded``); lists repeat their key."""
    pairs = (
        f"{quote(key, safe='')}={str(value).translate(_FORM_SPECIAL)}"
        for key, values in form.items()
        for value in (values if isinstance(values, list) else [values])
    )
    return "&".join(pairs).encode()


class Connection:
    """HTTP to one server, used by several threads at once.

    Args:
        settings: Timeouts, bounds, headers, TLS.
        address: The server.
        credentials: Shown with each request.
        on_progress: Called at every step of a request, in its thread.

    Raises:
        SettingsError: A header, proxy or TLS file cannot be used.
    """

    def __init__(
        self,
        settings: PrometheusSettings,
        address: Address,
        credentials: Credentials,
        on_progress: Callable[[], None],
    ) -> None:
        self._timeout_s = settings.timeout_s
        self._limit_mib = settings.max_answer_mib
        self._address = address
        self._credentials = credentials
        self._on_progress = on_progress
        self._closed = False
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._sockets_lock = threading.Lock()
        self._clocks = (time.time(), time.monotonic())
        proxy = find_proxy(address)
        self._proxy = None if proxy is None else proxy.url.netloc.decode("ascii")
        self._http = _open_http(settings, address, proxy)

    def exchange(self, method: str, url: str, form: Mapping[str, Any] | None = None) -> Reply:
        """Send a request and read the whole answer.

        Args:
            method: GET puts the form into the URL, POST into the body.
            url: The whole URL.
            form: Parameters; a list of values repeats the name.

        Raises:
            SourceError: No whole answer came, or a larger one than the bound.
            SecretUnavailable: The credentials cannot be had.
        """
        self._forget_after_sleep()
        shown = self._credentials.header()
        reply = self._send(method, url, form, shown)
        if reply.status == 401 and self._credentials.renew(shown):
            reply = self._send(method, url, form, self._credentials.header())
        return reply

    def cut(self) -> None:
        """Make every request under way fail now; later ones make new connections."""
        with self._sockets_lock:
            open_sockets = list(self._sockets)
        for each in open_sockets:
            # The plain socket's method: that of SSLSocket would drop its TLS state under the reader's feet.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)

    def end(self) -> None:
        """Cut everything off, and whatever is connected from now on."""
        self._closed = True
        self._credentials.close()
        self.cut()

    def close(self) -> None:
        """Give the connections back; call ``end`` before."""
        self._http.close()

    def _send(
        self, method: str, url: str, form: Mapping[str, Any] | None, authorization: str | None
    ) -> Reply:
        for is_last in (False, True):
            attempt = _Attempt()
            try:
                return self._send_once(method, url, form, authorization, attempt)
            except httpx.TransportError as error:
                if self._closed:
                    raise faults.closed(self._address) from error
                if isinstance(error, httpx.TimeoutException):
                    # The other idle connections are likely dead too (sleep, VPN); let nobody wait on them.
                    self.cut()
                elif not is_last and attempt.may_be_repeated:
                    continue
                raise faults.from_transport(
                    error, self._address, self._timeout_s, proxy=self._proxy
                ) from error
        raise AssertionError("the second attempt returns or raises")

    def _send_once(
        self,
        method: str,
        url: str,
        form: Mapping[str, Any] | None,
        authorization: str | None,
        attempt: "_Attempt",
    ) -> Reply:
        deadline = time.monotonic() + self._timeout_s
        headers = {} if authorization is None else {"Authorization": authorization}
        body: bytes | None = None
        if form is not None and method != "GET":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = encode_form(form)

        def trace(event: str, info: dict[str, Any]) -> None:
            self._on_progress()
            attempt.note(event)
            if event.endswith(("connect_tcp.complete", "start_tls.complete")):
                self._track(info["return_value"].get_extra_info("socket"))

        with self._http.stream(
            method,
            url,
            params=form if method == "GET" else None,
            content=body,
            headers=headers,
            extensions={"trace": trace},
        ) as response:
            body = self._read(response, deadline)
            return Reply(response.status_code, response.headers, body)

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        """The body, unpacked here rather than by httpx, which would not bound what it unpacks to."""
        limit = self._limit_mib * 1024 * 1024
        is_error = response.status_code != 200
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip", ""):
            if is_error:
                return b""
            raise faults.bad_encoding(self._address, encoding)
        declared = response.headers.get("content-length", "")
        if not is_error and declared.isdecimal() and int(declared) > limit:
            raise faults.too_large(self._address, self._limit_mib)
        # wbits 31: a gzip stream.
        unpacker = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
        body = bytearray()
        for chunk in response.iter_raw():
            if unpacker is None:
                body += chunk
            else:
                try:
                    body += unpacker.decompress(chunk, limit + 1 - len(body))
                except zlib.error as error:
                    raise faults.bad_encoding(self._address, f"{encoding}, damaged") from error
            if is_error and len(body) >= ERROR_BODY_BYTES:
                break
            if len(body) > limit:
                raise faults.too_large(self._address, self._limit_mib)
            if time.monotonic() > deadline:
                raise faults.timed_out(self._address, self._timeout_s)
        return bytes(body)

    def _track(self, connected: socket.socket) -> None:
        with self._sockets_lock:
            self._sockets.add(connected)
        if self._closed:
            self.cut()

    def _forget_after_sleep(self) -> None:
        """After sleep, servers and routers have forgotten the connections: do not wait for them."""
        then_wall, then = self._clocks
        self._clocks = wall, now = time.time(), time.monotonic()
        if wall - then_wall - (now - then) > SLEEP_GAP_S:
            self.cut()


class _Attempt:
    """What became of one attempt to send."""

    def __init__(self) -> None:
        self._is_fresh = False
        self._is_answered = False

    def note(self, event: str) -> None:
        """Take note of an event of httpcore's ``trace`` extension."""
        self._is_fresh |= event.endswith("connect_tcp.started")
        self._is_answered |= event.endswith("receive_response_headers.complete")

    @property
    def may_be_repeated(self) -> bool:
        """An old connection that the server had closed meanwhile; queries change nothing there."""
        return not self._is_fresh and not self._is_answered


def _open_http(settings: PrometheusSettings, address: Address, proxy: httpx.Proxy | None) -> httpx.Client:
    needs_tls = address.scheme == "https" or (proxy is not None and proxy.url.scheme == "https")
    # A bare context trusts nobody: it is never used, and costs no memory.
    context = build_tls_context(settings) if needs_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    headers = {
        "User-Agent": f"ccmon-tray/{__version__}",
        "Accept": "application/json",
        # Packing costs more than it saves where nothing goes over a wire.
        "Accept-Encoding": "identity" if address.is_loopback else "gzip",
    }
    for name, value in settings.headers.items():
        secret = value.get_secret_value()
        if not name.isascii() or not secret.isascii() or not (name + secret).isprintable():
            raise SettingsError(
                f"The header {name!r} for Prometheus holds characters that no header may have",
                next_step="Correct it in prometheus.headers",
            )
        headers[name] = secret
    limits = httpx.Limits(
        max_connections=settings.concurrency,
        max_keepalive_connections=settings.concurrency,
        keepalive_expiry=KEEP_ALIVE_S,
    )
    try:
        transport = httpx.HTTPTransport(verify=context, trust_env=False, limits=limits, proxy=proxy)
    except ImportError as error:
        raise SettingsError(
            "The proxy for Prometheus cannot be used",
            cause="a SOCKS proxy needs another package",
            next_step=f'Install it with: pip install "httpx[socks]", or add {address.host} to NO_PROXY',
        ) from error
    return httpx.Client(
        transport=transport,
        headers=headers,
        timeout=httpx.Timeout(settings.timeout_s, connect=min(CONNECT_TIMEOUT_S, settings.timeout_s)),
        follow_redirects=False,
        trust_env=False,
    )
