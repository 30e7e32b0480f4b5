"""What stands between the cells of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from engine.data.cells import NOTHING
from engine.data.kinds import is_value
from engine.data.records import records
from engine.support.errors import BadInput
from engine.support.translation import Translatable, tr

DELIMITERS: dict[Translatable, str] = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "bar": "|",
    "blank": " ",
}
"""By names for what cannot be typed; one that stands earlier is preferred."""
MOST_LINES, MOST_CELLS, MOST_CHARACTERS = 100, 600, 1 << 14
"""Of those at the begin of a file that are looked at, but for FEWEST_LINES of any length."""
FEWEST_LINES = 4


def delimiter_of(lines: Sequence[str], asked: str, marked: str) -> str:
    """The character between the cells; a blank for runs of blanks and tabs."""
    if asked != "auto":
        return asked_delimiter(asked)
    if marked:
        return marked
    few = [line for line in lines[: 4 * MOST_LINES] if line.strip()][:MOST_LINES]
    longest = max(map(len, few), default=1)
    few = few[: max(FEWEST_LINES, MOST_CHARACTERS // longest)]
    scores = {mark: evenness(few, mark) for mark in DELIMITERS.values()}
    return max(scores, key=scores.__getitem__)


def evenness(lines: Sequence[str], delimiter: str) -> tuple[float, float]:
    """The share of rows of the same width, 0 for one cell, and the share of cells with values."""
    if not any(delimiter in line or (delimiter == " " and "\t" in line) for line in lines):
        return 0.0, 0.0
    rows = [cells for _, cells in records(lines, delimiter)]
    widths = Counter(len(cells) for cells in rows if len(cells) > 1)
    if not widths:
        return 0.0, 0.0
    width, count = widths.most_common(1)[0]
    every = (cell.strip() for row in rows if len(row) == width for cell in row)
    cells = list(islice(every, MOST_CELLS))
    values = sum(cell.casefold() in NOTHING or is_value(cell) for cell in cells)
    return count / len(rows), values / len(cells)


def asked_delimiter(asked: str) -> str:
    """The character that a person names; raises BadInput."""
    delimiter = DELIMITERS.get(asked, asked.replace("\\t", "\t"))
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\n\r':
        allowed = tr("must be auto, one character, or {names}", names=", ".join(DELIMITERS))
        raise BadInput("data.delimiter", asked, allowed)
    return delimiter
