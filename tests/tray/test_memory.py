import subprocess
import sys

import pytest

from ccmon_tray.desktop import memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

PROGRAM = """
import sys
from ccmon_tray.desktop import memory
from ccmon_tray.tray import fonts

def resident_kib():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])

memory.be_small()
fonts.leave_fonts_out()
import httpx
from ccmon_tray.tray.icon import render
from ccmon_tray.tray.model import IconFace
from ccmon_tray.usage.states import State
import PIL.ImageFont

assert not {"rich", "click", "pygments"} & set(sys.modules)
plain = render(IconFace(State.FRESH), 32).tobytes()
before = resident_kib()
memory.trim_working_set()
assert resident_kib() < before - 10_000, (before, resident_kib())
assert render(IconFace(State.FRESH), 32).tobytes() == plain

fonts.bring_fonts_in()
fonts.bring_fonts_in()
figure = render(IconFace(State.FRESH, text="$12"), 32).tobytes()
assert figure != plain
print(figure.hex())
"""

WITH_FONTS = """
from ccmon_tray.tray.icon import render
from ccmon_tray.tray.model import IconFace
from ccmon_tray.usage.states import State
print(render(IconFace(State.FRESH, text="$12"), 32).tobytes().hex())
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout


EVERY_STATE = """
from ccmon_tray.tray.model import IconFace
from ccmon_tray.tray.start import _renderer
from ccmon_tray.usage.states import State
for state in State:
    assert _renderer()(IconFace(state, attention=True), 32).getbbox()
"""


def test_every_state_can_be_drawn_without_fonts_from_the_start() -> None:
    run(EVERY_STATE)


def test_what_is_given_back_is_there_again_when_it_is_needed() -> None:
    assert run(PROGRAM) == run(WITH_FONTS)


SMAPS = """\
7f00-7f10 r--p 00000000 08:01 1  /usr/lib/libclean.so
Rss:                  64 kB
Anonymous:             0 kB
7f10-7f20 r-xp 00010000 08:01 1  /usr/lib/with a space.so
Anonymous:             0 kB
7f20-7f30 r--p 00020000 08:01 1  /usr/lib/libfilled-in.so
Anonymous:             8 kB
7f30-7f40 rw-p 00030000 08:01 1  /usr/lib/libclean.so
Anonymous:             0 kB
7f40-7f50 r--p 00000000 08:01 2  /usr/lib/replaced.so (deleted)
Anonymous:             0 kB
7f50-7f60 r--p 00000000 00:00 0
Anonymous:             0 kB
7f60-7f70 r-xp 00000000 00:00 0  [vdso]
Anonymous:             0 kB
"""


def test_only_what_the_file_still_holds_is_given_back() -> None:
    assert list(memory._clean_mappings(SMAPS)) == [(0x7F00, 0x7F10), (0x7F10, 0x7F20)]
