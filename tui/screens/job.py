"""What the screens of a sweep and of a race have in common."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from engine.experiment import Experiment
from engine.jobs.race import RaceProgress
from engine.jobs.sweep import SweepProgress
from engine.support.translation import Translatable, tr
from tui.backend import Backend
from tui.forms.fields import Picker, TextField
from tui.forms.form import Form
from tui.overlay import Over, open_over
from tui.panels.bars import Hint
from tui.screens.dialogs import HelpScreen

LOOK_INTERVAL = 1 / 10
"""Seconds between two looks at the session."""

Progress = TypeVar("Progress", SweepProgress, RaceProgress)


class JobScreen(Over[Experiment | None], Generic[Progress]):
    """Work of the session over one experiment; gives back the experiment that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "start"),
        Binding("x", "stop", "stop"),
        Binding("question_mark,f1", "help", "help"),
        Binding("tab", "other_side", "settings", priority=True),
    ]

    keys: ClassVar[tuple[tuple[str, Translatable], ...]]
    """Every key of the screen, with what it does."""
    about: ClassVar[dict[str, Translatable]]
    """Help for each field of the form."""

    def __init__(self, session: Backend, experiment: Experiment) -> None:
        super().__init__()
        self.session = session
        self.experiment = experiment
        self.shown: Progress | None = None

    def on_mount(self) -> None:
        """After the screen's own widgets: give them their colours, and begin to look."""
        self.app.color_charts()  # type: ignore[attr-defined]
        self.set_interval(LOOK_INTERVAL, self.look)

    def latest(self) -> Progress | None:
        """The newest work of the session, if it is over this experiment."""
        raise NotImplementedError

    def show_progress(self) -> None:
        """Show the work as it stands."""
        raise NotImplementedError

    def say_usual(self) -> None:
        """The hint where no field has the focus."""
        raise NotImplementedError

    @property
    def home(self) -> Widget | None:
        """What has the focus where nothing else has it, if it is on show."""
        raise NotImplementedError

    def look(self) -> None:
        """Show what the session has to show, if it is new."""
        if not self.is_whole:
            return
        latest = self.latest()
        if latest is None or latest is self.shown:
            return
        self.shown = latest
        self.show_progress()
        if not isinstance(self.focused, TextField | Picker):
            self.say_usual()
        if latest.state == "failed":
            self.refuse(latest.message)

    def refuse(self, why: str) -> None:
        """Say why something cannot be."""
        self.query_one(Hint).refuse(why)

    def on_resize(self) -> None:
        """What is shown follows the size."""
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Show the work once more, unless the screen is being taken away."""
        if self.is_whole:
            self.show_progress()

    def on_descendant_focus(self) -> None:
        """Help for the focused field."""
        if isinstance(self.focused, TextField | Picker):
            self.query_one(Hint).say(tr(self.about[self.focused.key]))
        else:
            self.say_usual()

    def on_descendant_blur(self) -> None:
        """A field that is left gives the focus back."""
        self.call_after_refresh(self.refocus)

    def refocus(self) -> None:
        """Focus what there is to walk about in where nothing else has the focus."""
        if not self.is_whole:
            return
        home = self.home
        if self.focused is None and home is not None and self.is_current:
            self.set_focus(home)

    def action_start(self) -> None:
        """Begin the work that the screen describes."""
        raise NotImplementedError

    def action_help(self) -> None:
        """The whole hint, and every key."""
        open_over(self, HelpScreen(self.query_one(Hint).shown[0], self.keys))

    def action_stop(self) -> None:
        """End the work; what is done stays."""
        self.session.stop_job()

    def action_leave(self) -> None:
        """Back to the main screen; the work goes on."""
        self.dismiss(None)

    def action_other_side(self) -> None:
        """To the form and back."""
        if isinstance(self.focused, TextField | Picker):
            self.set_focus(self.home)
        elif self.query_one("#left").display:
            self.set_focus(next(iter(self.query_one(Form).fields.values())))
