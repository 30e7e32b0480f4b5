"""The widget that shows a chart."""

from __future__ import annotations

from textual.events import MouseEvent
from textual.geometry import Region
from textual.strip import Strip

from tui.drawing.area import Area
from tui.drawing.chart import Chart
from tui.drawing.frame import frame_of
from tui.drawing.page import Picture
from tui.drawing.picture import draw
from tui.drawing.trace import Point


class ChartView(Picture):
    """Shows one chart; drawn when it is looked at and something about it has changed."""

    DEFAULT_CSS = "ChartView { width: 1fr; height: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._chart = Chart()
        self._drawn: tuple[object, ...] = ()
        self._strips: list[Strip] = []

    def show(self, chart: Chart) -> None:
        """Show this chart from the next frame on; only lines that look different are painted."""
        if chart == self._chart:
            return
        self._chart = chart
        before = self._strips
        if not (before and self.display and self.is_on_screen and self.screen.is_current):
            self.refresh()
            return
        after = self._lines()
        for y in range(max(len(before), len(after))):
            if before[y : y + 1] != after[y : y + 1]:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Return line y of the picture."""
        lines = self._lines()
        if y < len(lines):
            return self.selectable(lines[y], y)
        return Strip.blank(self.size.width, self.visual_style.rich_style)

    @property
    def area(self) -> Area | None:
        """The canvas as it is drawn now; None where there is nothing on it."""
        frame = frame_of(self._chart, *self.size, ascii=self.ascii)
        return frame.area if frame else None

    def point_at(self, event: MouseEvent) -> Point | None:
        """The place of the data under the pointer; None beside the canvas."""
        column, row = event.get_content_offset_capture(self)
        area = self.area
        if area is None or not area.holds(column, row):
            return None
        return area.x_at(column), area.y_at(row)

    def point_beside(self, event: MouseEvent) -> Point | None:
        """The place under the pointer, at an end of an axis where it is beyond that."""
        column, row = event.get_content_offset_capture(self)
        return (self.area.x_at(column), self.area.y_at(row)) if self.area else None

    def _lines(self) -> list[Strip]:
        """Return the lines of the picture, drawn anew where something about it has changed."""
        width, height = self.size
        base = self.visual_style.rich_style
        wanted = (self._chart, width, height, self.palette, self.ascii, base)
        if wanted != self._drawn:
            strips = draw(self._chart, width, height, self.palette, ascii=self.ascii)
            self._strips = [strip.apply_style(base) for strip in strips]
            self._drawn = wanted
        return self._strips
