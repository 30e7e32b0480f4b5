"""The Values panel: every weight and bias beside its true value, closed form and gradient."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.catalog.parameters import labels
from engine.support.cell_width import cut
from engine.support.translation import Translatable, tr
from engine.training.snapshot import Snapshot, norm
from tui.selecting import Selectable
from tui.text.numbers import number
from tui.text.tables import undivided

COLUMNS: tuple[Translatable, ...] = ("value", "true", "error", "grad")
CELL_WIDTH = 7
"""Least cells of a column."""
DIFFERENCES: tuple[Translatable, ...] = ("error", "grad")
DIFFERENCE_DIGITS = 3
"""Significant digits of a difference, whose size says enough."""
MOST_DECIMALS = 4
"""Most decimals of a true value."""
LONGEST_NAME = 14
"""Cells."""


class ValuesPanel(ScrollView, Selectable, can_focus=True):
    """A table of numbers; columns that do not fit side by side are put below each other."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lines: list[Text] = []
        self.snapshot: Snapshot | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Show the numbers of a snapshot; only lines that are different are painted."""
        self.snapshot = snapshot
        before, width = self.lines, self.scrollable_content_region.width
        self.lines = table(snapshot, width)
        self.virtual_size = Size(width, len(self.lines))
        for y in range(max(len(before), len(self.lines))):
            if before[y : y + 1] != self.lines[y : y + 1]:
                self.refresh_line(y)

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        if self.snapshot:
            self.show(self.snapshot)

    def watch_show_vertical_scrollbar(self) -> None:
        """The bar takes a cell from the columns, or gives it back."""
        self.on_resize()

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        index = y + self.scroll_offset.y
        base = self.visual_style.rich_style
        if index >= len(self.lines):
            return Strip.blank(self.size.width, base)
        segments = list(self.lines[index].render(self.app.console))
        strip = Strip(segments).adjust_cell_length(self.size.width)
        return self.selectable(strip.apply_style(base), y)


def table(snapshot: Snapshot, width: int) -> list[Text]:
    """The lines of the table for a width in cells."""
    facts = snapshot.facts
    if facts is None:
        return [Text(tr("no data yet"), style="dim")]
    errors = snapshot.errors()
    true, grads = facts.original(facts.true), snapshot.original_grads
    sources = dict(zip(COLUMNS, (snapshot.original_params, true, errors, grads), strict=True))
    cells = {
        tr(column): written(column, [value for _, value in labels(values)])
        for column, values in sources.items()
        if values or column == "grad"
    }
    best = tr("closed") if facts.has_closed_form else tr("best")
    if facts.optimum:
        cells[best] = [number(value) for _, value in labels(facts.original(facts.optimum))]
    room = min(LONGEST_NAME, width - CELL_WIDTH - 2)
    names = [cut(name, room) for name in snapshot.experiment.parameter_names()]
    lines = undivided(names, cells, width, CELL_WIDTH, quiet=(tr("true"), best))
    if snapshot.grads:
        length = number(norm(grads), digits=DIFFERENCE_DIGITS)
        lines.append(Text(tr("|grad| {length} in this minibatch", length=length)))
        lines += [Text(line) for line in layers(snapshot)]
    elif snapshot.step:
        lines.append(Text(tr("the gradient was not stored"), style="dim"))
    else:
        lines.append(Text(tr("no grad before the first step"), style="dim"))
    return lines


def written(column: str, values: list[float]) -> list[str]:
    """The numbers of a column; true ones with as many decimals as the longest of them needs."""
    if column in DIFFERENCES:
        return [number(value, column == "error", DIFFERENCE_DIGITS) for value in values]
    if column == "true" and all(1e-2 <= abs(value) < 1e4 or value == 0 for value in values):
        decimals = [
            len(f"{value:.{MOST_DECIMALS}f}".rstrip("0").partition(".")[2]) for value in values
        ]
        return [f"{value:.{max(decimals, default=0)}f}" for value in values]
    return [number(value) for value in values]


def layers(snapshot: Snapshot) -> list[str]:
    """The length of the gradient of each parameter, where the model has several layers."""
    if len(snapshot.experiment.architecture().weights) < 2:
        return []
    return [
        f"|grad {name}| {number(norm({name: part}), digits=DIFFERENCE_DIGITS)}"
        for name, part in snapshot.grads.items()
    ]
