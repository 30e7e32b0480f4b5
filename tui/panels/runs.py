"""The Runs panel: those of this session and of days before, and what distinguishes each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from engine.runs.differences import BASELINE, difference_words
from engine.runs.info import RunInfo, RunState
from engine.runs.words import title
from engine.support.cell_width import cells, cut, left, right
from engine.support.outside import printable
from engine.support.translation import tr
from engine.training.snapshot import Snapshot, State
from tui.drawing.page import Picture
from tui.text.numbers import loss_text
from tui.themes import Palette

FEW_LINES, MANY_LINES = 5, 12
"""Runs in the panel at once, and on a screen of TALL lines."""
TALL = 45
BAD = ("diverged", "failed", "crashed")

Asked = Literal["look", "mark", "take", "name", "filter", "remove"]
"""What can be done with a run in the panel."""


@dataclass(frozen=True)
class Row:
    """A run in the list."""

    id: str
    """Under which it is kept; where it is not, its number after a #."""
    label: str
    """Its number in this session, or when it began."""
    name: str
    """What a person has called it."""
    settings: Mapping[str, object]
    state: State | RunState
    loss: float | None
    run: Snapshot | None = None
    """The run itself, where it is one of this session."""
    info: RunInfo | None = None
    """What the store knows of it, where it was read."""

    @property
    def title(self) -> str:
        """What it is called in sentences and legends."""
        if self.info and (self.name or not self.run):
            return title(self.info)
        return tr("run {number}", number=self.label)

    @property
    def ending(self) -> str:
        """The loss, or how it ended."""
        if self.state in BAD or self.loss is None:
            return tr(self.state)
        return loss_text(self.loss)


@dataclass(frozen=True)
class Marks:
    """What the list says of runs besides what they are, by their ids."""

    shown: str = ""
    """The one on show."""
    pinned: str = ""
    compared: tuple[str, ...] = ()
    """Those on the charts, in the order of their colours."""


class RunsPanel(Picture, can_focus=True):
    """A line a run, the newest first; not there before there is one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("space", "ask('mark')", show=False),
        Binding("enter", "ask('take')", show=False),
        Binding("c", "ask('name')", show=False),
        Binding("slash", "ask('filter')", show=False),
        Binding("d,delete", "ask('remove')", show=False),
    ]
    OWN_KEYS = frozenset({"up", "down", "space", "enter", "c", "slash", "d", "delete"})
    """Keys that mean something else here than elsewhere."""

    class Wanted(Message):
        """Something is to be done with the run under the cursor; None is that at hand."""

        def __init__(self, act: Asked, row: Row | None) -> None:
            super().__init__()
            self.act, self.row = act, row

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows: Sequence[Row] = ()
        self.marks = Marks()
        self.cursor = ""
        """The id of the run under it."""
        self.first = 0
        """The row in the first line."""
        self.room = MANY_LINES
        """Lines that the other panels of its column leave."""

    def show(self, rows: Sequence[Row], marks: Marks, cursor: str) -> None:
        """Show these runs; that under the cursor is among the lines."""
        if (rows, marks, cursor) == (self.rows, self.marks, self.cursor):
            return
        is_taller = len(rows) != len(self.rows)
        self.rows, self.marks, self.cursor = rows, marks, cursor
        self.set_class(any(not row.run or row.run.over for row in rows), "-any")
        self.scroll_to_cursor()
        self.refresh(layout=is_taller)

    @property
    def index(self) -> int | None:
        """Where the cursor stands."""
        return next((i for i, row in enumerate(self.rows) if row.id == self.cursor), None)

    @property
    def most(self) -> int:
        """Lines that there is room for; one at least."""
        most = MANY_LINES if self.app.size.height >= TALL else FEW_LINES
        return max(1, min(most, self.room))

    def scroll_to_cursor(self) -> None:
        """Have the row under the cursor among the lines, and no line empty."""
        index, count = self.index or 0, min(len(self.rows), self.most)
        self.first = min(max(self.first, index - count + 1), index)
        self.first = min(self.first, len(self.rows) - count)
        place = tr("{listed} of {count}", listed=index + 1, count=len(self.rows))
        self.border_subtitle = place if len(self.rows) > count else ""

    # What is asked -----------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Show the next or previous run; above the first one is that at hand."""
        if self.rows:
            index = (-1 if self.index is None else self.index) + by
            self.look_at(self.rows[min(index, len(self.rows) - 1)] if index >= 0 else None)

    def look_at(self, row: Row | None) -> None:
        """Ask for a run to be shown."""
        self.post_message(self.Wanted("look", row))

    def action_ask(self, act: Asked) -> None:
        """Ask for something to be done with the run under the cursor."""
        index = self.index
        if index is not None or act == "filter":
            self.post_message(self.Wanted(act, None if index is None else self.rows[index]))

    def on_click(self, event: Click) -> None:
        """A click on a line shows its run."""
        offset = event.get_content_offset(self)
        if offset and self.first + offset.y < len(self.rows):
            self.look_at(self.rows[self.first + offset.y])

    # Showing -----------------------------------------------------------------------------------

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line a run, as far as there is room beside the panels that it shares a column with."""
        others = [panel for panel in self.siblings if panel.display]
        taken = sum(rows_needed(panel, container, viewport, width) for panel in others)
        self.room = container.height - taken - self.gutter.height
        return min(len(self.rows), self.most)

    def on_resize(self) -> None:
        """Another size has room for more lines, or for fewer."""
        self.scroll_to_cursor()

    def render(self) -> Content:
        """The lines around the cursor."""
        cursor = self.cursor if self.has_focus else ""
        part = slice(self.first, self.first + self.most)
        shown = lines(self.rows, self.marks, self.size.width, self.palette, cursor, part)
        return Content("\n").join(shown)


def rows_needed(panel: Widget, container: Size, viewport: Size, width: int) -> int:
    """Rows that a panel of a column takes with its border: what it holds, or the least it has."""
    if least := panel.styles.min_height:
        return int(least.value)
    return panel.get_content_height(container, viewport, width) + panel.gutter.height


def lines(
    rows: Sequence[Row],
    marks: Marks,
    width: int,
    palette: Palette,
    cursor: str = "",
    part: slice = slice(None),
) -> list[Content]:
    """Marks, number or time, name, what differs from the run before, and the loss or the end.

    `part` says which of the rows are written; columns are as wide as all of them need.
    """
    older = [*(row.settings for row in rows[1:]), BASELINE]
    widest = max((cells(row.label) for row in rows), default=0)
    written = []
    for row, before in zip(rows[part], older[part], strict=True):
        mark = "●" if row.id == marks.shown else "◆" if row.id == marks.pinned else " "
        digit, color = " ", ""
        if row.id in marks.compared:
            place = marks.compared.index(row.id)
            digit = str(place + 1)
            color = palette.series[place % len(palette.series)] if palette.series else ""
        label = f" {right(row.label, widest)} "
        room = max(width - cells(mark + digit + label + row.ending) - 1, 0)
        told = difference_words(row.settings, before)
        told = told or ("" if before is not BASELINE else tr("the baseline"))
        if row.run and (fork := row.run.fork):
            difference = difference_words(row.settings, fork.origin.flat())
            told = f"{max(fork.number, 0) or ''}@{fork.step} {difference}"
        words = cut(printable(" · ".join(filter(None, (row.name, told)))), room)
        line = Content.assemble(
            (mark, "bold"),
            (digit, f"bold {color}".strip()),
            (label, "bold" if mark == "●" else ""),
            left(words, room) + " ",
            (row.ending, "$text-error" if row.state in BAD else ""),
        )
        written.append(line.stylize("reverse") if row.id == cursor else line)
    return written
