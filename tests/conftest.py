"""What all tests share: the programs they drive must be there, or the reason they did not run is said."""

import os
import shutil

import hypothesis
import pytest
from hypothesis import HealthCheck, settings

# Properties hold however slow the machine: a busy one is no failure.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")

# Trays that tests start receive nothing at the usual ports, which others may use; the tests of the built-in
# collector choose their own.
os.environ["CCMON_TRAY_COLLECTOR__ENABLED"] = "false"

# How long an example takes says nothing: other tests run beside it, and so do their servers.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


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
