"""Charts as terminal lines: axes, labels, levels and legend are composed around the curves."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from textual.content import Content
from textual.strip import Strip

from engine.support.translation import tr
from tui.ascii import SHADES, clean
from tui.drawing.chart import Chart, Level
from tui.drawing.page import Page
from tui.drawing.paint import paint, sprinkle
from tui.drawing.relief import Relief
from tui.drawing.ticks import linear_ticks, log_ticks, short
from tui.drawing.trace import (
    Dot,
    Point,
    Trace,
    Window,
    clipped,
    is_drawable,
    is_inside,
    once,
    straightened,
)
from tui.drawing.window import _trace, _window
from tui.text.wrap import wrapped
from tui.themes import DARK, Palette

_ASCII_MARKERS = "*.ox+#"


def draw(
    chart: Chart, width: int, height: int, palette: Palette = DARK, *, ascii: bool = False
) -> list[Strip]:
    """Draw a chart as height strips of width cells; no chart and no size raises.

    What does not fit is left out: the names of the levels, then title and axes.
    """
    picture = _Picture(chart, Page(width, height, ascii), palette)
    try:
        picture.compose()
    except ValueError as error:  # plotext's way to refuse
        empty = tr("not drawn: {error}", error=error)
        picture = _Picture(Chart(empty=empty), Page(width, height, ascii), palette)
        picture.compose()
    return picture.page.strips()


@dataclass(frozen=True)
class _Area:
    """The canvas: its place on the page, in cells, its dots per cell, and what it shows."""

    column: int
    row: int
    width: int
    height: int
    dots: tuple[int, int]
    window: Window

    def dot(self, place: Point) -> Dot:
        """Return the dot at a place of the unit square, counted from the upper left."""
        across, down = self.width * self.dots[0] - 1, self.height * self.dots[1] - 1
        return round(place[0] * across), round((1 - place[1]) * down)

    def cell(self, dot: Dot) -> tuple[int, int]:
        """Return the page column and row of a dot."""
        return self.column + dot[0] // self.dots[0], self.row + dot[1] // self.dots[1]

    def row_of(self, y: float) -> int | None:
        """Return the page row of a y in axis units, or None where it is not on show."""
        low, high = self.window.low, self.window.high
        return self.cell(self.dot((0, (y - low) / (high - low))))[1] if low <= y <= high else None

    def column_of(self, x: float) -> int | None:
        """Return the page column of an x, or None where it is not on show."""
        left, right = self.window.left, self.window.right
        across = (x - left) / (right - left)
        return self.cell(self.dot((across, 0)))[0] if left <= x <= right else None


@dataclass
class _Picture:
    """A chart on its way onto a page."""

    chart: Chart
    page: Page
    palette: Palette
    top: int = field(init=False, default=0)
    """The first row below the head."""

    def compose(self) -> None:
        """Write the chart, or why there is none; raises ValueError where plotext does."""
        if not self.page.width:
            return
        if self.page.height >= 6:
            self.top = 1
            self._head()
        traces = [_trace(curve, log=self.chart.log_y) for curve in self.chart.curves]
        window = _window(self.chart, traces)
        if window is None:
            self._message(_reason(self.chart))
        elif self.page.height:
            self._plot(traces, window)

    def _head(self) -> None:
        """Write the title at the left and the legend, uppermost curve first, at the right."""
        ascii, width, curves = self.page.ascii, self.page.width, self.chart.curves
        text = self.palette.style("text")
        title = clean(self.chart.title, ascii)
        named = [index for index, curve in enumerate(curves) if curve.label][::-1]
        sizes = [len(self._swatch(i)) + 3 + cell_len(clean(curves[i].label, ascii)) for i in named]
        while sizes and sum(sizes) + min(cell_len(title), 12) > width:
            sizes.pop()
        column = width - sum(sizes) + 2
        room = column - 2 if sizes else width
        while cell_len(title) > room and ", " in title:  # what comes last is missed least
            title = title.rpartition(", ")[0]
        if cell_len(title) > room:
            more = clean("…", ascii)
            title = set_cell_size(title, max(room - len(more), 0)).rstrip() + more
        self.page.write(0, 0, title, text)
        for index, size in zip(named, sizes, strict=False):
            swatch = self._swatch(index)
            self.page.write(column, 0, swatch, self.palette.style(curves[index].color))
            self.page.write(column + len(swatch) + 1, 0, curves[index].label, text)
            column += size

    def _swatch(self, index: int) -> str:
        curve = self.chart.curves[index]
        if self.page.ascii:
            return self._ascii_marker(index)
        if curve.kind != "line":
            mark = clean(curve.mark, False)
            return mark if cell_len(mark) == 1 else "•"
        return "┄┄" if curve.dashed else "──"

    def _ascii_marker(self, index: int) -> str:
        asked = self.chart.curves[index].marker
        if len(asked) == 1 and "!" <= asked <= "~":
            return asked
        # Counted from the uppermost curve: the newest run keeps its star when others join it.
        return _ASCII_MARKERS[(len(self.chart.curves) - 1 - index) % len(_ASCII_MARKERS)]

    def _message(self, message: str) -> None:
        """Write a message in the middle of what lies below the head."""
        page = self.page
        lines = wrapped(Content(clean(message, page.ascii)), min(page.width, 60))
        first = self.top + max(page.height - self.top - len(lines), 0) // 2
        for row, line in enumerate(lines, first):
            column = max(page.width - line.cell_length, 0) // 2
            page.write(column, row, line.plain, self.palette.style("text"))

    def _plot(self, traces: list[Trace], window: Window) -> None:
        """Write axes, levels, cursor and curves, from the back to the front."""
        page = self.page
        framed = page.width >= 24 and page.height - self.top >= 5
        height = page.height - self.top - 2 * framed
        dots = (1, 1) if page.ascii else (2, 4)
        # Of the area, what stands in a row does not depend on where the columns begin.
        area = _Area(0, self.top, 1, height, dots, window)
        levels = self._levels(area)
        gutter = margin = 0
        labels = {}
        if framed:
            labels = self._y_labels(area, levels)
            gutter = max(map(len, labels.values()), default=0) + 2
            longest = max((cell_len(level.label) for level in levels.values()), default=0)
            margin = longest + 1 if 0 < longest < page.width // 4 else 0
        area = _Area(gutter, self.top, page.width - gutter - margin, height, dots, window)
        if framed:
            self._axes(area, labels)
        if self.chart.heat:
            self._ground(area, self.chart.heat)
        self._lines(area, levels, named=margin > 0)
        for index, (curve, trace) in enumerate(zip(self.chart.curves, traces, strict=True)):
            if curve.kind == "marks":
                self._marks(area, index, trace)
            else:
                self._curve(area, index, trace)

    def _levels(self, area: _Area) -> dict[int, Level]:
        """Return the levels on show by row; of two in one row the first."""
        levels: dict[int, Level] = {}
        for level in self.chart.levels:
            row = None
            if is_drawable(level.y, log=self.chart.log_y):
                row = area.row_of(area.window.height(level.y))
            if row is not None:
                levels.setdefault(row, Level(level.y, clean(level.label, self.page.ascii)))
        return levels

    def _y_labels(self, area: _Area, levels: dict[int, Level]) -> dict[int, str]:
        """Return the labels of the y axis by row; a level has its value there, and some room."""
        place = log_ticks if self.chart.log_y else linear_ticks
        ticks = place(area.window.low, area.window.high, max(area.height // 2, 2))
        labels = {row: short(level.y, log=self.chart.log_y) for row, level in levels.items()}
        taken = {near for row in levels for near in (row - 1, row, row + 1)}
        for at, label in ticks:
            row = area.row_of(at)
            if row is not None and row not in taken:
                labels[row] = label
        return labels

    def _axes(self, area: _Area, labels: dict[int, str]) -> None:
        """Write both axes, their tick labels and, where there is room, the name of x."""
        page, quiet = self.page, self.palette.style("axis")
        for row in range(area.row, area.row + area.height):
            label = labels.get(row, "")
            page.write(area.column - 2 - len(label), row, label, quiet)
            page.write(area.column - 1, row, "┤" if label else "│", quiet)
        left, right = area.window.left, area.window.right
        whole = float(left).is_integer() and float(right).is_integer()
        bottom = area.row + area.height
        page.write(area.column - 1, bottom, "└" + "─" * area.width, quiet)
        # The columns free for the name of x: after the last label, or before it.
        free = before = start = 0
        for at, label in linear_ticks(left, right, max(area.width // 10, 2), whole=whole):
            column = area.column_of(at) or 0
            place = min(max(column - len(label) // 2, 0), page.width - len(label))
            if place >= free:
                before, start, free = free, place, place + len(label) + 1
                page.write(column, bottom, "┬", quiet)
                page.write(place, bottom + 1, label, quiet)
        name = clean(self.chart.x_label, page.ascii)
        if free + 1 + cell_len(name) <= page.width:
            page.write(free + 1, bottom + 1, name, quiet)
        elif before + 1 + cell_len(name) + 2 <= start:
            page.write(start - 2 - cell_len(name), bottom + 1, name, quiet)

    def _lines(self, area: _Area, levels: dict[int, Level], named: bool) -> None:
        """Write the levels and the cursor."""
        page, quiet = self.page, self.palette.style("axis")
        for row, level in levels.items():
            dashes = ("- " if page.ascii else "╌╌") * area.width
            page.write(area.column, row, dashes[: area.width], quiet)
            if named:
                text = self.palette.style("text")
                page.write(area.column + area.width + 1, row, level.label, text)
        column = None if self.chart.cursor is None else area.column_of(self.chart.cursor)
        if column is not None:
            for row in range(area.row, area.row + area.height):
                page.write(column, row, "│", quiet)

    def _ground(self, area: _Area, heat: Relief) -> None:
        """Write the background: two colours a cell, or characters where there are none."""
        ramp = () if self.page.ascii else self.palette.ramp
        lower = [Style(bgcolor=color) for color in ramp]
        upper, quiet = [Style(color=color) for color in ramp], self.palette.style("axis")
        window = area.window
        down = _middles(window.high, window.low, 2 * area.height)
        # Automatic ranges may reach a little beyond what has a value.
        lines = heat.rows_at([10.0 ** min(y, 300.0) if window.log else y for y in down])
        across = heat.columns_at(_middles(window.left, window.right, area.width))
        pairs = zip(lines[::2], lines[1::2], strict=True)
        for row, (above, below) in enumerate(pairs, area.row):
            for column, place in enumerate(across, area.column):
                if above is None or below is None or place is None:
                    continue
                top, bottom = heat.steps[above][place], heat.steps[below][place]
                if top is None or bottom is None:
                    continue
                if not ramp:
                    self.page.put(column, row, SHADES[bottom], quiet)
                    continue
                self.page.ground(column, row, lower[bottom])
                if top != bottom:
                    self.page.put(column, row, "▀", upper[top])

    def _marks(self, area: _Area, index: int, trace: Trace) -> None:
        cells = dict.fromkeys(map(area.cell, _cloud(area, trace)))
        if len(cells) <= area.width // 4:
            style = self.palette.style(self.chart.curves[index].color)
            for column, row in cells:
                self.page.put(column, row, self._swatch(index)[0], style)

    def _curve(self, area: _Area, index: int, trace: Trace) -> None:
        curve = self.chart.curves[index]
        marker = self._ascii_marker(index) if self.page.ascii else "braille"
        if curve.kind == "line":
            rows = paint(_line(area, trace), marker, area.width, area.height)
        else:
            rows = sprinkle(_cloud(area, trace), marker, area.width, area.height)
        style = self.palette.style(curve.color)
        dashed = curve.dashed and not self.page.ascii  # there the marker tells it apart
        for row, line in enumerate(rows):
            for column, character in enumerate(line):
                # Holes have their place on the page, and do not crawl as the curve grows.
                hole = dashed and (column + row + row // 3) % 3 == 2
                if character != " " and not hole:
                    self.page.put(area.column + column, area.row + row, character, style)


def _middles(start: float, end: float, count: int) -> list[float]:
    """The middles of so many equal parts of a way."""
    return [start + (end - start) * ((part + 0.5) / count) for part in range(count)]


def _reason(chart: Chart) -> str:
    """Return why there is nothing to draw."""
    if chart.log_y and any(_trace(curve, log=False).xs for curve in chart.curves):
        return tr("No value is above zero: a log axis has nothing to show.")
    return chart.empty


def _cloud(area: _Area, trace: Trace) -> tuple[Dot, ...]:
    """Return the dots of a scatter, each once; thinned out per dot where x never goes back."""
    window = area.window
    stretches = trace.stretches(window.left, window.right, area.width * area.dots[0])
    places = window.units(chain.from_iterable(stretches))
    return tuple(dict.fromkeys(map(area.dot, filter(is_inside, places))))


def _line(area: _Area, trace: Trace) -> tuple[tuple[Dot, ...], ...]:
    """Return the dots a line goes through, thinned out and cut off at the edges."""
    window = area.window
    return tuple(
        piece
        for stretch in trace.stretches(window.left, window.right, area.width)
        for places in clipped(window.units(stretch))
        for piece in once(straightened([area.dot(place) for place in places]))
    )
