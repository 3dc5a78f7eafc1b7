"""The API's base URL, apart from the credentials it may carry, and the way there."""

import ipaddress
import urllib.request
from dataclasses import dataclass
from os import environ

import httpx

from ccmon_tray.errors import SettingsError

NEXT_STEP = "Set prometheus.url to something like http://localhost:9090 or https://host/prometheus"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the API is.

    Attributes:
        url: The base, without credentials and without a slash at its end.
        scheme: ``http`` or ``https``.
        host: The name or IP address alone.
        netloc: Host and, where it is given, port; for messages.
        username: The user in the URL, or "".
        password: The password in the URL, or "".
    """

    url: str
    scheme: str
    host: str
    netloc: str
    username: str
    password: str

    def __repr__(self) -> str:
        return f"Address({self.url!r})"

    @property
    def origin(self) -> str:
        """The URL without its path."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine itself."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        ip = _as_ip(self.host)
        return ip is not None and ip.is_loopback


def parse_address(text: str) -> Address:
    """Take the setting ``prometheus.url`` apart.

    Raises:
        SettingsError: It is no http or https URL of an API. The error does not repeat credentials.
    """
    try:
        url = httpx.URL(text)
        host = url.host  # decoded only here
    except (httpx.InvalidURL, UnicodeError, ValueError):
        host = ""
    # An "@" in the path is the end of a password that holds a slash, which is then in no error either.
    if not host or url.scheme not in ("http", "https") or "@" in url.path:
        raise SettingsError(
            "The URL of Prometheus cannot be read",
            cause="a user or password in it may hold characters that need percent-encoding"
            if "@" in text
            else "",
            next_step=NEXT_STEP,
        )
    if url.query or url.fragment:
        raise SettingsError(
            "The URL of Prometheus is the address of a page, not the API's base",
            cause="it has a ? or # part",
            next_step=NEXT_STEP,
        )
    netloc = url.netloc.decode("ascii")
    return Address(
        url=f"{url.scheme}://{netloc}{url.raw_path.decode('ascii').rstrip('/')}",
        scheme=url.scheme,
        host=host,
        netloc=netloc,
        username=url.username,
        password=url.password,
    )


def find_proxy(address: Address) -> httpx.Proxy | None:
    """The proxy that the environment, or on macOS and Windows the system, sets for this address.

    Never one for this machine itself: a proxy elsewhere would look for Prometheus on its own loopback.

    Raises:
        SettingsError: The proxy's URL cannot be used.
    """
    if address.is_loopback:
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(address.netloc) or _in_bypassed_network(address.host):
        return None
    try:
        return httpx.Proxy(proxy if "://" in proxy else f"http://{proxy}")
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise SettingsError(
            "The proxy for Prometheus cannot be used",
            cause=f"{address.scheme.upper()}_PROXY or ALL_PROXY holds no http, https or socks5 URL",
            next_step=f"Correct it, or add {address.host} to NO_PROXY",
        ) from None


def _in_bypassed_network(host: str) -> bool:
    """Whether NO_PROXY names the host's network as 10.0.0.0/8, which the standard library does not read."""
    ip = _as_ip(host)
    if ip is None:
        return False
    for entry in (environ.get("no_proxy") or environ.get("NO_PROXY") or "").split(","):
        try:
            if "/" in entry and ip in ipaddress.ip_network(entry.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False


def _as_ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
