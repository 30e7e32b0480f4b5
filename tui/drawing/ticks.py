"""Axis ranges, tick positions and tick labels, as plain numbers.

"Axis units" are y itself on a linear axis and log10(y) on a log axis.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from tui.text.numbers import rounded

_PADDING = 0.03
_LEAST_SPAN = 1e-3  # narrower than this (relative) and four digits cannot tell two ticks apart
_LEAST_DECADES = 0.05
_WHOLE_LIMIT = 1e7  # larger whole numbers are too long to be written out


class Tick(NamedTuple):
    """A place on an axis, in axis units, and the text written beside it."""

    at: float
    label: str


def padded(low: float, high: float, *, log: bool = False) -> tuple[float, float]:
    """Return the range of an axis that shows low..high with a little air.

    In axis units, finite and below 1e300. Never empty: what is constant, or so nearly constant
    that labels could not show the difference, lies in the middle of its range.
    """
    span = high - low
    middle = low + span / 2
    least = _LEAST_DECADES if log else _LEAST_SPAN * max(abs(low), abs(high))
    if span <= least:
        half = 0.5 if log else abs(middle) * 0.05
        if middle + half == middle:
            half = 1.0
        return middle - half, middle + half
    air = span * _PADDING
    if log:
        return low - air, high + air
    # An axis does not cross zero only for the sake of the air.
    bottom = max(low - air, 0.0) if low >= 0 else low - air
    top = min(high + air, 0.0) if high <= 0 else high + air
    return bottom, top


GAPS = range(2, 16)
"""Rows from one tick to the next that are tried."""
MOST_STRETCHED = 1.5
"""How much longer a range may become for the sake of even ticks."""
LEAST_DECADES_ALIGNED = 2
"""A log axis of fewer decades has ticks between the powers of ten, which are not even."""
NICE_DECADES = (1, 2, 3, 5)


class Aligned(NamedTuple):
    """A range of an axis, and the step between its ticks, each in the middle of a row."""

    low: float
    high: float
    step: float


def aligned(low: float, high: float, rows: int, *, log: bool) -> Aligned | None:
    """Return the least range around low..high whose ticks lie an equal number of rows apart.

    In axis units. None where the range is too short for two ticks, on a log axis for powers of ten,
    or where rounding would move the ticks.
    """
    span = high - low
    if (log and span < LEAST_DECADES_ALIGNED) or not 0 < span / rows < math.inf:
        return None
    ranges: list[tuple[float, Aligned]] = []
    for step in _nice_steps(span / rows, span, log=log):
        for gap in GAPS:
            unit = step / gap
            bottom = math.floor(low / unit + 0.5) - 0.5 if unit > 0 else 0.0
            first = math.ceil(bottom / gap) * gap
            fits = unit * (bottom + rows) >= high and first + gap < bottom + rows
            if fits and unit * rows <= MOST_STRETCHED * span and abs(bottom) + rows < 1e9:
                one = Aligned(unit * bottom, unit * (bottom + rows), step)
                ranges.append((unit * rows / span + gap / 20, one))  # rather more ticks
    return min(ranges, default=(0.0, None))[1]


def _nice_steps(least: float, most: float, *, log: bool) -> list[float]:
    """Return the steps from least to most that people count in: decades, or 1, 2, 5 · 10ᵏ."""
    exponents = range(_exponent(least), _exponent(most) + 1)
    steps = [float(f"{m}e{k}") for k in exponents for m in (NICE_DECADES if log else (1, 2, 5))]
    return [step for step in steps if least <= step <= most and not (log and step % 1)]


def steady_ticks(low: float, high: float, step: float, *, log: bool) -> list[Tick]:
    """Return the ticks at all multiples of a step within low..high, in axis units."""
    values = _multiples(step, low, high)
    if log:
        return [Tick(value, f"1e{value:+.0f}") for value in values]
    return [Tick(*pair) for pair in zip(values, _labels(values, step, False), strict=True)]


def linear_ticks(low: float, high: float, count: int, *, whole: bool = False) -> list[Tick]:
    """Return at most count + 1 ticks at multiples of 1, 2 or 5, increasing, within low..high.

    Labels have four significant digits at most, and with whole=True no decimals.
    """
    biggest = max(abs(low), abs(high))
    whole = whole and biggest < _WHOLE_LIMIT
    step = _round_up((high - low) / max(count, 1))
    finest = 1.0 if whole else float(f"1e{_exponent(biggest) - 3}")
    step = max(step, finest)
    if not step > 0:  # the range is one of the smallest numbers there are
        return []
    values = _multiples(step, low, high)
    for _ in range(2):  # halved twice at most, a step has two of its multiples in the range
        if len(values) < 2 and count > 1 and step / 2.5 > finest:
            step = _round_up(step / 2.5)
            values = _multiples(step, low, high)
    values = values[:: math.ceil(len(values) / (count + 1)) or 1]
    # At the far ends of the number line multiple * step is rounded to just outside.
    return [
        Tick(value, label)
        for value, label in zip(values, _labels(values, step, whole), strict=True)
        if low <= value <= high
    ]


def log_ticks(low: float, high: float, count: int) -> list[Tick]:
    """Return ticks for a log axis; low, high and the positions are log10 of the values.

    Powers of ten (1e-4); below three of them also 2 and 5 times a power; and in a range too
    narrow even for those, linear ticks.
    """
    decades = range(math.floor(low), math.ceil(high) + 1)
    marks = whole = _marks(decades, (1,), low, high)
    if len(marks) < 3:
        marks = _marks(decades, (1, 2, 5), low, high)
    if len(marks) < 2:
        fine = linear_ticks(10.0**low, 10.0**high, count)
        marks = [Tick(math.log10(at), label) for at, label in fine if at > 0]
        return [tick for tick in marks if low <= tick.at <= high]
    if len(marks) > count + 1 and len(whole) > 1:
        marks = whole
    # Thinned out from the top, which stays where it is while a loss falls.
    return marks[:: -math.ceil(len(marks) / max(count, 1))][::-1]


def level_text(value: float, *, log: bool) -> str:
    """Return the value in few characters: 4.2, 0.03, 1.5e+6; on a log axis 3e-2, 4.2e+0."""
    value = rounded(value)
    if not log and not _is_far(value):
        return f"{value:.4g}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"


def _multiples(step: float, low: float, high: float) -> list[float]:
    return [step * k for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _is_far(value: float) -> bool:
    return value != 0 and not 1e-3 <= abs(value) < 1e5


def _marks(decades: range, factors: tuple[int, ...], low: float, high: float) -> list[Tick]:
    every = [(math.log10(m) + decade, f"{m}e{decade:+d}") for decade in decades for m in factors]
    return [Tick(at, label) for at, label in every if low <= at <= high]


def _exponent(value: float) -> int:
    """Return the decimal exponent of value; exact also where log10 is rounded."""
    return int(f"{value:e}".partition("e")[2])


def _round_up(raw: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below raw."""
    exponent = _exponent(raw)
    candidates = [float(f"{m}e{exponent}") for m in (1, 2, 5, 10)]
    return next((step for step in candidates if step >= raw), candidates[-1])


def _labels(values: list[float], step: float, whole: bool) -> list[str]:
    if whole:
        return [f"{value:.0f}" for value in values]
    biggest = max((abs(value) for value in values), default=0.0)
    if not _is_far(biggest):
        decimals = max(0, -_exponent(step))
        return [f"{value:.{decimals}f}" for value in values]
    decimals = max(1, _exponent(biggest) - _exponent(step))
    return [f"{value:.{decimals}e}" if value else "0" for value in values]
