"""The list of kept runs: a line each, and what is said of the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from engine.runs.differences import BASELINE, difference_words
from engine.runs.info import RunInfo
from engine.runs.words import forked, loss_of, title, when
from engine.support.cell_width import cells, cut, left, right
from engine.support.outside import printable
from engine.support.translation import tr
from engine.training.verdicts import COURSES

STARTED, NAME, STATE, LOSS, GAP = 16, 16, 8, 10, 2
"""Cells of the columns; what differs has the rest."""
NARROW = 70
"""Cells below which a line has no room for the time."""
LEAST = 8
"""Cells that what differs must have more than."""


def titles(width: int) -> str:
    """What stands above the columns."""
    heads = (tr("started"), tr("name"), tr("state"), tr("loss"), tr("what differs"))
    return "  " + columns(width, *heads)


def line(info: RunInfo, beside: str, is_marked: bool, width: int) -> Text:
    """Mark, start, name, state, loss, and what differs."""
    texts = when(info), title(info), tr(info.state), loss_of(info), beside
    mark = ("● " if is_marked else "  ", "bold")
    return Text.assemble(mark, columns(width, *texts), no_wrap=True)


def columns(width: int, started: str, name: str, state: str, loss: str, beside: str) -> str:
    """The columns of a line; a narrow terminal leaves the time out, then what differs."""
    parts = [] if width < NARROW else [left(cut(started, STARTED), STARTED)]
    parts += [left(cut(name, NAME), NAME), left(cut(state, STATE), STATE)]
    parts.append(right(cut(loss, LOSS), LOSS))
    room = width - sum(map(cells, parts)) - GAP * len(parts)
    if room > LEAST:
        parts.append(cut(beside, room))
    return (" " * GAP).join(parts)


def differing(listed: Sequence[RunInfo]) -> list[str]:
    """What distinguishes each run from the one below it, the last from the baseline."""
    settings = [info.settings() for info in listed]
    older = [*settings, BASELINE][1:]
    return [
        printable(difference_words(now, before))
        for now, before in zip(settings, older, strict=True)
    ]


def about(info: RunInfo) -> str:
    """Where a run ended, and what distinguishes it from the baseline."""
    standing = info.result.get("standing")
    words = difference_words(info.settings(), BASELINE) or tr("the baseline")
    course = tr(COURSES.get(standing, standing)) if standing else ""
    return printable(" · ".join(filter(None, (title(info), course, words, forked(info)))))
