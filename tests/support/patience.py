"""How long tests wait, on machines that do other things at the same time."""

import os

PATIENCE_S = 60.0
"""So long what is certain to come may take: an end for tests that hang, no measure of anything's speed."""


def allowed(limit_s: float) -> float:
    """A limit of time that is itself what a test asserts, for this machine at this moment.

    What shares the processors with others waits for its turn at each of its steps.

    Args:
        limit_s: What may pass on a machine that has nothing else to do, seconds.
    """
    waiting = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return limit_s * (1 + 2 * waiting / (os.cpu_count() or 1))
