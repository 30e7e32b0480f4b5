"""One run that is watched, as head, chart and values, for any terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content
from textual.strip import Strip

from engine.runs.info import RunState
from engine.runs.watch import Watch
from engine.runs.words import title
from engine.support.outside import printable
from engine.support.translation import tr
from tui.ascii import SeenFilter
from tui.charts.watch import watch_chart
from tui.drawing.picture import draw
from tui.text.numbers import loss_text, number
from tui.themes import DARK, MONO, THEMES, Palette

COLORS: dict[RunState, str] = {
    "running": "$text-success",
    "finished": "$text-success",
    "stopped": "$text-warning",
    "diverged": "$text-error",
    "failed": "$text-error",
    "crashed": "$text-error",
}
BASE = Style(color=THEMES[0].foreground, bgcolor=THEMES[0].background)
"""What a frame is painted on, that of `DARK`."""


def head(watch: Watch) -> Content:
    """Name, state and how far it is."""
    info = watch.info
    name = f" linreg-tui · {tr('watching {run}', run=title(info))} · "
    return Content.assemble(name, ("● ", COLORS[info.state]), watch.words())


def values(watch: Watch) -> str:
    """Loss and parameters as they were written down last, in a line."""
    loss = [] if watch.loss is None else [tr("loss {loss}", loss=loss_text(watch.loss))]
    params = (f"{printable(name)} {number(value)}" for name, value in watch.params.items())
    return " " + "  ".join([*loss, *params])


def frame(watch: Watch, width: int, height: int, ascii: bool = False) -> list[str]:
    """One frame as lines of text: head, chart, values."""
    lines = strips(watch, width, max(height - 1, 3), MONO, ascii)
    return [line.text.rstrip() for line in lines]


def strips(
    watch: Watch, width: int, height: int, palette: Palette = DARK, ascii: bool = False
) -> list[Strip]:
    """The same as so many strips of cells, the first and the last as long as they are."""
    chart = draw(watch_chart(watch), width, height - 2, palette, ascii=ascii)
    return [Strip([Segment(head(watch).plain)]), *chart, Strip([Segment(values(watch))])]


def painted(lines: Sequence[Strip], width: int) -> str:
    """Lines as what a terminal of this width, and so many lines, is told to show."""
    return "\x1b[?25l\x1b[H" + "\r\n".join(paint(line.adjust_cell_length(width)) for line in lines)


def paint(line: Strip) -> str:
    """A line with its colours; nothing in it is obeyed by the terminal."""
    seen = line.apply_filter(SeenFilter(), Color.parse(THEMES[0].background or "black"))
    return "".join(
        (BASE + style if style else BASE).render(text, color_system=ColorSystem.TRUECOLOR)
        for text, style, _ in seen
    )
