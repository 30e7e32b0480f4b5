"""The sweep screen: a grid of runs as a heat map, or as a curve where there is one axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from engine.experiment import Experiment
from engine.jobs.best import Best, axis_value, best, in_a_sentence
from engine.jobs.sweep import Sweep, SweepProgress
from engine.lessons.library import title_of
from engine.support.errors import BadInput
from engine.support.translation import Translatable, tr, trn
from tui.backend import Backend
from tui.charts.sweep import curve, heat
from tui.drawing.heat import Heat
from tui.drawing.heatmap import HeatMap
from tui.drawing.view import ChartView
from tui.forms.fields import Edited
from tui.panels.bars import Hint, KeyLine, job_line
from tui.panels.cells import EMPTY, describe
from tui.screens.axes import NONE, AxesForm, around, offered
from tui.screens.job import JobScreen
from tui.text.numbers import rounded

MOST_AT_ONCE = 0.25
"""Seconds of work up to which a sweep begins without being asked to."""
CUTS_FROM = 80, 32
"""Columns and lines of the screen from which on there is room for the cuts."""

# What a narrow terminal cuts off comes last.
KEYS: Translatable = (
    " [b]s[/b] start  [b]b[/b] best  [b]?[/b] help  [b]enter[/b] load  [b]esc[/b] back  "
    "[b]m[/b] measure  [b]+ -[/b] zoom  [b]tab[/b] axes or map  [b]x[/b] stop  "
    "[b]0[/b] all  [b]← ↑ ↓ →[/b] cell"
)
HELP: dict[str, Translatable] = {
    "x": "The key along the x axis. Every value of it is tried with every value of the other axis.",
    "x values": "log:low:high:count by equal factors, lin:low:high:count evenly, or a list: 1,2,5.",
    "y": "The key along the y axis; none gives a curve in place of a heat map.",
    "y values": "log:low:high:count by equal factors, lin:low:high:count evenly, or a list: 1,2,5.",
    "measure": "final loss: after the last epoch. epochs, samples to the floor: how soon and at "
    "what cost it was there. excess over the floor: its share, 0.05 for 5 %.",
}


class SweepScreen(JobScreen[SweepProgress]):
    """Axes on the left, the map on the right."""

    BINDINGS = [
        Binding("b", "best", "best"),
        Binding("m", "measure", "measure"),
        Binding("plus", "zoom(True)", "zoom in"),
        Binding("minus", "zoom(False)", "zoom out"),
        Binding("0", "offer", "whole range"),
        Binding("escape,q,w", "leave", "back"),
    ]
    about = HELP
    keys: ClassVar[tuple[tuple[str, Translatable], ...]] = (
        (
            "s",
            "Run the sweep of the form; what takes up to 0.25 s runs by itself.",
        ),
        ("x", "End it; what is done stays."),
        ("b", "Go to the best run."),
        ("m", "The next measure: loss, epochs, samples, excess."),
        ("+", "Run half the range around the cursor."),
        ("-", "Run twice the range around the cursor."),
        ("0", "Back to the values that are offered."),
        ("← ↑ ↓ →", "Go from run to run."),
        ("enter", "Take the run under the cursor to the lab."),
        ("tab", "To the form and back."),
        ("^p", "Every action and theme by its name."),
        ("esc q w", "Back to the lab; the work goes on."),
        ("★", "The best: at the floor after the fewest samples."),
        ("★", "Of several, the largest batch, its lr at half its limit or less."),
        ("★", "Where none is at the floor, the least loss."),
        ("★", "Runs beyond their limit come last."),
        ("▎", "The limit: the largest lr that theory calls stable."),
        ("×", "Diverged."),
        ("·", "Not yet: not done, or never at the floor."),
    )

    def __init__(
        self, session: Backend, experiment: Experiment, critical_lr: Callable[[], float]
    ) -> None:
        super().__init__(session, experiment)
        self.critical_lr = critical_lr
        """2/λmax as it is known now; ∞ before that."""
        self.limit = math.inf
        """2/λmax as it is on show."""
        self.best: Best | None = None
        """The best run on show, once the sweep is over."""
        self.aim: dict[str, float] = {}
        """What the cursor shall go to as soon as another sweep is on show."""

    def compose(self) -> ComposeResult:
        """Head, axes and reading, map or curve, and the keys."""
        self.form, self.map, self.curve = AxesForm(), HeatMap(), ChartView()
        self.form.border_title, self.map.border_title = tr("Axes"), tr("Sweep")
        self.curve.border_title = tr("Sweep")
        self.cuts = ChartView(), ChartView()
        yield Static(id="head")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.form
                yield Static(id="cell")
                yield from self.cuts
            yield self.map
            yield self.curve
        yield Hint()
        yield KeyLine(tr(KEYS))

    def on_mount(self) -> None:
        """Show the form, and a sweep that is there already."""
        self.take_limit()
        self.form.show(self.experiment)
        self.query_one("#cell").border_title = tr("This run")
        self.curve.display = False
        self.shown = self.latest()
        self.map.show(Heat((), (), (), tr(EMPTY)))
        self.show_progress()
        self.set_focus(self.map)
        if self.shown is None:
            self.run_at_once()

    def latest(self) -> SweepProgress | None:
        """The newest sweep, if it is over this experiment."""
        sweep = self.session.sweep
        return sweep if sweep is not None and self.belongs(sweep.sweep) else None

    def take_limit(self) -> None:
        """Show the limit as it is known now; the values that are offered follow it."""
        before, self.limit = self.limit, self.critical_lr()
        for axis in ("x", "y"):
            values = f"{axis} values"
            was = around(before, self.experiment)
            if self.form.texts[axis] == "lr" and self.form.texts[values] == was:
                self.form.texts[values] = around(self.limit, self.experiment)

    def look(self) -> None:
        """Show what the session has to show, if it is new, and the limit once it is known."""
        if self.is_whole and self.critical_lr() != self.limit:
            self.take_limit()
            self.form.show(self.experiment)
            self.show_progress()
            self.run_at_once()
        super().look()

    def belongs(self, sweep: Sweep) -> bool:
        """Whether a sweep is over this experiment, apart from the keys that it sweeps."""
        base = sweep.experiment.flat()
        try:
            same = self.experiment.changed({axis.key: base[axis.key] for axis in sweep.axes})
        except BadInput:  # another entry is chosen, without that key
            return False
        return same == sweep.experiment

    # Showing ---------------------------------------------------------------------------------

    def show_progress(self) -> None:
        """Show the sweep as it stands."""
        self.query_one("#head", Static).update(head(self.experiment, self.shown, self.size.width))
        progress = self.shown
        two = progress is None or len(progress.sweep.axes) == 2
        self.map.display, self.curve.display = two, not two
        self.refocus()
        self.best = best(progress) if progress and progress.state != "running" else None
        if progress and two:
            self.map.show(heat(progress, self.form.texts["measure"], self.best))
        self.take_aim()
        self.show_cell()

    def take_aim(self) -> None:
        """Put the cursor where it was meant to go, if the sweep on show has that place."""
        if not self.shown or not self.aim or [*self.aim] != [a.key for a in self.shown.sweep.axes]:
            return
        places = [
            min(range(len(axis.values)), key=lambda i: abs(axis.values[i] - self.aim[axis.key]))
            for axis in self.shown.sweep.axes
        ]
        self.aim = {}
        if len(places) == 2:
            self.map.cursor = places[1], places[0]

    def show_cell(self) -> None:
        """Describe the run under the cursor, and show the cuts through it."""
        index, measure = self.index(), self.form.texts["measure"]
        self.query_one("#cell", Static).update(describe(self.shown, index))
        two = self.shown is not None and len(self.shown.sweep.axes) == 2
        room = self.size.width >= CUTS_FROM[0] and self.size.height >= CUTS_FROM[1]
        for along, cut in enumerate(self.cuts):
            cut.display = two and index is not None and room
            if cut.display and self.shown and index is not None:
                x, other = (self.shown.sweep.axes[i].key for i in (along, 1 - along))
                value = axis_value(self.shown.sweep.named(index)[other])
                cut.border_title = tr("{x} at {key} {value}", x=x, key=other, value=value)
                cut.show(curve(self.shown, measure, index, along))
        if self.shown and not two:
            self.curve.show(curve(self.shown, measure, index or 0))

    def index(self) -> int | None:
        """The run under the cursor; of a curve the best, or else that of the least loss."""
        if self.shown is None:
            return None
        row, column = self.map.cursor
        if len(self.shown.sweep.axes) == 2:
            return self.shown.sweep.index((column, row))
        chosen = self.best or best(self.shown)
        return chosen.cell.index if chosen else None

    # Editing ---------------------------------------------------------------------------------

    @on(Edited)
    def edit(self, event: Edited) -> None:
        """Take over an axis, its values, or the measure."""
        self.form.texts[event.key] = event.text
        if event.key in ("x", "y") and event.text != NONE:
            self.form.texts[f"{event.key} values"] = offered(
                event.text, self.experiment, self.limit
            )
        self.form.show(self.experiment)
        if event.key == "measure":
            self.show_progress()
        else:
            self.run_at_once()

    def run_at_once(self) -> None:
        """Run the sweep of the form where it takes no time that one would notice."""
        sweep = self.check()
        if sweep and sweep.seconds <= MOST_AT_ONCE and not self.is_shown(sweep):
            self.session.start_sweep(sweep)

    def is_shown(self, sweep: Sweep) -> bool:
        """Whether it is the one on show."""
        return self.shown is not None and self.shown.sweep == sweep

    def check(self) -> Sweep | None:
        """The sweep of the form, or what is wrong with it in the hint."""
        try:
            sweep = self.form.sweep(self.experiment)
        except BadInput as error:
            self.refuse(str(error))
            return None
        progress = self.shown
        if progress and progress.sweep == sweep and all_diverged(progress):
            self.refuse(all_above(self.limit))
            return sweep
        if progress is None or progress.sweep != sweep:
            todo = tr("press s")
            if sweep.seconds > MOST_AT_ONCE:
                todo = tr("about {seconds:.2g} s: press s", seconds=rounded(sweep.seconds))
        elif progress.state == "running":
            todo = tr("x stops them")
        elif len(sweep.axes) == 2:
            todo = tr("b goes to the best, enter takes one to the lab")
        else:
            todo = tr("enter takes the best to the lab")
        runs = trn("{n} run; {todo}", "{n} runs; {todo}", n=len(sweep), todo=todo)
        self.query_one(Hint).say(f"{in_a_sentence(self.best)}\n{runs}" if self.best else runs)
        return sweep

    def say_usual(self) -> None:
        """How many runs it would be, or what is wrong with the form."""
        self.check()

    @property
    def home(self) -> HeatMap | None:
        """The map, where there is one."""
        return self.map if self.map.display else None

    @on(HeatMap.Moved)
    def moved(self) -> None:
        """The cursor stands on another run."""
        self.show_cell()

    @on(HeatMap.Zoomed)
    def wheeled(self, event: HeatMap.Zoomed) -> None:
        """The wheel was turned over a run."""
        self.action_zoom(event.closer)

    # Actions ---------------------------------------------------------------------------------

    def action_start(self) -> None:
        """Run the sweep of the form."""
        sweep = self.check()
        if sweep:
            self.session.start_sweep(sweep)

    def action_best(self) -> None:
        """Go to the best run."""
        if self.best and self.shown and len(self.shown.sweep.axes) == 2:
            column, row = self.shown.sweep.place(self.best.cell.index)
            self.map.go_to((row, column))

    def action_measure(self) -> None:
        """Show the next measure."""
        self.form.turn()
        self.form.show(self.experiment)
        self.show_progress()

    def action_zoom(self, closer: bool) -> None:
        """Run half the range of the axes around the cursor, or twice it."""
        index = self.index()
        if index is None or self.shown is None:
            return
        at = self.shown.sweep.named(index)
        try:
            self.form.zoom(self.experiment, at, closer)
        except BadInput as error:
            self.refuse(str(error))
            return
        self.run_anew(at)

    def action_offer(self) -> None:
        """Run the values that are offered for the axes."""
        for axis in ("x", "y"):
            key = self.form.texts[axis]
            if key != NONE:
                self.form.texts[f"{axis} values"] = offered(key, self.experiment, self.limit)
        index = self.index()
        self.run_anew(self.shown.sweep.named(index) if self.shown and index is not None else {})

    def run_anew(self, aim: dict[str, float]) -> None:
        """Run the sweep of the form, the cursor to stand at these values of its axes."""
        self.form.show(self.experiment)
        sweep = self.check()
        if sweep and not self.is_shown(sweep):
            self.aim = aim
            self.session.start_sweep(sweep)

    def key_enter(self) -> None:
        """With a curve, enter loads the best run."""
        if self.focused is None:
            self.load()

    @on(HeatMap.Chosen)
    def load(self) -> None:
        """Take the run under the cursor back to the main screen."""
        index, progress = self.index(), self.shown
        if index is not None and progress is not None:
            self.dismiss(progress.sweep.at(progress.sweep.values(progress.sweep.place(index))))


def all_diverged(progress: SweepProgress) -> bool:
    """Whether a sweep is over and not one of its runs arrived."""
    return progress.state == "finished" and all(
        cell is not None and cell.status == "diverged" for cell in progress.cells
    )


def all_above(limit: float) -> str:
    """What to do where every run has diverged."""
    if not math.isfinite(limit):
        return tr("All of them diverged: take smaller values of lr.")
    return tr(
        "All of them diverged: take values of lr around the limit 2/λmax = {limit:.2g}.",
        limit=rounded(limit),
    )


def head(experiment: Experiment, progress: SweepProgress | None, width: int) -> Content:
    """One line: what is swept, and how far it is."""
    title = " linreg-tui · " + tr("sweep of {title}", title=title_of(experiment))
    if progress is None:
        return Content(title)
    state = f"{tr(progress.state)}  {progress.done}/{len(progress.cells)}"
    share = progress.done / max(len(progress.cells), 1)
    left = progress.eta if progress.state == "running" else None
    return job_line(title, state, share, progress.seconds, left, width)
