"""What each key does: a method for every action of tui/keys/, named by its id."""

from __future__ import annotations

from textual.screen import Screen

from engine.jobs.band import fan
from engine.runs.share import command_line
from engine.runs.store import Store
from engine.support.errors import show
from engine.support.translation import tr
from engine.support.user_files import runs_folder
from tui.keys.in_use import key_of
from tui.overlay import open_over, tell
from tui.panels.training import pace_text
from tui.screens.classroom import Classroom
from tui.screens.code import CodeScreen
from tui.screens.copying import Copying
from tui.screens.desk import Desk
from tui.screens.dialogs import ConfirmScreen, HelpScreen
from tui.screens.finder import FinderScreen
from tui.screens.inquiry import Inquiry
from tui.screens.jump import JumpScreen
from tui.screens.lab import Lab
from tui.screens.lessons import FREE, LessonsScreen
from tui.screens.live import Live
from tui.screens.navigator import JUMPS, Navigator
from tui.screens.own_data import OwnData
from tui.screens.projector import Projector
from tui.screens.race import RaceScreen
from tui.screens.setup import Setup
from tui.screens.shelf import Shelf
from tui.screens.steering import steer
from tui.screens.summary import SummaryScreen
from tui.screens.sweep import SweepScreen
from tui.screens.theory import TheoryScreen, XrayScreen
from tui.text.titles import TITLES

MINIBATCH = 10
"""Samples in a minibatch, where a key asks for minibatches; the book's number."""
SEEDS = 32
"""Runs behind a seed band."""


class Commands:
    """The actions that keys, palette and key bar offer on the main screen."""

    def __init__(
        self,
        screen: Screen[None],
        lab: Lab,
        desk: Desk,
        navigator: Navigator,
        classroom: Classroom,
        live: Live,
        projector: Projector,
    ) -> None:
        self.screen, self.lab, self.desk, self.navigator = screen, lab, desk, navigator
        self.classroom, self.live_mode, self.session = classroom, live, desk.session
        self.projector_mode = projector
        self.setup = Setup(screen, desk, classroom)
        self.own_data = OwnData(screen, desk, self.setup)
        self.copying = Copying(screen, lab, desk, navigator)
        self.inquiry = Inquiry(screen, desk.session, self.setup.take_lr)
        self.shelf = Shelf(screen, lab, desk, self.setup, Store(runs_folder()))

    def set_pace(self, pace: float | None) -> None:
        """So many epochs a second from now on; None is full speed."""
        self.session.set_pace(pace)
        self.lab.training.show_pace(pace, self.desk.experiment)

    def turn_pace(self, by: int) -> None:
        """The next faster or slower pace."""
        self.set_pace(self.lab.training.pace_beside(by))
        tell(self.screen, tr("pace: {pace}", pace=pace_text(self.lab.training.pace)))

    async def start(self) -> None:
        def start() -> None:
            if self.desk.at_hand.fork:
                tell(self.screen, tr("from step 0: this leaves the fork"))
            self.desk.look_at(None)
            self.session.start(self.desk.experiment)

        await self.setup.unless_under_way(start)

    def retry(self) -> None:
        self.setup.attempt(self.desk.retry)

    def pause(self) -> None:
        if self.desk.clock.is_playing:
            self.desk.clock.stop()
        else:
            self.session.pause()

    def play(self) -> None:
        self.desk.clock.play()

    def resume(self) -> None:
        self.session.resume()

    def statement(self) -> None:
        if self.desk.loop == "fast":
            words = tr("the compiled loop has no statements: choose the loop scratch or concise")
            tell(self.screen, words)
            return
        if self.lab.code not in self.navigator.panels:
            self.listing()
        self.go_on()
        self.classroom.use("statement")
        self.session.statement(self.desk.experiment)

    def go_on(self) -> None:
        """Look at the run at hand, which goes on; say so where a fork begins anew."""
        if fork := self.desk.taken_again:
            words = tr(
                "the fork again, from step {step}; {start} trains from step 0",
                step=fork.step,
                start=key_of("start"),
            )
            tell(self.screen, words)
            self.desk.stand_where(self.desk.at_hand, fork)
        else:
            self.desk.look_at(None)

    def minibatch(self) -> None:
        self.go_on()
        self.session.minibatch(self.desk.experiment)

    def epoch(self) -> None:
        self.go_on()
        self.session.epoch(self.desk.experiment)

    def stop(self) -> None:
        self.desk.stop()

    async def fork(self) -> None:
        def fork() -> None:
            run, is_now = self.desk.to_fork, self.desk.clock.run is None
            fork = self.desk.fork()
            if is_now and run and run.autopsy:
                words = tr("goes on from step {step}, before it diverged", step=fork.step)
                tell(self.screen, words)

        await self.setup.unless_under_way(lambda: self.setup.attempt(fork))

    async def reset(self) -> None:
        await self.setup.unless_under_way(lambda: self.desk.restart(self.desk.experiment))

    def lr(self) -> None:
        self.navigator.go_to(self.lab.training)
        self.screen.set_focus(self.lab.training.fields["lr"])

    def full_batch(self) -> None:
        self.setup.choose("batch_size", show(self.desk.experiment.train_size))

    def minibatches(self) -> None:
        self.setup.choose("batch_size", show(MINIBATCH))

    def one_sample(self) -> None:
        self.setup.choose("batch_size", show(1))

    def seed(self) -> None:
        def next_seed() -> None:
            self.desk.change({"seed": show(self.desk.experiment.seed + 1)})
            seed = self.desk.experiment.seed
            tell(self.screen, tr("seed {seed}: other data, other start", seed=seed))

        self.setup.attempt(next_seed)

    def regenerate(self) -> None:
        seed = self.desk.experiment.seed
        self.desk.restart(self.desk.experiment)
        words = tr(
            "drawn again from seed {seed}: the same data; {new} takes a new seed",
            seed=seed,
            new=key_of("seed"),
        )
        tell(self.screen, words)

    def data(self) -> None:
        self.own_data.open()

    def kept_runs(self) -> None:
        self.shelf.open_all()

    def code(self) -> None:
        open_over(self.screen, CodeScreen(self.session, self.desk.experiment))

    def listing(self) -> None:
        code, navigator = self.lab.code, self.navigator
        if code not in navigator.panels:
            navigator.go_to(code)
            code.ask()
            return
        navigator.place(self.lab.fit)
        if code.has_focus:
            navigator.go_to(navigator.chart)

    async def undo(self) -> None:
        change = self.desk.changes.done[-1]
        words = tr("back: {what}; {key} undoes that", what=change.back, key=key_of("redo"))
        await self.setup.turn(change, self.desk.changes.undo, words)

    async def redo(self) -> None:
        change = self.desk.changes.undone[-1]
        words = tr("again: {what}; {key} takes it back", what=change.again, key=key_of("undo"))
        await self.setup.turn(change, self.desk.changes.redo, words)

    def faster(self) -> None:
        self.turn_pace(1)

    def slower(self) -> None:
        self.turn_pace(-1)

    def sweep(self) -> None:
        desk = self.desk
        screen = SweepScreen(self.session, desk.experiment, lambda: desk.critical_lr)
        open_over(self.screen, screen, self.setup.take)

    def race(self) -> None:
        open_over(self.screen, RaceScreen(self.session, self.desk.experiment), self.setup.take)

    def fan(self) -> None:
        def start() -> None:
            self.session.start_sweep(fan(self.desk.experiment, SEEDS))
            words = tr(
                "{count} seeds: least, quartiles and greatest loss come as a band", count=SEEDS
            )
            tell(self.screen, words)

        self.setup.attempt(start)

    def find_lr(self) -> None:
        self.classroom.use("find_lr")
        self.inquiry.ask(lambda: self.session.find_lr(self.desk.experiment), FinderScreen)

    async def lesson(self, name: str) -> None:
        await self.setup.take_lesson(name)

    def lessons(self) -> None:
        lesson = self.classroom.lesson
        screen = LessonsScreen(self.classroom.progress, lesson.name if lesson else FREE)
        open_over(self.screen, screen, self.setup.take_lesson)

    def question(self) -> None:
        self.classroom.go_to_question()

    def hint(self) -> None:
        self.classroom.show_hint()

    async def next_lesson(self) -> None:
        if self.classroom.next_lesson:
            await self.setup.take_lesson(self.classroom.next_lesson.name)

    def theory(self) -> None:
        self.classroom.use("theory")
        self.inquiry.ask(lambda: self.session.study(self.desk.moment), TheoryScreen)

    def xray(self) -> None:
        self.classroom.use("xray")
        self.inquiry.ask(lambda: self.session.study(self.desk.moment), XrayScreen)

    def summary(self) -> None:
        self.classroom.use("summary")
        open_over(self.screen, SummaryScreen(self.session), lambda _: self.inquiry.skip())

    def live(self) -> None:
        self.classroom.use("live")
        self.live_mode.turn()

    def points(self) -> None:
        from tui.screens.points import move_points  # brings numpy: the first frame needs none

        self.setup.attempt(lambda: move_points(self.lab, self.desk, self.navigator))

    def steer(self) -> None:
        steer(self.screen, self.lab, self.desk, self.navigator)

    def log(self) -> None:
        self.lab.loss.toggle_log()

    def view(self) -> None:
        chart = self.navigator.turned
        chart.next_view()
        self.classroom.use(chart.view.name)
        self.navigator.show_chart(chart)

    def feature(self) -> None:
        self.navigator.turned.next_turn()

    def zoom_in(self) -> None:
        self.navigator.chart.zoom(closer=True)

    def zoom_out(self) -> None:
        self.navigator.chart.zoom(closer=False)

    def cursor_left(self) -> None:
        self.navigator.chart.move_cursor(-1)

    def cursor_right(self) -> None:
        self.navigator.chart.move_cursor(1)

    def epoch_back(self) -> None:
        self.desk.clock.move_epochs(self.desk.snapshot, -1)

    def epoch_on(self) -> None:
        self.desk.clock.move_epochs(self.desk.snapshot, 1)

    def first_step(self) -> None:
        self.desk.clock.go_to(self.desk.snapshot, 0)

    def last_step(self) -> None:
        self.desk.clock.go_to(self.desk.snapshot, self.desk.snapshot.step)

    def reset_view(self) -> None:
        self.navigator.chart.reset_view()

    def fullscreen(self) -> None:
        self.screen.toggle_class("-full")

    def grid(self) -> None:
        self.navigator.toggle_grid()
        self.desk.changed()

    async def projector(self) -> None:
        await self.projector_mode.toggle()

    def pin(self) -> None:
        pinned = self.desk.pin()
        tell(self.screen, tr("pinned as the reference") if pinned else tr("no longer pinned"))

    def next_panel(self) -> None:
        self.navigator.turn(1)

    def previous_panel(self) -> None:
        self.navigator.turn(-1)

    def jump(self) -> None:
        panels, fields = self.navigator.by_letter(), self.navigator.fields_by_letter()
        names = {letter: tr(TITLES[JUMPS[letter]]) for letter in panels}

        def go(letter: str | None) -> None:
            if letter in panels and self.navigator.has_room(panels[letter]):
                self.navigator.go_to(panels[letter])
            elif letter in panels:
                self.kept_runs()
            elif letter in fields:
                self.navigator.go_to_field(*fields[letter])

        marks = self.navigator.marks()
        open_over(self.screen, JumpScreen(names, marks), go)

    async def leave(self) -> None:
        if self.desk.clock.run:
            self.desk.clock.leave()
        elif self.screen.has_class("-full"):
            self.fullscreen()
        elif self.desk.looked_at:
            self.desk.look_at(None)
        elif self.projector_mode.is_on:
            await self.projector_mode.toggle()
        elif self.navigator.is_grid:
            self.grid()
        else:
            await self.classroom.close()

    def experiments(self) -> None:
        self.setup.open_saved()

    def share(self) -> None:
        self.copying.copy(command_line(self.desk.experiment), tr("the experiment"))

    def copy_menu(self) -> None:
        self.copying.open()

    def help(self) -> None:
        open_over(self.screen, HelpScreen(self.lab.hint.shown[0]))

    def palette(self) -> None:
        self.screen.app.action_command_palette()

    def suspend(self) -> None:
        self.screen.app.action_suspend_process()

    def quit(self) -> None:
        def leave(sure: bool | None) -> None:
            if sure:
                self.screen.app.exit()

        if self.desk.under_way:
            self.screen.app.push_screen(ConfirmScreen(tr("Training is not over. Leave?")), leave)
        else:
            self.screen.app.exit()
