import statistics
import subprocess
import sys
from functools import cache
from itertools import combinations, product

import pytest
from PIL import Image, ImageChops

from ccmon_tray.tray.icon import render
from ccmon_tray.tray.model import IconFace
from ccmon_tray.usage.states import State

SIZES = (16, 22, 24, 32, 48, 64)
DARK, LIGHT = (0x17, 0x19, 0x1D), (0xF0, 0xF1, 0xF3)
MARKS = {
    **{state.value: IconFace(state) for state in State},
    "demo": IconFace(State.FRESH, demo=True),
    "fresh, attention": IconFace(State.FRESH, attention=True),
    "stale, attention": IconFace(State.STALE, attention=True),
}
FIGURES = {
    **{state.value: IconFace(state, text="$12") for state in State},
    "demo": IconFace(State.FRESH, text="$12", demo=True),
    "attention": IconFace(State.FRESH, text="$12", attention=True),
}


def on_bar(face: IconFace, size: int, bar: tuple[int, int, int], *, dark_bar: bool) -> Image.Image:
    icon = render(face, size, dark_bar=dark_bar)
    picture = Image.new("RGBA", icon.size, bar)
    picture.alpha_composite(icon)
    return picture.convert("RGB")


def pixels(picture: Image.Image) -> list[tuple[int, int, int]]:
    """All pixels with three channels, row by row."""
    channels = iter(picture.tobytes())
    return list(zip(channels, channels, channels, strict=True))


@cache
def luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def share_that_stands_out(picture: Image.Image, bar: tuple[int, int, int], ratio: float) -> float:
    """The share of pixels with at least a contrast ratio to the bar."""
    below = luminance(bar)

    def contrast(colour: tuple[int, int, int]) -> float:
        light, dark = sorted((luminance(colour), below), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    return statistics.mean(contrast(colour) >= ratio for colour in pixels(picture))


@pytest.mark.parametrize("size", [*range(16, 65), 128, 256])
def test_it_has_the_size_of_the_slot(size: int) -> None:
    for face in (MARKS["fresh"], MARKS["stale, attention"], FIGURES["attention"]):
        icon = render(face, size)
        assert (icon.size, icon.mode) == ((size, size), "RGBA")
        left, top, right, bottom = icon.getchannel("A").point(lambda a: 255 * (a > 128)).getbbox() or (0,) * 4
        assert right - left >= 0.85 * size
        assert bottom - top >= 0.75 * size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("faces", [MARKS, FIGURES], ids=["mark", "figure"])
@pytest.mark.parametrize("dark_bar", [True, False])
def test_states_differ_without_colour(size: int, faces: dict[str, IconFace], dark_bar: bool) -> None:
    bar = DARK if dark_bar else LIGHT
    grey = {name: on_bar(face, size, bar, dark_bar=dark_bar).convert("L") for name, face in faces.items()}
    for one, other in combinations(grey, 2):
        difference = ImageChops.difference(grey[one], grey[other])
        changed = sum(difference.histogram()[40:])
        assert changed >= size * size / 40, f"{one} looks like {other}"


@pytest.mark.parametrize(("name", "other"), [("stale", "fresh"), ("offline", "fresh"), ("demo", "fresh")])
def test_states_differ_in_colour(name: str, other: str) -> None:
    def hues(face: IconFace) -> set[int]:
        picture = on_bar(face, 32, DARK, dark_bar=True).convert("HSV")
        return {hue // 16 for hue, saturation, value in pixels(picture) if saturation > 100 and value > 120}

    assert hues(MARKS[name])
    assert not hues(MARKS[name]) & hues(MARKS[other])


@pytest.mark.parametrize("size", [16, 22, 48])
@pytest.mark.parametrize("face", [*MARKS.values(), *FIGURES.values()], ids=str)
def test_it_is_legible_on_its_own_bar(size: int, face: IconFace) -> None:
    for bar, dark_bar in ((DARK, True), (LIGHT, False)):
        picture = on_bar(face, size, bar, dark_bar=dark_bar)
        assert share_that_stands_out(picture, bar, 3.0) > 0.1


@pytest.mark.parametrize("size", [16, 22, 48])
@pytest.mark.parametrize("face", [*MARKS.values(), *FIGURES.values()], ids=str)
def test_an_outline_keeps_it_legible_on_a_bar_of_the_other_tone(size: int, face: IconFace) -> None:
    for bar, dark_bar in ((LIGHT, True), (DARK, False)):
        picture = on_bar(face, size, bar, dark_bar=dark_bar)
        assert share_that_stands_out(picture, bar, 2.0) > 0.1


@pytest.mark.parametrize(("text", "size"), list(product(["$12", "$348", "$0.42", "$1.2k", "$999k"], SIZES)))
def test_figures_are_large_and_keep_clear_of_the_line_below(text: str, size: int) -> None:
    with_figure = on_bar(IconFace(State.FRESH, text=text), size, (0, 0, 0), dark_bar=True)
    # White is the figure's: the line below is blue.
    white = with_figure.getchannel("R").point(lambda level: 255 * (level > 150))
    left, top, right, bottom = white.getbbox() or (0, 0, 0, 0)
    assert right - left >= 0.85 * size
    assert bottom - top >= 0.35 * size
    accent = [i // size for i, (r, _, b) in enumerate(pixels(with_figure)) if b > 150 and r < 120]
    assert accent
    assert min(accent) >= bottom


@pytest.mark.parametrize("size", SIZES)
def test_attention_never_hides_a_digit(size: int) -> None:
    face = IconFace(State.FRESH, text="$348", attention=True)
    colours = enumerate(pixels(on_bar(face, size, (0, 0, 0), dark_bar=True)))
    # The figure is grey (red and blue alike), the triangle amber.
    rows = [(i // size, min(p) > 140 and max(p) - min(p) < 30, p[0] > 200 and p[2] < 120) for i, p in colours]
    assert max(row for row, grey, _ in rows if grey) < min(row for row, _, amber in rows if amber)


@pytest.mark.parametrize("size", SIZES)
def test_another_figure_is_another_picture(size: int) -> None:
    pictures = {
        render(IconFace(State.FRESH, text=text), size).tobytes() for text in ("$12", "$13", "$0.42", "$1.2k")
    }
    assert len(pictures) == 4


def test_an_unknown_figure_is_a_dash_and_not_a_missing_glyph() -> None:
    dash = render(IconFace(State.NO_TELEMETRY, text="–"), 32)
    assert dash.tobytes() == render(IconFace(State.NO_TELEMETRY, text="-"), 32).tobytes()
    ink = dash.crop((0, 0, 32, 24)).getchannel("A").point(lambda a: 255 * (a > 200)).getbbox()
    assert ink is not None
    assert ink[3] - ink[1] <= 5


def test_the_same_face_is_drawn_once() -> None:
    assert render(MARKS["fresh"], 22) is render(IconFace(State.FRESH), 22)


def test_drawing_needs_no_more_than_pillow() -> None:
    code = (
        "import sys; import ccmon_tray.tray.icon; "
        "print(sorted({'numpy', 'tkinter', 'matplotlib', 'pystray', 'httpx'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
