"""The lab with a lesson open: what it hides, what it is told of runs, and the way to the next."""

from __future__ import annotations

from asyncio import Lock
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.events import Key
from textual.widget import Widget

from engine.experiment import Experiment
from engine.lessons.attempt import Attempt
from engine.lessons.lesson import Lesson
from engine.lessons.library import lessons
from engine.lessons.progress import Progress
from engine.session import Session
from engine.support.translation import tr
from engine.support.user_files import progress_file
from engine.training.snapshot import Snapshot
from tui.forms.fields import Picker, TextField
from tui.keys import ACTIONS, Action, shown
from tui.panels.bars import Hint, StatusBar
from tui.panels.group import Group
from tui.screens.lab import Lab
from tui.screens.lessons import FREE

if TYPE_CHECKING:
    from tui.panels.lesson import LessonPanel

BELONGING = {"training": ("lr",), "fit": ("view", "feature"), "loss": ("log",)}
"""Actions that mean nothing where their panel is hidden."""


class Classroom(Lab):
    """The lab, and the one lesson that may be open in it."""

    def __init__(
        self, session: Session, experiment: Experiment, first: Lesson | None = None
    ) -> None:
        super().__init__(session, experiment)
        self.first = first
        """The lesson to begin with."""
        self.lesson: LessonPanel | None = None
        self.next_lesson: Lesson | None = None
        self.all_panels: tuple[Widget, ...] = ()
        """Those of the lab, some of which a lesson may hide."""
        self.hidden: frozenset[str] = frozenset()
        """Actions that the lesson hides."""
        self.changing = Lock()
        """Keys may come faster than a panel does: one lesson is opened or left after the other."""
        self.judged = 0
        """How many of the session's runs the lesson was told of."""

    @cached_property
    def progress(self) -> Progress:
        """What was reached till now, read when it is first needed."""
        progress = Progress(progress_file())
        self.report(progress.read())
        return progress

    def report(self, message: str) -> None:
        """Say what went wrong with the file of the progress, if anything did."""
        if message:
            self.notify(message, severity="warning", timeout=10, markup=False)

    # Opening and leaving -----------------------------------------------------------------------

    async def fill(self) -> None:
        """After the fields, open the lesson that was asked for."""
        await super().fill()
        if self.first:
            await self.open_lesson(self.first)

    async def take_lesson(self, name: str | None) -> None:
        """Open a lesson with its experiment, or the free lab; None changes nothing."""
        if name == FREE:
            await self.close_lesson()
        elif name:
            lesson = lessons()[name]
            await self.open_lesson(lesson)
            self.experiment = lesson.experiment
            self.session.prepare(lesson.experiment)
            self.show_experiment()

    async def open_lesson(self, lesson: Lesson) -> None:
        """Show a lesson's panel and view, and hide what it hides; the experiment stays as it is."""
        from tui.panels.lesson import LessonPanel  # its Markdown is not wanted before

        async with self.changing:
            await self._put_away()
            self.next_lesson = self.lesson_after(lesson)
            attempt = Attempt(lesson)
            attempt.met |= self.progress.met(lesson)
            panel = LessonPanel(attempt, self.following(), id="lesson")
            panel.border_title = tr("Lesson")
            forms = self.query_one("#forms", Group)
            forms.border_subtitle = tr("esc leaves the lesson")
            await forms.mount(panel, before=0)
            self.lesson = panel
            self.opened, self.judged = self.session.latest.number, len(self.session.runs)
            self.query_one(StatusBar).title = lesson.title
            self.fit.turn_to(lesson.view)
            self.hide(lesson.hide_panels, lesson.hide_tools)
            self.add_class("-lesson")
            self.remove_class("-full")
            panel.use(lesson.view)
            charts = self.query_one("#charts", Group)
            if self.fit in charts.panels and lesson.view != "fit":
                charts.select(self.fit)
            self.go_to(panel)
            self.show_snapshot()

    async def close_lesson(self) -> None:
        """Take the lesson away; its experiment stays."""
        async with self.changing:
            if await self._put_away():
                self.go_to(self.chart_in_use)
                self.show_snapshot()

    async def _put_away(self) -> bool:
        """Be the free lab again; whether there was a lesson."""
        panel, self.lesson, self.next_lesson = self.lesson, None, None
        if panel is None:
            return False
        self.opened = 0
        self.hide((), ())
        self.remove_class("-lesson")
        self.query_one("#forms", Group).border_subtitle = ""
        self.query_one(StatusBar).title = ""
        await panel.remove()
        return True

    def hide(self, panels: tuple[str, ...], tools: tuple[str, ...]) -> None:
        """Show only what is not among these panels and tools."""
        self.all_panels = self.all_panels or self.panels
        lesson = (self.lesson,) if self.lesson else ()
        visible = [panel for panel in self.all_panels if panel.id not in panels]
        for panel in self.all_panels:
            panel.set_class(panel not in visible, "-hidden")
        self.panels = (*lesson, *visible)
        groups = [self.query_one(f"#{name}", Group) for name in ("forms", "charts")]
        for group in groups:
            group.hold(panel for panel in self.panels if panel.parent is group)
        shown_charts = groups[1].panels
        if self.chart_in_use not in shown_charts and shown_charts:
            self.chart_in_use = self.loss if self.loss in shown_charts else self.fit
        side = self.query_one("#side", Vertical)
        side.set_class(self.values not in visible, "-alone")
        side.border_title = tr("Values") if self.values in visible else tr("Reading")
        belonging = (action for panel in panels for action in BELONGING.get(panel, ()))
        self.hidden = frozenset((*tools, *belonging))

    def following(self) -> str:
        """What to do when all goals of the lesson are reached."""
        after = self.next_lesson
        if after is None:
            return tr("{key}: all lessons", key=self.key_of("lessons"))
        return tr("{key}: next lesson, {title}", key=self.key_of("next_lesson"), title=after.title)

    def lesson_after(self, lesson: Lesson) -> Lesson | None:
        """The next one in the order of the library, if there is one."""
        known = list(lessons().values())
        places = [place for place, one in enumerate(known) if one.name == lesson.name]
        return next(iter(known[places[0] + 1 :]), None) if places else None

    def has_field(self, key: str) -> bool:
        """Whether a key of the experiment can be edited: no lesson hides its panel."""
        return any(key in form.heads for form in self.forms if form in self.panels)

    def key_of(self, name: str) -> str:
        """The key of an action."""
        action = next(action for action in ACTIONS if action.id == name)
        return shown(action, self.app.remapped)  # type: ignore[attr-defined]

    def on_key(self, event: Key) -> None:
        """Say why a key does nothing that the lesson hides."""
        remapped = self.app.remapped  # type: ignore[attr-defined]
        for action in ACTIONS:
            keys = remapped.get(action.id, action.key).split(",")
            if action.id in self.hidden and event.key in keys:
                self.tell(tr("not in this lesson: {tool}; esc leaves it", tool=tr(action.label)))

    # Judging -----------------------------------------------------------------------------------

    def look(self) -> None:
        """Tell the lesson of every run that is over, and of every pause, once."""
        before = self.snapshot
        super().look()
        panel, now = self.lesson, self.snapshot
        runs = self.session.runs
        if panel is None:
            return
        self.refocus()  # there may not have been room for what had the focus
        panel.train(now.state in ("running", "paused") and self.is_own(now))
        news = [line for run in runs[self.judged :] if self.is_own(run) for line in panel.look(run)]
        self.judged = len(runs)
        if now is not before and now.state == "paused" and self.is_own(now):
            news += panel.look(now)
        self.note(panel, news)

    def is_own(self, run: Snapshot) -> bool:
        """Whether a run was begun in this lesson."""
        return run.number > self.opened

    def use(self, name: str) -> None:
        """A tool or view was opened."""
        if self.lesson:
            self.note(self.lesson, self.lesson.use(name))

    def note(self, panel: LessonPanel, news: list[str]) -> None:
        """Keep what was reached, say it, and bring it to the front."""
        if not news:
            return
        self.tell("\n".join(news))
        self.report(self.progress.note(panel.attempt))
        forms = self.query_one("#forms", Group)
        if self.panel_of(self.focused) not in forms.panels:
            forms.select(panel)
        self.show_keys()

    def on_lesson_panel_answered(self) -> None:
        """Say why an answer was refused, or what to do."""
        self.say_help()
        self.show_keys()

    # Hints and focus ---------------------------------------------------------------------------

    def say_help(self) -> None:
        """Also for the fields of the questions."""
        field = self.focused
        if (
            self.lesson
            and isinstance(field, TextField | Picker)
            and self.lesson in field.ancestors
            and not (isinstance(field, TextField) and field.trouble)
        ):
            self.query_one(Hint).say(self.lesson.help(field))
        else:
            super().say_help()

    @property
    def order(self) -> Sequence[Action]:
        """In a lesson, what it wants next comes first."""
        if self.lesson is None:
            return ACTIONS
        first = ("next_lesson",) if self.lesson.done else ("question", "hint")
        return sorted(ACTIONS, key=lambda action: action.id not in first)

    def usual(self) -> str:
        """Also for the text of the lesson."""
        if self.lesson and self.focused is self.lesson:
            return tr("↑ ↓ page up and down scroll the text · tab goes to the next panel")
        return super().usual()

    def refocus(self) -> None:
        """Back to the lesson where nothing else has the focus."""
        if self.lesson is None:
            super().refocus()
        elif self.focused is None and self.is_current:
            self.go_to(self.lesson)
