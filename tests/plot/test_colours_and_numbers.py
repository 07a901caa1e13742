"""Colours that can be told apart, and numbers as readers want them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omicsfuse.plot import PALETTE
from omicsfuse.plot.colours import text_colour
from omicsfuse.plot.numbers import clean, format_interval, format_p, shorten
from omicsfuse.stats.p_values import p_text


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_ten_different_colours():
    assert len(set(PALETTE)) == len(PALETTE) == 10


@pytest.mark.parametrize("colour", PALETTE)
def test_text_on_a_chip_can_be_read(colour):
    light, dark = sorted((_luminance(colour), _luminance(text_colour(colour))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


@given(st.floats(0, 1))
def test_p_values_are_never_written_as_zero(p):
    text = p_text(p)
    assert text == "< 0.001" if p < 0.001 else abs(float(text) - p) <= 0.006


def test_missing_p_value_is_empty():
    assert format_p(math.nan) == ""
    assert format_interval(math.nan, math.nan, math.nan) == "not estimated"


@given(st.text(max_size=80), st.integers(8, 40))
def test_shortened_names_fit(text, length):
    short = shorten(text, length)
    assert len(short) <= length
    assert short == clean(text) or "..." in short
