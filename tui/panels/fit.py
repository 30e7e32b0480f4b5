"""The Fit chart: the data with the line, and five more ways to look at the model."""

from __future__ import annotations

from textual.message import Message

from engine.experiment import Experiment
from engine.support.translation import Translatable, tr
from engine.theory.facts import Facts
from engine.theory.landscape import Landscape, Plane, Range, plane
from engine.training.snapshot import Snapshot
from tui.charts.directions import directions_chart
from tui.charts.empty import absent
from tui.charts.fit import fit_chart, parameters_chart, residuals_chart, with_view
from tui.charts.landscape import frame, landscape_chart, place_at
from tui.charts.losses import losses_chart, reach
from tui.drawing.chart import Chart
from tui.panels.chart import ChartPanel
from tui.text.titles import TITLES

MOST_ZOOMS = 24
VIEWS: dict[str, Translatable] = {
    "fit": "",
    "residuals": "What the model leaves of each label. Noise around 0: nothing is left to learn.",
    "parameters": "Each parameter over the epochs. The dashed levels are the true values.",
    "landscape": (
        "The loss over a plane, dark is low: a run goes down to θ*, from side to side in a narrow "
        "valley. f turns the plane, +/- zooms, ← → along the path."
    ),
    "directions": (
        "How far θ is from θ* along each eigenvector. Steps shrink it by 1 − lr·λ: steep "
        "directions first. Level at the end: minibatch noise, or rounding."
    ),
    "losses": (
        "What a residual costs, this minibatch's on the chosen loss. f: ℓ′ how hard it pulls, ℓ″ "
        "how that grows. Where ℓ′ is level, outliers pull no harder."
    ),
}
"""The views in their order, each with what it measures and how to read it."""


class FitPanel(ChartPanel):
    """Six ways to look at the model, turned by key."""

    view = "fit"
    feature = 0
    turn = 0
    """Which plane the landscape shows."""
    order = 0
    """Which derivative of the losses is shown."""
    zooms = 0
    """How often the landscape was zoomed in, less how often out."""
    previous: Snapshot | None = None
    pinned: Snapshot | None = None
    known: Landscape | None = None
    asked: tuple[Facts, Plane, Range, Range] | None = None
    """What the engine was asked for last."""

    class Wanted(Message):
        """The landscape of a plane is to be drawn and not known yet."""

        def __init__(
            self, experiment: Experiment, asked: tuple[Facts, Plane, Range, Range]
        ) -> None:
            super().__init__()
            self.experiment, self.asked = experiment, asked

    def update(
        self,
        snapshot: Snapshot,
        previous: Snapshot | None = None,
        pinned: Snapshot | None = None,
    ) -> None:
        """Show a run, and on the landscape the one before it and the pinned one."""
        self.snapshots, self.previous, self.pinned = (snapshot,), previous, pinned
        self.redraw()

    def take(self, landscape: Landscape | None) -> None:
        """Draw what the engine has found, unless another screen had asked for it."""
        if landscape is None or landscape is self.known or self.asked is None:
            return
        if landscape.facts is self.asked[0]:
            self.known = landscape
            self.redraw()

    def redraw(self) -> None:
        """Show the chart; where it needs a landscape that was not asked for yet, ask for it."""
        super().redraw()
        now = self.snapshots[0] if self.snapshots else None
        if now and now.facts and self.view == "landscape":
            asked = (now.facts, self.plane(now.facts), *self.ranges(now))
            if asked != self.asked:
                self.asked = asked
                self.post_message(self.Wanted(now.experiment, asked))

    @property
    def turns(self) -> bool:
        """Whether the view shows one feature, plane or derivative of several."""
        return self.view in ("fit", "residuals", "landscape", "losses")

    def next_view(self) -> None:
        """The next view, and round again."""
        names = list(VIEWS)
        self.turn_to(names[(names.index(self.view) + 1) % len(names)])

    def turn_to(self, view: str) -> None:
        """Show one of VIEWS."""
        self.view = view
        self.border_title = tr(TITLES[self.view])
        self.reset_view()

    def next_feature(self) -> None:
        """The next feature along the x axis, plane of the landscape, or derivative of losses."""
        if self.view == "landscape":
            self.turn += 1
        elif self.view == "losses":
            self.order += 1
        else:
            self.feature += 1
        self.reset_view()

    def reset_view(self) -> None:
        """No zoom, no cursor."""
        self.zooms = 0
        super().reset_view()

    def zoom(self, closer: bool) -> None:
        """Zoom both axes of the landscape, or the x axis of the other views."""
        if self.view == "landscape":
            self.zooms = min(max(self.zooms + (1 if closer else -1), -MOST_ZOOMS), MOST_ZOOMS)
            self.redraw()
        else:
            super().zoom(closer)

    def plane(self, facts: Facts) -> Plane:
        """The plane that the landscape shows."""
        return plane(facts, self.turn)

    def ranges(self, now: Snapshot) -> tuple[Range, Range]:
        """The rectangle of the plane that is on show."""
        assert now.facts
        chosen = self.plane(now.facts)
        centre = place_at(chosen, now.path, self.cursor) if self.zooms > 0 else None
        return frame(chosen, now, centre, self.zooms)

    def full_range(self) -> tuple[float, float]:
        """The range of the feature in the sample, of the residuals, or of the epochs."""
        snapshot = self.snapshots[0]
        if self.view == "losses":
            return -reach(snapshot), reach(snapshot)
        if self.view not in ("fit", "residuals") or not snapshot.facts:
            return 0.0, float(snapshot.experiment.epochs)
        columns = snapshot.facts.sample.X
        column = columns[self.feature % len(columns)]
        return min(column), max(column) or 1.0

    def chart(self) -> Chart:
        """The chart of the present view."""
        snapshot = self.snapshots[0]
        if snapshot.facts is None:
            return Chart(empty=absent(snapshot, tr("drawing the data …")))
        if self.view == "landscape":
            return landscape_chart(
                snapshot,
                self.previous,
                self.pinned,
                self.plane(snapshot.facts),
                self.ranges(snapshot),
                self.known,
                self.cursor,
            )
        if self.view == "parameters":
            chart = parameters_chart(snapshot)
        elif self.view == "directions":
            chart = directions_chart(snapshot)
        elif self.view == "losses":
            chart = losses_chart(snapshot, self.order, self.x_range)
            return with_view(chart, self.x_range, self.cursor, read=-2)  # below the residuals
        elif self.view == "residuals":
            chart = residuals_chart(snapshot, self.feature)
        else:
            chart = fit_chart(snapshot, self.feature)
        return with_view(chart, self.x_range, self.cursor)
