"""The table of a race: who takes part, and how far each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive

from engine.catalog.optimizers import OPTIMIZERS
from engine.jobs.race import RaceProgress, Track
from engine.support.cell_width import right
from engine.support.translation import tr
from tui.charts.racers import place_of
from tui.drawing.page import Picture
from tui.text.numbers import loss_text, significant

NO_NUMBER = "–"
TAKES_PART = "✓ "
COLUMN_WIDTHS = (8, 9, 7)
"""Cells of lr, loss and steps."""


@dataclass(frozen=True)
class Line:
    """One optimizer."""

    name: str
    runs: bool
    """Whether it takes part in the next race."""
    track: Track | None
    """Its way in the race on show."""


def lines(runs: set[str], progress: RaceProgress | None) -> tuple[Line, ...]:
    """A line for each optimizer: those of the race by rank, then the others."""
    ranked = progress.ranking() if progress else []
    tracks = {track.racer.optimizer: track for track in ranked}
    names = dict.fromkeys((*tracks, *OPTIMIZERS.entries))
    return tuple(Line(name, name in runs, tracks.get(name)) for name in names)


def cells(track: Track | None) -> tuple[str, str, str]:
    """A racer's lr, its loss and the steps after which it stays at the floor."""
    if track is None:
        return "", "", ""
    lr = tr(track.status) if track.lr is None else significant(track.lr, 4)
    floor = NO_NUMBER if track.stay_step is None else str(track.stay_step)
    if track.status == "diverged":
        return lr, tr("diverged"), floor
    return lr, loss_text(track.loss) if track.losses else "", floor


def head() -> str:
    """The head of the table; the first one reaches into the column of the lr."""
    name, lr, loss, steps = tr("optimizer"), "lr", tr("loss"), tr("steps")
    return f"    {name}{right(lr, 15 - cell_len(name))}{right(loss, 9)}{right(steps, 7)}"


class RaceTable(Picture, can_focus=True):
    """Arrows or a click move the cursor, space takes a racer in or out, enter chooses it.

    So do a click on the mark at its left and a double click.
    """

    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("space", "pick", show=False),
        Binding("enter", "choose", show=False),
    ]
    cursor: reactive[str] = reactive("")
    """The name under it, wherever that stands."""

    class Moved(Message):
        """The cursor stands elsewhere."""

    class Picked(Message):
        """The racer under the cursor is wanted, or no longer."""

    class Chosen(Message):
        """Enter was pressed on a racer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lines: tuple[Line, ...] = ()

    def show(self, lines: tuple[Line, ...]) -> None:
        """Show these lines; the cursor stays with its racer."""
        if not self.cursor:
            self.cursor = lines[0].name
        self.lines = lines
        self.refresh()

    @property
    def line(self) -> Line:
        """The line under the cursor."""
        return next(line for line in self.lines if line.name == self.cursor)

    def action_move(self, by: int) -> None:
        """Move the cursor by lines."""
        index = self.lines.index(self.line) + by
        self.cursor = self.lines[min(max(index, 0), len(self.lines) - 1)].name
        self.post_message(self.Moved())

    def action_pick(self) -> None:
        """Take the racer in or out."""
        self.post_message(self.Picked())

    def action_choose(self) -> None:
        """Announce that the racer under the cursor is wanted."""
        self.post_message(self.Chosen())

    def on_click(self, event: Click) -> None:
        """Move the cursor to a racer, and take it in or out, or choose it."""
        x, y = event.get_content_offset_capture(self)
        if not 0 < y <= len(self.lines):
            return
        event.prevent_default()
        self.cursor = self.lines[y - 1].name
        self.post_message(self.Moved())
        if x < len(TAKES_PART):
            self.action_pick()
        elif event.chain == 2:
            self.action_choose()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each optimizer, and the head."""
        return len(OPTIMIZERS.entries) + 1

    def render(self) -> Text:
        """The head and the lines; of a racer number and name have the colour of its curves."""
        text = Text.assemble((head(), "dim"), no_wrap=True)
        for line in self.lines:
            number = place_of(line.name)
            color = self.palette.style(number) + Style(bold=True)
            row = Text(TAKES_PART if line.runs else " " * len(TAKES_PART), no_wrap=True)
            row.append(f"{number + 1} {line.name:<8}", color)
            row.append("".join(map(right, cells(line.track), COLUMN_WIDTHS)))
            if line.name == self.cursor:
                row.stylize("reverse")
            text.append("\n").append_text(row)
        return text
