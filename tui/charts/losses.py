"""The shapes of the losses, their slopes and curvatures, with a minibatch's residuals on them."""

from __future__ import annotations

import math
from functools import lru_cache, partial

from engine.catalog.choice import Choice, choose
from engine.catalog.losses import LOSSES, LossEntry
from engine.experiment import Experiment
from engine.support.translation import tr
from engine.training.snapshot import Snapshot
from tui.charts.view import View
from tui.drawing.chart import Chart, Curve

CURVE_PIECES = 120
"""Pieces of each curve."""
MIN_REACH = 2.0
"""Least residual at the ends of the axis: the thresholds of the losses mostly are at 1."""
MAX_RESIDUALS = 12
"""Most residuals that are drawn, so that they stand apart."""
SIGNS = ("ℓ", "ℓ′", "ℓ″")

Loss = Choice[LossEntry]


def shapes(experiment: Experiment) -> tuple[Loss, ...]:
    """Every loss with its defaults, last the chosen one with the experiment's parameters."""
    others = (entry.name for entry in LOSSES if entry.name != experiment.loss.name)
    return (*(choose("loss", name) for name in others), experiment.loss)


def reach(snapshot: Snapshot) -> float:
    """How far the axis reaches on both sides of 0: 2, 5 or 10 times a power of ten, as needed."""
    sizes = [abs(r) for r in snapshot.residuals if math.isfinite(r)]
    thresholds = [v for v in snapshot.experiment.loss.options.values() if isinstance(v, float)]
    needed = max((MIN_REACH, *sizes, *(1.5 * value for value in thresholds)))
    power = 10.0 ** math.floor(math.log10(needed))
    return next(step * power for step in (1, 2, 5, 10, 20) if step * power >= needed)


def values(loss: Loss, xs: tuple[float, ...], order: int) -> tuple[float, ...]:
    """ℓ, ℓ′ or ℓ″ of a loss at some residuals."""
    import torch  # there are facts, so it is there

    from engine.theory.derivatives import curvatures, slopes

    r = torch.tensor(xs, dtype=torch.float64)
    heights: torch.Tensor = (loss, partial(slopes, loss), partial(curvatures, loss))[order](r)
    return tuple(heights.tolist())


@lru_cache(maxsize=16)
def curves(
    chosen: tuple[Loss, ...], x_range: tuple[float, float], order: int
) -> tuple[tuple[Curve, ...], tuple[float, float]]:
    """A curve for each loss, the last one foremost, and the range of y: kept while it trains.

    A letter stands on each of the others, so that they are told apart without colour as well.
    """
    left, right = x_range
    xs = tuple(left + (right - left) * i / CURVE_PIECES for i in range(CURVE_PIECES + 1))
    drawn: list[Curve] = []
    heights = [values(loss, xs, order) for loss in chosen]
    letters = initials([loss.name for loss in chosen])
    for index, loss in enumerate(chosen[:-1]):
        ys, letter = heights[index], letters[loss.name]
        drawn.append(Curve(xs, ys, color=index, dashed=True, marker=letter))
        spots = [CURVE_PIECES * (index + 1) // (2 * len(chosen) + 2), CURVE_PIECES - 5 - 6 * index]
        drawn.append(
            Curve(
                [xs[spot] for spot in spots],
                [ys[spot] for spot in spots],
                "marks",
                index,
                loss.name,
                marker=letter,
                mark=letter,
            )
        )
    drawn.append(Curve(xs, heights[-1], color="ink", label=chosen[-1].name, marker="*"))
    # What the steepest losses reach at the ends would flatten all the others.
    least = min(min(heights[-1]), sorted(map(min, heights))[len(heights) // 2])
    most = max(max(heights[-1]), sorted(map(max, heights))[len(heights) // 2])
    air = 0.06 * (most - least or 1.0)
    return tuple(drawn), (least - air, most + air)


def initials(names: list[str]) -> dict[str, str]:
    """A letter for each name: the first of its own that is still free."""
    letters: dict[str, str] = {}
    for name in names:
        free = (letter for letter in name if letter.isalpha() and letter not in letters.values())
        letters[name] = next(free, "?")
    return letters


def losses_chart(snapshot: Snapshot, order: int, x_range: tuple[float, float] | None) -> Chart:
    """ℓ, ℓ′ or ℓ″ of every loss against the residual; marks on the chosen one are residuals."""
    order %= len(SIGNS)
    chosen, end = shapes(snapshot.experiment), reach(snapshot)
    shown = x_range or (-end, end)
    lines, y_range = curves(chosen, shown, order)
    drawn = sorted(r for r in snapshot.residuals if math.isfinite(r))
    drawn = drawn[:: math.ceil(len(drawn) / MAX_RESIDUALS) or 1]
    marks = Curve(
        drawn, values(chosen[-1], tuple(drawn), order), "marks", "now", marker="@", mark="●"
    )
    titles = (tr("ℓ, the cost"), tr("ℓ′, the pull"), tr("ℓ″, the curvature"))
    return Chart(
        (*lines, marks),
        title=titles[order],
        x_label=tr("residual ŷ − y"),
        y_label=SIGNS[order],
        x_range=shown,
        y_range=y_range,
    )


def residual_range(snapshot: Snapshot, order: int) -> tuple[float, float]:
    """The x axis: both sides of 0 alike."""
    return -reach(snapshot), reach(snapshot)


LOSS_SHAPES = View(
    "losses",
    "Losses",
    # The uppermost curve is that of the residuals: the cursor reads the loss below them.
    lambda scene: scene.seen(losses_chart(scene.now, scene.turn, scene.x_range), read=-2),
    "What a residual costs, this minibatch's on the chosen loss. {feature}: ℓ′ how hard it pulls, "
    "ℓ″ how that grows. Where ℓ′ is level, outliers pull no harder.",
    turns="derivative",
    full_range=residual_range,
)
