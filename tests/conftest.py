"""What all tests share: the programs they drive must be there, or the reason they did not run is said."""

import gc
import os
import shutil
import signal
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# As in the window's own process: what Tk made may go on Tk's thread alone, here the main one, and a collector
# that works wherever objects are made would find it on another; that one then waits for Tk, or is aborted.
gc.disable()
_FULL_EVERY = 50  # tests
_YOUNG = 1
_tests_run = 0

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # As for what a script starts in the background; what tests start is ended by Ctrl+C, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Trays that tests start receive nothing at the usual ports, which others may use; the tests of the built-in
# collector choose their own.
os.environ["CCMON_TRAY_COLLECTOR__ENABLED"] = "false"

# How long an example takes says nothing: other tests run beside it, and so do their servers.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Collect garbage between tests; all of it after those that may have had windows."""
    global _tests_run  # noqa: PLW0603  # pytest's hooks are functions
    outcome = yield
    _tests_run += 1
    gc.unfreeze()  # a window's main loop may have frozen what was there
    if "desktop" in getattr(item, "fixturenames", ()) or _tests_run % _FULL_EVERY == 0:
        gc.collect()
    else:
        gc.collect(_YOUNG)
    return outcome


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Hold a test to its `needs` marker: a missing program fails in CI, and skips on a person's machine."""
    wanted = {tool for marker in item.iter_markers("needs") for tool in marker.args}
    missing = sorted(tool for tool in wanted if shutil.which(tool) is None)
    if not missing:
        return
    reason = f"not on PATH: {', '.join(missing)}"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
