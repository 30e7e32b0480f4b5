"""One cell of a file: what it may be, and the number that it stands for.

Sensing asks what a cell looks like, reading what it is; both ask here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

NOTHING = ("", "na", "n/a", "nan", "null", "-", "?", ".", "#n/a")
"""The words of an empty cell, unless others are asked for."""
BOOLEANS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
"""By words in lower case."""
CURRENCIES = "$€£¥"
GROUPING = "'’ \u00a0\u2009\u202f"
"""What groups digits by three and is never a decimal point: blanks of four kinds, apostrophes."""
LARGEST_WHOLE = 2**53
"""From here on float64 no longer holds every whole number."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_ID = re.compile(r"0\d+")


@cache
def _shape(decimal: str) -> re.Pattern[str]:
    """A number, its digits grouped or not, with its sign, its currency or `%`."""
    groups = f"[{GROUPING}{',' if decimal == '.' else '.'}]"
    point = re.escape(decimal)
    return re.compile(
        rf"(?P<sign>[+\-−]?)\s*(?P<before>[{CURRENCIES}]?)\s*(?P<minus>[\-−]?)"
        rf"(?P<whole>[1-9]\d{{0,2}}(?P<group>{groups})\d{{3}}(?:(?P=group)\d{{3}})*|\d+|(?={point}\d))"
        rf"(?:{point}(?P<part>\d*))?(?P<power>[eE][+\-−]?\d+)?"
        rf"\s*(?P<after>[{CURRENCIES}%]?)",
        re.ASCII,
    )


def number(cell: str, decimal: str) -> float | None:
    """The number of a cell without blanks around it; None where it is none, ±inf for `1e400`."""
    if decimal == "." and _PLAIN.fullmatch(cell):
        return float(cell)
    match = _shape(decimal).fullmatch(cell)
    if match is None:
        return float(cell) if _INFINITE.fullmatch(cell) else None
    whole = re.sub(r"\D", "", match["whole"])
    power = (match["power"] or "").replace("−", "-")
    size = float(f"{whole or 0}.{match['part'] or 0}{power}")
    return -size if (match["sign"] or match["minus"]) in ("-", "−") else size


def symbol(cell: str, decimal: str) -> str:
    """The currency of a number, or its `%`; empty where there is none."""
    match = _shape(decimal).fullmatch(cell)
    return (match["before"] or match["after"]) if match else ""


def evidence(cell: str) -> str:
    """The decimal point, `.` or `,`, with which alone a cell is a number; empty for the others.

    `1.5` and `1.234,50` leave no doubt; `1.234` may be a thousand.
    """
    if "." not in cell and "," not in cell:
        return ""
    readings = {decimal: number(cell, decimal) for decimal in ".,"}
    possible = [decimal for decimal, value in readings.items() if value is not None]
    return possible[0] if len(possible) == 1 else ""


def ambiguous(cell: str) -> bool:
    """Whether a cell is one number with a decimal point and another one with a comma."""
    if "." not in cell and "," not in cell:
        return False
    with_point, with_comma = number(cell, "."), number(cell, ",")
    return None not in (with_point, with_comma) and with_point != with_comma


def seconds(cell: str) -> float | None:
    """Seconds from 1970 to an ISO date, with or without a time; None where it is none."""
    if not _DATE.fullmatch(cell):
        return None
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH).total_seconds()


def boolean(cell: str) -> float | None:
    """0 or 1; None where a cell is neither."""
    return BOOLEANS.get(cell.casefold())


def is_id(cell: str) -> bool:
    """Whether a number would lose something: its leading zeros, or digits that float64 lacks."""
    return bool(_ID.fullmatch(cell)) or (cell.isdecimal() and float(cell) > LARGEST_WHOLE)
