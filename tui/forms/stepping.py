"""From a number to the next sensible one: 1, 2, 5, 10 … of every size, or 1, 2, 3 …"""

from __future__ import annotations

from decimal import Decimal

from engine.catalog.param import Numeric, Whole
from engine.support.errors import show

FINEST = Decimal("0.001")
"""The number next to 0, where 0 is allowed; of whole numbers it is 1."""
HALF, ONE = Decimal("0.5"), Decimal(1)


def stepped(param: Numeric, value: float, up: bool) -> float:
    """The next sensible value above or below one that is allowed; itself where there is none.

    Sensible are the parameter's digits times powers of ten, with their negatives and 0, as far as
    they are allowed, and both ends of that. Shares of 1 are as fine near 1 as near 0: .9 .95 .98.
    """
    low, high = map(Decimal, param.limits)
    here = Decimal(show(value))
    if not param.digits:
        there = here + (1 if up else -1)
    elif low >= 0 and high <= 1 and (here >= HALF if up else here > HALF):
        there = ONE - beside(param, ONE - here, not up, reaches_zero=high == 1)
    else:
        there = beside(param, here, up, reaches_zero=low <= 0)
    kind = int if isinstance(param, Whole) else float
    return kind(min(max(there, low), high))


def beside(param: Numeric, here: Decimal, up: bool, reaches_zero: bool) -> Decimal:
    """The next sensible number above or below a number, if no end were set to them."""
    if here < 0:
        return 0 - beside(param, -here, not up, reaches_zero)
    finest = ONE if isinstance(param, Whole) else FINEST
    if not here:
        return finest if up else -finest
    if reaches_zero and (here < finest if up else here <= finest):
        return finest if up else Decimal(0)
    sizes = range(here.adjusted() - 1, here.adjusted() + 2)
    grid = [Decimal(digit).scaleb(size) for size in sizes for digit in param.digits]
    if up:
        return next(number for number in grid if number > here)
    return next(number for number in reversed(grid) if number < here)


def stepped_text(param: Numeric, text: str, cursor: int, up: bool) -> tuple[str, int]:
    """A text with the number at the cursor stepped, and the place behind that number.

    Numbers stand between commas; a text that is none there is left as it is.
    """
    start, end = text.rfind(",", 0, cursor) + 1, text.find(",", cursor)
    part = text[start:] if end < 0 else text[start:end]
    try:
        value = int(part) if isinstance(param, Whole) else float(part)
    except ValueError:
        return text, cursor
    if param.number(value) is None:
        return text, cursor
    begin = text[: start + len(part) - len(part.lstrip())] + show(stepped(param, value, up))
    return begin + ("" if end < 0 else text[end:]), len(begin)
