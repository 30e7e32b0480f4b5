"""Text that is selected with the mouse, in widgets that draw line by line."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget


class Selectable(Widget):
    """A widget of which the characters that are drawn can be selected."""

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected characters, and what parts them from those of the next widget."""
        lines = (self.render_line(y).text.rstrip() for y in range(self.size.height))
        return selection.extract("\n".join(lines)), "\n"

    def selectable(self, strip: Strip, y: int, top: int = 0) -> Strip:
        """A line with the selected part of it marked, and with its place where the pointer is.

        `top` lines are scrolled away above the widget. Textual asks for places at the pointer only;
        on all lines they would cost as much as drawing them.
        """
        if self.text_selection and (span := self.text_selection.get_span(top + y)):
            ends = (cell_len(strip.text[:end]) if end >= 0 else strip.cell_length for end in span)
            start, end = ends
            style = self.screen.get_component_rich_style("screen--selection")
            within = Strip(Segment.apply_style(strip.crop(start, end), post_style=style))
            strip = Strip.join((strip.crop(0, start), within, strip.crop(end)))
        if self.app.mouse_position.y == self.content_region.y + y:
            strip = strip.apply_offsets(0, top + y)
        return strip
