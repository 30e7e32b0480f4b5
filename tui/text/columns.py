"""The columns of a file as a table, and its first rows below each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from engine.support.cell_width import cells, cut, left, right
from engine.support.translation import Translatable, tr
from tui.text.numbers import significant

if TYPE_CHECKING:
    from engine.data.table import TableColumn

HEADS: tuple[Translatable, ...] = ("kind", "n", "missing", "min", "mean", "max", "sd")
YIELDING: tuple[Translatable, ...] = ("n", "sd", "min", "max", "missing", "mean", "kind")
"""Heads that go where there is no room, the first one first."""
SHORTEST_NAME = 12
GAP = 2


class Columns:
    """A line for each column of a file: its part, name, kind, and what its values come to."""

    def __init__(self, columns: Sequence[TableColumn], rows: int) -> None:
        self.columns = columns
        self.names = [f"{c.name} ({c.unit})" if c.unit else c.name for c in columns]
        self.cells = [cells_of(column, rows) for column in columns]
        self.sizes = {
            head: GAP + max(map(cells, (tr(head), *(line[head] for line in self.cells))))
            for head in HEADS
        }

    def shown(self, width: int) -> list[Translatable]:
        """The heads that there is room for in so many cells."""
        heads = list(HEADS)
        for head in YIELDING:
            if self.room(heads, width) >= min(SHORTEST_NAME, self.longest):
                break
            heads.remove(head)
        return heads

    @property
    def longest(self) -> int:
        """Cells of the longest name."""
        return max(map(cells, (tr("name"), *self.names)))

    def room(self, heads: Sequence[Translatable], width: int) -> int:
        """Cells that are left for a name."""
        return width - GAP - sum(self.sizes[head] for head in heads)

    def head(self, width: int) -> Text:
        """What stands above the lines."""
        heads = self.shown(width)
        name = max(min(self.longest, self.room(heads, width)), 1)
        parts = [self.placed(head, tr(head)) for head in heads]
        return Text("  " + left(cut(tr("name"), name), name) + "".join(parts), "dim", no_wrap=True)

    def line(self, index: int, mark: str, width: int) -> Text:
        """A column with the mark of its part; dim where it has none."""
        heads = self.shown(width)
        name = max(min(self.longest, self.room(heads, width)), 1)
        text = f"{mark} " + left(cut(self.names[index], name), name)
        values = self.cells[index]
        levels = self.columns[index].levels
        for head in heads:
            if levels and head in ("min", "mean", "max", "sd"):
                area = width - cells(text) - GAP
                first = tr("{level} (reference)", level=levels[0])
                text += " " * GAP + cut(", ".join((first, *levels[1:])), max(area, 1))
                break
            text += self.placed(head, values[head])
        style = "" if mark in ("x", "y") else "dim"
        return Text.assemble((text[:1], "bold"), (text[1:], style), no_wrap=True)

    def placed(self, head: Translatable, text: str) -> str:
        """A cell below a head: words at the left, numbers at the right."""
        size = self.sizes[head]
        return " " * GAP + left(text, size - GAP) if head == "kind" else right(text, size)


def cells_of(column: TableColumn, rows: int) -> dict[Translatable, str]:
    """What stands in the line of a column, by the heads."""
    statistics = (column.min, column.mean, column.max, column.sd)
    texts = ["" if math.isnan(value) else statistic(value) for value in statistics]
    counts = f"{rows - column.missing:,}", f"{column.missing:,}"
    return dict(zip(HEADS, (tr(column.kind), *counts, *texts), strict=True))


def statistic(value: float) -> str:
    """A value with four significant digits; before the point none is left out below 1e7."""
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e7 else significant(value, 4)


def below_each_other(rows: Sequence[Sequence[str]], longest: int) -> Iterator[str]:
    """Cells of at most so many cells each, below each other."""
    cut_rows = [[cut(cell, longest) for cell in row] for row in rows]
    sizes = [max(map(cells, column)) for column in zip(*cut_rows, strict=True)]
    for row in cut_rows:
        padded = (left(cell, size) for cell, size in zip(row, sizes, strict=True))
        yield "  ".join(padded).rstrip()
