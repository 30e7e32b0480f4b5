"""The main screen: forms, charts and values around one session."""

from __future__ import annotations

import math
from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.events import DescendantBlur, DescendantFocus
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from engine.experiment import Experiment
from engine.history import Snapshot
from engine.presets import PRESETS
from engine.registry import BadInput, Param, show
from engine.session import Session
from engine.sweep import fan
from tui.fields import Edited, Form, Picker, TextField
from tui.keys import ACTIONS, bindings, shown
from tui.numbers import count
from tui.panels.bars import Hint, KeyBar, StatusBar
from tui.panels.chart import ChartPanel
from tui.panels.data import DataPanel
from tui.panels.device import DevicePanel
from tui.panels.fit import FitPanel
from tui.panels.group import Group
from tui.panels.loss import LossPanel, spread
from tui.panels.model import ModelPanel
from tui.panels.reading import ReadingPanel, advice, reading
from tui.panels.training import PACE, PACES, TrainingPanel, pace_text
from tui.panels.values import ValuesPanel
from tui.screens.dialogs import ConfirmScreen, HelpScreen, JumpScreen
from tui.screens.finder import FinderScreen
from tui.screens.sweep import SweepScreen

TICK = 1 / 20
"""Seconds between two looks at the session."""
SEEDS = 32
"""Runs behind a seed band."""
JUMPS = {"d": "data", "m": "model", "t": "training", "l": "loss", "f": "fit", "v": "values"}


class MainScreen(Screen[None]):
    """Everything on one screen; its layout follows the size of the terminal."""

    BINDINGS = bindings()

    def __init__(self, session: Session, experiment: Experiment) -> None:
        super().__init__()
        self.session = session
        self.experiment = experiment
        """What the forms say; the run in progress may be another one."""
        self.snapshot = session.latest
        self.pinned: Snapshot | None = None
        self.finding = session.finding
        self.sweep = session.sweep

    def compose(self) -> ComposeResult:
        """Forms, charts, values, and the bars around them."""
        self.loss, self.fit = LossPanel(id="loss"), FitPanel(id="fit")
        self.values, self.training = ValuesPanel(id="values"), TrainingPanel(id="training")
        self.forms: tuple[Form, ...] = (DataPanel(id="data"), ModelPanel(id="model"), self.training)
        self.text = Static(id="text")
        self.panels: tuple[Widget, ...] = (*self.forms, self.loss, self.fit, self.values)
        for panel in self.panels:
            panel.border_title = str(panel.id).capitalize()
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
        self.query_one("#side").border_title = "Values"
        self.query_one(ReadingPanel).border_title = "Reading"
        self.query_one(DevicePanel).border_title = "Device"
        self.show_snapshot()
        self.loss.focus()
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
        if self.session.finding is not self.finding and self.is_active:
            self.show_finding()
        if self.session.sweep is not self.sweep:
            self.sweep = self.session.sweep
            self.show_snapshot()
        latest = self.session.latest
        if latest is not self.snapshot:
            self.snapshot = latest
            self.show_snapshot()

    def show_snapshot(self) -> None:
        """Hand the snapshot to the panels."""
        now = self.snapshot
        before = [run for run in self.session.runs if run.number < now.number]
        pinned = self.pinned if self.pinned and self.pinned.number != now.number else None
        previous = before[-1] if before and before[-1] is not pinned else None
        with self.app.batch_update():
            self.query_one(StatusBar).show(now)
            self.loss.update(now, previous, pinned, spread(now, self.sweep))
            self.fit.update(now)
            self.values.show(now)
            self.query_one(ReadingPanel).show(now)
            self.query_one(DevicePanel).show(now)
            self.text.update(reading(now), layout=False)
            if now.facts and now.facts.devices != self.training.devices:
                self.training.devices = now.facts.devices
                self.training.show(self.experiment)
            self.show_keys()
            if not isinstance(self.focused, TextField | Picker):
                self.say_help()

    def show_experiment(self) -> None:
        """Show the edited experiment in the forms."""
        for form in self.forms:
            form.show(self.experiment)

    def show_keys(self) -> None:
        """Show the keys that do something now."""
        remapped = self.app.remapped  # type: ignore[attr-defined]
        able = [
            (action, shown(action, remapped))
            for action in ACTIONS
            if action.bar and self.check_action(action.id, ())
        ]
        self.query_one(KeyBar).show(able)

    def say_help(self) -> None:
        """Show the help of the focused field, or what to do at all."""
        hint = self.query_one(Hint)
        if not isinstance(self.focused, TextField | Picker):
            wrong = (field.trouble for field in self.query(TextField))
            trouble = next(filter(None, wrong), "") or advice(self.snapshot)
            usual = "← → value cursor · + - zoom · v view · enter full screen"
            hint.say(trouble or self.pending() or usual, refused=bool(trouble))
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
            texts = (about, param.what, param.why, param.extremes, self.speed(key))
            hint.say(" ".join(filter(None, texts)))
        else:
            entry = self.experiment.entry(key)
            hint.say(f"{param.what} {entry.label}: {entry.formula}. {entry.help}")

    def speed(self, key: str) -> str:
        """How fast the chosen loop was when it last ran; for the key `loop` alone."""
        runs = (run for run in reversed(self.session.runs) if key == "loop" and run.seconds)
        same = (run for run in runs if run.experiment.loop == self.experiment.loop)
        run = next(same, None)
        return f"Measured here: {count(run.steps_per_second)} steps/s." if run else ""

    def pending(self) -> str:
        """What to say where the forms are ahead of the run on screen."""
        run = self.snapshot
        if run.state in ("running", "paused") and run.experiment != self.experiment:
            return "The changes apply at the next start: press s when this run is over."
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
        self.notify(text, timeout=2, markup=False)

    # Focus -----------------------------------------------------------------------------------

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Bring the panel of the focused widget to the front."""
        panel = self.panel_of(event.widget)
        if panel is None:
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
            self.chart_in_use.focus()

    chart_in_use: ChartPanel

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

    # Actions, named as in keys.py --------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action makes sense now; the key bar shows those that do."""
        state = self.snapshot.state
        running, paused = state == "running", state == "paused"
        able = {
            "start": not running,
            "pause": running,
            "resume": paused,
            "minibatch": not running,
            "epoch": not running,
            "stop": running or paused,
            "seed": not running and not paused,
            "regenerate": not running and not paused,
            "preset": not running and not paused,
            "sweep": not running,
            "fan": not running,
            "find_lr": not running,
            "feature": self.fit.view != "parameters",
            "leave": self.has_class("-full"),
            "fullscreen": isinstance(self.focused, ChartPanel),
            "pin": self.snapshot.step > 0,
        }
        return able.get(action, True)

    def action_start(self) -> None:
        self.session.start(self.experiment)

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

    def action_seed(self) -> None:
        def turn() -> None:
            self.change({"seed": show(self.experiment.seed + 1)})
            self.tell(f"seed {self.experiment.seed}: other data, other start")

        self.attempt(turn)

    def action_regenerate(self) -> None:
        self.session.prepare(self.experiment)
        self.tell(
            f"drawn again from seed {self.experiment.seed}: the same data; n takes a new seed"
        )

    def action_preset(self, number: int) -> None:
        self.adopt(list(PRESETS.values())[number - 1].experiment)

    def action_faster(self) -> None:
        self.turn_pace(1)

    def action_slower(self) -> None:
        self.turn_pace(-1)

    def turn_pace(self, by: int) -> None:
        """The next faster or slower pace."""
        place = PACES.index(self.training.pace) + by
        self.set_pace(PACES[min(max(place, 0), len(PACES) - 1)])
        self.tell(f"pace: {pace_text(self.training.pace)}")

    def action_sweep(self) -> None:
        def load(experiment: Experiment | None) -> None:
            if experiment:
                self.adopt(experiment)

        facts = self.snapshot.facts
        limit = facts.stability.curvature.critical_lr if facts else math.inf
        self.app.push_screen(SweepScreen(self.session, self.experiment, limit), load)

    def action_fan(self) -> None:
        def start() -> None:
            self.session.start_sweep(fan(self.experiment, SEEDS))
            self.tell(f"{SEEDS} seeds: least, quartiles and greatest loss come as a band")

        self.attempt(start)

    def action_find_lr(self) -> None:
        self.finding = self.session.finding
        self.session.find_lr(self.experiment)

    def show_finding(self) -> None:
        """Show what the finder has found, and take its suggestion where that is wanted."""
        finding = self.finding = self.session.finding
        if finding is None or isinstance(finding, str):
            self.tell(finding or "")
            return

        def take(lr: float | None) -> None:
            if lr is not None:
                self.attempt(lambda: self.change({"lr": f"{lr:.3g}"}))

        self.app.push_screen(FinderScreen(finding), take)

    def action_log(self) -> None:
        self.loss.log_y = not self.loss.log_y
        self.loss.redraw()

    def action_view(self) -> None:
        self.fit.next_view()
        self.query_one("#charts", Group).select(self.fit)
        if self.chart_in_use is self.loss and isinstance(self.focused, ChartPanel):
            self.go_to(self.fit)

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

    def action_leave(self) -> None:
        self.remove_class("-full")
        self.show_keys()

    def action_pin(self) -> None:
        self.pinned = None if self.pinned is self.snapshot else self.snapshot
        self.tell("pinned as the reference" if self.pinned else "no longer pinned")
        self.show_snapshot()

    def action_next_panel(self) -> None:
        self.turn_panel(1)

    def action_previous_panel(self) -> None:
        self.turn_panel(-1)

    def action_jump(self) -> None:
        names = {letter: name.capitalize() for letter, name in JUMPS.items()}

        def go(letter: str | None) -> None:
            if letter:
                self.go_to(self.query_one(f"#{JUMPS[letter]}"))

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
            self.app.push_screen(ConfirmScreen("Training is not over. Leave?"), leave)
        else:
            self.app.exit()
