"""How a process ends while its threads are at work."""

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]

# A thread reads a font: matplotlib's C++ calls a file's method in Python, which waits. What lies in a global
# variable takes its time to go, as all that a large program has imported does.
PROGRAM = """
    import atexit, sys, threading, time
    from pathlib import Path
    import matplotlib
    from matplotlib import ft2font
    from ccmon_tray.ending import end_process

    inside = threading.Event()

    class Slow:
        def __init__(self):
            self.file = open(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), "rb")
        def read(self, *count):
            inside.set()
            time.sleep(0.002)
            return self.file.read(*count)
        def seek(self, *place):
            return self.file.seek(*place)
        def tell(self):
            return self.file.tell()

    class Large:
        def __del__(self):
            time.sleep(0.1)

    def read_fonts():
        while True:
            ft2font.FT2Font(Slow())

    def save():
        go_on.wait()
        print("saved")

    large = Large()
    go_on = threading.Event()
    atexit.register(print, "at the end")
    threading.Thread(target=save).start()
    threading.Thread(target=read_fonts, daemon=True).start()
    inside.wait()
    threading.Timer(0.05, go_on.set).start()
"""


def test_a_thread_inside_a_module_of_another_language_aborts_nothing() -> None:
    # Ended by sys.exit, about one in three such processes is killed by SIGSEGV or SIGABRT (Python 3.11).
    program = textwrap.dedent(PROGRAM) + "end_process(3)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert done.stdout.splitlines() == ["saved", "at the end"]
    assert (done.returncode, done.stderr) == (3, "")
