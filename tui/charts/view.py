"""What a view of the second chart is, and what it is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.support.translation import Translatable
from engine.theory.facts import Sample
from engine.theory.landscape import Landscape, Plane, Range
from engine.training.snapshot import Snapshot
from tui.drawing.chart import Chart
from tui.drawing.trace import Point
from tui.drawing.window import value_at
from tui.text.numbers import number


@dataclass(frozen=True)
class Scene:
    """The runs to draw, and how one looks at them."""

    now: Snapshot
    previous: Snapshot | None = None
    """The run before this one."""
    pinned: Snapshot | None = None
    x_range: Range | None = None
    """The part of the x axis that was zoomed in on."""
    cursor: float | None = None
    """Where the value cursor stands, in units of x."""
    turn: int = 0
    """How often f was pressed: which feature, plane or derivative is wanted."""
    zooms: int = 0
    """How often a plane was zoomed in, less how often out."""
    centre: Point | None = None
    """The middle of a plane that was zoomed in at another place than where the cursor is."""
    landscape: Landscape | None = None
    """The loss over the plane that was surveyed last."""
    preview: Snapshot | None = None
    """The run that the experiment on the desk would be."""
    rectangle: tuple[Range, Range] | None = None
    """The part of a plane that stays on show while something on it is dragged."""

    @property
    def origin(self) -> Snapshot | None:
        """The run that this one goes on from, if it is one of those beside it."""
        if (fork := self.now.fork) is None:
            return None
        beside = (run for run in (self.previous, self.pinned) if run)
        return next((run for run in beside if run.number == fork.number), None)

    def seen(self, chart: Chart, read: int = -1) -> Chart:
        """The chart with zoom and cursor; its title has the value there of the curve `read`."""
        cursor, title = self.cursor, chart.title
        value = (
            value_at(chart.curves[read], cursor) if cursor is not None and chart.curves else None
        )
        if cursor is not None and value is not None:
            title = f"{chart.x_label} {number(cursor)}: {chart.y_label} {number(value)}"
        return replace(chart, x_range=self.x_range or chart.x_range, cursor=cursor, title=title)


class Survey(NamedTuple):
    """A rectangle of a plane over which the engine is to work out the loss."""

    sample: Sample
    plane: Plane
    x_range: Range
    y_range: Range

    def centre_around(self, at: Point, other: Survey) -> Point:
        """The middle of a rectangle as large as another, in which a point lies where it does here.

        So far from the middle, that is, as the size of the rectangle says.
        """
        x, y = (
            place + (sum(here) / 2 - place) * (there[1] - there[0]) / (here[1] - here[0])
            for place, here, there in zip(
                at, (self.x_range, self.y_range), (other.x_range, other.y_range), strict=True
            )
        )
        return x, y


def epochs(now: Snapshot, turn: int) -> Range:
    """The x axis of what is drawn over the epochs."""
    return 0.0, float(now.experiment.epochs)


@dataclass(frozen=True)
class View:
    """One way to look at the model of a run that has facts; views.py lists them all."""

    name: str
    """What a lesson calls it."""
    title: Translatable
    draw: Callable[[Scene], Chart]
    reading: Translatable = ""
    """What the chart measures, and how to read it."""
    turns: str = ""
    """What f goes on to the next of, a count that views may share; empty: f does nothing."""
    full_range: Callable[[Snapshot, int], Range] = epochs
    """The x range of all there is to show, for a turn."""
    stops: Callable[[Snapshot], Sequence[float]] | None = None
    """Where alone the cursor stands, in order; None: anywhere."""
    nearest: Callable[[Scene, Point], float] | None = None
    """Where the cursor stands for a point of the chart, where that is not its x."""
    is_over_time: bool = False
    """Whether its x axis, or the path of the run on it, is time: the cursor is the clock."""
    survey: Callable[[Scene], Survey] | None = None
    """What the engine has to work out before it can be drawn: a view over a plane.

    Zoom acts on both axes of a plane, and the cursor goes along the path.
    """
