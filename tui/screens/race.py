"""The race screen: who runs on the left, losses and paths on the right."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from engine.catalog.optimizers import OPTIMIZERS
from engine.experiment import Experiment
from engine.jobs.race import MOST, Race, RaceProgress, Racer
from engine.lessons.library import title_of
from engine.support.errors import BadInput, show
from engine.support.translation import Translatable, tr
from tui.backend import Backend
from tui.charts.race import DIRECTIONS, PARAMETERS, losses_chart, paths_chart, plane_of
from tui.drawing.chart import Chart
from tui.drawing.view import ChartView
from tui.forms.fields import Choice, Edited, Picker, Row
from tui.forms.form import Form
from tui.panels.bars import Hint, KeyLine, job_line
from tui.panels.racers import Line, RaceTable, lines
from tui.screens.job import JobScreen

RACE = "race"
"""Who asks the session for landscapes."""
SAME, BEST = "same", "best"
# What a narrow terminal cuts off comes last.
KEYS: Translatable = (
    " [b]s[/b] start  [b]x[/b] stop  [b]?[/b] help  [b]v[/b] view  [b]space[/b] in or out  "
    "[b]enter[/b] load  [b]esc[/b] back  [b]tab[/b] settings"
)
HELP: dict[str, Translatable] = {
    "lr": "SGD steps lr times the gradient, Adam about lr whatever it is: one lr is not the same "
    "to both. Each its best: first at the floor of 41 from 1e-4 to 10.",
    "plane": "Paths over two parameters, or along the steepest and the flattest direction of the "
    "loss, the eigenvectors of the largest and the smallest eigenvalue.",
}
READING: dict[str, Translatable] = {
    "table": "Who takes part, and who was at the floor after how many steps. v shows the charts.",
    "losses": "Losses over all the data after each step. Who stays at the dashed floor first wins.",
    "paths": "Paths from o, the start, to x, the closed form. Zigzags cross a valley, spirals "
    "overshoot.",
    "both": "Losses over all the data after each step. Who stays at the dashed floor first wins.\n"
    "Paths from o, the start, to x, the closed form. Zigzags cross a valley, spirals overshoot.",
}
"""What each view measures and how to read it."""


class RaceForm(Form):
    """How it is run and shown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.texts: dict[Translatable, str] = {"lr": SAME, "plane": PARAMETERS}

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
    keys: ClassVar[tuple[tuple[str, Translatable], ...]] = (
        ("s", "Run the race."),
        ("x", "End it; what is done stays."),
        ("v", "The next view: losses, paths, or both."),
        ("↑ ↓", "Go from racer to racer."),
        ("space", "Take the racer under the cursor in or out."),
        ("enter", "Take the racer under the cursor to the lab."),
        ("tab", "To the form and back."),
        ("^p", "Every action and theme by its name."),
        ("esc q R", "Back to the lab; the work goes on."),
    )

    def __init__(self, session: Backend, experiment: Experiment) -> None:
        super().__init__(session, experiment)
        self.runs = set(islice(OPTIMIZERS.entries, MOST))
        """Names of those who take part in the next race."""
        self.turn = 0
        """How often the view was turned."""
        self.landscape = session.landscapes.get(RACE)
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
        yield KeyLine(tr(KEYS))

    def on_mount(self) -> None:
        """Show the racers, and a race that is there already."""
        self.table.border_title, self.form.border_title = tr("Racers"), tr("Settings")
        self.table.border_subtitle = tr("to stay at the floor")
        self.query_one("#racer").border_title = tr("This racer")
        self.losses.border_title, self.paths.border_title = tr("Losses"), tr("Paths")
        old = self.shown = self.latest()
        if old is not None:
            self.runs = {racer.optimizer for racer in old.race.racers}
            self.form.texts["lr"] = BEST if old.race.tuned else SAME
        self.form.show(self.experiment)
        self.show_progress()
        self.set_focus(self.table)

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
        landscape = self.session.landscapes.get(RACE)
        if landscape is not self.landscape:
            self.landscape = landscape
            self.redraw()
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
        paths = paths_chart(self.shown, self.form.texts["plane"], self.landscape)
        self.paths.show(paths)
        self.survey(paths)
        self.show_racer()
        self.refocus()

    def survey(self, paths: Chart) -> None:
        """Ask for the loss behind the paths where another part of the plane is on show."""
        if self.shown is None or self.shown.facts is None or not self.paths.display:
            return
        sample = self.shown.facts.sample
        plane = plane_of(self.shown.facts, self.form.texts["plane"])
        wanted = (sample, plane, paths.x_range, paths.y_range)
        if wanted != self.wanted and paths.x_range and paths.y_range and not plane.is_line:
            self.wanted = wanted
            self.session.survey(
                RACE, self.shown.race.experiment, sample, plane, paths.x_range, paths.y_range
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
        reading, progress = tr(READING[self.view]), self.shown
        over = progress is not None and progress.state == "finished"
        said = f"{progress.in_a_sentence()}\n{reading}" if progress and over else reading
        self.query_one(Hint).say(said)

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
        first, stay = track.floor_step, track.stay_step
        if stay is None:
            lines.append(tr("At the floor after {first} steps, not to stay.", first=first))
        elif stay == first:
            lines.append(tr("At the floor after {first} steps, to stay.", first=first))
        else:
            words = tr(
                "At the floor after {first} steps, there to stay from {stay}.",
                first=first,
                stay=stay,
            )
            lines.append(words)
    elif track.losses:
        lines.append(tr("Not at the floor yet."))
    return Content("\n".join(lines))
