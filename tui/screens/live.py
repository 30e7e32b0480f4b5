"""What is set or typed is tried at once, behind the screen, and shown beside the run."""

from __future__ import annotations

from textual.screen import Screen

from engine.catalog.param import Numeric
from engine.experiment import Experiment
from engine.opening import waits
from engine.support.errors import BadInput
from engine.support.translation import tr
from engine.training.snapshot import Snapshot
from tui.keys.in_use import key_of
from tui.overlay import tell
from tui.screens.classroom import Classroom
from tui.screens.desk import Desk

GRACE = 4
"""Looks for which a trial stays on show while the one of the next value is on its way."""


class Live:
    """Has the experiment on the desk, or what is being typed, tried, and lays it on the desk."""

    def __init__(self, screen: Screen[None], desk: Desk, classroom: Classroom, on: bool) -> None:
        self.screen, self.desk, self.classroom = screen, desk, classroom
        self.session = desk.session
        self.on = on
        """Whether people want it."""
        self.typed: Experiment | None = None
        """The experiment with what stands in the field that has the focus."""
        self.asked: Experiment | None = None
        """What the session was asked to try last."""
        self.is_impossible = False
        """Whether nothing can be tried on this machine."""
        self.late = 0
        """Looks since another experiment was wanted than the one on show."""

    def turn(self) -> None:
        """Turn it on or off, and say so."""
        self.on, self.is_impossible = not self.on, False
        if not self.on:
            words = tr("live: off")
        elif self.classroom.has_open_question:
            words = tr("live: on, once the questions of the lesson are answered")
        else:
            words = tr("live: on, what {start} would bring is dotted", start=key_of("start"))
        tell(self.screen, words)

    def type(self, key: str, text: str) -> bool:
        """Take in what is being typed under a key; whether it is a number that is allowed there."""
        experiment, changes = self.desk.experiment, {key: text}
        values = experiment.flat()
        if key not in values or not isinstance(experiment.param(key), Numeric):
            return False
        if waits({**values, **changes}):  # a file that has changed is read when it is applied
            return False
        try:
            self.typed = experiment.changed_by_text(changes)
        except BadInput:
            return False
        return True

    @property
    def is_waiting(self) -> bool:
        """Whether a trial is on its way."""
        shown = self.desk.preview
        return self.wanted is not None and (shown is None or shown.experiment != self.wanted)

    @property
    def experiment(self) -> Experiment:
        """What would be trained if it were applied now."""
        return self.typed or self.desk.experiment

    @property
    def wanted(self) -> Experiment | None:
        """What is to be tried, if anything is.

        Nothing while a run is on its way or looked at, nothing that has run and is on show, and
        nothing that a lesson asks for or hides.
        """
        desk, lesson = self.desk, self.classroom.lesson
        if not self.on or self.is_impossible or desk.under_way or desk.looked_at:
            return None
        if self.classroom.has_open_question or (lesson and "live" in lesson.hide_tools):
            return None
        begun = (run for run in (desk.at_hand, desk.previous, desk.pinned_beside) if run)
        if any(run.step and run.experiment == self.experiment for run in begun):
            return None
        return self.experiment

    def look(self) -> bool:
        """Ask for what is wanted and lay on the desk what has come; whether that is another."""
        wanted, before = self.wanted, self.desk.preview
        if wanted != self.asked:
            self.asked = wanted
            self.session.start_preview(wanted)
        published = self.session.preview
        if wanted and published and published.experiment == wanted:
            self.late = 0
            self.take(published)
        elif before and before.experiment != wanted:
            self.late += 1
            if wanted is None or before.facts is None or self.late > GRACE:
                self.desk.preview = None
        return self.desk.preview is not before

    def take(self, run: Snapshot) -> None:
        """Lay a trial on the desk, or say once that there will be none."""
        if run.state != "failed":
            self.desk.preview = run
            return
        self.is_impossible, self.desk.preview = True, None
        tell(self.screen, tr("nothing is tried beforehand: {why}", why=run.message))
