"""What each key does: a method for every action of keys.py, named by its id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import isawaitable

from textual.screen import Screen

from engine.experiment import Experiment
from engine.jobs.band import fan
from engine.lessons.lesson import Lesson
from engine.lessons.library import lessons
from engine.opening import Reading, Request
from engine.own_data import over_file
from engine.runs.share import command_line, link
from engine.runs.store import Store
from engine.support.errors import BadInput, shortened, show
from engine.support.outside import printable
from engine.support.translation import Translatable, tr, trn
from engine.support.user_files import runs_folder, write_beside
from tui.drawing.svg import picture
from tui.keys import NO_DATA, key_of
from tui.overlay import open_over, tell
from tui.panels.training import pace_text
from tui.recent import remember
from tui.screens.changes import Change, Moment, settings_of
from tui.screens.classroom import Classroom
from tui.screens.code import CodeScreen
from tui.screens.data import DataScreen
from tui.screens.desk import Desk
from tui.screens.dialogs import ConfirmScreen, CopyScreen, HelpScreen, JumpScreen
from tui.screens.experiments import ExperimentsScreen, Opened
from tui.screens.files import FilesScreen
from tui.screens.finder import FinderScreen
from tui.screens.inquiry import Inquiry
from tui.screens.lab import Lab
from tui.screens.lessons import FREE, LessonsScreen
from tui.screens.navigator import JUMPS, Navigator
from tui.screens.race import RaceScreen
from tui.screens.reader import ReadingScreen
from tui.screens.runs import Chosen, RunsScreen
from tui.screens.summary import SummaryScreen
from tui.screens.sweep import SweepScreen
from tui.screens.theory import TheoryScreen, XrayScreen
from tui.text.copies import lines_of, losses_table, values_table
from tui.text.numbers import significant
from tui.text.titles import TITLES

MINIBATCH = 10
"""Samples in a minibatch, where a key asks for minibatches; the book's number."""
LONGEST_COPY = 400
"""Characters that are shown of what is copied."""
COPIES: dict[str, Translatable] = {
    "v": "values, as a table with tabs",
    "l": "losses, as CSV",
    "p": "this panel, as text",
    "s": "the screen, as text",
    "k": "the link to this experiment",
    "i": "a picture of the screen, as an SVG file",
}
"""Letter → what can be copied or written."""
SEEDS = 32
"""Runs behind a seed band."""


class Commands:
    """The actions that keys, palette and key bar offer on the main screen."""

    def __init__(
        self, screen: Screen[None], lab: Lab, desk: Desk, navigator: Navigator, classroom: Classroom
    ) -> None:
        self.screen, self.lab, self.desk, self.navigator = screen, lab, desk, navigator
        self.classroom, self.session = classroom, desk.session
        self.inquiry = Inquiry(screen, desk.session, self.take_lr)

    # Changing the experiment -----------------------------------------------------------------

    def attempt(self, change: Callable[[], None]) -> None:
        """Do what may be refused; then say why."""
        try:
            change()
        except BadInput as error:
            self.screen.notify(str(error), severity="error", markup=False)

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

    def show_opened(self, reading: Reading | None) -> None:
        """Show the data of a file that was opened; None changes nothing."""
        if reading:
            self.show_data(reading)

    def show_data(self, reading: Reading | None) -> None:
        """Show the data of a file, or those of the experiment, and take what is made of them."""
        screen = DataScreen(self.session, self.desk.experiment, reading)
        open_over(self.screen, screen, self.take_data)

    def take_data(self, experiment: Experiment | None) -> None:
        """Take an experiment on a file, and remember the file."""
        if experiment and experiment != self.desk.experiment:
            self.take(experiment)
        if experiment:
            remember(over_file(experiment))

    def wait_for(self, request: Request) -> None:
        """Show how far a file is that the session reads, and begin on it once it is there."""

        def take(reading: Reading | None) -> None:
            if reading and reading.experiment:
                self.desk.restart(reading.experiment)
                remember(over_file(reading.experiment))
            elif reading:
                self.screen.notify(reading.message, severity="error", timeout=10, markup=False)

        open_over(self.screen, ReadingScreen(self.session, request), take)

    def read(self, request: Request, take: Callable[[Reading | None], None]) -> None:
        """Have a file read while its progress is shown; `take` hears what came of it."""
        self.session.read(request)
        open_over(self.screen, ReadingScreen(self.session, request), take)

    def take_run(self, chosen: Chosen | None) -> None:
        """Compare with the runs that were marked, and take the settings of one."""
        if chosen:
            self.desk.compare(chosen.compared)
            self.take(chosen.experiment)

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
            question = tr("This ends the run. Go on?")
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

    def copy_shown(self, letter: str) -> None:
        """Copy one of COPIES, and say of how many lines it is."""
        run, screen, panel = self.desk.snapshot, self.screen, self.navigator.here or self.lab.loss
        strips = screen._compositor.render_strips()
        if letter == "l":
            text = losses_table(run)
        elif letter == "v":
            text = values_table(run)
        elif letter == "k":
            self.copy(link(self.desk.experiment), tr("the link"))
            return
        elif letter == "i":
            self.write_picture()
            return
        else:
            text = lines_of(strips, panel.region if letter == "p" else screen.region)
        if not text:
            tell(screen, tr(NO_DATA))
            return
        screen.app.copy_to_clipboard(text)
        count, what = text.count("\n") + 1, tr(COPIES[letter])
        tell(
            screen, trn("copied, {what}: {n} line", "copied, {what}: {n} lines", n=count, what=what)
        )

    def write_picture(self) -> None:
        """Write the screen as a picture into the present folder, and say where."""
        try:
            file = write_beside(picture(self.screen.app, ".svg"), "linreg-tui", ".svg")
        except OSError as error:
            reason = error.strerror or str(error)
            tell(self.screen, tr("cannot be written: {reason}", reason=reason))
        else:
            tell(self.screen, tr("written to {file}", file=printable(str(file))))

    def copy(self, text: str, what: str) -> None:
        """Put a text on the clipboard, past ssh too (OSC 52), and show what it is."""
        self.screen.app.copy_to_clipboard(text)
        self.screen.app.clear_notifications()
        words = tr(
            "copied, {what}: {text}", what=what, text=printable(shortened(text, LONGEST_COPY))
        )
        self.screen.notify(words, timeout=10, markup=False)

    def set_pace(self, pace: float | None) -> None:
        """So many epochs a second from now on; None is full speed."""
        self.session.set_pace(pace)
        self.lab.training.show_pace(pace, self.desk.experiment)

    def turn_pace(self, by: int) -> None:
        """The next faster or slower pace."""
        self.set_pace(self.lab.training.pace_beside(by))
        tell(self.screen, tr("pace: {pace}", pace=pace_text(self.lab.training.pace)))

    # The keys, in the order of keys.py ---------------------------------------------------------

    async def start(self) -> None:
        await self.unless_under_way(lambda: self.session.start(self.desk.experiment))

    def retry(self) -> None:
        self.attempt(self.desk.retry)

    def pause(self) -> None:
        self.session.pause()

    def resume(self) -> None:
        self.session.resume()

    def minibatch(self) -> None:
        self.session.minibatch(self.desk.experiment)

    def epoch(self) -> None:
        self.session.epoch(self.desk.experiment)

    def stop(self) -> None:
        self.session.stop()

    async def reset(self) -> None:
        await self.unless_under_way(lambda: self.desk.restart(self.desk.experiment))

    def lr(self) -> None:
        self.navigator.go_to(self.lab.training)
        self.screen.set_focus(self.lab.training.fields["lr"])

    def full_batch(self) -> None:
        self.choose("batch_size", show(self.desk.experiment.train_size))

    def minibatches(self) -> None:
        self.choose("batch_size", show(MINIBATCH))

    def one_sample(self) -> None:
        self.choose("batch_size", show(1))

    def seed(self) -> None:
        def next_seed() -> None:
            self.desk.change({"seed": show(self.desk.experiment.seed + 1)})
            seed = self.desk.experiment.seed
            tell(self.screen, tr("seed {seed}: other data, other start", seed=seed))

        self.attempt(next_seed)

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
        if over_file(self.desk.experiment):
            self.show_data(None)
        else:
            open_over(self.screen, FilesScreen(self.session), self.show_opened)

    def kept_runs(self) -> None:
        screen = RunsScreen(Store(runs_folder()), self.desk.compared)
        open_over(self.screen, screen, self.take_run)

    def code(self) -> None:
        open_over(self.screen, CodeScreen(self.desk.experiment))

    async def undo(self) -> None:
        change = self.desk.changes.done[-1]
        what = tr("the experiment before {name}", name=change.name) if change.name else ""
        what = what or settings_of(change.before.experiment, change.after.experiment)
        words = tr("back to {what}; {key} undoes that", what=what, key=key_of("redo"))
        await self.turn(change, self.desk.changes.undo, words)

    async def redo(self) -> None:
        change = self.desk.changes.undone[-1]
        what = change.name or settings_of(change.after.experiment, change.before.experiment)
        words = tr("forward to {what}; {key} takes it back", what=what, key=key_of("undo"))
        await self.turn(change, self.desk.changes.redo, words)

    def faster(self) -> None:
        self.turn_pace(1)

    def slower(self) -> None:
        self.turn_pace(-1)

    def sweep(self) -> None:
        desk = self.desk
        screen = SweepScreen(self.session, desk.experiment, lambda: desk.critical_lr)
        open_over(self.screen, screen, self.take)

    def race(self) -> None:
        open_over(self.screen, RaceScreen(self.session, self.desk.experiment), self.take)

    def fan(self) -> None:
        def start() -> None:
            self.session.start_sweep(fan(self.desk.experiment, SEEDS))
            words = tr(
                "{count} seeds: least, quartiles and greatest loss come as a band", count=SEEDS
            )
            tell(self.screen, words)

        self.attempt(start)

    def find_lr(self) -> None:
        self.classroom.use("find_lr")
        self.inquiry.ask(lambda: self.session.find_lr(self.desk.experiment), FinderScreen)

    async def lesson(self, name: str) -> None:
        await self.take_lesson(name)

    def lessons(self) -> None:
        lesson = self.classroom.lesson
        screen = LessonsScreen(self.classroom.progress, lesson.name if lesson else FREE)
        open_over(self.screen, screen, self.take_lesson)

    def question(self) -> None:
        self.classroom.go_to_question()

    def hint(self) -> None:
        self.classroom.show_hint()

    async def next_lesson(self) -> None:
        if self.classroom.next_lesson:
            await self.take_lesson(self.classroom.next_lesson.name)

    def theory(self) -> None:
        self.classroom.use("theory")
        self.inquiry.ask(self.session.study, TheoryScreen)

    def xray(self) -> None:
        self.classroom.use("xray")
        self.inquiry.ask(self.session.study, XrayScreen)

    def summary(self) -> None:
        self.classroom.use("summary")
        open_over(self.screen, SummaryScreen(self.session), lambda _: self.inquiry.skip())

    def log(self) -> None:
        self.lab.loss.toggle_log()

    def view(self) -> None:
        fit = self.lab.fit
        fit.next_view()
        self.classroom.use(fit.view.name)
        self.navigator.show_chart(fit)

    def feature(self) -> None:
        self.lab.fit.next_turn()

    def zoom_in(self) -> None:
        self.navigator.chart.zoom(closer=True)

    def zoom_out(self) -> None:
        self.navigator.chart.zoom(closer=False)

    def cursor_left(self) -> None:
        self.navigator.chart.move_cursor(-1)

    def cursor_right(self) -> None:
        self.navigator.chart.move_cursor(1)

    def reset_view(self) -> None:
        self.navigator.chart.reset_view()

    def fullscreen(self) -> None:
        self.screen.toggle_class("-full")

    def pin(self) -> None:
        pinned = self.desk.pin()
        tell(self.screen, tr("pinned as the reference") if pinned else tr("no longer pinned"))

    def next_panel(self) -> None:
        self.navigator.turn(1)

    def previous_panel(self) -> None:
        self.navigator.turn(-1)

    def jump(self) -> None:
        panels = self.navigator.by_letter()
        names = {letter: tr(TITLES[JUMPS[letter]]) for letter in panels}

        def go(letter: str | None) -> None:
            if letter:
                self.navigator.go_to(panels[letter])

        open_over(self.screen, JumpScreen(names), go)

    async def leave(self) -> None:
        if self.screen.has_class("-full"):
            self.fullscreen()
        else:
            await self.classroom.close()

    def experiments(self) -> None:
        def take(opened: Opened | None) -> None:
            if opened:
                self.offer_back(opened.experiment)
                self.desk.adopt(opened.experiment, opened.name)

        open_over(self.screen, ExperimentsScreen(self.desk.experiment), take)

    def share(self) -> None:
        self.copy(command_line(self.desk.experiment), tr("the experiment"))

    def copy_menu(self) -> None:
        def copy(letter: str | None) -> None:
            if letter:
                self.copy_shown(letter)

        open_over(self.screen, CopyScreen({key: tr(what) for key, what in COPIES.items()}), copy)

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
