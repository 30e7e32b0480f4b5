"""The Runs panel: what was trained in this session, and what distinguishes each run."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from engine.runs.differences import BASELINE, difference_words
from engine.support.cell_width import cells, cut, left
from engine.support.translation import tr
from engine.training.snapshot import Snapshot
from tui.panels.words import Words
from tui.text.numbers import loss_text

MOST_LINES = 5
"""Runs in the panel; the screen of all runs has the others."""
BAD = ("diverged", "failed")


class RunsPanel(Words):
    """A line a run, the newest first; not there before one is over."""

    runs: Sequence[Snapshot] = ()
    now: Snapshot | None = None
    pinned: Snapshot | None = None

    def show(self, runs: Sequence[Snapshot], now: Snapshot, pinned: Snapshot | None) -> None:
        """Show the runs that are over; that on the charts and the pinned one are marked."""
        self.runs, self.now, self.pinned = runs, now, pinned
        self.set_class(bool(runs), "-any")
        self.lay_out()

    def on_resize(self) -> None:
        """Lines are cut for the width."""
        self.lay_out()

    def lay_out(self) -> None:
        """Put the lines there, as long as there is room for."""
        if self.now and self.size.width:
            self.put(Content("\n").join(lines(self.runs, self.now, self.pinned, self.size.width)))


def lines(
    runs: Sequence[Snapshot], now: Snapshot, pinned: Snapshot | None, width: int
) -> list[Content]:
    """Mark, number, what differs from the run before, and the loss or how it ended."""
    settings = [BASELINE, *(run.experiment.flat() for run in runs)]
    rows = []
    for number, run in list(enumerate(runs))[: -MOST_LINES - 1 : -1]:
        mark = "●" if run.number == now.number else "◆" if run is pinned else " "
        ending = tr(run.state) if run.state in BAD or run.loss is None else loss_text(run.loss)
        start = f"{mark} {run.number:>2} "
        room = max(width - cells(start) - cells(ending) - 1, 0)
        told = difference_words(settings[number + 1], settings[number])
        if fork := run.fork:
            what = difference_words(settings[number + 1], fork.origin.flat())
            told = f"{max(fork.number, 0) or ''}@{fork.step} {what}"
        words = cut(told or ("" if number else tr("the baseline")), room)
        rows.append(
            Content.assemble(
                (start, "bold" if mark == "●" else ""),
                left(words, room) + " ",
                (ending, "$text-error" if run.state in BAD else ""),
            )
        )
    return rows
