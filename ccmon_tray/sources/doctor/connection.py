"""The way to the source: settings, connection, API, clocks."""

import contextlib
from email.utils import parsedate_to_datetime
from typing import Final

from ccmon_tray.errors import SourceAnswerInvalid, SourceUnavailable
from ccmon_tray.sources.doctor.context import Context
from ccmon_tray.sources.doctor.links import Finding, Link, ok, skipped
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.usage import formatting
from ccmon_tray.usage.checks import CheckStatus
from ccmon_tray.usage.states import SOURCE_TITLES

_BUILD_PAGE: Final = "/api/v1/status/buildinfo"
# Dates in HTTP are cut to the second, and an answer takes its time.
_CLOCK_TOLERANCE_S: Final = 10


def _settings(context: Context) -> Finding:
    notices = context.open()
    file = context.paths.settings_file
    where = f"Read from {file}" if file.exists() else f"Defaults: there is no {file}"
    source, calendar = context.opened
    details = (
        where,
        f"source: {SOURCE_TITLES[source.info.kind]}" + (f" at {source.info.url}" if source.info.url else ""),
        f"time zone: {calendar.zone_name}",
    )
    if notices:
        cure = "Correct the settings file; what cannot be used counts as not set"
        return Finding(CheckStatus.WARNING, notices[0], cure=cure, details=(*details, *notices))
    return ok(where, *details)


def _client(context: Context) -> PrometheusClient | Finding:
    if context.client is not None:
        return context.client
    source, _ = context.opened
    return skipped(f"{SOURCE_TITLES[source.info.kind]} data need no server")


def _reachable(context: Context) -> Finding:
    client = _client(context)
    if isinstance(client, Finding):
        return client
    with contextlib.suppress(SourceUnavailable):  # it answers; what it says is the next link's matter
        client.fetch(_BUILD_PAGE)
    return ok(f"{client.safe_url} answers")


def _api(context: Context) -> Finding:
    client = _client(context)
    if isinstance(client, Finding):
        return client
    samples = client.query("vector(1)", context.clock())
    if [sample.value for sample in samples] != [1.0]:
        raise SourceAnswerInvalid(
            f"{client.safe_url} cannot evaluate PromQL",
            cause="it does not answer “vector(1)” with 1",
            next_step="Check that prometheus.url is the base of a Prometheus query API",
        )
    build = context.build = client.build_info()
    if build.version is None:
        return ok(build.product, f"product: {build.product}", "version: not told")
    return ok(f"{build.product} {build.version}", f"product: {build.product}", f"version: {build.version}")


def _clocks(context: Context) -> Finding:
    client = _client(context)
    if isinstance(client, Finding):
        return client
    reply = client.fetch(_BUILD_PAGE)
    try:
        server = parsedate_to_datetime(reply.headers["date"]).timestamp() if reply else None
    except (KeyError, ValueError):
        server = None
    if server is None:
        return skipped("The server does not tell its time")
    ahead_s = server + 0.5 - context.clock()
    if abs(ahead_s) <= _CLOCK_TOLERANCE_S:
        return ok("This machine and the server agree")
    side = "ahead of" if ahead_s > 0 else "behind"
    return Finding(
        CheckStatus.WARNING,
        f"The server’s clock is {formatting.duration(abs(ahead_s))} {side} this machine’s",
        cause="ranges end at this machine’s now: what was used last may be missing or misplaced",
        cure="Let both set their clocks by NTP",
    )


LINKS: Final = (
    Link("settings", _settings),
    Link("reachable", _reachable, ("settings",)),
    Link("api", _api, ("reachable",)),
    Link("clocks", _clocks, ("api",)),
)
