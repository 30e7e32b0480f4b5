"""A grid of values as coloured cells: plotext's has neither a cursor nor an ASCII form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from engine.support.translation import Translatable, tr
from tui.ascii import SHADES, clean
from tui.ramp import RAMP, step_of
from tui.text.numbers import count, loss_text
from tui.themes import Palette

HEAD = 2
"""Lines above the map: title and legend."""
COLORED_SHARE = 0.95
"""Share of the values that the colour scale reaches; those above have its last colour."""
HERE = "#e8743b"
"""The colour of the cursor, and of what has diverged."""


@dataclass(frozen=True)
class Heat:
    """A grid of values: rows from the bottom up.

    None is not there yet, ∞ is not to be had yet, NaN is diverged.
    """

    values: tuple[tuple[float | None, ...], ...]
    x_labels: tuple[str, ...]
    y_labels: tuple[str, ...]
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    log: bool = True
    """Whether colours follow the logarithm of the values."""
    best: tuple[int, int] | None = None
    """Row and column of what is marked as the best."""
    beyond: tuple[tuple[bool, ...], ...] = ()
    """Which cells lie beyond the predicted limit, along which a line is drawn; empty: unknown."""
    note: str = ""
    """What is said of the limit below the map."""

    def is_beyond(self, row: int, column: int) -> bool:
        """Whether a cell lies beyond the limit."""
        return bool(self.beyond) and self.beyond[row][column]


MARKS, PLAIN_MARKS = "★×·▎", "@X~|"
"""What can stand on the map, what is looked for first; in ASCII."""
MEANINGS: tuple[Translatable, ...] = ("best", "diverged", "not yet", "limit of lr")
"""What the marks mean."""


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
        return legend(heat, width, palette, ascii)
    index = y - HEAD
    if not across or not down or index >= len(down) + 2:
        return []
    if index == len(down):
        return [Segment(" " * gutter + x_axis(heat, across), quiet)]
    if index == len(down) + 1:
        return [Segment(" " * gutter + names(heat, len(across), ascii), text)]
    row, below = down[index], down[min(index + 1, len(down) - 1)]
    first = index == len(down) - 1 or below != row
    label = heat.y_labels[row] if first else ""
    segments = [Segment(f"{label:>{gutter - 1}} ", quiet)]
    scale = (*extent(heat), heat.log)
    for place, column in enumerate(across):
        segment = cell(heat.values[row][column], *scale, ascii)
        beyond = heat.is_beyond(row, column)
        if (row, column) in (cursor, heat.best):
            segment = marked(segment, (row, column) == cursor, (row, column) == heat.best, ascii)
        elif beyond != heat.is_beyond(row, across[max(place - 1, 0)]):
            segment = edge(segment, "|" if ascii else "▎", palette)
        elif beyond != heat.is_beyond(below, column):
            segment = edge(segment, "_" if ascii else "▁", palette)
        segments.append(segment)
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


def cell(value: float | None, low: float, high: float, log: bool, ascii: bool) -> Segment:
    """One place of a cell, without what stands on it."""
    if value is None or value == math.inf:
        return Segment("~" if ascii else "·", Style(dim=True))
    if not math.isfinite(value):
        return Segment("X" if ascii else "×", Style(color=HERE))
    # A loss of exactly zero has no logarithm, but is the best there is.
    level = scaled(value, log)
    step = step_of(level, low, high) if level is not None else 0
    return Segment(SHADES[step]) if ascii else Segment(" ", Style(bgcolor=RAMP[step]))


def edge(place: Segment, mark: str, palette: Palette) -> Segment:
    """A place of a cell at which the limit lies."""
    return Segment(mark, (place.style or Style()) + palette.style("reference"))


def marked(place: Segment, here: bool, is_best: bool, ascii: bool) -> Segment:
    """A place of the cell where the cursor is, or of the best, or of both."""
    text, style = place.text, place.style or Style()
    if is_best:
        text = "@" if ascii else "★"
    elif text == "×":
        text = "X"
    elif ascii and text not in "X~":
        text = "#"
    elif style.bgcolor:
        text = "◆"
    if not here:
        return Segment(text, style + Style(color="#ffffff", bold=True))
    return Segment(text, style + Style(color=HERE, bold=True, reverse=not style.bgcolor))


def legend(heat: Heat, width: int, palette: Palette, ascii: bool) -> list[Segment]:
    """The colour scale with its ends, and what each mark on the map means, as far as they fit."""
    low, high = extent(heat)
    ends = [loss_text(10**end) if heat.log else count(end) for end in (low, high)]
    if any(level is not None and level > high for level in levels(heat)):
        ends[1] += "+"
    values = [value for row in heat.values for value in row]
    there = (
        heat.best is not None,
        any(value is not None and math.isnan(value) for value in values),
        math.inf in values or None in values,
        any(map(any, heat.beyond)),
    )
    possible = zip(PLAIN_MARKS if ascii else MARKS, MEANINGS, there, strict=True)
    marks = [(mark, f" {tr(meaning)}") for mark, meaning, is_there in possible if is_there]
    quiet = palette.style("axis")
    shown = any(value is not None and scaled(value, heat.log) is not None for value in values)
    words = sum(cell_len(mark + meaning) + 2 for mark, meaning in marks)
    scale = cell_len(f"{ends[0]}  {ends[1]}")
    places = list(range(len(RAMP)))
    lengths = (sorted(places * 2), places, places[1::2])  # half of the colours say as much
    ramp = next((ramp for ramp in lengths if scale + words + len(ramp) <= width), lengths[-1])
    steps = [Segment(SHADES[i]) if ascii else Segment(" ", Style(bgcolor=RAMP[i])) for i in ramp]
    line = [Segment(f"{ends[0]} ", quiet), *steps, Segment(f" {ends[1]}", quiet)] if shown else []
    left = width - sum(segment.cell_length for segment in line)
    for mark, meaning in marks:
        gap = "  " if line else ""
        left -= cell_len(gap + mark + meaning)
        if left < 0:
            break
        style = palette.style("reference") if mark in "▎|" else Style()
        style = Style(color=HERE) if mark in "×X" else style
        line += [Segment(gap), Segment(mark, style), Segment(meaning, quiet)]
    return line


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


def names(heat: Heat, width: int, ascii: bool = False) -> str:
    """The names of x and y, and what is said of the limit; what fits of them."""
    right, up = (">", "^") if ascii else ("→", "↑")
    name = f"{heat.x_label} {right}   {heat.y_label} {up}" if heat.y_label else heat.x_label
    note = clean(heat.note, ascii)
    wholes = (f"{name}   {note}".rstrip(), note or name)
    return next((text for text in wholes if cell_len(text) <= width), name)
