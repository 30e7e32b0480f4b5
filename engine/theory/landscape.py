"""The loss over a plane of the parameter space, for pictures of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from engine.catalog.model import Linear, Model
from engine.catalog.parameters import flat, labels
from engine.experiment import Experiment
from engine.support.translation import Message
from engine.theory.facts import Facts, Sample

# torch is there when there are data; the screen's first frame comes before it.
if TYPE_CHECKING:
    from torch import Tensor

COLUMNS, LINES = 80, 40
"""Places at which a plane is looked at."""
TURNED = 8
"""Parameters, from the first one on, whose pairs are offered as planes."""

Range = tuple[float, float]


@dataclass(frozen=True)
class Plane:
    """θ = origin + a·u + b·v; where v is 0 the plane is only a line."""

    names: tuple[str | Message, str | Message]
    """What a and b are called."""
    origin: tuple[float, ...]
    u: tuple[float, ...]
    """A unit vector, as is v."""
    v: tuple[float, ...]

    @property
    def is_line(self) -> bool:
        """Whether there is no second direction."""
        return not any(self.v)

    def places(self, rows: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
        """Coordinates a and b of each θ, projected onto the plane at right angles."""
        import numpy as np

        if not rows:
            return [], []
        with np.errstate(over="ignore", invalid="ignore"):
            a, b = ((np.array(rows) - self.origin) @ np.array([self.u, self.v]).T).T
        return a.tolist(), b.tolist()


@dataclass(frozen=True, eq=False)
class Landscape:
    """The objective over a rectangle of a plane: what training goes down, penalty included."""

    sample: Sample
    """The data that it is of."""
    plane: Plane
    x_range: Range
    y_range: Range
    values: tuple[tuple[float, ...], ...]
    """Rows from the least b up, each from the least a on; taken in the middle of equal cells."""


def plane(facts: Facts, turn: int, names: Sequence[str] = ()) -> Plane:
    """The steepest and the flattest direction from the best θ, then each pair of parameters.

    Directions without any curvature come last, and not at all where there is no other. The
    parameters that do not vary stay there. One parameter makes a line. Without names the parameters
    are called as in `labels`.
    """
    best = flat(facts.best)
    called: list[str | Message] = [*(names or (label for label, _ in labels(facts.best)))]
    if facts.scaling:
        called = [Message("{name}, standardized", name=name) for name in called]
    count = len(best)
    pairs = list(combinations(range(min(count, TURNED)), 2))
    turn %= 1 + len(pairs)
    if not pairs:
        return Plane((called[0], ""), (0.0,), (1.0,), (0.0,))
    curvature = facts.stability.curvature
    if not curvature.rank:  # no direction is steeper than another
        turn = 1 + turn % len(pairs)
    if turn:
        return along_parameters(best, called, pairs[turn - 1])
    last = curvature.rank - 1 if curvature.rank > 1 else count - 1
    steepest, flattest = (float(curvature.eigenvalues[index]) for index in (0, last))
    first_name = Message("steepest λ {value:.3g}", value=steepest)
    last_name = Message("flattest λ {value:.3g}", value=flattest)
    u, v = (tuple(curvature.eigenvectors[:, index].tolist()) for index in (0, last))
    return Plane((first_name, last_name), best, u, v)


def along_parameters(
    best: Sequence[float], names: Sequence[str | Message], pair: tuple[int, int]
) -> Plane:
    """The plane of two parameters, whose values are a and b themselves."""
    origin = tuple(0.0 if index in pair else value for index, value in enumerate(best))
    u, v = (tuple(float(index == axis) for index in range(len(best))) for axis in pair)
    return Plane((names[pair[0]], names[pair[1]]), origin, u, v)


def survey(
    experiment: Experiment, sample: Sample, plane: Plane, x_range: Range, y_range: Range
) -> Landscape:
    """The mean loss plus penalty over a rectangle of a plane, in float64.

    The mean is taken over the sample of the data that charts have, up to 400 rows: enough for a
    picture, and the same time whatever n is: milliseconds for a linear model, more for a net.
    """
    import torch

    model = experiment.architecture()
    X = torch.tensor(sample.X, dtype=torch.float64).T
    y = torch.tensor(sample.y, dtype=torch.float64)
    origin, u, v = (
        torch.tensor(vector, dtype=torch.float64) for vector in (plane.origin, plane.u, plane.v)
    )
    across = middles(x_range, COLUMNS)
    up = middles(y_range, 1 if plane.is_line else LINES)
    residuals = residuals_of(model, X, y[:, None], origin, u, v)
    loss, penalty = experiment.loss, experiment.penalty
    held = torch.cat([
        torch.full((math.prod(shape),), name in model.weights)
        for name, shape in model.shapes.items()
    ])  # fmt: skip
    rows = []
    for b in up:
        theta = origin + b * v + across[:, None] * u
        costs = loss(residuals(across, b)).mean(dim=0)
        weights = theta[:, held]
        costs = costs + penalty(weights).sum(dim=1)
        rows.append(tuple(costs.tolist()))
    return Landscape(sample, plane, x_range, y_range, tuple(rows))


def residuals_of(
    model: Model, X: Tensor, y: Tensor, origin: Tensor, u: Tensor, v: Tensor
) -> Callable[[Tensor, Tensor], Tensor]:
    """The residuals (n, places) along one line of a plane, for all a of it and one b."""
    import torch

    if isinstance(model, Linear):  # then a residual is linear in a and b
        design = model.design(X)
        at_origin, across, up = ((design @ vector)[:, None] for vector in (origin, u, v))
        return lambda a, b: at_origin - y + across * a + up * b

    at_each = torch.vmap(lambda theta: model.predict(model.shaped(theta), X) - y)
    return lambda a, b: at_each(origin + b * v + a[:, None] * u)[:, :, 0].T


def middles(ends: Range, count: int) -> Tensor:
    """The middles of so many equal parts of a range, shape (count,)."""
    import torch

    low, high = ends
    return low + (high - low) * (torch.arange(count, dtype=torch.float64) + 0.5) / count
