"""What a file of data came to: its columns as numbers, and what was decided on the way."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from engine.support.errors import BadInput
from engine.support.translation import TRANSLATED, Message, tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Annotated[Literal["number", "category", "boolean", "date", "id", "text"], TRANSLATED]
"""What the cells of a column are."""
USABLE: tuple[Kind, ...] = ("number", "category", "boolean", "date")
"""The kinds that a regression takes unasked; ids and free text are left out of it."""


@dataclass(frozen=True)
class Dialect:
    """What a file is written in, all of it decided."""

    encoding: str
    """As Python names it: `utf-8`, `utf-8-sig`, `utf-16`, `cp1252`; else `parquet` or `json`."""
    delimiter: str
    """`,`, `;`, a tab, `|`, or a blank for runs of blanks and tabs; empty for other formats."""
    decimal: str
    """`.` or `,`; the other one may group digits by three."""
    header: bool
    """Whether there is a row of names."""
    units: bool
    """Whether there is a row of units below it."""
    missing: tuple[str, ...]
    """The words of an empty cell, in lower case."""
    preamble: int
    """Lines before the first row of data: comments, empty ones, names, units."""


@dataclass(frozen=True, eq=False)
class TableColumn:
    """A column of a file."""

    name: str
    """Unique in the table, of characters that can be seen."""
    unit: str
    """Empty where none is known."""
    kind: Kind
    numbers: NDArray[np.float64]
    """(rows,), NaN where missing: numbers, 0 and 1, days since the first date, indices of levels.

    Empty for text, and for ids that are not numbers.
    """
    levels: tuple[str, ...]
    """The values of a category, sorted; empty otherwise."""
    missing: int
    """Rows without a value, in all parts of the file."""
    first_day: float = 0.0
    """Days from 1970 to the first date; 0 for other kinds."""

    @property
    def min(self) -> float:
        """The smallest number; NaN where there is none."""
        return self._statistics[0]

    @property
    def mean(self) -> float:
        """The mean of the numbers that are there; NaN where there is none."""
        return self._statistics[1]

    @property
    def max(self) -> float:
        """The largest number; NaN where there is none."""
        return self._statistics[2]

    @property
    def sd(self) -> float:
        """Their standard deviation, √(Σ(x − x̄)²/(n − 1)); NaN for fewer than two."""
        return self._statistics[3]

    @cached_property
    def _statistics(self) -> tuple[float, float, float, float]:
        import numpy as np

        numbers = self.numbers[~np.isnan(self.numbers)]
        if self.kind in ("category", "text", "id") or not len(numbers):
            return (np.nan,) * 4
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(numbers.mean())
            sd = float(numbers.std(ddof=1)) if len(numbers) > 1 else np.nan
        return float(numbers.min()), mean, float(numbers.max()), sd


@dataclass(frozen=True)
class Problem:
    """A row that could not be read."""

    line: int
    """Where it begins, from 1; 0 in a sample, where no one knows."""
    column: str
    """The name of the column; empty where the whole row is wrong."""
    why: Message

    def __str__(self) -> str:
        """The problem in the language chosen."""
        if not self.column:
            return tr("line {line}: {why}", line=self.line, why=self.why)
        return tr(
            "line {line}, column {name}: {why}", line=self.line, name=self.column, why=self.why
        )


@dataclass(frozen=True, eq=False)
class Table:
    """A file of data, read."""

    path: str
    """As it was asked for; `-` is standard input."""
    sha256: str
    """Of the bytes of the file, or of a sample of it, in hexadecimal; empty for a part of it."""
    rows: int
    """Rows that were kept."""
    dialect: Dialect
    columns: tuple[TableColumn, ...]
    lines: NDArray[np.int64]
    """(rows,), the line in which each row begins, from 1; 0 in a sample."""
    decisions: tuple[Message, ...]
    """What was decided and why, where it was not the plain case."""
    problems: tuple[Problem, ...]
    """The first rows that were dropped."""
    dropped: int
    """Rows that could not be read."""

    def column(self, name: str) -> TableColumn:
        """The column of a name; raises BadInput, which offers the nearest name."""
        names = [column.name for column in self.columns]
        if name in names:
            return self.columns[names.index(name)]
        raise BadInput("column", name, nearest(name, names))

    @property
    def usable(self) -> tuple[TableColumn, ...]:
        """The columns that a regression takes unasked, in the order of the file."""
        return tuple(column for column in self.columns if column.kind in USABLE)

    @cached_property
    def complete(self) -> int:
        """Rows in which no usable column is missing."""
        import numpy as np

        gaps = np.zeros(self.rows, dtype=bool)
        for column in self.usable:
            if column.missing:
                gaps |= np.isnan(column.numbers)
        return int(self.rows - gaps.sum())


def nearest(name: str, names: list[str]) -> str:
    """Words on a name that no column has: the one most like it, or the first of those there are."""
    folded = {each.casefold(): each for each in reversed(names)}
    close = get_close_matches(name.casefold(), folded, n=1)
    if close:
        return tr("no column has this name; the nearest is {name}", name=folded[close[0]])
    listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return tr("no column has this name; the columns are {names}", names=listed)
