"""The code of the experiment beside the charts: what a change changes in it, and where a run is."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from engine.experiment import Experiment
from engine.runs.code import Code, Dress, dress_of
from engine.support.translation import tr
from engine.training.statements import FIRST, Done, Made
from tui.text.numbers import significant

CURRENT, CHANGED = "▸ ", "+ "
"""What stands before the line that was executed last, and before lines that are new."""
MARKED = "bold on $panel"
LEAST = 20
"""Cells of a line that what it made leaves to it; else that has the next line."""
DIGITS = 4
BATCHES = ("minibatch", "y_hat")
"""Statements that make a value for each sample, of which the shape says more than the numbers."""
ABOVE = 2
"""Lines that are seen above the one that is scrolled to."""


class CodePanel(VerticalScroll, can_focus=True):
    """The script in the dress of the experiment's loop; the session writes it."""

    class Wanted(Message):
        """The script of another experiment is to be shown."""

        def __init__(self, experiment: Experiment, dress: Dress) -> None:
            super().__init__()
            self.experiment, self.dress = experiment, dress

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sheet = Static()
        self.experiment: Experiment | None = None
        """Whose code is to be shown."""
        self.done: tuple[Done, ...] = ()
        """What was executed of the minibatch at hand."""
        self.code: Code | None = None
        """What is shown."""
        self.changed: frozenset[int] = frozenset()
        """Its lines that were not in the script before."""
        self.starts: list[int] = []
        """The row at which each of its lines begins: what a line made may stand below it."""
        self.seen: Code | None = None
        """What the session has written last, for whomever."""
        self.is_asking = False

    def compose(self) -> ComposeResult:
        """All lines in one widget."""
        yield self.sheet

    def show(self, experiment: Experiment, done: tuple[Done, ...]) -> None:
        """Show the code of an experiment, and what was executed of a minibatch of its run."""
        is_new = done != self.done
        self.experiment, self.done = experiment, done
        if is_new and not self.has_class("-hidden"):
            self.draw()
            self.follow()
        self.ask()

    def ask(self) -> None:
        """Have the code written that is to be shown, once what was asked for before is there."""
        if self.has_class("-hidden") or self.is_asking or self.experiment is None:
            return
        if self.code is None or self.code.experiment != self.experiment:
            self.is_asking = True
            self.post_message(self.Wanted(self.experiment, dress_of(self.experiment)))

    def take(self, code: Code | None) -> None:
        """Show what the session has written, unless it is for another screen."""
        if code is None or code is self.seen:
            return
        self.seen, self.is_asking = code, False
        experiment = self.experiment
        if experiment and (code.experiment, code.dress) == (experiment, dress_of(experiment)):
            self.changed = new_lines(self.code.text, code.text) if self.code else frozenset()
            self.code = code
            self.draw()
            self.follow()
        self.ask()

    def on_show(self) -> None:
        """Begin where a run is, or at the loop."""
        self.follow()

    def on_resize(self) -> None:
        """Lay out anew what the lines have made."""
        self.draw()
        self.follow()

    # The lines -------------------------------------------------------------------------------

    @property
    def current(self) -> int | None:
        """The line that was executed last."""
        return self.code.places[self.done[-1].statement] if self.code and self.done else None

    def draw(self) -> None:
        """Show the lines, the marks before them, and behind them what they have made."""
        code = self.code
        if code is None or code.trouble:
            self.sheet.update(code.trouble if code else tr("writing the code …"))
            return
        from textual.highlight import highlight  # brings pygments: the first frame needs none

        width = self.scrollable_content_region.width
        made = {code.places[each.statement]: made_text(each, width) for each in self.done}
        rows: list[Content] = []
        self.starts = []
        for index, line in enumerate(highlight(code.text, language="python").split("\n")):
            mark = CHANGED if index in self.changed else "  "
            mark = CURRENT if index == self.current else mark
            self.starts.append(len(rows))
            row = with_values(Content.assemble(mark, line), made.get(index, ""), width)
            if index in self.changed or index == self.current:
                row = [part.pad_right(width - part.cell_length).stylize(MARKED) for part in row]
            rows += row
        self.sheet.update(Content("\n").join(rows))

    def follow(self) -> None:
        """Bring into sight what was executed or changed; at first the loop."""
        code = self.code
        if code is None or code.trouble:
            return
        current, loop = self.current, code.text.split("\n").index("# Training")
        line = min(self.changed, default=loop) if current is None else code.places[FIRST]
        y = self.starts[line] - ABOVE
        if current is not None:
            last = self.starts[current + 1] - 1
            y = max(y, last + 1 - self.scrollable_content_region.height)
        self.call_after_refresh(self.scroll_to, y=max(y, 0), animate=False)


def new_lines(before: str, now: str) -> frozenset[int]:
    """The lines of a text that are not in another one, from 0."""
    lines = now.split("\n")
    matcher = SequenceMatcher(None, before.split("\n"), lines, autojunk=False)
    same = {b + i for _, b, size in matcher.get_matching_blocks() for i in range(size)}
    return frozenset(range(len(lines))) - same


def with_values(row: Content, made: str, width: int) -> Sequence[Content]:
    """A row with what its line made at its end, or below it where both have no room."""
    whole, room = row.truncate(width, ellipsis=True), width - len(made) - 2
    if not made:
        return [whole]
    if room < min(row.cell_length, LEAST):
        below = Content.styled(made.rjust(width), "dim")
        return [whole, below.truncate(width, ellipsis=True)]
    return [Content.assemble(row.truncate(room, ellipsis=True, pad=True), "  ", (made, "dim"))]


def made_text(done: Done, width: int) -> str:
    """What a statement made, `w.grad [-1.2, 0.4]  b.grad [-3.1]`; its shapes in a short line."""
    texts = [
        "  ".join(f"{each.name} {value_text(each, as_shape)}" for each in done.made)
        for as_shape in (done.statement in BATCHES, True)
    ]
    return texts[0] if len(texts[0]) <= width else texts[1]


def value_text(made: Made, as_shape: bool) -> str:
    """The numbers of a value, or its shape where they are many or say less."""
    if not made.shape:
        return significant(made.numbers[0], DIGITS)
    if as_shape or not made.numbers:
        return str(made.shape)
    return f"[{', '.join(significant(number, DIGITS) for number in made.numbers)}]"
