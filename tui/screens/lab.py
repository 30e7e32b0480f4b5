"""The panels of the lab: laid out once, then shown every experiment and every snapshot."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.widgets import Static

from engine.experiment import Experiment
from engine.support.translation import in_words, tr
from tui.charts.loss import Beside, band_of
from tui.charts.views import VIEWS
from tui.clock import Clock
from tui.forms.form import Form
from tui.keys.in_use import key_of
from tui.panels.ahead import ahead
from tui.panels.bars import Hint, KeyBar, StatusBar
from tui.panels.code import CodePanel
from tui.panels.data import DataPanel
from tui.panels.device import DevicePanel
from tui.panels.fit import FitPanel
from tui.panels.group import Group
from tui.panels.loss import LossPanel
from tui.panels.model import ModelPanel
from tui.panels.reading import ReadingPanel, reading
from tui.panels.runs import RunsPanel
from tui.panels.training import TrainingPanel
from tui.panels.values import ValuesPanel
from tui.screens.desk import Desk
from tui.text.titles import TITLES


class Lab:
    """Forms, charts, values, and the bars around them; the stylesheet fits them to a size."""

    def __init__(self, clock: Clock) -> None:
        self.status, self.hint, self.keys = StatusBar(), Hint(), KeyBar()
        self.training = TrainingPanel(id="training")
        self.forms: tuple[Form, ...] = (DataPanel(id="data"), ModelPanel(id="model"), self.training)
        self.loss, self.fit = LossPanel(clock, id="loss"), FitPanel(clock, id="fit")
        self.views = (
            self.fit,
            FitPanel(clock, VIEWS["landscape"], id="third", classes="-hidden"),
            FitPanel(clock, VIEWS["parameters"], id="fourth", classes="-hidden"),
        )
        """The second chart, and those that only the grid of four has."""
        self.code = CodePanel(id="code", classes="-hidden")
        """Has the place of the second chart, when it is asked for."""
        self.values, self.reading = ValuesPanel(id="values"), ReadingPanel()
        self.runs, self.device = RunsPanel(id="runs"), DevicePanel()
        self.text = Static(id="text")
        """The reading, where there is room for nothing else."""
        self.left = Group(*self.forms, id="forms")
        """Forms, and the panel of a lesson."""
        self.charts = Group(self.loss, self.fit, self.code, *self.views[1:], id="charts")
        self.panels: tuple[Widget, ...] = (
            *self.forms, self.loss, self.fit, self.code, *self.views[1:], self.values, self.runs,
        )  # fmt: skip
        """The panels that the focus can go to, in their order."""

    def compose(self) -> ComposeResult:
        """All the widgets, with the titles of the panels."""
        for panel in self.panels:
            panel.border_title = tr(TITLES[str(panel.id)])
        for chart in self.views:
            chart.border_title = tr(chart.view.title)
        self.reading.border_title, self.device.border_title = tr("Reading"), tr("Device")
        yield self.status
        with Container(id="body"):
            yield self.left
            with Vertical(id="side") as side:
                side.border_title = tr("Values")
                yield self.values
                yield self.reading
                yield self.runs
                yield self.device
            yield self.charts
        yield self.text
        yield self.hint
        yield self.keys

    async def fill(self, experiment: Experiment) -> None:
        """Put the fields into the forms, which come without any.

        Most of the screen's widgets are fields, and the first frame would take twice as long with
        them.
        """
        await AwaitComplete(*(form.show(experiment) for form in self.forms))

    def show_experiment(self, experiment: Experiment) -> None:
        """Show an experiment in the forms."""
        for form in self.forms:
            form.show(experiment)

    def show(self, desk: Desk, expects: bool) -> None:
        """Hand the run on show, those beside it, and whether theory is, to the panels."""
        now = desk.snapshot
        self.status.show(desk.at_hand if desk.is_retracing else now, looking(desk))
        self.show_ahead(desk, expects)
        self.code.show(desk.experiment, desk.statements)
        self.values.show(desk.moment)
        self.device.show(now)
        self.training.follow(desk.at_hand, desk.experiment)

    def show_ahead(self, desk: Desk, expects: bool) -> None:
        """Show all that has a place for the run that would follow: the charts, and Reading."""
        now, previous, pinned = desk.snapshot, desk.previous, desk.pinned_beside
        moment, preview = desk.moment, desk.preview
        band = band_of(now, desk.sweep)
        beside = Beside(previous, pinned, band, desk.compared, preview, expects)
        self.loss.update(now, beside)
        for chart in self.views:
            if not chart.has_class("-hidden"):
                chart.update(now, previous, pinned, moment, preview)
        words = ahead(preview, now.loss if now.step or previous is None else previous.loss)
        self.reading.show(moment, words)
        self.text.update(reading(moment, words), layout=False)


def looking(desk: Desk) -> str:
    """Which run is on show in place of that at hand, or which moment, and how to come back.

    Of a fork on its way to where it begins, how far that is.
    """
    run, clock, leave = desk.looked_at, desk.clock, key_of("leave")
    if desk.is_retracing and (progress := in_words(desk.at_hand.message)):
        return tr("{progress} · {stop}: back", progress=progress, stop=key_of("stop"))
    if clock.run:
        step, steps = clock.step, clock.run.step
        if run is None:
            return tr(
                "looking at step {step} of {steps} · {leave}: now",
                step=step,
                steps=steps,
                leave=leave,
            )
        return tr(
            "looking at {run}, step {step} of {steps} · {leave}: now",
            run=desk.looked_name,
            step=step,
            steps=steps,
            leave=leave,
        )
    return tr("looking at {run} · {leave}: back", run=desk.looked_name, leave=leave) if run else ""
