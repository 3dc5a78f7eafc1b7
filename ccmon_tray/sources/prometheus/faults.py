"""What goes wrong between us and the server, in words: what, why, and what to do."""

import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from ccmon_tray.errors import (
    SourceAnswerInvalid,
    SourceDenied,
    SourceError,
    SourceNotFound,
    SourceRejected,
    SourceTlsError,
    SourceUnavailable,
    SourceUnreachable,
)
from ccmon_tray.sources.prometheus.address import Address
from ccmon_tray.sources.prometheus.answers import ApiError, parse_answer

MESSAGE_CHARS = 300
"""How much of a server's own message is repeated."""

TRY_AGAIN = "It is asked again at the next poll; if this lasts, look at the server's log"
CHECK_BASE = (
    "Set prometheus.url to the API's base, which is the URL before /api/v1 "
    "(with Mimir and often behind a proxy it ends in /prometheus)"
)
CHECK_PROXY = "Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, or add {host} to NO_PROXY"
NARROW = "Choose a shorter range, or narrow the series with prometheus.matchers"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, its body decoded from any compression."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text on one line, cut to what a message can carry."""
        words = " ".join(self.body[: 4 * MESSAGE_CHARS].decode(errors="replace").split())
        return words if len(words) <= MESSAGE_CHARS else words[: MESSAGE_CHARS - 1] + "…"

    @property
    def is_html(self) -> bool:
        """Whether it is a page for a browser."""
        start = self.body[:200].lstrip().lower()
        return "text/html" in self.headers.get("content-type", "") or start.startswith(
            (b"<!doctype", b"<html")
        )


def from_transport(
    error: httpx.TransportError, address: Address, timeout_s: float, *, proxy: str | None = None
) -> SourceError:
    """The error for a request that got no whole answer; ``proxy`` is the host it went through."""
    who = f"Prometheus at {address.netloc}"
    if isinstance(error, httpx.TimeoutException):
        return timed_out(address, timeout_s)
    if isinstance(error, httpx.ProxyError):
        return SourceUnreachable(
            f"The proxy on the way to {address.netloc} refuses the connection",
            cause=_short(str(error)),
            next_step=CHECK_PROXY.format(host=address.host),
        )
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return _from_tls(cause, address)
        if isinstance(cause, OSError):
            is_proxys = isinstance(error, httpx.ConnectError)
            return _from_network(cause, address, proxy if is_proxys else None)
    if isinstance(error, httpx.RemoteProtocolError) and str(error).startswith("illegal"):
        return SourceAnswerInvalid(
            f"What listens at {address.netloc} does not speak HTTP",
            next_step="Correct the port in prometheus.url, or use https:// in it",
        )
    return SourceUnreachable(
        f"{who} broke off the connection",
        cause=_short(str(error)),
        next_step=TRY_AGAIN,
    )


def _from_network(error: OSError, address: Address, proxy: str | None) -> SourceUnreachable:
    reason = _short(error.strerror or str(error))
    if proxy is not None:
        return SourceUnreachable(
            f"The proxy {proxy} on the way to {address.netloc} cannot be reached",
            cause=reason,
            next_step=CHECK_PROXY.format(host=address.host),
        )
    if isinstance(error, socket.gaierror):
        return SourceUnreachable(
            f"The name {address.host} is not known",
            cause=reason,
            next_step="Check the host in prometheus.url, and the network or VPN",
        )
    if isinstance(error, ConnectionRefusedError):
        return SourceUnreachable(
            f"Nothing answers at {address.netloc}",
            cause="the connection is refused",
            next_step="Start Prometheus there, or correct prometheus.url",
        )
    return SourceUnreachable(
        f"Prometheus at {address.netloc} cannot be reached",
        cause=reason,
        next_step="Check the network, the server, and prometheus.url",
    )


def timed_out(address: Address, timeout_s: float) -> SourceUnreachable:
    """Nothing, or not all, came in time."""
    return SourceUnreachable(
        f"Prometheus at {address.netloc} does not answer",
        cause=f"nothing complete came within {timeout_s:g} s",
        next_step="Check the server's load and the network, or raise prometheus.timeout_s",
    )


def closed(address: Address) -> SourceUnreachable:
    """We ended the connection ourselves."""
    return SourceUnreachable(f"The connection to {address.netloc} was closed", cause="the program is ending")


def too_large(address: Address, limit_mib: int) -> SourceAnswerInvalid:
    """More bytes than the bound."""
    return SourceAnswerInvalid(
        f"An answer of {address.netloc} is too large",
        cause=f"it has more than {limit_mib} MiB",
        next_step=f"{NARROW}, or raise prometheus.max_answer_mib",
    )


def bad_encoding(address: Address, encoding: str) -> SourceAnswerInvalid:
    """A compression that was not asked for, or that is damaged."""
    return SourceAnswerInvalid(
        f"An answer of {address.netloc} cannot be unpacked",
        cause=f"its content encoding is {_short(encoding)}",
        next_step="Check the proxy in front of the server",
    )


def from_parsing(error: ValueError, reply: Reply, address: Address) -> SourceAnswerInvalid:
    """The error for a 200 that is no answer of the API."""
    title = f"{address.netloc} does not answer as Prometheus does"
    if reply.is_html:
        return SourceAnswerInvalid(
            title,
            cause="it sent an HTML page, perhaps a login page or a user interface",
            next_step=CHECK_BASE,
        )
    if not reply.body:
        return SourceAnswerInvalid(title, cause="it sent an empty answer", next_step=CHECK_BASE)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        if reply.body.startswith(b"{") and _is_at_end(error):
            return SourceAnswerInvalid(
                f"An answer of {address.netloc} is cut off",
                cause=f"the JSON ends after {len(reply.body)} bytes",
                next_step=TRY_AGAIN,
            )
        return SourceAnswerInvalid(title, cause="it sent something that is not JSON", next_step=CHECK_BASE)
    return SourceAnswerInvalid(title, cause=_short(str(error)), next_step=CHECK_BASE)


def from_api(error: ApiError, reply: Reply, address: Address) -> SourceError:
    """The error for ``status: error``, by its errorType, or by the HTTP status where that says nothing."""
    who = f"Prometheus at {address.netloc}"
    message = _short(error.message)
    # VictoriaMetrics does not tell a query it cannot parse from one it cannot run.
    if error.kind == "bad_data" or "pars" in message.lower():
        return SourceRejected(
            f"{who} refuses a query", cause=message, next_step="Check prometheus.matchers for a typing error"
        )
    if error.kind in ("execution", "422"):  # the latter is VictoriaMetrics' errorType
        return SourceRejected(f"{who} cannot run a query", cause=message, next_step=NARROW)
    if error.kind == "not_found":
        return SourceNotFound(f"{who} has no such API", cause=message, next_step=CHECK_BASE)
    is_timeout = error.kind in ("timeout", "canceled")
    if is_timeout or error.kind in ("unavailable", "internal", "too_many_requests") or reply.status < 400:
        return SourceUnavailable(
            f"{who} gave up on a query" if is_timeout else f"{who} cannot answer now",
            cause=message,
            next_step=f"{NARROW}, or raise prometheus.timeout_s" if is_timeout else TRY_AGAIN,
            retry_after_s=_retry_after_s(reply),
        )
    return _from_plain_status(reply, address, message)


def from_status(reply: Reply, address: Address, *, has_credentials: bool) -> SourceError:
    """The error for an HTTP status other than 200."""
    if 300 <= reply.status < 400:
        return _from_redirect(reply, address)
    if reply.status in (401, 403, 407):
        return _from_denial(reply, address, has_credentials=has_credentials)
    try:
        answer = parse_answer(reply.body)
    except ValueError:
        answer = None
    if isinstance(answer, ApiError):
        return from_api(answer, reply, address)
    return _from_plain_status(reply, address, "" if reply.is_html else reply.text)


def _from_plain_status(reply: Reply, address: Address, message: str) -> SourceError:
    who = f"Prometheus at {address.netloc}"
    status = f"it answers HTTP {reply.status}" + (f" ({message})" if message else "")
    if reply.status == 400 and "HTTPS" in message and address.scheme == "http":
        return SourceTlsError(
            f"{address.netloc} speaks HTTPS",
            cause="prometheus.url starts with http://",
            next_step="Write https:// in prometheus.url",
        )
    # VictoriaMetrics answers 400 where others say 404.
    if reply.status in (404, 405, 410, 501) or "unsupported path" in message:
        return SourceNotFound(
            f"There is no Prometheus API at {address.url}", cause=status, next_step=CHECK_BASE
        )
    if reply.status in (400, 413, 414, 422, 431):
        return SourceRejected(f"{who} refuses a query", cause=status, next_step=NARROW)
    if reply.status in (408, 425, 429) or reply.status >= 500:
        return SourceUnavailable(
            f"{who} cannot answer now",
            cause=status,
            next_step=TRY_AGAIN,
            retry_after_s=_retry_after_s(reply),
        )
    return SourceAnswerInvalid(
        f"{address.netloc} does not answer as Prometheus does", cause=status, next_step=CHECK_BASE
    )


def _from_denial(reply: Reply, address: Address, *, has_credentials: bool) -> SourceDenied:
    message = "" if reply.is_html else reply.text
    cause = f"it answers HTTP {reply.status}" + (f" ({message})" if message else "")
    if reply.status == 407:
        return SourceDenied(
            f"The proxy on the way to {address.netloc} asks for credentials",
            cause=cause,
            next_step=f"Put user and password into HTTP_PROXY, or add {address.host} to NO_PROXY",
        )
    if "org id" in message.lower():
        return SourceDenied(
            f"{address.netloc} asks for a tenant",
            cause=cause,
            next_step="Set the header X-Scope-OrgID in prometheus.headers",
        )
    if reply.status == 403:
        return SourceDenied(
            f"{address.netloc} does not allow this",
            cause=cause,
            next_step="Ask its administrator for read access to the query API",
        )
    if has_credentials:
        return SourceDenied(
            f"{address.netloc} refuses the credentials",
            cause=cause,
            next_step="Check prometheus.token… or prometheus.username and prometheus.password…",
        )
    return SourceDenied(
        f"{address.netloc} asks for credentials",
        cause=cause,
        next_step="Set prometheus.token_file, or prometheus.username and prometheus.password_file",
    )


def _from_redirect(reply: Reply, address: Address) -> SourceError:
    """Redirects are never followed: a POST would become a GET and credentials would go astray."""
    location = reply.headers.get("location", "")
    try:
        target = urlsplit(str(httpx.URL(address.url + "/").join(location)))
    except (httpx.InvalidURL, ValueError):
        target = urlsplit("")
    # Host and path alone: the query of a login redirect carries secrets.
    host = target.hostname or ""
    shown = f"{target.scheme}://{host}" + (f":{target.port}" if target.port else "") + target.path
    base, api, _ = shown.partition("/api/v1/")
    if host and api:
        return SourceNotFound(
            f"Prometheus at {address.netloc} has moved",
            cause=f"it redirects to {shown}",
            next_step=f"Set prometheus.url to {base} if you trust that address",
        )
    return SourceDenied(
        f"{address.netloc} redirects to a page instead of answering",
        cause=f"HTTP {reply.status} to {shown}, probably a login page" if host else f"HTTP {reply.status}",
        next_step="Set prometheus.token… or prometheus.username and prometheus.password…, "
        "or a prometheus.url that leads past the login",
    )


def _from_tls(error: ssl.SSLError, address: Address) -> SourceTlsError:
    title = f"The TLS connection to {address.netloc} fails"
    if isinstance(error, ssl.SSLCertVerificationError):
        return SourceTlsError(
            f"The certificate of {address.netloc} is not trusted",
            cause=_short(error.verify_message),
            next_step="Set prometheus.ca_file to the certificate authority that signed it",
        )
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return SourceTlsError(
            title, cause="the server does not speak TLS there", next_step="Write http:// in prometheus.url"
        )
    if "CERTIFICATE_REQUIRED" in (error.reason or "") or "HANDSHAKE_FAILURE" in (error.reason or ""):
        return SourceTlsError(
            title,
            cause="the server asks for a client certificate, or for another one",
            next_step="Set prometheus.client_cert and prometheus.client_key",
        )
    cause = (error.reason or str(error)).replace("_", " ").lower()
    return SourceTlsError(
        title, cause=_short(cause), next_step="Check the server's TLS settings and the port"
    )


def _retry_after_s(reply: Reply) -> float | None:
    """Retry-After: seconds or an HTTP date (RFC 9110, 10.2.3)."""
    value = reply.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _is_at_end(error: json.JSONDecodeError | UnicodeDecodeError) -> bool:
    """Whether reading stopped where the text stops, rather than at something wrong inside it."""
    if isinstance(error, UnicodeDecodeError):
        return error.reason == "unexpected end of data"
    # A string is reported at its beginning, an escape or a word such as "null" up to six characters back.
    return error.msg.startswith("Unterminated string") or error.pos >= len(error.doc) - 6


def _causes(error: BaseException) -> list[BaseException]:
    """The chain of causes, innermost last; httpx and httpcore each add a layer."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return chain


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= MESSAGE_CHARS else words[: MESSAGE_CHARS - 1] + "…"
