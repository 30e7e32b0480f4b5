"""The loss over a plane, with the paths of runs on it."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from engine.catalog.parameters import flat
from engine.support.translation import in_words, tr
from engine.theory.landscape import Landscape, Plane, Range, plane
from engine.training.snapshot import Snapshot
from engine.training.trail import Path
from tui.charts.ahead import ahead
from tui.charts.empty import ZOOM
from tui.charts.view import Scene, Survey, View
from tui.drawing.chart import Chart, Curve
from tui.drawing.relief import Relief
from tui.drawing.trace import Point
from tui.text.numbers import number, significant

FRAME_AIR = 1.15
"""How far the frame reaches beyond what it must show."""
MIN_ASPECT = 0.2
"""Least height of the frame as a share of its width, and the other way round."""
MAX_PATH_REACH = 4.0
"""Where a run goes further than this many times the way from the start, it leaves the frame."""
MAX_MARKS = 40
"""Most places of a path that are marked one by one."""


def frame(plane: Plane, run: Snapshot, centre: Point | None, zooms: int) -> tuple[Range, Range]:
    """The rectangle of a plane to show: start, optimum in the middle, and the path.

    Zoomed in it lies around `centre`, or else still around the optimum. It grows in leaps, so that
    a path that grows does not move it all the time.
    """
    assert run.facts
    best = optimum(plane, run)
    reach = [0.0, 0.0]
    for axis, places in enumerate(plane.places([flat(run.facts.start)])):
        reach[axis] = abs(places[0] - best[axis])
    reach = [
        max(reach[0], MIN_ASPECT * reach[1]) or 1.0,
        max(reach[1], MIN_ASPECT * reach[0]) or 1.0,
    ]
    halves = []
    for near, places, middle in zip(reach, plane.places(run.path.theta), best, strict=True):
        far = max((abs(coordinate - middle) for coordinate in places), default=0.0)
        half = near
        while half < min(far, MAX_PATH_REACH * near):
            half *= ZOOM
        halves.append(FRAME_AIR * half * ZOOM**-zooms)
    x, y = centre or best
    return (x - halves[0], x + halves[0]), (y - halves[1], y + halves[1])


def optimum(plane: Plane, run: Snapshot) -> Point:
    """Coordinates of θ*."""
    assert run.facts
    (x,), (y,) = plane.places([flat(run.facts.best)])
    return x, y


def is_known(run: Snapshot) -> bool:
    """Whether it is known where the best parameters are."""
    return run.facts is not None and run.facts.is_best_known


def place_at(plane: Plane, path: Path, epoch: float | None) -> Point | None:
    """Where a path was after so many epochs: the nearest place that it keeps."""
    if epoch is None or not path.x:
        return None
    nearest = min(range(len(path.x)), key=lambda index: abs(path.x[index] - epoch))
    (x,), (y,) = plane.places([path.theta[nearest]])
    return x, y


def survey(scene: Scene) -> Survey:
    """The rectangle of the plane that is on show; zoomed in, around the pointer or the cursor."""
    facts = scene.now.facts
    assert facts
    shown = plane(facts, scene.turn, scene.now.experiment.parameter_names())
    centre = None
    if scene.zooms > 0:
        centre = scene.centre or place_at(shown, scene.now.path, scene.cursor)
    rectangle = scene.rectangle or frame(shown, scene.now, centre, scene.zooms)
    return Survey(facts.sample, shown, *rectangle)


def nearest(scene: Scene, at: Point) -> float:
    """The epoch at which the path came nearest to a point, as the eye sees it."""
    _, shown, x_range, y_range = survey(scene)
    path, size = scene.now.path, (x_range[1] - x_range[0], y_range[1] - y_range[0])
    # A line has no second coordinate: what is up and down there is the loss.
    ways = (
        math.hypot((x - at[0]) / size[0], 0.0 if shown.is_line else (y - at[1]) / size[1])
        for x, y in zip(*shown.places(path.theta), strict=True)
    )
    return min(zip(ways, path.x, strict=True))[1]


def landscape_chart(scene: Scene) -> Chart:
    """The loss over a plane, light where it is high, with the paths of up to three runs on it."""
    now, cursor, landscape = scene.now, scene.cursor, scene.landscape
    sample, plane, *ranges = survey(scene)
    if landscape is not None and (landscape.sample is not sample or landscape.plane != plane):
        landscape = None
    if plane.is_line:
        return bowl_chart(scene, plane, ranges[0], landscape)
    here, best = place_at(plane, now.path, cursor), optimum(plane, now)
    curves = [
        Curve(*plane.places(sound_places(run)), "line", color, label, dashed=True, marker=marker)
        for run, color, label, marker in (
            (scene.pinned, "reference", tr("pinned"), "x"),
            (scene.previous, "before", tr("before"), "o"),
        )
        if run is not None and fits(run, plane)
    ]
    curves += preview_curves(scene.preview, plane)
    xs, ys = plane.places(now.path.theta)
    curves += [
        Curve(xs, ys, color="ink", label=tr("now") if curves else "", marker="#"),
        *([Curve(xs, ys, "marks", "ink", marker="#")] if len(xs) <= MAX_MARKS else []),
        spot((xs[0], ys[0]), "ink", "", "S", "○"),
        *([spot(best, "data", "θ*", "@", "×")] if is_known(now) else []),
    ]
    title = f"↑ {in_words(plane.names[1])} → {in_words(plane.names[0])}"
    if cursor is not None and here is not None:
        epoch, (x, y) = significant(cursor, 6), here
        title = tr("epoch {epoch}: {x}, {y}", epoch=epoch, x=number(x), y=number(y))
        curves.append(spot(here, "now", "", "O", "◆"))
    return Chart(
        tuple(curves),
        heat=relief(landscape) if landscape else None,
        title=title,
        x_label=in_words(plane.names[0]),
        y_label=in_words(plane.names[1]),
        x_range=ranges[0],
        y_range=ranges[1],
    )


def sound_places(run: Snapshot) -> Sequence[tuple[float, ...]]:
    """Where a run went, of one that diverged up to where it ran away.

    Beyond that its path has no place here, and its way there would lie over all the rest.
    """
    if run.autopsy is None or run.facts is None:
        return run.path.theta
    epochs = run.autopsy.first_bad_step / run.facts.steps_per_epoch
    return run.path.theta[: max(bisect_left(run.path.x, epochs), 1)]


def preview_curves(run: Snapshot | None, plane: Plane) -> list[Curve]:
    """The path of the run that would follow, where it has one in the parameters of a plane."""
    if run is None or not fits(run, plane):
        return []
    return [ahead(*plane.places(run.path.theta))]


@lru_cache(maxsize=4)
def relief(landscape: Landscape) -> Relief:
    """A landscape as a background: one for all its frames, as it works its colours out once."""
    return Relief(landscape.x_range, landscape.y_range, landscape.values)


def spot(point: Point, color: str, label: str, marker: str, mark: str) -> Curve:
    """One place on a landscape."""
    return Curve([point[0]], [point[1]], "marks", color, label, marker=marker, mark=mark)


def fits(run: Snapshot, plane: Plane) -> bool:
    """Whether a run has a path in the parameters of a plane."""
    return bool(run.path.theta) and len(run.path.theta[0]) == len(plane.origin)


def bowl_chart(scene: Scene, plane: Plane, x_range: Range, landscape: Landscape | None) -> Chart:
    """The loss along the only parameter, with the run's places on it, and where one would end."""
    now = scene.now
    name = in_words(plane.names[0])
    chart = Chart(
        title=tr("loss over {name}", name=name),
        x_label=name,
        y_label=tr("loss"),
        empty=tr("on its way …"),
    )
    if landscape is None:
        return chart
    left, right = landscape.x_range
    ys = landscape.values[0]
    xs = [left + (right - left) * (index + 0.5) / len(ys) for index in range(len(ys))]
    places, _ = plane.places(now.path.theta)
    inside = [place for place in places if xs[0] <= place <= xs[-1]]
    on = list(zip(inside, heights(xs, ys, inside), strict=True))
    curves = [
        Curve(xs, ys, color="faint", label=tr("loss"), marker="."),
        Curve(inside, [y for _, y in on], "marks", "ink", marker="#"),
    ]
    best = optimum(plane, now)[0]
    if is_known(now):
        ends = heights(xs, ys, [best])
        curves += [spot((best, height), "data", "θ*", "@", "×") for height in ends]
    if on:
        curves.append(spot(on[0], "ink", tr("start"), "S", "○"))
    here = place_at(plane, now.path, scene.cursor)
    shown = inside[-1:] if here is None else [here[0]]
    for place, height in zip(shown, heights(xs, ys, shown), strict=True):
        curves.append(spot((place, height), "now", tr("now"), "O", "◆"))
    if scene.preview and fits(scene.preview, plane):
        goal, _ = plane.places(scene.preview.path.theta[-1:])
        end = ahead(goal, list(heights(xs, ys, goal)))
        curves.append(replace(end, kind="marks", mark="◇"))
    return replace(chart, curves=tuple(curves), x_range=x_range)


def heights(xs: Sequence[float], ys: Sequence[float], places: Sequence[float]) -> Iterator[float]:
    """y at each place: on the straight line through the two points beside it; xs increase."""
    for place in places:
        right = min(max(bisect_left(xs, place), 1), len(xs) - 1)
        (x, next_x), (y, next_y) = xs[right - 1 : right + 1], ys[right - 1 : right + 1]
        yield y + (next_y - y) * (place - x) / (next_x - x)


LANDSCAPE = View(
    "landscape",
    "Landscape",
    landscape_chart,
    "The loss over a plane, dark is low: a run goes down to θ*, from side to side in a narrow "
    "valley. {feature} turns the plane, {zoom_in}/{zoom_out} zooms, ← → along the path.",
    turns="plane",
    nearest=nearest,
    is_over_time=True,
    survey=survey,
)
