"""Points added, moved and removed by hand, and the lines that follow them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.catalog.param import Value
from engine.experiment import Experiment
from engine.statistics.few_points import (
    Array,
    Line,
    least_absolute,
    least_huber,
    least_squares,
    leverages,
)
from engine.support.errors import BadInput
from engine.support.translation import tr
from engine.theory.landscape import Range
from tui.charts.fit import FIT
from tui.charts.view import Survey
from tui.drawing.chart import Chart, Curve
from tui.drawing.ticks import padded
from tui.drawing.trace import Point
from tui.screens.desk import Desk
from tui.screens.lab import Lab
from tui.screens.navigator import Navigator
from tui.screens.steering import DIRECTIONS, round_step
from tui.text.numbers import significant

STEPS = 40
"""Steps of the cursor, at most 2.5 times as many, from one end of an axis to the other."""
FAR = 5
"""Steps in one, with shift."""
REACH = 0.05
"""Share of either axis within which the mouse takes hold of a point."""
OPENING: dict[str, Value] = {"data": "points", "model": "linear"}
"""The points that come in place of other data, with the model whose lines are on the chart."""
ROOM = 0.3
"""Share of the spread of the points that the axes have beyond them, for points far away."""


def move_points(lab: Lab, desk: Desk, navigator: Navigator) -> None:
    """Let points be moved by hand, those of the experiment or others; raises BadInput."""
    if desk.experiment.data.name != "points":
        # What was set for other data, as a start for two weights, need not suit the points.
        before, fresh = desk.experiment, Experiment().changed(OPENING)
        kept = {key: getattr(before, key) for key in ("loss", "loop", "seed", "device")}
        desk.adopt(replace(fresh, **kept), at_start=True)
    elif desk.at_hand.step:
        desk.restart(desk.experiment)
    fit = lab.fit
    fit.turn_to(FIT)
    navigator.go_to(fit)
    fit.hold(Points(desk, lambda: fit.hold(None)))


class Points:
    """A cursor among the points of the experiment; one that is held goes with it."""

    def __init__(self, desk: Desk, let_go: Callable[[], None]) -> None:
        self.title = tr("points by hand")
        self.desk, self.run, self.let_go = desk, desk.at_hand, let_go
        self.held: int | None = None
        """The point that goes with the cursor, by its index."""
        self.moved = False
        """Whether it has moved since it was taken."""
        x, y = self.points
        self.ranges: tuple[Range, Range] = roomy(x), roomy(y)
        self.steps = [round_step((high - low) / STEPS) for low, high in self.ranges]
        self.at: Point = self.on_grid((sum(self.ranges[0]) / 2, sum(self.ranges[1]) / 2))
        """Where the cursor stands."""

    @property
    def is_over(self) -> bool:
        """Whether steps were taken, or the experiment has no such points any longer."""
        has_run = self.desk.has_run_since(self.run)
        return has_run or self.desk.experiment.data.name != "points"

    @property
    def points(self) -> tuple[Array, Array]:
        """x and y of all points, each (n,), the held one where the cursor is."""
        options = self.desk.experiment.data.options
        x, y = np.array(options["x"]), np.array(options["y"])
        if self.held is not None and self.held < len(x):
            x[self.held], y[self.held] = self.at
        return x, y

    # Keys ------------------------------------------------------------------------------------

    def press(self, key: str) -> bool:
        """Move the cursor, and add, take, put down or remove a point."""
        name = key.removeprefix("shift+")
        if name in DIRECTIONS:
            axis, way = DIRECTIONS[name]
            self.move(axis, way * (FAR if name != key else 1))
        elif key in ("a", "enter"):
            self.add(self.at)
        elif key in ("x", "delete", "backspace"):
            self.remove(self.nearest)
        elif key == "space":
            self.take_or_put_down()
        elif key == "escape":
            self.give_up()
        else:
            return False
        return True

    def move(self, axis: int, steps: int) -> None:
        """Move the cursor along an axis; the axis goes on where it comes to its end."""
        at = list(self.at)
        at[axis] = float(significant(at[axis] + steps * self.steps[axis], 12))
        self.at, self.moved = (at[0], at[1]), True
        low, high = self.ranges[axis]
        ranges = list(self.ranges)
        ranges[axis] = min(low, at[axis]), max(high, at[axis])
        self.ranges = ranges[0], ranges[1]

    def take_or_put_down(self) -> None:
        """Take the nearest point, or leave the one that is held where it is now."""
        if self.held is None:
            x, y = self.points
            self.held, self.moved = self.nearest, False
            self.at = float(x[self.held]), float(y[self.held])
        else:
            self.put_down()

    def put_down(self) -> None:
        """Leave the point that is held where it is now: one change."""
        x, y = self.points
        self.held = None
        self.change(x, y)

    def give_up(self) -> None:
        """Put a point that is held back; without one, end it all."""
        if self.held is None:
            self.let_go()
        self.held = None

    def add(self, at: Point) -> None:
        """Add a point; as many as there may be are enough."""
        if self.held is not None:
            self.put_down()
            return
        x, y = self.points
        self.change(np.append(x, at[0]), np.append(y, at[1]))

    def remove(self, index: int) -> None:
        """Take a point away, unless it is the last one."""
        x, y = self.points
        self.held = None
        if len(x) > 1:
            self.change(np.delete(x, index), np.delete(y, index))

    def change(self, x: Array, y: Array) -> None:
        """Make these the points of the experiment; more than there may be are left out."""
        changes = {"data.x": tuple(x.tolist()), "data.y": tuple(y.tolist())}
        try:
            self.desk.adopt(self.desk.experiment.changed(changes), at_start=True)
        except BadInput:
            return  # one too many

    @property
    def nearest(self) -> int:
        """The index of the point nearest to the cursor, as far as it looks."""
        return int(self.distances(self.at).argmin())

    def distances(self, at: Point) -> Array:
        """From a place to every point, in shares of the axes, (n,)."""
        (left, right), (low, high) = self.ranges
        x, y = self.points
        gaps: Array = np.hypot((x - at[0]) / (right - left), (y - at[1]) / (high - low))
        return gaps

    def on_grid(self, at: Point) -> Point:
        """The place nearest to another that the cursor can step on."""
        x, y = (
            float(significant(round(value / step) * step, 12))
            for value, step in zip(at, self.steps, strict=True)
        )
        return x, y

    # The mouse -------------------------------------------------------------------------------

    def grab(self, at: Point, over: Survey | None) -> bool:
        """Take hold of the point under the pointer, if there is one; a plane has none."""
        if over:
            return False
        self.held, self.moved = None, False
        gaps = self.distances(at)
        index = int(gaps.argmin())
        if gaps[index] <= REACH:
            x, y = self.points
            self.at = float(x[index]), float(y[index])
            self.held = index
        return True

    def drag(self, at: Point) -> None:
        """The point that is held goes with the pointer; beyond an axis, that goes on."""
        if self.held is None:
            return
        self.at, self.moved = self.on_grid(at), True
        for axis, (low, high) in enumerate(self.ranges):
            if not low < at[axis] < high:
                self.move(axis, FAR if at[axis] >= high else -FAR)

    def release(self, at: Point | None, other: bool) -> None:
        """Put down what was dragged; else add a point, or remove the one that is there."""
        held, moved = self.held, self.moved
        if held is not None and moved:
            self.put_down()
            return
        self.held = None
        if other and held is not None:
            self.remove(held)
        elif at and held is None and not other:
            self.at = self.on_grid(at)
            self.add(self.at)

    # What is shown ---------------------------------------------------------------------------

    @property
    def lines(self) -> dict[str, Line]:
        """The best line of each loss, by its name."""
        x, y = self.points
        delta = self.desk.experiment.loss.options.get("delta", 1.0)
        return {
            tr("squares"): least_squares(x, y),
            "Huber": least_huber(x, y, delta),
            "L1": least_absolute(x, y),
        }

    def drawn(self, chart: Chart) -> Chart:
        """The points with the cursor, and the best line of each loss."""
        x, y = self.points
        ends = self.ranges[0]
        lines = tuple(
            Curve(
                ends,
                [line.slope * end + line.height for end in ends],
                color=color,
                label=name,
                dashed=color != 0,
                marker=marker,
            )
            for (name, line), color, marker in zip(
                self.lines.items(), (0, 2, 3), ("*", "-", "="), strict=True
            )
        )
        cloud = Curve(x.tolist(), y.tolist(), "points", "data")
        # A mark of its own each, so that all are seen on the smallest chart too.
        marks = [Curve((a,), (b,), "marks", "data", mark="●") for a, b in zip(x, y, strict=True)]
        return replace(
            chart,
            curves=(
                *lines,
                cloud,
                *marks,
                Curve((self.at[0],), (self.at[1],), "marks", "ink", mark="✚"),
            ),
            title=f"x {significant(self.at[0], 4)}  y {significant(self.at[1], 4)}",
            x_label="x",
            y_label="y",
            x_range=ends,
            y_range=self.ranges[1],
            cursor=None,
        )

    def words(self, over: Survey | None) -> str:
        """The keys, the best lines, and the leverage of the nearest point."""
        x, _ = self.points
        keys = tr("a adds · x removes · space takes the nearest · esc ends")
        if self.held is not None:
            keys = tr("arrows move it · space puts it down · esc back")
        lines = [
            f"{name} {significant(line.slope, 3)}·x {'−' if line.height < 0 else '+'} "
            f"{significant(abs(line.height), 3)}"
            for name, line in self.lines.items()
        ]
        leverage = significant(float(leverages(x)[self.nearest]), 2)
        return " · ".join((keys, *lines, tr("leverage {leverage}", leverage=leverage)))


def roomy(numbers: Array) -> Range:
    """A range that holds the numbers, with room around them."""
    low, high = padded(float(numbers.min()), float(numbers.max()))
    room = ROOM * (high - low)
    return math.floor(low - room), math.ceil(high + room)
