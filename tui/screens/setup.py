"""The experiment on the desk replaced from elsewhere, with whoever works there asked and told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import isawaitable

from textual.screen import Screen

from engine.experiment import Experiment
from engine.lessons.lesson import Lesson
from engine.lessons.library import lessons
from engine.support.errors import BadInput
from engine.support.translation import tr
from tui.keys.in_use import key_of
from tui.overlay import open_over, tell
from tui.screens.changes import Change, Moment
from tui.screens.classroom import Classroom
from tui.screens.desk import Desk
from tui.screens.dialogs import ConfirmScreen
from tui.screens.experiments import ExperimentsScreen, Opened
from tui.screens.lessons import FREE
from tui.text.numbers import significant


class Setup:
    """Settings, experiments and lessons as they come onto the desk."""

    def __init__(self, screen: Screen[None], desk: Desk, classroom: Classroom) -> None:
        self.screen, self.desk, self.classroom = screen, desk, classroom

    def attempt(self, change: Callable[[], None]) -> None:
        """Do what may be refused; then say why."""
        try:
            change()
        except BadInput as error:
            self.refuse(str(error))

    def refuse(self, why: str) -> None:
        """Say why something cannot be, beside what else is said."""
        self.screen.notify(why, severity="error", markup=False)

    def choose(self, key: str, text: str) -> None:
        """Give a key another value, or say why it cannot have it."""
        self.attempt(lambda: self.desk.change({key: text}))

    def take(self, experiment: Experiment | None) -> None:
        """Make an experiment that was found elsewhere the edited one."""
        if experiment:
            self.offer_back(experiment)
            self.desk.adopt(experiment)

    def offer_back(self, instead: Experiment) -> None:
        """Say how to get an experiment back that someone set up, before another replaces it."""
        lesson = self.classroom.lesson
        untouched = lesson.experiment if lesson else Experiment()
        if self.desk.experiment not in (instead, untouched):
            undo = key_of("undo")
            tell(self.screen, tr("{key} brings your experiment back", key=undo))

    def open_saved(self) -> None:
        """Open one of the experiments that are saved under names, or save this one."""

        def take(opened: Opened | None) -> None:
            if opened:
                self.offer_back(opened.experiment)
                self.desk.adopt(opened.experiment, opened.name)

        open_over(self.screen, ExperimentsScreen(self.desk.experiment), take)

    def take_lr(self, lr: float | None) -> None:
        """Make a suggested lr the experiment's."""
        if lr is not None:
            self.choose("lr", significant(lr, 3))

    async def take_lesson(self, name: str | None) -> None:
        """Open a lesson with its experiment, or the free lab; None changes nothing."""
        if name == FREE:
            await self.classroom.close()
        elif name:
            await self.unless_under_way(partial(self.open_lesson, lessons()[name]))

    async def open_lesson(self, lesson: Lesson) -> None:
        """Open a lesson with its experiment."""
        self.offer_back(lesson.experiment)
        before = Moment(self.desk.experiment, self.classroom.lesson)
        await self.show_moment(after := Moment(lesson.experiment, lesson))
        name = tr("the lesson {title}", title=lesson.title)
        if before != after:
            self.desk.changes.note(Change(before, after, name))

    async def show_moment(self, moment: Moment) -> None:
        """Show an experiment at its start, with the lesson that belongs to it."""
        if moment.lesson is None:
            await self.classroom.close()
        else:
            await self.classroom.open(moment.lesson)
        self.desk.restart(moment.experiment)

    async def unless_under_way(self, act: Callable[[], Awaitable[None] | None]) -> None:
        """Do what ends a run under way only once it is agreed to."""

        async def answer(sure: bool | None) -> None:
            if sure and isawaitable(acted := act()):
                await acted

        if self.desk.under_way:
            question = tr("End the run that is under way?")
            self.screen.app.push_screen(ConfirmScreen(question), answer)
        else:
            await answer(True)

    async def turn(self, change: Change, step: Callable[[], Moment], words: str) -> None:
        """Go over a change by a step of the history, in either direction, and say so.

        Where the change opened a lesson, that ends a run, as opening the lesson did.
        """

        async def go() -> None:
            if change.opens_lesson:
                await self.show_moment(step())
            else:
                self.desk.edit(step().experiment)
            tell(self.screen, words)

        await self.unless_under_way(go) if change.opens_lesson else await go()
