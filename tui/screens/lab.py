"""What stands on the main screen: forms, charts and values around one session."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.events import DescendantBlur, DescendantFocus
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from engine.catalog.registry import Param
from engine.experiment import Experiment
from engine.session import Session
from engine.support.errors import BadInput
from engine.support.translation import tr
from engine.training.snapshot import Snapshot
from tui.charts.loss import spread
from tui.forms.fields import Edited, Picker, TextField
from tui.forms.form import Form
from tui.keys import ACTIONS, Action, shown
from tui.panels.bars import Hint, KeyBar, StatusBar
from tui.panels.chart import ChartPanel
from tui.panels.data import DataPanel
from tui.panels.device import DevicePanel
from tui.panels.fit import VIEWS, FitPanel
from tui.panels.gauge import knows, limit_words
from tui.panels.group import Group
from tui.panels.loss import LossPanel
from tui.panels.model import ModelPanel
from tui.panels.reading import ReadingPanel, advice, reading
from tui.panels.training import PACE, PACES, TrainingPanel, pace_text
from tui.panels.values import ValuesPanel
from tui.text.numbers import count
from tui.text.titles import TITLES

TICK = 1 / 20
"""Seconds between two looks at the session."""


class Lab(Screen[None]):
    """Everything on one screen; its layout follows the size of the terminal."""

    def __init__(self, session: Session, experiment: Experiment) -> None:
        super().__init__()
        self.session = session
        self.experiment = experiment
        """What the forms say; the run in progress may be another one."""
        self.snapshot = session.latest
        self.pinned: Snapshot | None = None
        self.opened = 0
        """Runs up to this number are another matter, with which nothing is compared."""
        self.answer = session.answer
        self.sweep = session.sweep
        self.landscape = session.landscape

    def compose(self) -> ComposeResult:
        """Forms, charts, values, and the bars around them."""
        self.loss, self.fit = LossPanel(id="loss"), FitPanel(id="fit")
        self.chart_in_use: ChartPanel = self.loss
        self.values, self.training = ValuesPanel(id="values"), TrainingPanel(id="training")
        self.forms: tuple[Form, ...] = (DataPanel(id="data"), ModelPanel(id="model"), self.training)
        self.text = Static(id="text")
        self.panels: tuple[Widget, ...] = (*self.forms, self.loss, self.fit, self.values)
        for panel in self.panels:
            panel.border_title = tr(TITLES[str(panel.id)])
        yield StatusBar()
        with Container(id="body"):
            yield Group(*self.forms, id="forms")
            with Vertical(id="side"):
                yield self.values
                yield ReadingPanel()
                yield DevicePanel()
            yield Group(self.loss, self.fit, id="charts")
        yield self.text
        yield Hint()
        yield KeyBar()

    def on_mount(self) -> None:
        """Fill everything in and begin to look at the session."""
        self.query_one("#side").border_title = tr("Values")
        self.query_one(ReadingPanel).border_title = tr("Reading")
        self.query_one(DevicePanel).border_title = tr("Device")
        self.show_snapshot()
        self.set_focus(self.loss)
        self.set_interval(TICK, self.look)

    async def fill(self) -> None:
        """After the first frame: put the fields into the forms, then let the engine import torch.

        Most of the screen's widgets are fields, and the frame would take twice as long with them.
        """
        for form in self.forms:
            await form.show(self.experiment)
        self.call_after_refresh(self.session.open)

    # Showing ---------------------------------------------------------------------------------

    def look(self) -> None:
        """Show the session's newest snapshot."""
        if self.focused is not None and not self.focused.is_attached:
            self.set_focus(self.chart_in_use)  # the field has gone with the choice it belonged to
        if self.session.answer is not self.answer and self.is_active:
            self.answer = self.session.answer
            self.show_answer()
        if self.session.sweep is not self.sweep:
            self.sweep = self.session.sweep
            self.show_snapshot()
        if self.session.landscape is not self.landscape:
            self.landscape = self.session.landscape
            self.fit.take(self.landscape)
        latest = self.session.latest
        if latest is not self.snapshot:
            self.snapshot = latest
            self.show_snapshot()

    def show_snapshot(self) -> None:
        """Hand the snapshot to the panels."""
        now = self.snapshot
        before = [run for run in self.session.runs if self.opened < run.number < now.number]
        pinned = self.pinned if self.pinned and self.pinned.number != now.number else None
        previous = before[-1] if before and before[-1] is not pinned else None
        with self.app.batch_update():
            self.query_one(StatusBar).show(now)
            self.loss.update(now, previous, pinned, spread(now, self.sweep))
            self.fit.update(now, previous, pinned)
            self.values.show(now)
            self.query_one(ReadingPanel).show(now)
            self.query_one(DevicePanel).show(now)
            self.training.follow(now, self.experiment)
            self.text.update(reading(now), layout=False)
            if now.facts and now.facts.devices != self.training.devices:
                self.training.devices = now.facts.devices
                self.training.show(self.experiment)
            self.show_keys()
            if not isinstance(self.focused, TextField | Picker):
                self.say_help()

    def show_answer(self) -> None:
        """Show what the session has found out; left to whoever asks."""

    @on(FitPanel.Wanted)
    def survey(self, event: FitPanel.Wanted) -> None:
        """Have the engine look at the plane that is to be drawn."""
        self.session.survey(event.experiment, *event.asked)

    def show_experiment(self) -> None:
        """Show the edited experiment in the forms."""
        for form in self.forms:
            form.show(self.experiment)

    @property
    def order(self) -> Sequence[Action]:
        """The actions, those first that the key bar is to begin with."""
        return ACTIONS

    def show_keys(self) -> None:
        """Show the keys that do something now."""
        remapped = self.app.remapped  # type: ignore[attr-defined]
        able = [
            (action, shown(action, remapped))
            for action in self.order
            if action.bar and self.check_action(action.id, ())
        ]
        self.query_one(KeyBar).show(able)

    def say_help(self) -> None:
        """Show the help of the focused field, or what to do at all."""
        hint = self.query_one(Hint)
        if not isinstance(self.focused, TextField | Picker):
            wrong = (field.trouble for field in self.query(TextField))
            trouble = next(filter(None, wrong), "") or advice(self.snapshot)
            hint.say(trouble or self.pending() or self.usual(), refused=bool(trouble))
            return
        if isinstance(self.focused, TextField) and self.focused.trouble:
            hint.say(self.focused.trouble, refused=True)
            return
        key = self.focused.key
        if key != "pace" and key not in self.experiment.flat():
            return  # the field is about to go with the choice that it belonged to
        param = PACE if key == "pace" else self.experiment.param(key)
        if isinstance(param, Param):
            about = dict(zip(param.choices, param.about, strict=False)).get(self.focused.value, "")
            texts = (
                tr(about),
                self.measured(key),
                tr(param.what),
                tr(param.why),
                tr(param.extremes),
            )
            hint.say(" ".join(filter(None, texts)))
        else:
            entry = self.experiment.entry(key)
            hint.say(f"{tr(param.what)} {tr(entry.label)}: {entry.formula}. {tr(entry.help)}")

    def usual(self) -> str:
        """What to say where nothing else is to be said."""
        usual = tr("← → value cursor · + - zoom · v view · enter full screen")
        if self.snapshot.state == "finished" and self.snapshot.message:
            # 80 columns have no other room.
            usual = tr("{message}.", message=self.snapshot.message.capitalize())
        if self.focused is self.fit and (about := VIEWS[self.fit.view]):
            usual = tr(about)
        return usual

    def measured(self, key: str) -> str:
        """What is known here of `lr`, its limit, and of `loop`, its speed when it last ran."""
        if key == "lr":
            return limit_words(self.snapshot) if knows(self.snapshot, self.experiment) else ""
        runs = (run for run in reversed(self.session.runs) if key == "loop" and run.seconds)
        same = (run for run in runs if run.experiment.loop == self.experiment.loop)
        run = next(same, None)
        if run is None:
            return ""
        return tr("Measured here: {speed} steps/s.", speed=count(run.steps_per_second))

    def pending(self) -> str:
        """What to say where the forms are ahead of the run on screen."""
        run = self.snapshot
        ahead = self.experiment.changed({"lr": run.experiment.lr}) != run.experiment
        if run.state in ("running", "paused") and ahead:  # the lr is taken over at once
            return tr("The changes apply at the next start: press s when this run is over.")
        return ""

    # Editing ---------------------------------------------------------------------------------

    @on(Edited)
    def edit(self, event: Edited) -> None:
        """Take over what was typed or chosen, or say why not."""
        if event.key == "pace":
            self.set_pace(next(pace for pace in PACES if pace_text(pace) == event.text))
            return
        form = next((form for form in self.forms if event.key in form.fields), None)
        if form is None:
            return  # the field has gone with the choice that it belonged to
        try:
            self.change({event.key: event.text})
        except BadInput as error:
            form.refuse(event.key, str(error))
            self.query_one(Hint).say(str(error), refused=True)
        else:
            form.refuse(event.key, "")
            self.say_help()

    def change(self, changes: dict[str, str]) -> None:
        """Change the experiment by text; raises BadInput and leaves it as it was."""
        self.adopt(self.experiment.changed_by_text(changes), only_lr=list(changes) == ["lr"])

    def adopt(self, experiment: Experiment, only_lr: bool = False) -> None:
        """Make this the edited experiment; a run in progress only takes over the lr."""
        self.experiment = experiment
        if self.snapshot.state not in ("running", "paused"):
            self.session.prepare(experiment)
        elif only_lr:
            self.session.set_lr(experiment.lr)
        self.show_experiment()

    def choose(self, key: str, name: str) -> None:
        """Choose a registry's entry, or say why it cannot be."""
        self.attempt(lambda: self.change({key: name}))

    def attempt(self, change: Callable[[], None]) -> None:
        """Do what may be refused; then say why."""
        try:
            change()
        except BadInput as error:
            self.notify(str(error), severity="error", markup=False)

    def set_pace(self, pace: float | None) -> None:
        """So many epochs a second from now on."""
        self.training.pace = pace
        self.session.set_pace(pace)
        self.training.show(self.experiment)

    def tell(self, text: str) -> None:
        """A word about what a key has done, in place of the last one."""
        self.app.clear_notifications()
        self.notify(text, timeout=3, markup=False)

    # Focus -----------------------------------------------------------------------------------

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Bring the panel of the focused widget to the front."""
        panel = self.panel_of(event.widget)
        if panel is None or not event.widget.has_focus:  # it may have gone on meanwhile
            return
        for place in self.query("#forms, #charts, #side"):
            place.set_class(panel in place.walk_children(), "-current")
        if isinstance(panel.parent, Group):
            panel.parent.select(panel)
        if isinstance(panel, ChartPanel):
            self.chart_in_use = panel
        self.say_help()
        self.call_after_refresh(self.show_keys)

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Without any focus the charts are in front."""
        self.call_after_refresh(self.refocus)

    def refocus(self) -> None:
        """Focus a chart where nothing else has the focus."""
        if self.focused is None and self.is_current:
            self.set_focus(self.chart_in_use)

    def panel_of(self, widget: Widget | None) -> Widget | None:
        """The panel a widget stands in."""
        while widget is not None and widget not in self.panels:
            parent = widget.parent
            widget = parent if isinstance(parent, Widget) else None
        return widget

    def go_to(self, panel: Widget) -> None:
        """Display a panel and focus it, or the first field in it."""
        if isinstance(panel.parent, Group):
            panel.parent.select(panel)
        for place in self.query("#forms, #charts, #side"):
            place.set_class(panel in place.walk_children(), "-current")
        self.remove_class("-full")
        if isinstance(panel, Form):
            if not panel.fields:  # a key may come before them
                panel.show(self.experiment)
            panel = next(iter(panel.fields.values()))
        self.focus_now(panel)

    def focus_now(self, widget: Widget) -> None:
        """Focus a widget before the next key is read, even where it was not displayed till now."""
        self.app.stylesheet.update(self)
        self.set_focus(widget)

    def turn_panel(self, by: int) -> None:
        """Go to the next or previous panel."""
        here = self.panel_of(self.focused)
        place = self.panels.index(here) if here else -1
        self.go_to(self.panels[(place + by) % len(self.panels)])
