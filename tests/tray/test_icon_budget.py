"""The icon's budget: a share by needle and length, little left by colour, exceeded by a shape of its own."""

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageChops, ImageStat

from ccmon_tray.settings import Settings
from ccmon_tray.tray.face import icon_face
from ccmon_tray.tray.icon import render
from ccmon_tray.tray.model import BUDGET_STEPS, IconFace
from ccmon_tray.usage.budgets import BudgetPeriod, with_budgets
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Calendar
from tests.support.snapshots import every_state, fresh

EXCEEDED = BUDGET_STEPS + 1
BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
SIZES = (16, 22, 24, 32, 48, 64)
BAD = {True: (255, 123, 114), False: (201, 60, 55)}
WARNING = {True: (245, 185, 66), False: (168, 106, 0)}


def draw(budget: int | None, size: int, text: str = "", *, dark: bool = True) -> Image.Image:
    return render(IconFace(State.FRESH, text=text, budget=budget), size, dark_bar=dark)


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are apart without colour, 0 to 255, on the pixels where they differ most."""
    on = [
        Image.alpha_composite(Image.new("RGBA", each.size, "#131417"), each).convert("L")
        for each in (one, other)
    ]
    changed = ImageChops.difference(*on)
    return ImageStat.Stat(changed.point([value if value > 40 else 0 for value in range(256)])).sum[0]


def pixels(image: Image.Image, colour: tuple[int, int, int]) -> int:
    """How many pixels have exactly this colour, and cover what is below."""
    data = image.tobytes()
    wanted = bytes((*colour, 255))
    return sum(data[at : at + 4] == wanted for at in range(0, len(data), 4))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", ["", "$12"])
def test_more_used_looks_like_more(size: int, text: str) -> None:
    for fewer, more in pairwise((0, 5, 10, 15)):
        assert difference(draw(fewer, size, text), draw(more, size, text)) > 150


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", ["", "$12"])
def test_exceeded_has_a_shape_of_its_own(size: int, text: str) -> None:
    exceeded = draw(EXCEEDED, size, text)
    for other in (draw(BUDGET_STEPS, size, text), draw(None, size, text)):
        assert difference(exceeded, other) > 150
    stale = render(IconFace(State.STALE, text=text), size)
    assert difference(exceeded, stale) > 150


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("text", ["", "$12"])
def test_colours_tell_it_too(dark: bool, text: str) -> None:
    calm, nearly, over = (draw(steps, 32, text, dark=dark) for steps in (15, 16, EXCEEDED))
    assert (pixels(calm, WARNING[dark]), pixels(calm, BAD[dark])) == (0, 0)
    assert pixels(nearly, WARNING[dark]) > 15
    assert pixels(over, BAD[dark]) > 15
    assert pixels(over, WARNING[dark]) == 0


@pytest.mark.parametrize("state", [state for state in State if state is not State.FRESH])
def test_a_reading_that_is_no_good_is_shown_as_ever(state: State) -> None:
    plain, with_budget = IconFace(state), IconFace(state, budget=EXCEEDED)
    assert render(plain, 22).tobytes() == render(with_budget, 22).tobytes()


@pytest.mark.parametrize(
    ("budget", "steps"),
    [(12.34 / 0.8, 16), (12.34 / 0.7999, 15), (12.34, 20), (12.33, 21), (1e9, 0), (1.0, 21)],
)
def test_it_is_painted_in_steps(budget: float, steps: int) -> None:
    snapshot = with_budgets(fresh(), {BudgetPeriod.DAY: budget, BudgetPeriod.MONTH: 1.0}, BERLIN)
    assert icon_face(snapshot, Settings()).budget == steps


def test_the_shortest_budget_counts_and_none_is_none() -> None:
    month = with_budgets(fresh(), {BudgetPeriod.MONTH: 624.8}, BERLIN)
    assert icon_face(month, Settings()).budget == 10
    nothing = [
        fresh(),
        with_budgets(every_state()["unknown"], {BudgetPeriod.DAY: 1.0}, BERLIN),
    ]
    assert [icon_face(snapshot, Settings()).budget for snapshot in nothing] == [None, None]
