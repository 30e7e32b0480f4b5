"""The lesson that is open in the lab: what it hides, what it is told of runs, the way to the next.

Without a lesson the lab is free, and nothing is hidden.
"""

from __future__ import annotations

from asyncio import Lock
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from textual.screen import Screen

from engine.experiment import Experiment
from engine.lessons.attempt import Attempt
from engine.lessons.lesson import Lesson
from engine.lessons.library import lessons
from engine.lessons.progress import Progress
from engine.runs.differences import differences
from engine.support.errors import show
from engine.support.translation import tr
from engine.support.user_files import progress_file
from engine.training.snapshot import Snapshot
from tui.charts.views import VIEWS
from tui.forms.fields import Picker, TextField
from tui.keys.action import Action
from tui.keys.in_use import key_of
from tui.keys.table import ACTIONS
from tui.marking import mark
from tui.overlay import tell
from tui.screens.desk import Desk
from tui.screens.lab import Lab
from tui.screens.navigator import Navigator

if TYPE_CHECKING:
    from tui.panels.lesson import LessonPanel


class Classroom:
    """The one lesson that may be open, and what was reached in all of them."""

    def __init__(
        self,
        screen: Screen[None],
        lab: Lab,
        desk: Desk,
        navigator: Navigator,
    ) -> None:
        self.screen, self.lab, self.desk, self.navigator = screen, lab, desk, navigator
        self.panel: LessonPanel | None = None
        """The panel of the open lesson."""
        self.next_lesson: Lesson | None = None
        self.changing = Lock()
        """Keys may come faster than a panel does: one lesson is opened or left after the other."""
        self.judged = 0
        """How many of the session's runs the lesson was told of."""
        self.sweep, self.race = desk.session.sweep, desk.session.race
        """The sweep and the race that the lesson was told of last, or that were there before it."""
        self.paused: Snapshot | None = None
        """The pause that the lesson was told of last."""

    @cached_property
    def progress(self) -> Progress:
        """What was reached till now, read when it is first needed."""
        progress = Progress(progress_file())
        self.report(progress.read())
        return progress

    @property
    def lesson(self) -> Lesson | None:
        """The lesson that is open."""
        return self.panel.lesson if self.panel else None

    def report(self, message: str) -> None:
        """Say what went wrong with the file of the progress, if anything did."""
        if message:
            self.screen.notify(message, severity="warning", timeout=10, markup=False)

    # Opening and leaving -----------------------------------------------------------------------

    async def open(self, lesson: Lesson) -> None:
        """Show a lesson's panel and view, and hide what it hides; the experiment stays as it is."""
        from tui.panels.lesson import LessonPanel  # its Markdown is not wanted before

        navigator = self.navigator
        async with self.changing:
            await self._put_away()
            self.next_lesson = lesson_after(lesson)
            attempt = Attempt(lesson)
            attempt.met |= self.progress.met(lesson)
            panel = LessonPanel(attempt, self.following(), id="lesson")
            panel.border_title = tr("Lesson")
            await self.lab.left.mount(panel, before=0)
            self.panel = panel
            self.desk.look()
            before = self.desk.at_hand
            self.desk.compared_from = before.number - (not before.step)
            self.judged = len(self.desk.runs)
            self.sweep, self.race = self.desk.session.sweep, self.desk.session.race
            self.lab.status.title = lesson.title
            fit, charts = self.lab.fit, self.lab.charts
            fit.turn_to(VIEWS[lesson.view])
            navigator.place(fit)
            navigator.show_all_but(lesson.hide_panels, panel)
            self.lay_out(in_lesson=True)
            panel.use(lesson.view)
            if charts.panels:  # whatever was in front before, or had the focus for a moment
                asks_for_fit = lesson.view != "fit" and fit in charts.panels
                charts.select(fit if asks_for_fit else charts.panels[0])
            navigator.go_to(panel)
            self.desk.changed()

    async def close(self) -> None:
        """Take the lesson away; its experiment stays."""
        async with self.changing:
            if await self._put_away():
                self.lay_out(in_lesson=False)
                self.navigator.go_to(self.navigator.chart)
                self.desk.changed()

    def lay_out(self, in_lesson: bool) -> None:
        """Give the boxes of the lab the places of a lesson, or their own.

        The boxes have the class, not the screen, of which Textual would style every row anew.
        """
        body = self.screen.query_one("#body")
        panels = (panel for column in body.children for panel in column.children)
        for box in (body, *body.children, *panels):
            mark(box, "-lesson", in_lesson)

    async def _put_away(self) -> bool:
        """Be the free lab again; whether there was a lesson."""
        panel, self.panel, self.next_lesson = self.panel, None, None
        if panel is None:
            return False
        self.desk.compared_from = 0
        self.navigator.show_all_but(())
        self.lab.left.border_subtitle = ""
        self.lab.status.title = ""
        await panel.remove()
        return True

    def show_settings(self) -> None:
        """Say at the edge of the lesson what the forms behind it say, as far as it is another."""
        if self.lesson:
            leave = tr("{key} leaves", key=key_of("leave"))
            settings = settings_beside(self.desk.experiment, self.lesson.experiment)
            self.lab.left.border_subtitle = f"{leave} · {settings}"

    def following(self) -> str:
        """What to do when all goals of the lesson are reached."""
        if self.next_lesson is None:
            return tr("{key}: all lessons", key=key_of("lessons"))
        return tr(
            "{key}: next lesson, {title}",
            key=key_of("next_lesson"),
            title=self.next_lesson.title,
        )

    # Judging -----------------------------------------------------------------------------------

    def look(self) -> None:
        """Tell the lesson of every run that is over, and of every pause, once."""
        panel, now = self.panel, self.desk.at_hand
        if panel is None:
            return
        panel.train(self.desk.under_way and self.is_own(now))
        over = [run for run in self.desk.runs[self.judged :] if self.is_own(run)]
        self.judged = len(self.desk.runs)
        news = [line for run in over for line in panel.look(run)]
        if now.state == "paused" and now is not self.paused and self.is_own(now):
            self.paused = now
            news += panel.look(now)
        self.note(panel, news)

    def look_at_jobs(self) -> None:
        """Tell the lesson of a sweep, a seed band or a race that has come to its end."""
        sweep, race = self.desk.session.sweep, self.desk.session.race
        if sweep is not self.sweep and sweep and sweep.state == "finished":
            self.sweep = sweep
            self.use("fan" if [axis.key for axis in sweep.sweep.axes] == ["seed"] else "sweep")
        if race is not self.race and race and race.state == "finished":
            self.race = race
            self.use("race")

    def is_own(self, run: Snapshot) -> bool:
        """Whether a run was begun in this lesson, from its start."""
        return run.number > self.desk.compared_from and run.fork is None

    def use(self, name: str) -> None:
        """A tool or view was opened."""
        if self.panel:
            self.note(self.panel, self.panel.use(name))

    def note(self, panel: LessonPanel, news: list[str]) -> None:
        """Keep what was reached, say it, and bring it to the front."""
        # A goal that was reached before may have a proof only now, which is no news.
        self.report(self.progress.note(panel.attempt))
        if not news:
            return
        tell(self.screen, "\n".join(news))
        if self.navigator.here not in self.lab.left.panels:
            self.lab.left.select(panel)
        self.desk.changed()

    # Keys and hints ----------------------------------------------------------------------------

    @property
    def next_question(self) -> TextField | Picker | None:
        """The field of the next question that can be answered."""
        return self.panel.next_question() if self.panel else None

    @property
    def has_open_question(self) -> bool:
        """Whether a question waits for its first answer."""
        return self.panel is not None and self.panel.has_open_question

    @property
    def hides_theory(self) -> bool:
        """Whether a lesson hides what theory expects of a run, or asks for it."""
        lesson = self.lesson
        return self.has_open_question or bool(lesson and "theory" in lesson.hide_tools)

    @property
    def has_hint(self) -> bool:
        """Whether a goal has a hint that is not shown yet."""
        return self.panel is not None and bool(self.panel.hidden_hints())

    def go_to_question(self) -> None:
        """Focus the field of the next question."""
        field = self.next_question
        if self.panel and field:
            self.navigator.go_to(self.panel)
            self.screen.set_focus(field)

    def show_hint(self) -> None:
        """Show one hint more."""
        if self.panel:
            self.navigator.go_to(self.panel)
            self.panel.next_hint()

    def help(self, field: TextField | Picker) -> str:
        """What to do in the field of a question; nothing for the other fields."""
        panel = self.panel
        return panel.help(field) if panel and panel in field.ancestors else ""

    @property
    def order(self) -> Sequence[Action]:
        """The actions for the key bar: in a lesson, what it wants next comes first."""
        if self.panel is None:
            return ACTIONS
        wanted = ("next_lesson",) if self.panel.done else ("question", "hint")
        first = (*wanted, "start", "pause", "resume", "lr")
        ranks = {id: rank for rank, id in enumerate(first)}
        return sorted(ACTIONS, key=lambda action: ranks.get(action.id, len(first)))


def settings_beside(experiment: Experiment, first: Experiment) -> str:
    """The lr and all settings that differ from those of another experiment: `lr 0.003 (0.03)`."""
    now = experiment.flat()
    changed = differences(now, first.flat())
    texts = {"lr": show(now["lr"])}
    texts |= {key: f"{value} ({before})" for key, (before, value) in changed.items()}
    return ", ".join(f"{key.rpartition('.')[2]} {text}" for key, text in texts.items())


def lesson_after(lesson: Lesson) -> Lesson | None:
    """The next lesson in the order of the library, if there is one."""
    in_order = list(lessons().values())
    names = [each.name for each in in_order]
    if lesson.name not in names:
        return None
    return next(iter(in_order[names.index(lesson.name) + 1 :]), None)
