"""The way to the server: credentials, headers, TLS and proxies, on real sockets."""

import base64
import gzip
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ccmon_tray.errors import SettingsError, SourceDenied, SourceTlsError, SourceUnreachable
from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.prometheus.address import find_proxy, parse_address
from ccmon_tray.sources.prometheus.client import PrometheusClient
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.patience import PATIENCE_S, allowed
from tests.support.replies import Response, make_certificate, vector

NOW = 1_795_000_000.0
CANARY = "s3cret-canary"

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def ask(url: str, **settings: object) -> float:
    with closing(PrometheusClient(PrometheusSettings.model_validate({"url": url, **settings}))) as client:
        return client.query("up", NOW)[0].value


def test_credentials_of_the_url_are_sent_but_not_shown(
    server: FaultyServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = server.url.replace("://", f"://me:{CANARY}%40@") + "/prefix/"
    with closing(PrometheusClient(PrometheusSettings(url=url))) as client:
        client.query("up", NOW)
        assert client.safe_url == server.url + "/prefix"
        server.fault = Fault.UNAUTHORIZED
        with pytest.raises(SourceDenied) as told:
            client.query("up", NOW)
    expected = base64.b64encode(f"me:{CANARY}@".encode()).decode()
    assert server.requests[0].headers["Authorization"] == f"Basic {expected}"
    assert "refuses the credentials" in str(told.value)
    for shown in (str(told.value), caplog.text, repr(vars(client))):
        assert CANARY not in shown
        assert expected not in shown


def test_headers(server: FaultyServer) -> None:
    ask(server.url, headers={"X-Scope-OrgID": "team-a"}, token=CANARY)
    headers = server.requests[0].headers
    assert headers["X-Scope-OrgID"] == "team-a"
    assert headers["Authorization"] == f"Bearer {CANARY}"
    assert headers["User-Agent"].startswith("ccmon-tray/")


def test_header_that_would_split_the_request(server: FaultyServer) -> None:
    with pytest.raises(SettingsError, match="X-Scope-OrgID") as told:
        ask(server.url, headers={"X-Scope-OrgID": f"a\r\nX: {CANARY}"})
    assert CANARY not in str(told.value)


def test_renewed_token_is_picked_up_without_an_error(server: FaultyServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old\n")
    server.accept_token = "old"
    with closing(PrometheusClient(PrometheusSettings(url=server.url, token_file=file))) as client:
        client.query("up", NOW)
        file.write_text("new\n")
        server.accept_token = "new"
        assert client.gather([lambda: client.query("up", NOW)[0].value] * 8) == [42.0] * 8
        server.accept_token = "newer"
        before = server.asked
        with pytest.raises(SourceDenied, match="refuses the credentials"):
            client.query("up", NOW)
        assert server.asked == before + 1, "the same token was shown twice"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture
def tls_server(certificate: tuple[Path, Path]) -> Iterator[FaultyServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with FaultyServer(tls=context) as server:
        yield server


@pytest.mark.needs("openssl")
def test_certificate_that_nobody_signed(tls_server: FaultyServer, certificate: tuple[Path, Path]) -> None:
    with pytest.raises(SourceTlsError, match="self-signed") as told:
        ask(tls_server.url)
    assert "prometheus.ca_file" in told.value.next_step
    assert tls_server.asked == 0
    assert ask(tls_server.url, ca_file=certificate[0]) == 42.0
    assert ask(tls_server.url, verify_tls=False) == 42.0


@pytest.mark.needs("openssl")
def test_certificate_of_another_host(tls_server: FaultyServer, certificate: tuple[Path, Path]) -> None:
    with pytest.raises(SourceTlsError, match="not valid for 'localhost'"):
        ask(tls_server.url.replace("127.0.0.1", "localhost"), ca_file=certificate[0])


@pytest.mark.needs("openssl")
def test_client_certificate(certificate: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.load_verify_locations(certificate[0])
    context.verify_mode = ssl.CERT_REQUIRED
    cert, key = certificate
    with FaultyServer(tls=context) as server:
        with pytest.raises(SourceTlsError, match=r"prometheus\.client_cert"):
            ask(server.url, ca_file=cert)
        assert ask(server.url, ca_file=cert, client_cert=cert, client_key=key) == 42.0


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("fault", [Fault.HANG, Fault.RESET_IN_BODY, Fault.HUGE])
def test_faults_over_tls(fault: Fault, tls_server: FaultyServer, certificate: tuple[Path, Path]) -> None:
    settings = PrometheusSettings(url=tls_server.url, ca_file=certificate[0], timeout_s=0.4, max_answer_mib=1)
    with closing(PrometheusClient(settings)) as client:
        tls_server.fault = fault
        with pytest.raises(Exception, match=r"127\.0\.0\.1"):
            client.query("up", NOW)
        tls_server.fault = Fault.NONE
        assert client.query("up", NOW)[0].value == 42.0


@pytest.mark.needs("openssl")
def test_close_ends_calls_under_way_over_tls(
    tls_server: FaultyServer,
    certificate: tuple[Path, Path],
    client_threads: Callable[[], list[threading.Thread]],
) -> None:
    tls_server.fault = Fault.HANG
    client = PrometheusClient(PrometheusSettings(url=tls_server.url, ca_file=certificate[0]))
    errors: list[SourceUnreachable] = []

    def ask_once() -> None:
        try:
            client.query("up", NOW)
        except SourceUnreachable as error:
            errors.append(error)

    thread = threading.Thread(target=ask_once)
    thread.start()
    tls_server.wait_until_asked(1)
    begun = time.monotonic()
    client.close()
    thread.join(PATIENCE_S)
    assert time.monotonic() - begun < allowed(0.3)
    assert "was closed" in str(errors[0])
    assert client_threads() == []


@pytest.mark.needs("openssl")
def test_wrong_scheme(tls_server: FaultyServer, server: FaultyServer) -> None:
    with pytest.raises(SourceTlsError, match=r"Write http:// in prometheus\.url"):
        ask(server.url.replace("http://", "https://"))
    server.answer = lambda _: Response(400, b"Client sent an HTTP request to an HTTPS server.\n")
    with pytest.raises(SourceTlsError, match=r"Write https:// in prometheus\.url"):
        ask(server.url)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ca_file": "/nowhere.pem"}, "/nowhere.pem cannot be used: No such file"),
        ({"ca_file": __file__}, "cannot be used"),
        ({"client_cert": __file__}, "client certificate"),
        ({"client_key": __file__}, "without prometheus.client_cert"),
    ],
)
def test_unusable_tls_files(settings: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError) as told:
        ask("https://127.0.0.1:1", **settings)
    assert words in str(told.value)


def test_proxy_of_the_environment(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(vector(({}, 7.0)).body)
    server.answer = lambda _: Response(200, packed, {"Content-Encoding": "gzip"})
    monkeypatch.setenv("HTTP_PROXY", server.url.removeprefix("http://"))
    assert ask("http://prometheus.invalid:9090") == 7.0
    # The server is elsewhere, so answers are asked for packed.
    assert server.requests[0].headers["Accept-Encoding"] == "gzip"
    assert server.requests[0].headers["Host"] == "prometheus.invalid:9090"


@pytest.mark.parametrize(
    ("entries", "is_direct"),
    [
        ("prom.example.com", True),
        (".example.com", True),
        ("other.example,prom.example.com:9090", True),
        ("*", True),
        ("prom.example.com:80", False),
        ("", False),
    ],
)
def test_no_proxy(entries: str, is_direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", entries)
    assert (find_proxy(parse_address("http://prom.example.com:9090")) is None) is is_direct


@pytest.mark.parametrize(
    ("network", "is_direct"),
    [("10.0.0.0/8", True), ("10.9.8.7/16", True), ("10.8.0.0/16", False), ("10./8", False)],
)
def test_no_proxy_for_a_network(network: str, is_direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", f"example.com, {network}")
    assert (find_proxy(parse_address("http://10.9.8.7:9090")) is None) is is_direct


def test_proxy_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://me:{CANARY}@127.0.0.1:1")
    with pytest.raises(SourceUnreachable, match=r"proxy 127\.0\.0\.1:1 .* cannot be reached") as told:
        ask("http://prometheus.invalid:9090")
    assert CANARY not in str(told.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.9.10"])
def test_this_machine_is_never_asked_through_a_proxy(
    host: str, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultyServer() as proxy:
        for name in ("HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        if host == "127.8.9.10":  # only 127.0.0.1 listens
            with pytest.raises(SourceUnreachable, match="refused"):
                ask(server.url.replace("127.0.0.1", host))
        else:
            assert ask(server.url.replace("127.0.0.1", host)) == 42.0
        assert proxy.asked == 0


@pytest.mark.parametrize(
    "proxy", [f"http://me:{CANARY}@host:port", f"gopher://me:{CANARY}@host:1", f"socks5://me:{CANARY}@h:1"]
)
def test_unusable_proxy(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(SettingsError, match="NO_PROXY") as told:
        ask("http://prometheus.invalid:9090")
    assert CANARY not in str(told.value)
