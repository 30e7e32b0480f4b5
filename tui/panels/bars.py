"""The line above everything and the lines below: state, hint, keys."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Static

from engine.lessons.library import title_of
from engine.support.translation import tr
from engine.training.snapshot import Snapshot, State
from tui.keys.action import Action
from tui.marking import mark
from tui.text.links import with_keys
from tui.text.numbers import clock
from tui.text.wrap import wrapped

STATE_COLORS: dict[State, str] = {
    "loading": "dim",
    "ready": "dim",
    "running": "$text-success",
    "paused": "$text-warning",
    "stopped": "$text-warning",
    "finished": "$text-success",
    "diverged": "$text-error",
    "failed": "$text-error",
}
PROGRESS_WIDTH = 10
"""Cells of the progress bar."""
ALWAYS = ("lessons", "help", "palette", "quit")
"""Keys that stand at the right end of the key bar; where it is narrow, only help does."""
MORE = "F1"
"""The key that shows the whole of a hint, in a field as well."""


Actions = Sequence[tuple[Action, str]]
"""Actions with the keys that do them."""


class StatusBar(Widget):
    """What is being trained, and how far it is."""

    snapshot: Snapshot | None = None
    line = Content()
    title = ""
    """What stands there in place of what the experiment is called."""
    looking = ""
    """Which run is looked at, in place of both."""

    def show(self, snapshot: Snapshot, looking: str = "") -> None:
        """Show the state of a snapshot; the title is painted anew only where it is another one."""
        before, width = self.line.plain, self.size.width
        self.snapshot, self.looking = snapshot, looking
        self.line = status(snapshot, width, looking or self.title)
        title, mark, _ = self.line.plain.partition("●")
        start = cell_len(title) if before.startswith(title + mark) else 0
        self.refresh(Region(start, 0, width - start, 1))

    def render(self) -> Content:
        """The line, for the width that there is now."""
        if self.snapshot and self.line.cell_length != self.size.width:
            self.line = status(self.snapshot, self.size.width, self.looking or self.title)
        return self.line


def status(snapshot: Snapshot, width: int, title: str = "") -> Content:
    """One line: title on the left, state and progress on the right; the title yields."""
    right = [("● ", STATE_COLORS[snapshot.state]), (tr(snapshot.state), "")]
    if snapshot.steps:
        share = snapshot.step / snapshot.steps
        full = round(share * PROGRESS_WIDTH)
        epochs = snapshot.experiment.epochs
        right.append((f"  {snapshot.epoch}/{epochs}", ""))
        if step := snapshot.step_in_epoch:
            steps = snapshot.steps // epochs
            words = tr("step {step} of {steps}", step=step, steps=steps)
            if width >= 40:
                right.append((f"  {words}" if width >= 78 else f" {step}/{steps}", ""))
        if width >= 60:
            right.append(("  " + "▰" * full + "▱" * (PROGRESS_WIDTH - full), ""))
        right.append((f"  {clock(snapshot.seconds)}", ""))
        if snapshot.state == "running" and snapshot.eta is not None and width >= 60:
            right.append(("  " + tr("{time} left", time=clock(snapshot.eta)), "dim"))
    tail = Content.assemble(*right, " ")
    space = max(0, width - tail.cell_length)
    named = title or title_of(snapshot.experiment)
    title = f" linreg-tui · {named}"
    if cell_len(title) > space - 1:
        title = f" {named}"
    head = Content(title).truncate(max(0, space - 1), ellipsis=True).pad_right(1)
    return Content.assemble(head, " " * max(0, space - head.cell_length), tail)


def job_line(
    title: str, state: str, share: float, seconds: float, left: float | None, width: int
) -> Content:
    """One line for a sweep or a race: title on the left, state and progress on the right."""
    full = round(share * PROGRESS_WIDTH)
    tail = f"● {state}  "
    if width >= 60:
        tail += "▰" * full + "▱" * (PROGRESS_WIDTH - full) + "  "
    tail += clock(seconds)
    if left is not None:
        tail += "  " + tr("{time} left", time=clock(left))
    return two_ends(title, tail, width)


def two_ends(title: str, tail: str, width: int) -> Content:
    """One line: a title on the left, which yields, and something on the right."""
    room = max(0, width - cell_len(tail) - 1)
    head = Content(title).truncate(max(0, room - 1), ellipsis=True)
    return Content.assemble(head, " " * (room - head.cell_length), tail)


class Hint(Widget):
    """Help for the focused field, or what was wrong with the last input."""

    shown = ("", False)
    """The sentence, and whether it is a refusal."""

    def say(self, text: str, refused: bool = False, needed: bool = False) -> None:
        """Show a sentence; a refusal stands out, and the same again costs nothing.

        One that is needed is shown also where there is no room for others.
        """
        mark(self, "-needed", needed)
        if self.shown != (text, refused):
            self.shown = (text, refused)
            self.refresh()

    def refuse(self, reason: str) -> None:
        """Show why an input cannot be."""
        self.say(reason, refused=True, needed=True)

    def render(self) -> Content:
        """The sentence, or as much of it as there is room for and the key that shows the rest."""
        text, refused = self.shown
        words = beginning(text, self.size.width, self.size.height)
        return Content.styled(words, "$text-error" if refused else "dim")


def beginning(text: str, width: int, height: int) -> str:
    """A text as far as it fits into some lines, with the key for the rest where it does not."""
    parts = (wrapped(Content(part), max(width, 1)) for part in text.split("\n"))
    lines = [line.plain.rstrip() for part in parts for line in part]
    if len(lines) <= height or height < 1:
        return text
    more = f"… {MORE}"
    last = lines[height - 1]
    while last and cell_len(last) + cell_len(more) > width:
        last = last[:-1] if " " not in last else last.rpartition(" ")[0]
    return "\n".join([*lines[: height - 1], last + more])


class KeyBar(Widget):
    """The keys that do something now, as many as fit; a click does the same."""

    actions: Actions = ()

    def show(self, actions: Actions) -> None:
        """Show actions with their keys; the same ones again cost nothing."""
        if self.actions != actions:
            self.actions = actions
            self.refresh()

    def render(self) -> Content:
        """The line, for the width that there is now."""
        return key_line(self.actions, self.size.width)


class KeyLine(Static):
    """The keys of another screen than the main one, as many as fit; a click on one presses it."""

    def __init__(self, markup: str) -> None:
        super().__init__(id="keys")
        self.line = with_keys(markup)

    def render(self) -> Content:
        """The keys from the left on, none of them in part."""
        words, most = self.line.plain, self.size.width
        ends = [len(words), *(gap.start() for gap in re.finditer(r"(?<=\S)  ", words))]
        return self.line[: max((end for end in ends if cell_len(words[:end]) <= most), default=0)]


def key_line(actions: Actions, width: int) -> Content:
    """One line of `key label`, the indispensable ones kept at the right end."""
    wanted = ALWAYS if width >= 70 else ("help",)
    always = [item for item in actions if item[0].id in wanted]
    left = width - 1 - sum(length(*item) for item in always)
    chosen = []
    for item in actions:
        if item in always:
            continue
        left -= length(*item)
        if left < 0:
            break
        chosen.append(item)
    parts: list[Content] = []
    for action, key in chosen + always:
        link = f"@click=screen.do('{action.id}')"
        parts.append(
            Content.from_markup(
                f" [{link}][b]$key[/b] [dim]$label[/dim][/] ", key=key, label=tr(action.label)
            )
        )
    return Content.assemble(*parts)


def length(action: Action, key: str) -> int:
    """Cells that an action takes in the key bar."""
    return cell_len(key) + cell_len(tr(action.label)) + 3
