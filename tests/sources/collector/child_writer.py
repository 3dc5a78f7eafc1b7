"""A process that hands exports in from several threads, says which were acknowledged, and is killed.

Usage: child_writer.py FILE FIRST — export n is a commit of session n; the line "n" says that it is kept.
"""

import itertools
import os
import sys
import threading
from pathlib import Path

from ccmon_tray.sources.collector.decode import PROTOBUF
from ccmon_tray.sources.collector.ingest import Ingest
from ccmon_tray.usage.metrics import Metric
from tests.sources.collector.sending import DELTA, Data, export

NOW = 1_795_400_000


def main() -> None:
    """Write until killed."""
    ingest = Ingest(Path(sys.argv[1]), clock=lambda: NOW)
    numbers = itertools.count(int(sys.argv[2]))

    def work() -> None:
        for number in numbers:
            labels = (("session_id", str(number)),)
            ingest.metrics(export([Data(Metric.COMMITS, labels, NOW - 1, NOW, 1)], DELTA), PROTOBUF)
            # One system call a line: half a line says nothing.
            os.write(1, f"{number}\n".encode())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
