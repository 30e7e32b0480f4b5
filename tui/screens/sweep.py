"""The sweep screen: a grid of runs as a heat map, or as a curve where there is one axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from engine.experiment import Experiment
from engine.jobs.axis import numeric, numeric_keys, parse_axis
from engine.jobs.sweep import Sweep, SweepProgress
from engine.lessons.library import title_of
from engine.support.errors import BadInput
from engine.support.translation import Translatable, tr, trn
from tui.backend import Backend
from tui.charts.sweep import FLOOR, LOSS, curve, heat
from tui.drawing.heatmap import Heat, HeatMap
from tui.drawing.view import ChartView
from tui.forms.fields import Choice, Edited, Row
from tui.forms.form import Form
from tui.panels.bars import Hint, KeyLine, job_line
from tui.screens.job import JobScreen
from tui.text.numbers import loss_text, rounded, significant

NONE: Translatable = "none"
EMPTY: Translatable = "press s to run the sweep"
MOST_AT_ONCE = 0.25
"""Seconds of work up to which a sweep begins without being asked to."""
USUAL = {
    "lr": "log:1e-3:3:32",
    "batch_size": "log:1:100:16",
    "epochs": "lin:1:10:10",
    "seed": "lin:0:31:32",
    "data.n": "log:10:10000:10",
    "data.noise": "log:1e-3:1:16",
    "init.std": "log:1e-3:10:16",
    "data.correlation": "lin:0:0.9:10",
    "data.outliers": "lin:0:0.5:11",
    "data.outlier_size": "lin:0:20:11",
    "data.current": "log:0.1:10:10",
    "loss.delta": "log:1e-2:10:16",
    "loss.beta": "log:1e-2:10:16",
}
"""Values that suit a key better than its limits would."""


def around(limit: float) -> str:
    """Values of the lr with its limit among them: the usual ones where those have it."""
    if 1e-2 <= limit <= 3 or not math.isfinite(limit) or limit <= 0:
        return USUAL["lr"]
    return f"log:{limit / 1000:.1g}:{2 * limit:.1g}:32"


def offered(key: str, experiment: Experiment, limit: float = math.inf) -> str:
    """The values offered for a key when it is chosen."""
    if key == "lr":
        return around(limit)
    if key in USUAL:
        return USUAL[key]
    param = numeric(key, experiment)
    low = param.low or 0.0
    high = 1.0 if param.high is None else min(param.high, low + 1)
    return f"lin:{high / 10 if param.above else low:g}:{high:g}:11"


# What a narrow terminal cuts off comes last.
KEYS: Translatable = (
    " [b]s[/b] start  [b]x[/b] stop  [b]?[/b] help  [b]enter[/b] load  [b]esc[/b] back  "
    "[b]tab[/b] axes or map  [b]← ↑ ↓ →[/b] cell"
)
HELP: dict[str, Translatable] = {
    "x": "The key along the x axis. Every value of it is tried with every value of the other axis.",
    "x values": "log:low:high:count by equal factors, lin:low:high:count evenly, or a list: 1,2,5.",
    "y": "The key along the y axis; none gives a curve in place of a heat map.",
    "y values": "log:low:high:count by equal factors, lin:low:high:count evenly, or a list: 1,2,5.",
    "measure": "final loss: after the last epoch. epochs to the floor: how soon it was there.",
}


class AxesForm(Form):
    """What is swept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.texts: dict[Translatable, str] = {
            "x": "lr",
            "x values": USUAL["lr"],
            "y": "batch_size",
            "y values": USUAL["batch_size"],
            "measure": LOSS,
        }

    def rows(self, experiment: Experiment) -> list[Row]:
        """Both axes with their values, and what is measured."""
        keys = tuple(Choice(key, key) for key in numeric_keys(experiment))
        choices = {
            "x": keys,
            "y": (Choice(NONE, tr(NONE)), *keys),
            "measure": (Choice(LOSS, tr(LOSS)), Choice(FLOOR, tr(FLOOR))),
        }
        return [
            Row(key, tr(key), text, choices.get(key, ()))
            for key, text in self.texts.items()
            if not (key == "y values" and self.texts["y"] == NONE)
        ]

    def sweep(self, experiment: Experiment) -> Sweep:
        """The sweep that the form describes; raises BadInput."""
        axes = [parse_axis(f"{self.texts['x']}={self.texts['x values']}", experiment)]
        if self.texts["y"] != NONE:
            axes.append(parse_axis(f"{self.texts['y']}={self.texts['y values']}", experiment))
        return Sweep(experiment, tuple(axes))


class SweepScreen(JobScreen[SweepProgress]):
    """Axes on the left, the map on the right."""

    BINDINGS = [Binding("escape,q,w", "leave", "back")]
    about = HELP
    keys: ClassVar[tuple[tuple[str, Translatable], ...]] = (
        (
            "s",
            "Run the sweep of the form; what takes up to 0.25 s runs by itself.",
        ),
        ("x", "End it; what is done stays."),
        ("← ↑ ↓ →", "Go from run to run."),
        ("enter", "Take the run under the cursor to the lab."),
        ("tab", "To the form and back."),
        ("^p", "Every action and theme by its name."),
        ("esc q w", "Back to the lab; the work goes on."),
    )

    def __init__(
        self, session: Backend, experiment: Experiment, critical_lr: Callable[[], float]
    ) -> None:
        super().__init__(session, experiment)
        self.critical_lr = critical_lr
        """2/λmax as it is known now; ∞ before that."""
        self.limit = math.inf
        """2/λmax as it is on show."""

    def compose(self) -> ComposeResult:
        """Head, axes and reading, map or curve, and the keys."""
        self.form, self.map, self.curve = AxesForm(), HeatMap(), ChartView()
        self.form.border_title, self.map.border_title = tr("Axes"), tr("Sweep")
        self.curve.border_title = tr("Sweep")
        yield Static(id="head")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.form
                yield Static(id="cell")
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
        self.map.focus()
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
            if self.form.texts[axis] == "lr" and self.form.texts[values] == around(before):
                self.form.texts[values] = around(self.limit)

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
        if progress and two:
            self.map.show(heat(progress, self.form.texts["measure"], self.limit))
        elif progress:
            self.curve.show(curve(progress, self.form.texts["measure"], self.limit))
        self.show_cell()

    def show_cell(self) -> None:
        """Describe the run under the cursor."""
        self.query_one("#cell", Static).update(describe(self.shown, self.place()))

    def place(self) -> tuple[int, ...] | None:
        """The place of the cursor in the grid; the middle of the good where there is a curve."""
        if self.shown is None:
            return None
        row, column = self.map.cursor
        if len(self.shown.sweep.axes) == 2:
            return column, row
        finite = [
            cell for cell in self.shown.cells if cell is not None and math.isfinite(cell.loss)
        ]
        return (min(finite, key=lambda cell: cell.loss).index,) if finite else None

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
            todo = tr("← ↑ ↓ → go from one to the next, enter takes one to the lab")
        else:
            todo = tr("enter takes the best to the lab")
        self.query_one(Hint).say(
            trn("{n} run; {todo}", "{n} runs; {todo}", n=len(sweep), todo=todo)
        )
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

    # Actions ---------------------------------------------------------------------------------

    def action_start(self) -> None:
        """Run the sweep of the form."""
        sweep = self.check()
        if sweep:
            self.session.start_sweep(sweep)

    def key_enter(self) -> None:
        """With a curve, enter loads the best run."""
        if self.focused is None:
            self.load()

    @on(HeatMap.Chosen)
    def load(self) -> None:
        """Take the run under the cursor back to the main screen."""
        index = self.place()
        if index is not None and self.shown is not None:
            self.dismiss(self.shown.sweep.at(self.shown.sweep.values(index)))


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


def describe(progress: SweepProgress | None, index: tuple[int, ...] | None) -> Content:
    """The run at a place of the grid, in words."""
    if progress is not None and progress.state == "failed":
        return Content.styled(progress.message, "$text-error")
    if progress is None:
        return Content.styled(tr(EMPTY), "dim")
    if index is None:
        return Content.styled(tr("no run with a finite loss yet"), "dim")
    lines = []
    for axis, value in zip(progress.sweep.axes, progress.sweep.values(index), strict=True):
        text = significant(value, 4) if isinstance(value, float) else str(value)
        lines.append(f"{axis.key} = {text}")
    cell = progress.cells[progress.sweep.index(index)]
    if cell is None:
        lines.append(tr("not done yet"))
    elif cell.status == "diverged":
        lines.append(tr("diverged"))
    else:
        lines.append(tr("loss {loss}", loss=loss_text(cell.loss)))
        reached = tr("floor after epoch {epoch}", epoch=cell.floor_epoch)
        lines.append(reached if cell.floor_epoch else tr("floor not reached"))
    return Content("\n".join(lines))
