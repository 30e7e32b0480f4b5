"""The main screen: what each key does to the lab."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.experiment import Experiment
from engine.jobs.band import fan
from engine.support.errors import show
from engine.support.translation import tr
from tui.forms.fields import Picker
from tui.keys import bindings
from tui.panels.chart import ChartPanel
from tui.panels.group import Group
from tui.panels.training import PACES, pace_text
from tui.screens.classroom import Classroom
from tui.screens.dialogs import ConfirmScreen, HelpScreen, JumpScreen
from tui.screens.finder import FinderScreen
from tui.screens.lessons import FREE, LessonsScreen
from tui.screens.race import RaceScreen
from tui.screens.sweep import SweepScreen
from tui.screens.theory import StudyScreen, TheoryScreen, XrayScreen
from tui.text.titles import TITLES

if TYPE_CHECKING:
    from engine.theory.stability import Autopsy

MINIBATCH = 10
"""Samples in a minibatch, where a key asks for minibatches; the book's number."""
SEEDS = 32
"""Runs behind a seed band."""
JUMPS = {
    "d": "data",
    "m": "model",
    "t": "training",
    "l": "loss",
    "f": "fit",
    "v": "values",
    "e": "lesson",
}


class MainScreen(Classroom):
    """The lab with its keys; every action is named as in keys.py."""

    BINDINGS = bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action makes sense now; the key bar shows those that do."""
        if action in self.hidden:
            return False
        state = self.snapshot.state
        running, paused = state == "running", state == "paused"
        able = {
            "start": not running,
            "retry": self.snapshot.autopsy is not None,
            "pause": running,
            "resume": paused,
            "minibatch": not running,
            "epoch": not running,
            "stop": running or paused,
            "full_batch": not running and not paused,
            "minibatches": not running and not paused,
            "one_sample": not running and not paused,
            "theory": self.snapshot.facts is not None,
            "xray": self.snapshot.facts is not None,
            "seed": not running and not paused,
            "regenerate": not running and not paused,
            "lesson": not running,
            "lessons": not running,
            "question": self.lesson is not None and self.lesson.next_question() is not None,
            "hint": self.lesson is not None and bool(self.lesson.hidden_hints()),
            "next_lesson": not running and self.next_lesson is not None,
            "sweep": not running,
            "race": not running,
            "fan": not running,
            "find_lr": not running,
            "feature": self.fit.turns,
            "leave": self.has_class("-full") or self.lesson is not None,
            "fullscreen": isinstance(self.focused, ChartPanel),
            "pin": self.snapshot.step > 0,
        }
        return able.get(action, True)

    def action_start(self) -> None:
        self.session.start(self.experiment)

    def action_retry(self) -> None:
        def again(cause: Autopsy) -> None:
            self.change({"lr": show(cause.suggestion)})
            self.session.start(self.experiment)

        cause = self.snapshot.autopsy
        if cause:
            self.attempt(lambda: again(cause))

    def action_pause(self) -> None:
        self.session.pause()

    def action_resume(self) -> None:
        self.session.resume()

    def action_minibatch(self) -> None:
        self.session.minibatch(self.experiment)

    def action_epoch(self) -> None:
        self.session.epoch(self.experiment)

    def action_stop(self) -> None:
        self.session.stop()

    def action_reset(self) -> None:
        self.session.prepare(self.experiment)

    def action_lr(self) -> None:
        self.go_to(self.training)
        self.focus_now(self.training.fields["lr"])

    def action_full_batch(self) -> None:
        self.take_batches(self.experiment.train_size)

    def action_minibatches(self) -> None:
        self.take_batches(MINIBATCH)

    def action_one_sample(self) -> None:
        self.take_batches(1)

    def take_batches(self, size: int) -> None:
        """Make this the number of samples that each step is averaged over."""
        self.attempt(lambda: self.change({"batch_size": show(size)}))

    def action_seed(self) -> None:
        def turn() -> None:
            self.change({"seed": show(self.experiment.seed + 1)})
            self.tell(tr("seed {seed}: other data, other start", seed=self.experiment.seed))

        self.attempt(turn)

    def action_regenerate(self) -> None:
        self.session.prepare(self.experiment)
        self.tell(
            tr(
                "drawn again from seed {seed}: the same data; n takes a new seed",
                seed=self.experiment.seed,
            )
        )

    async def action_lesson(self, name: str) -> None:
        await self.take_lesson(name)

    def action_lessons(self) -> None:
        here = self.lesson.lesson.name if self.lesson else FREE
        self.app.push_screen(LessonsScreen(self.progress, here), self.take_lesson)

    def action_question(self) -> None:
        field = self.lesson.next_question() if self.lesson else None
        if self.lesson and field:
            self.go_to(self.lesson)
            self.focus_now(field)

    def action_hint(self) -> None:
        if self.lesson:
            self.go_to(self.lesson)
            self.lesson.next_hint()
            self.show_keys()

    async def action_next_lesson(self) -> None:
        if self.next_lesson:
            await self.take_lesson(self.next_lesson.name)

    def action_faster(self) -> None:
        self.turn_pace(1)

    def action_slower(self) -> None:
        self.turn_pace(-1)

    def turn_pace(self, by: int) -> None:
        """The next faster or slower pace."""
        place = PACES.index(self.training.pace) + by
        self.set_pace(PACES[min(max(place, 0), len(PACES) - 1)])
        self.tell(tr("pace: {pace}", pace=pace_text(self.training.pace)))

    def action_sweep(self) -> None:
        self.use("sweep")
        facts, experiment = self.snapshot.facts, self.experiment
        times = experiment.times_mean(experiment.batch_size)
        limit = facts.stability.curvature.critical_lr / times if facts else math.inf
        self.app.push_screen(SweepScreen(self.session, experiment, limit), self.take)

    def action_race(self) -> None:
        self.use("race")
        self.app.push_screen(RaceScreen(self.session, self.experiment), self.take)

    def take(self, experiment: Experiment | None) -> None:
        """Make an experiment that was found elsewhere the edited one."""
        if experiment:
            self.adopt(experiment)

    def action_fan(self) -> None:
        def start() -> None:
            self.session.start_sweep(fan(self.experiment, SEEDS))
            self.use("fan")
            self.tell(
                tr("{count} seeds: least, quartiles and greatest loss come as a band", count=SEEDS)
            )

        self.attempt(start)

    def action_find_lr(self) -> None:
        self.use("find_lr")
        self.wanted = FinderScreen
        self.session.find_lr(self.experiment)

    def action_theory(self) -> None:
        self.use("theory")
        self.study(TheoryScreen)

    def action_xray(self) -> None:
        self.use("xray")
        self.study(XrayScreen)

    def study(self, wanted: type[StudyScreen]) -> None:
        """Ask for theory; `wanted` shows the part of it that is asked for."""
        self.wanted = wanted
        self.session.study()

    wanted: type[StudyScreen] | type[FinderScreen] | None = None
    """What the answer to the last question is shown by; None once it has been."""

    def show_answer(self) -> None:
        """Show what was asked for last, or why it could not be had.

        Of several keys in one burst each has asked; only the last one opens its screen, and once.
        """
        from engine.jobs.finder import Finding  # bring torch, which is there when an answer is
        from engine.theory.study import Study

        answer, wanted = self.answer, self.wanted
        if isinstance(answer, str):
            self.tell(answer)
        elif wanted is FinderScreen and isinstance(answer, Finding):
            self.wanted = None
            self.app.push_screen(FinderScreen(answer), self.take_lr)
        elif wanted and issubclass(wanted, StudyScreen) and isinstance(answer, Study):
            self.wanted = None
            self.app.push_screen(wanted(answer))

    def take_lr(self, lr: float | None) -> None:
        """Make a suggested lr the experiment's."""
        if lr is not None:
            self.attempt(lambda: self.change({"lr": f"{lr:.3g}"}))

    def action_log(self) -> None:
        self.loss.log_y = not self.loss.log_y
        self.loss.redraw()

    def action_view(self) -> None:
        self.fit.next_view()
        self.use(self.fit.view)
        self.query_one("#charts", Group).select(self.fit)
        if self.chart_in_use is self.loss and isinstance(self.focused, ChartPanel):
            self.go_to(self.fit)
        self.say_help()

    def action_feature(self) -> None:
        self.fit.next_feature()

    def action_zoom_in(self) -> None:
        self.chart_in_use.zoom(closer=True)

    def action_zoom_out(self) -> None:
        self.chart_in_use.zoom(closer=False)

    def action_cursor_left(self) -> None:
        self.chart_in_use.move_cursor(-1)

    def action_cursor_right(self) -> None:
        self.chart_in_use.move_cursor(1)

    def action_reset_view(self) -> None:
        self.chart_in_use.reset_view()

    def action_fullscreen(self) -> None:
        self.toggle_class("-full")
        self.show_keys()

    async def action_leave(self) -> None:
        if self.has_class("-full"):
            self.remove_class("-full")
            self.show_keys()
        elif self.lesson and isinstance(self.focused, Picker):
            self.go_to(self.lesson)
        else:
            await self.close_lesson()

    def action_pin(self) -> None:
        self.pinned = None if self.pinned is self.snapshot else self.snapshot
        self.tell(tr("pinned as the reference") if self.pinned else tr("no longer pinned"))
        self.show_snapshot()

    def action_next_panel(self) -> None:
        self.turn_panel(1)

    def action_previous_panel(self) -> None:
        self.turn_panel(-1)

    def action_jump(self) -> None:
        here = {panel.id: panel for panel in self.panels}
        places = {letter: here[name] for letter, name in JUMPS.items() if name in here}
        names = {letter: tr(TITLES[JUMPS[letter]]) for letter in places}

        def go(letter: str | None) -> None:
            if letter:
                self.go_to(places[letter])

        self.app.push_screen(JumpScreen(names), go)

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.app.remapped))  # type: ignore[attr-defined]

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_suspend(self) -> None:
        self.app.action_suspend_process()

    def action_quit(self) -> None:
        def leave(sure: bool | None) -> None:
            if sure:
                self.app.exit()

        if self.snapshot.state in ("running", "paused"):
            self.app.push_screen(ConfirmScreen(tr("Training is not over. Leave?")), leave)
        else:
            self.app.exit()
