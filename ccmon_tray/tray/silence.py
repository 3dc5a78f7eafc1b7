"""Whether Claude Code is in use without its telemetry coming in.

The history of prompts tells that it is in use, the cost counter that telemetry comes. A process that merely
runs proves nothing: an idle one has nothing to report.
"""

from collections.abc import Callable
from typing import Final

from ccmon_tray.desktop.processes import claude_runs
from ccmon_tray.sources.claude_files.history import History
from ccmon_tray.usage.snapshot import Figures

_LEAST_PROMPTS: Final = 2  # a single one may have been cut off before anything was asked
_LOOK_EVERY_S: Final = 60.0


class SilenceWatch:
    """Compares prompts with telemetry, from one reading to the next.

    Args:
        runs: Whether Claude Code runs; None where that cannot be learnt.
    """

    def __init__(self, runs: Callable[[], bool | None] = claude_runs) -> None:
        self._runs = runs
        self._seen: tuple[float | None, float | None] | None = None
        self._answered_at = 0.0
        self._looked_at = float("-inf")
        self._running = False

    def begin(self, now: float) -> None:
        """Whatever was written until now (Unix seconds) counts as answered: nobody watched."""
        self._seen = None
        self._answered_at = now

    def look(self, figures: Figures, history: History | None, now: float) -> float | None:
        """Take a good reading in.

        Args:
            figures: What it says.
            history: The prompts; None where there is no history.
            now: Unix seconds.

        Returns:
            Unix seconds of the first prompt after which no telemetry came while Claude Code runs, or None.
        """
        seen = (figures.this_month.cost_usd, figures.today.tokens)
        if seen != self._seen:
            self._seen, self._answered_at = seen, now
        if history is None:
            return None
        # Commands of the prompt line, such as /model, cost nothing; those that do are rarely alone.
        commands = {moment for moment in history.commands if self._answered_at < moment}
        open_prompts = [
            moment
            for moment in history.moments
            if self._answered_at < moment <= now and moment not in commands
        ]
        if len(open_prompts) < _LEAST_PROMPTS:
            return None
        if now - self._looked_at >= _LOOK_EVERY_S:
            self._looked_at = now
            self._running = self._runs() is not False
        return float(min(open_prompts)) if self._running else None
