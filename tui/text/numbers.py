"""Numbers as the screen writes them."""

from __future__ import annotations

import math

DIGITS = 5
"""Significant digits of a number in a table: 1.9997 and 2.0002 are told apart."""
COMMON_DIGITS = 12
"""Significant digits that are the same on every processor."""


def rounded(value: float) -> float:
    """The value to twelve significant digits; every label rounds so before it chooses fewer.

    Processors differ in the last bits: 0.12499999999999 and 0.125 are the same number on paper, and
    rounded at once to two digits they would read 0.12 and 0.13.
    """
    return float(f"{value:.{COMMON_DIGITS - 1}e}")


def significant(value: float, digits: int) -> str:
    """A value with so many significant digits, zeros at its end left out: 0.03, 1.87, 4.2e+06."""
    return f"{rounded(value):.{digits}g}"


def number(value: float, signed: bool = False, digits: int = DIGITS) -> str:
    """A value with so many significant digits whatever its size: 1.9991, 0.062412, -2.7431e-4.

    Below 0.01 and from a million on with an exponent; before the point no digit is left out.
    """
    sign = "+" if signed else ""
    if not math.isfinite(value):
        return f"{value:{sign}}"
    value = rounded(value)
    mantissa, _, power = f"{value:{sign}.{digits - 1}e}".partition("e")
    exponent = int(power)
    if -2 <= exponent < 6:
        return f"{value:{sign}.{max(digits - 1 - exponent, 0)}f}"
    return f"{mantissa}e{exponent}"


def loss_text(value: float) -> str:
    """A loss with three significant digits: 0.0378, 4.98e-05."""
    value = rounded(value)
    return f"{value:.3g}" if value == 0 or abs(value) >= 1e-3 else f"{value:.2e}"


def count(value: float) -> str:
    """Two significant digits or more, large numbers shortened: 0.5, 26, 640, 6.4k, 120k, 1.2M."""
    value = rounded(value)
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{two_digits(value / limit)}{letter}"
    return two_digits(value)


def two_digits(value: float) -> str:
    """Two significant digits, or all that are before the point: 0.5, 6.4, 26, 640."""
    value = rounded(value)
    return f"{value:.2g}" if value < 99.5 else f"{value:.0f}"


def clock(seconds: float) -> str:
    """A duration: 0:00.15, 1:05, 2:03:00."""
    if seconds < 10:
        return f"0:{seconds:05.2f}"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
