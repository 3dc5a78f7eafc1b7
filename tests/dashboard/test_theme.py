import pytest

from ccmon_tray.dashboard.theme import DARK, LIGHT, Palette, contrast, ink, mix, palette_for
from ccmon_tray.settings import Theme


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_small_words_are_legible_everywhere(palette: Palette) -> None:
    tinted = mix(palette.warning, palette.background, 0.16)
    for ground in (palette.background, palette.card, palette.sidebar):
        assert contrast(palette.text, ground) >= 4.5
        assert contrast(palette.secondary, ground) >= 4.5
        for colour in (palette.good, palette.bad, palette.warning):
            assert contrast(ink(colour, palette.background, palette.text), palette.card) >= 4.5
    assert contrast(ink(palette.warning, tinted, palette.text), tinted) >= 4.5


def test_ink_leaves_what_is_legible() -> None:
    assert ink(DARK.good, DARK.card, DARK.text) == DARK.good


def test_dark_unless_told_light() -> None:
    assert palette_for(Theme.LIGHT) is LIGHT
    assert palette_for(Theme.DARK) is palette_for(Theme.SYSTEM) is DARK
