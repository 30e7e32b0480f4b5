"""Labels do not depend on the last bits of a number, in which processors differ."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.charts.sweep import label
from tui.drawing.ticks import level_text
from tui.panels.gauge import percent
from tui.panels.reading import quantity
from tui.text.numbers import COMMON_DIGITS, count, loss_text, number, rounded, significant

LABELS: dict[str, Callable[[float], str]] = {
    "number": number,
    "signed number": partial(number, signed=True),
    "loss": loss_text,
    "count": count,
    "significant": partial(significant, digits=2),
    "tick": partial(level_text, log=False),
    "tick of a log axis": partial(level_text, log=True),
    "percent": percent,
    "quantity": quantity,
    "value of an axis": label,
}


@pytest.mark.parametrize("text", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("other", [0.12499999999999, 0.12500000000001])
def test_a_number_that_is_rounded_differently_has_the_same_label(
    text: Callable[[float], str], other: float
) -> None:
    assert text(other) == text(0.125)


@pytest.mark.parametrize("text", LABELS.values(), ids=LABELS)
@given(st.integers(1, 10**7), st.integers(-12, 6), st.integers(-40, 40))
@example(125, -3, -1)
@example(9995, -1, -1)
def test_no_label_sees_the_last_bits(
    text: Callable[[float], str], mantissa: int, exponent: int, bits: int
) -> None:
    """A number of a few digits lies exactly where labels round; 40 bits in the last place move it
    by less than one part in 10¹³."""
    value = float(f"{mantissa}e{exponent}")
    assert text(value * (1 + bits * 2.0**-52)) == text(value)


@given(st.floats())
def test_rounding_keeps_twelve_digits_and_whatever_is_not_finite(value: float) -> None:
    assert repr(rounded(value)) == repr(float(f"{value:.{COMMON_DIGITS}g}"))
    assert repr(rounded(rounded(value))) == repr(rounded(value))
