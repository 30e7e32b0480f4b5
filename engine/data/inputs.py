"""What a person gives of a row, the columns of the data, and the features that are made of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from engine.data.cells import boolean, seconds
from engine.data.column import Column
from engine.data.table import Kind, Table, nearest
from engine.support.errors import BadInput
from engine.support.translation import tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

DAY = 24 * 60 * 60
"""Seconds."""
MOST_NAMED = 8
"""Levels that a refusal names."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAIR = re.compile(
    r"\s*(?:`([^`]*)`|([^=,`]+?))\s*=\s*(?:`([^`]*)`|([^,`]*?))"
    r"(?:\s*(?:,|$)|\s+(?=(?:`[^`]*`|[^\s=,`]+)\s*=))"
)
"""NAME=VALUE up to a comma, or to blanks and the next name; either may stand in back quotes."""


@dataclass(frozen=True)
class Feature:
    """A column of X: how it is made of the columns of the data."""

    column: Column
    sources: tuple[str, ...]
    """The columns of the data that it is made of."""
    values: Callable[[Mapping[str, Doubles]], Doubles]
    """(n,) from the columns (n,) by name."""


@dataclass(frozen=True)
class Input:
    """A column of the data, and how its cells stand for numbers."""

    name: str
    kind: Kind = "number"
    levels: tuple[str, ...] = ()
    """Of a category: the number of each is its place."""
    first_day: float = 0.0
    """Days from 1970 to the first date, from which on dates are counted."""
    numbers: tuple[float, ...] | None = None
    """Those that are taken for levels; None where all numbers are allowed."""

    def number(self, text: str) -> float:
        """The number of a cell as it is typed; raises BadInput, which says what is allowed."""
        match self.kind:
            case "category":
                if text not in self.levels:
                    raise BadInput(self.name, text, one_of(self.levels))
                return float(self.levels.index(text))
            case "date":
                moment = seconds(text)
                if moment is None:
                    raise BadInput(self.name, text, tr("must be a date, as 2024-01-31"))
                return moment / DAY - self.first_day
        value = boolean(text) if self.kind == "boolean" else None
        if value is None:
            try:
                value = float(text)
            except ValueError:
                value = math.nan
        if not math.isfinite(value):
            raise BadInput(self.name, text, tr("must be a finite number"))
        if self.numbers is not None and value not in self.numbers:
            raise BadInput(self.name, text, one_of([f"{number:g}" for number in self.numbers]))
        return value

    def cell(self, number: float) -> float | str:
        """The inverse of `number`: a level or a date in ISO's form; a number as it is."""
        if math.isnan(number):
            return number
        if self.kind == "category":
            return self.levels[int(number)]
        if self.kind == "date":
            moment = _EPOCH + timedelta(days=self.first_day + number)
            return moment.replace(tzinfo=None).isoformat().removesuffix("T00:00:00")
        return number

    def column_of(self, table: Table) -> Doubles:
        """This column (n,) of another table, NaN where missing; raises BadInput."""
        import numpy as np

        column = table.column(self.name)
        if not len(column.numbers) or (self.kind == "date") != (column.kind == "date"):
            allowed = tr("is {kind} in {file}", kind=tr(column.kind), file=table.path)
            raise BadInput("--rows", self.name, allowed)
        if column.kind == "category":
            codes = np.array([self.number(level) for level in column.levels])
            present = ~np.isnan(column.numbers)
            numbers = np.full(len(column.numbers), np.nan)
            numbers[present] = codes[column.numbers[present].astype(np.int64)]
            return numbers
        numbers = column.numbers + (column.first_day - self.first_day)
        if self.numbers is not None:
            for number in np.unique(numbers[~np.isnan(numbers)]).tolist():
                self.number(f"{number:.17g}")
        return numbers


@dataclass(frozen=True, eq=False)
class Inputs:
    """The columns of the data that features are made of, in the order in which they are named."""

    columns: tuple[Input, ...]
    features: tuple[Feature, ...]

    def row_at(self, text: str, key: str) -> dict[str, float]:
        """The numbers of the columns in `x=1.2,kind=house` or `x=1.2 kind=house`.

        Raises BadInput, in which the text is the value of a key.
        """
        columns = {column.name: column for column in self.columns}
        row: dict[str, float] = {}
        end = 0
        while pair := _PAIR.match(text, end):
            quoted, bare, quoted_cell, cell = pair.groups()
            name, end = quoted or bare, pair.end()
            if name not in columns:
                raise BadInput(key, name, nearest(name, list(columns)))
            if name in row:
                raise BadInput(key, text, tr("{name} is given twice", name=name))
            row[name] = columns[name].number(cell if quoted_cell is None else quoted_cell)
        if end < len(text):
            raise BadInput(key, text, tr("must be NAME=VALUE,…, as in x=1.2"))
        missing = [name for name in columns if name not in row]
        if missing:
            raise BadInput(key, text, tr("has no value for {names}", names=", ".join(missing)))
        return row

    def columns_of(self, table: Table) -> dict[str, Doubles]:
        """The columns (n,) of a table by name, NaN where missing; raises BadInput."""
        return {column.name: column.column_of(table) for column in self.columns}

    def features_of(self, rows: Sequence[Mapping[str, float]]) -> Doubles:
        """The features (n, d) of rows by columns; see `made_of`."""
        import numpy as np

        return self.made_of(
            {each.name: np.array([row[each.name] for row in rows]) for each in self.columns}
        )

    def made_of(self, columns: Mapping[str, Doubles]) -> Doubles:
        """The features (n, d) of columns (n,) by name, NaN where one is.

        Raises BadInput where one is not finite, as log(0).
        """
        import numpy as np

        missing = np.logical_or.reduce([np.isnan(columns[each.name]) for each in self.columns])
        with np.errstate(over="ignore", invalid="ignore"):
            X: Doubles = np.column_stack([feature.values(columns) for feature in self.features])
        X[missing] = np.nan
        for feature, values in zip(self.features, X.T, strict=True):
            bad = np.flatnonzero(~np.isfinite(values) & ~missing)
            if len(bad):
                source = feature.sources[0]
                number = f"{columns[source][bad[0]]:g}"
                allowed = tr("{name} has no finite value there", name=feature.column.name)
                raise BadInput(source, number, allowed)
        return X


def inputs_of(columns: Sequence[Column]) -> Inputs:
    """Columns of numbers that are the features themselves."""

    def feature(column: Column) -> Feature:
        return Feature(column, (column.name,), lambda columns: columns[column.name])

    return Inputs(tuple(Input(column.name) for column in columns), tuple(map(feature, columns)))


def one_of(levels: Sequence[str]) -> str:
    """What is allowed where these levels are."""
    listed = ", ".join(levels[:MOST_NAMED]) + (", …" if len(levels) > MOST_NAMED else "")
    return tr("must be one of {levels}", levels=listed)
