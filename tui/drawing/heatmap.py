"""A heat map one can walk about in: plotext's has neither a cursor nor an ASCII form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui.ascii import SHADES, clean
from tui.drawing.page import Picture
from tui.ramp import RAMP, step_of
from tui.text.numbers import loss_text
from tui.themes import Palette

HEAD = 2
"""Lines above the map: title and legend."""
COLORED_SHARE = 0.95
"""Share of the values that the colour scale reaches; those above have its last colour."""


@dataclass(frozen=True)
class Heat:
    """A grid of values: rows from the bottom up.

    None is not there yet, NaN is diverged, ∞ has no end.
    """

    values: tuple[tuple[float | None, ...], ...]
    x_labels: tuple[str, ...]
    y_labels: tuple[str, ...]
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    log: bool = True
    """Whether colours follow the logarithm of the values."""
    limit_column: int | None = None
    """The first column beyond the predicted limit, marked below."""
    limit_label: str = ""
    limit_beyond: str = ""
    """What is said of a limit that is beyond the map."""
    absent: str = "diverged"
    """What NaN means."""
    endless: str = ""
    """What ∞ means."""


class HeatMap(Picture, can_focus=True):
    """Shows a heat and a cursor; arrows or a click move it, enter or a double click chooses."""

    BINDINGS = [
        Binding("left", "move(0, -1)", show=False),
        Binding("right", "move(0, 1)", show=False),
        Binding("up", "move(1, 0)", show=False),
        Binding("down", "move(-1, 0)", show=False),
        Binding("enter", "choose", show=False),
    ]
    cursor: reactive[tuple[int, int]] = reactive((0, 0))

    class Moved(Message):
        """The cursor stands elsewhere."""

    class Chosen(Message):
        """Enter was pressed on a cell."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heat = Heat((), (), ())

    def show(self, heat: Heat) -> None:
        """Show a heat; the cursor stays where it is as far as the grid reaches."""
        self.heat = heat
        rows, columns = len(heat.y_labels), len(heat.x_labels)
        row, column = self.cursor
        self.cursor = (min(row, max(rows - 1, 0)), min(column, max(columns - 1, 0)))
        self.refresh()

    def action_move(self, up: int, right: int) -> None:
        """Move the cursor by cells."""
        row, column = self.cursor
        self.cursor = (
            min(max(row + up, 0), max(len(self.heat.y_labels) - 1, 0)),
            min(max(column + right, 0), max(len(self.heat.x_labels) - 1, 0)),
        )
        self.post_message(self.Moved())

    def action_choose(self) -> None:
        """Announce that the cell under the cursor is wanted."""
        self.post_message(self.Chosen())

    def on_click(self, event: Click) -> None:
        """Move the cursor to a cell; a double click chooses it as well."""
        x, y = event.get_content_offset_capture(self)
        cell = cell_at(self.heat, self.cursor, x, y, *self.size)
        if cell is None:
            return
        event.prevent_default()
        self.cursor = cell
        self.post_message(self.Moved())
        if event.chain == 2:
            self.action_choose()

    def render_line(self, y: int) -> Strip:
        """One line: title, cells with a label on the left, labels below."""
        width, height = self.size
        base = self.visual_style.rich_style
        segments = line(self.heat, self.cursor, y, width, height, self.palette, self.ascii)
        strip = Strip(segments).adjust_cell_length(width, base).apply_style(base)
        return self.selectable(strip, y)


def line(
    heat: Heat,
    cursor: tuple[int, int],
    y: int,
    width: int,
    height: int,
    palette: Palette,
    ascii: bool,
) -> list[Segment]:
    """The segments of one line of the picture."""
    quiet, text = palette.style("axis"), palette.style("text")
    gutter, across, down = layout(heat, cursor, width, height)
    if y == 0:
        return [Segment(heat.title, text)]
    if y == 1:
        return legend(heat, width, quiet, ascii)
    index = y - HEAD
    if not across or not down or index >= len(down) + 2:
        return []
    if index == len(down):
        return [Segment(" " * gutter + x_axis(heat, across), quiet)]
    if index == len(down) + 1:
        return [Segment(" " * gutter + marks(heat, across, ascii), text)]
    row = down[index]
    first = index == len(down) - 1 or down[index + 1] != row
    label = heat.y_labels[row] if first else ""
    segments = [Segment(f"{label:>{gutter - 1}} ", quiet)]
    low, high = extent(heat)
    for column in across:
        value = heat.values[row][column]
        here = (row, column) == cursor
        segments.append(cell(value, low, high, heat.log, here, ascii))
    return segments


def layout(
    heat: Heat, cursor: tuple[int, int], width: int, height: int
) -> tuple[int, list[int], list[int]]:
    """The cells left of the map, and which column and row of the grid each place shows.

    Columns from the left on, rows from the top down.
    """
    gutter = max((len(label) for label in heat.y_labels), default=0) + 1
    across = places(len(heat.x_labels), width - gutter, cursor[1])
    return gutter, across, places(len(heat.y_labels), height - HEAD - 2, cursor[0])[::-1]


def cell_at(
    heat: Heat, cursor: tuple[int, int], x: int, y: int, width: int, height: int
) -> tuple[int, int] | None:
    """Row and column of the grid at a place of the picture, or None where there is none."""
    gutter, across, down = layout(heat, cursor, width, height)
    column, row = x - gutter, y - HEAD
    if 0 <= column < len(across) and 0 <= row < len(down):
        return down[row], across[column]
    return None


def places(count: int, room: int, always: int = 0) -> list[int]:
    """Which of `count` cells each of `room` places shows; few cells do not fill all the room.

    Where there is not room for all, the kept one stands in the place of one beside it.
    """
    room = min(room, 8 * count)
    shown = [i * count // room for i in range(room)]
    if 0 < room < count and always < count and always not in shown:
        shown[always * room // count] = always
    return shown


def extent(heat: Heat) -> tuple[float, float]:
    """The ends of the colour scale, in its units: all values but the few greatest.

    Runs that have all but diverged would leave one colour to all the others.
    """
    on_scale = sorted(level for level in levels(heat) if level is not None)
    if not on_scale:
        return 0.0, 1.0
    top = on_scale[math.ceil(COLORED_SHARE * (len(on_scale) - 1))]
    return on_scale[0], top if top > on_scale[0] else on_scale[-1]


def levels(heat: Heat) -> Iterator[float | None]:
    """Each value on the colour scale."""
    return (scaled(value, heat.log) for row in heat.values for value in row)


def scaled(value: float | None, log: bool) -> float | None:
    """A value on the colour scale, or None where it has no place there."""
    if value is None or not math.isfinite(value) or (log and value <= 0):
        return None
    return math.log10(value) if log else value


def cell(
    value: float | None, low: float, high: float, log: bool, here: bool, ascii: bool
) -> Segment:
    """One place of a cell."""
    if value is None:
        mark = "#+" if here else " ·"
        return Segment(mark[0 if ascii else 1], Style(dim=not here))
    level = scaled(value, log)
    if value == math.inf:
        return Segment("-" if ascii else "–", Style(bold=here, reverse=here))
    if level is None and not math.isfinite(value):
        mark = "X" if ascii or here else "×"
        return Segment(mark, Style(color="#e8743b", bold=here, reverse=here))
    # A loss of exactly zero has no logarithm, but is the best there is.
    step = step_of(level, low, high) if level is not None else 0
    if ascii:
        return Segment("#" if here else SHADES[step], Style(bold=here, reverse=here))
    if here:
        return Segment("◆", Style(color="#e8743b", bgcolor=RAMP[step], bold=True))
    return Segment(" ", Style(bgcolor=RAMP[step]))


def legend(heat: Heat, width: int, quiet: Style, ascii: bool) -> list[Segment]:
    """The colour scale with its ends, and the mark of diverged runs; shorter where it is narrow."""
    low, high = extent(heat)
    ends = [loss_text(10**end if heat.log else end) for end in (low, high)]
    if any(level is not None and level > high for level in levels(heat)):
        ends[1] += "+"
    values = [value for row in heat.values for value in row if value is not None]
    endless = f"   – {heat.endless}" if math.inf in values else ""
    words = cell_len(f"{ends[0]}  {ends[1]}   × {heat.absent}{endless}")
    cells = 2 if words + 2 * len(RAMP) <= width else 1
    steps = [
        Segment(SHADES[i] * cells) if ascii else Segment(" " * cells, Style(bgcolor=color))
        for i, color in enumerate(RAMP)
    ]
    if not values:
        return []
    scale = [Segment(f"{ends[0]} ", quiet), *steps, Segment(f" {ends[1]}   ", quiet)]
    mark = Segment("X" if ascii else "×", Style(color="#e8743b"))
    shown = any(scaled(value, heat.log) is not None for value in values)
    return [
        *(scale if shown else []),
        mark,
        Segment(f" {heat.absent}{clean(endless, ascii)}", quiet),
    ]


def x_axis(heat: Heat, across: Sequence[int]) -> str:
    """Labels of the columns, as many as fit, and the name of x."""
    text, free = "", 0
    for at, column in enumerate(across):
        label = heat.x_labels[column]
        new = at == 0 or across[at - 1] != column
        if new and at >= free and at + len(label) <= len(across):
            text = text.ljust(at) + label
            free = at + len(label) + 2
    return text


def marks(heat: Heat, across: Sequence[int], ascii: bool = False) -> str:
    """The name of x, and below its column where the predicted limit lies; what fits of them."""
    right, up, point = (">", "^", "^") if ascii else ("→", "↑", "▲")
    name = f"{heat.x_label} {right}   {heat.y_label} {up}" if heat.y_label else heat.x_label
    limit = heat.limit_column
    below = next((i for i, at in enumerate(across) if limit is not None and at >= limit), None)
    if below is None:
        beyond = clean(heat.limit_beyond, ascii)
        whole = f"{name}   {beyond}".rstrip()
        return whole if len(whole) <= len(across) else beyond or name
    label = clean(heat.limit_label, ascii)
    mark, start = f"{point} {label}", below
    if below + len(mark) > len(across):
        mark, start = f"{label} {point}", below - len(label) - 1
    if start < 0:
        mark, start = point, below
    return (name.ljust(start) if len(name) + 2 < start else " " * start) + mark
