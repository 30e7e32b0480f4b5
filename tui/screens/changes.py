"""What was done to the experiment on the desk, to be taken back and done again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from engine.experiment import Experiment
from engine.lessons.lesson import Lesson
from engine.runs.differences import difference_between
from engine.support.translation import tr

MOST_CHANGES = 100
"""That can be taken back; older ones are forgotten."""


@dataclass(frozen=True)
class Moment:
    """What stood on the desk before a change, or stands there after it."""

    experiment: Experiment
    lesson: Lesson | None = None
    """The lesson that was open, where the change opened one."""


@dataclass(frozen=True)
class Change:
    """One experiment in place of another."""

    before: Moment
    after: Moment
    name: str = ""
    """What replaced the experiment as a whole; empty where settings were changed."""

    @property
    def opens_lesson(self) -> bool:
        """Whether a lesson came with it."""
        return self.after.lesson is not None

    @property
    def back(self) -> str:
        """What comes back where it is taken back, in words."""
        if self.name:
            return tr("the experiment before {name}", name=self.name)
        return difference_between(self.before.experiment, self.after.experiment)

    @property
    def again(self) -> str:
        """What comes again where it is made again, in words."""
        return self.name or difference_between(self.after.experiment, self.before.experiment)


class Changes:
    """The changes in their order, up to the latest one, and those that were taken back."""

    def __init__(self) -> None:
        self.done: deque[Change] = deque(maxlen=MOST_CHANGES)
        """The latest one last."""
        self.undone: list[Change] = []
        """The one that would be done again first is the last one."""

    def note(self, change: Change, onto: Change | None = None) -> Change:
        """Add a change that was made; what was taken back before it is forgotten.

        Where it goes on with `onto`, the latest one, both are one from now on.
        """
        if self.take_off(onto):
            assert onto
            change = replace(change, before=onto.before)
        self.done.append(change)
        self.undone.clear()
        return change

    def take_off(self, change: Change | None) -> bool:
        """Forget the latest change, if it is this one."""
        is_latest = bool(self.done) and self.done[-1] is change
        if is_latest:
            self.done.pop()
        return is_latest

    def undo(self) -> Moment:
        """Take the latest change back: what stood there before; raises IndexError without one."""
        self.undone.append(self.done.pop())
        return self.undone[-1].before

    def redo(self) -> Moment:
        """Do the change again that was taken back last; raises IndexError without one."""
        self.done.append(self.undone.pop())
        return self.done[-1].after
