"""The race screen: who runs on the left, losses and paths on the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from engine.alerts import limit
from engine.events import Facts
from engine.experiment import Experiment
from engine.landscape import Landscape, Plane
from engine.landscape import plane as turned
from engine.lessons.library import title_of
from engine.models import Values, flat
from engine.optimizers import OPTIMIZERS
from engine.race import Race, RaceProgress, Racer
from engine.registry import BadInput, show
from engine.session import Session
from engine.words import tr
from tui.charts import Chart, ChartView, Curve, Level
from tui.fields import Choice, Edited, Form, Picker, Row
from tui.panels.bars import Hint, job_line
from tui.panels.landscape import relief
from tui.panels.racers import Line, RaceTable, lines, place_of
from tui.screens.job import JobScreen
from tui.ticks import padded

SAME, BEST = "same", "best"
PARAMETERS, DIRECTIONS = "parameters", "directions"
EMPTY = "press s to start the race"
BEYOND = 10
"""How far above the loss at the start a chart with a diverged racer goes."""
# What a narrow terminal cuts off comes last.
KEYS = (
    " [b]s[/b] start  [b]x[/b] stop  [b]v[/b] view  [b]space[/b] in or out  "
    "[b]enter[/b] load  [b]esc[/b] back  [b]tab[/b] settings"
)
HELP = {
    "lr": "SGD steps lr times the gradient, Adam about lr whatever it is: one lr is not the same "
    "to both. Each its best: first at the floor of 41 from 1e-4 to 10.",
    "plane": "Paths over two parameters, or along the steepest and the flattest direction of the "
    "loss, the eigenvectors of the largest and the smallest eigenvalue.",
}
READING = {
    "table": "Who takes part, and who was at the floor after how many steps. v shows the charts.",
    "losses": "Losses over all the data after each step. Who is first at the dashed floor wins.",
    "paths": "Paths from o, the start, to x, the closed form. Zigzags cross a valley, spirals "
    "overshoot.",
    "both": "Losses over all the data after each step. Who is first at the dashed floor wins.\n"
    "Paths from o, the start, to x, the closed form. Zigzags cross a valley, spirals overshoot.",
}
"""What each view measures and how to read it."""


class RaceForm(Form):
    """How it is run and shown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.texts = {"lr": SAME, "plane": PARAMETERS}

    def rows(self, experiment: Experiment) -> list[Row]:
        """Which lr they have, and the plane of the paths."""
        choices = {
            "lr": (
                Choice(
                    SAME,
                    tr("same: {lr}", lr=show(experiment.lr)),
                    help=tr("The experiment's, for all."),
                ),
                Choice(BEST, tr("each its best"), help=tr("Found by a sweep for each.")),
            ),
            "plane": (
                Choice(PARAMETERS, tr("parameters"), help=tr("The first two parameters.")),
                Choice(
                    DIRECTIONS,
                    tr("directions"),
                    help=tr("The steepest and the flattest direction."),
                ),
            ),
        }
        return [Row(key, tr(key), text, choices[key]) for key, text in self.texts.items()]


class RaceScreen(JobScreen[RaceProgress]):
    """Racers on the left, losses and paths on the right."""

    BINDINGS = [
        Binding("v", "view", "view"),
        Binding("escape,q,R", "leave", "back"),
    ]
    about = HELP

    def __init__(self, session: Session, experiment: Experiment) -> None:
        super().__init__(session, experiment)
        self.runs = set(OPTIMIZERS.entries)
        """Names of those who take part in the next race."""
        self.turn = 0
        """How often the view was turned."""
        self.landscape = session.landscape
        self.wanted: tuple[object, ...] = ()
        """What the engine was asked for last."""

    def compose(self) -> ComposeResult:
        """Head, table and settings, charts, and the keys."""
        self.table, self.form = RaceTable(), RaceForm()
        self.losses, self.paths = ChartView(), ChartView()
        yield Static(id="head")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.table
                yield self.form
                yield Static(id="racer")
            with Vertical(id="right"):
                yield self.losses
                yield self.paths
        yield Hint()
        yield Static(Content.from_markup(tr(KEYS)), id="keys")

    def on_mount(self) -> None:
        """Show the racers, and a race that is there already."""
        self.table.border_title, self.form.border_title = tr("Racers"), tr("Settings")
        self.table.border_subtitle = tr("steps to the floor")
        self.query_one("#racer").border_title = tr("This racer")
        self.losses.border_title, self.paths.border_title = tr("Losses"), tr("Paths")
        old = self.shown = self.latest()
        if old is not None:
            self.runs = {racer.optimizer for racer in old.race.racers}
            self.form.texts["lr"] = BEST if old.race.tuned else SAME
        self.form.show(self.experiment)
        self.show_progress()
        self.table.focus()

    def latest(self) -> RaceProgress | None:
        """The newest race, if it is over this experiment."""
        race = self.session.race
        return race if race is not None and self.belongs(race.race) else None

    def belongs(self, race: Race) -> bool:
        """Whether a race is over this experiment, apart from what racers bring with them."""
        own = self.experiment
        return replace(race.experiment, optimizer=own.optimizer, lr=own.lr) == own

    def look(self) -> None:
        """Show what the session has to show, if it is new."""
        if self.session.landscape is not self.landscape:
            self.landscape = self.session.landscape
            self.show_progress()
        super().look()

    # Showing ---------------------------------------------------------------------------------

    @property
    def views(self) -> tuple[str, ...]:
        """What v turns through: all there is room for comes first."""
        width = self.size.width
        if width >= 120:
            return "both", "losses", "paths"
        return ("losses", "paths") if width >= 80 else ("table", "losses", "paths")

    @property
    def view(self) -> str:
        """The view that is on show."""
        return self.views[self.turn % len(self.views)]

    def show_progress(self) -> None:
        """Show the race as it stands."""
        width, view = self.size.width, self.view
        self.query_one("#head", Static).update(head(self.experiment, self.shown, width))
        self.query_one("#left").display = view == "table" or width >= 80
        self.query_one("#right").display = view != "table"
        self.losses.display, self.paths.display = view != "paths", view in ("paths", "both")
        self.table.show(lines(self.runs, self.shown))
        self.losses.show(losses_chart(self.shown))
        paths = paths_chart(self.shown, self.form.texts["plane"], self.session.landscape)
        self.paths.show(paths)
        self.survey(paths)
        self.show_racer()
        self.refocus()

    def survey(self, paths: Chart) -> None:
        """Ask for the loss behind the paths where another part of the plane is on show."""
        if self.shown is None or self.shown.facts is None or not self.paths.display:
            return
        facts = self.shown.facts
        plane = plane_of(facts, self.form.texts["plane"])
        wanted = (facts, plane, paths.x_range, paths.y_range)
        if wanted != self.wanted and paths.x_range and paths.y_range and not plane.is_line:
            self.wanted = wanted
            self.session.survey(
                self.shown.race.experiment, facts, plane, paths.x_range, paths.y_range
            )

    def show_racer(self) -> None:
        """Describe the optimizer under the cursor, and say how to read the charts."""
        self.query_one("#racer", Static).update(describe(self.table.line))
        if not isinstance(self.focused, Picker):
            self.say_usual()

    def say_usual(self) -> None:
        """What the charts on show measure and how to read them, or why there can be no race."""
        try:
            self.race()
        except BadInput as error:
            self.refuse(str(error))
            return
        self.query_one(Hint).say(tr(READING[self.view]))

    # Editing ---------------------------------------------------------------------------------

    @on(Edited)
    def edit(self, event: Edited) -> None:
        """Take over another lr or plane."""
        self.form.texts[event.key] = event.text
        self.form.show(self.experiment)
        self.show_progress()

    @on(RaceTable.Picked)
    def toggle(self) -> None:
        """Take the racer under the cursor in or out."""
        self.runs ^= {self.table.cursor}
        self.show_progress()

    @on(RaceTable.Moved)
    def moved(self) -> None:
        """The cursor stands on another racer."""
        self.show_racer()

    def race(self) -> Race:
        """The race that the screen describes; raises BadInput."""
        racers = tuple(Racer(name) for name in OPTIMIZERS.entries if name in self.runs)
        return Race(self.experiment, racers, self.form.texts["lr"] == BEST)

    @property
    def home(self) -> RaceTable | None:
        """The table, where it is on show."""
        return self.table if self.query_one("#left").display else None

    # Actions ---------------------------------------------------------------------------------

    def action_start(self) -> None:
        """Run the race, if there can be one."""
        try:
            race = self.race()
        except BadInput as error:
            self.refuse(str(error))
            return
        self.session.start_race(race)
        if self.view == "table":
            self.action_view()

    def action_view(self) -> None:
        """The next view."""
        self.turn = (self.turn + 1) % len(self.views)
        self.show_progress()

    @on(RaceTable.Chosen)
    def load(self) -> None:
        """Take the optimizer and lr of the racer under the cursor back to the main screen."""
        track = self.table.line.track
        if self.shown is not None and track is not None and track.lr is not None:
            self.dismiss(self.shown.race.at(track.racer, track.lr))


def head(experiment: Experiment, progress: RaceProgress | None, width: int) -> Content:
    """One line: what is raced over, and how far it is."""
    title = " linreg-tui · " + tr("race: {title}", title=title_of(experiment))
    if progress is None:
        return Content(title)
    return job_line(title, tr(progress.state), progress.share, progress.seconds, None, width)


def describe(line: Line) -> Content:
    """The optimizer of a line in words, and how it fared."""
    entry, track = OPTIMIZERS[line.name], line.track
    lines = [tr(entry.label), entry.formula, tr(entry.help)]
    if track is None:
        pass
    elif track.status == "diverged":
        lines.append(tr("Diverged at step {step}.", step=track.steps[-1]))
    elif track.floor_step is not None:
        lines.append(tr("At the floor after {steps} steps.", steps=track.floor_step))
    elif track.losses:
        lines.append(tr("Not at the floor yet."))
    return Content("\n".join(lines))


def losses_chart(progress: RaceProgress | None) -> Chart:
    """The loss of every racer against steps, log y, with the floor as a level."""
    if progress is None or progress.facts is None:
        return Chart(empty=waiting(progress))
    facts, experiment = progress.facts, progress.race.experiment
    floor = limit(facts.noise_floor, facts.optimum, facts.rounding)
    curves, marks = [], []
    for track in progress.tracks:
        place = place_of(track.racer.optimizer)
        points = list(zip(map(float, track.steps), track.losses, strict=True))
        curves.append(curve(points, place))
        chosen = along(track.steps, shares(place))
        marks.append(curve([points[i] for i in chosen], place, "marks"))
    losses = [
        loss
        for track in progress.tracks
        for loss in track.losses
        if math.isfinite(loss) and loss > 0
    ]
    top = BEYOND * facts.start_loss
    return Chart(
        (*curves, *marks),
        (Level(floor, tr("floor")),),
        tr("loss over all data"),
        x_label=tr("steps"),
        log_y=True,
        x_range=(0.0, float(experiment.steps_per_epoch * experiment.epochs)),
        y_range=(min([floor, *losses]) / 2, top) if max(losses, default=0) > top else None,
        empty=waiting(progress),
    )


def paths_chart(progress: RaceProgress | None, plane: str, known: Landscape | None = None) -> Chart:
    """The way of every racer over two parameters or along two directions, on the loss there.

    With a single parameter it is drawn against steps.
    """
    if progress is None or progress.facts is None:
        return Chart(empty=waiting(progress))
    facts, chosen = progress.facts, plane_of(progress.facts, plane)
    curves, marks, inside = [], [], []
    ends = [point(chosen, values, 0) for values in (facts.start, facts.best)]
    for track in progress.tracks:
        place = place_of(track.racer.optimizer)
        points = [
            place_at
            for step, values in zip(track.steps, track.places, strict=True)
            if all(map(math.isfinite, place_at := point(chosen, values, step)))
        ]
        if track.status != "diverged":
            inside += points
        curves.append(curve(points, place))
        lengths = [0.0, *(math.dist(*pair) for pair in pairwise(points))]
        numbered = along(list(accumulate(lengths))[: len(points)], shares(place))
        marks.append(curve([points[i] for i in numbered], place, "marks"))
    (left, right), (low, high) = (
        padded(min(values), max(values)) for values in zip(*ends, *inside, strict=True)
    )
    fits = known is not None and known.facts is facts and known.plane == chosen
    start, best = (
        Curve([x], [y], "marks", "text", marker=sign, mark=sign)
        for (x, y), sign in zip(ends, "ox", strict=True)
    )
    line, known_best = chosen.is_line, facts.is_best_known
    return Chart(
        (*curves, *marks, start, *([best] if known_best and not line else [])),
        (Level(ends[1][1], "θ*"),) if known_best and line else (),
        tr("{name} against steps", name=chosen.names[0])
        if line
        else f"↑ {chosen.names[1]} → {chosen.names[0]}",
        x_label=tr("steps") if line else chosen.names[0],
        x_range=(left, right),
        y_range=(low, high),
        heat=relief(known) if known and fits else None,
        empty=waiting(progress),
    )


def plane_of(facts: Facts, plane: str) -> Plane:
    """The plane of the paths: that of the first two parameters, or of two eigenvectors."""
    return turned(facts, 1 if plane == PARAMETERS else 0)


def point(plane: Plane, params: Values, step: int) -> tuple[float, float]:
    """Where θ stands in the plane of the paths; beside the step where it is one number."""
    (x,), (y,) = plane.places([flat(params)])
    return (float(step), x) if plane.is_line else (x, y)


def curve(
    points: Sequence[tuple[float, float]], place: int, kind: Literal["line", "marks"] = "line"
) -> Curve:
    """A racer's curve through some points, or its number at them."""
    sign = str(place + 1)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Curve(xs, ys, kind, place, marker=sign, mark=sign)


def shares(place: int) -> list[float]:
    """Where on its way a racer's number stands: three times, at places of its own."""
    return [(turn + (place + 1) / (len(OPTIMIZERS.entries) + 1)) / 3 for turn in range(3)]


def along(lengths: Sequence[float], shares: Sequence[float]) -> list[int]:
    """The places at which a rising sequence first reaches these shares of its end."""
    return [
        next(i for i, length in enumerate(lengths) if length >= share * lengths[-1])
        for share in shares
        if lengths
    ]


def waiting(progress: RaceProgress | None) -> str:
    """What an empty chart says."""
    if progress is None:
        return tr(EMPTY)
    tuned = [track for track in progress.tracks if track.status == "tuning"]
    if progress.state != "running":
        return progress.message or tr("stopped before the start")
    if tuned:
        return tr("looking for the best lr of {optimizer}", optimizer=tuned[0].racer.optimizer)
    return tr("drawing the data")
