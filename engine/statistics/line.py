"""Least squares by QR, and the algebra that errors, leverages and predictions share.

Columns are centred before anything is formed and brought to one length before a rank is decided;
no normal equations are formed. So columns far from 0, and those that are nearly alike, keep their
digits (Longley 1967, Björck 1996).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.statistics.rows import blocks, triangle

DEPENDENT = 1e-12
"""A singular value below this share of the largest is rounding left over by dependent columns."""
CONSTANT = 4 * torch.finfo(torch.float64).eps
"""A column that varies by less than this share of its mean is constant but for rounding."""
ESTIMABLE = 1e-8
"""Less than this share along a flat direction is rounding."""


@dataclass(frozen=True, eq=False)
class Line:
    """ŷ = level + (x − middle)·slopes, nearest to n rows by squares; of equals that of least norm.

    The columns of X less their middle are U·diag(strengths)·axesᵀ·diag(sizes), U orthonormal.
    """

    n: int
    intercept: bool
    middle: Tensor
    """Mean of each column (d,); 0 without an intercept."""
    level: float
    """ŷ at the middle: the mean of y; 0 without an intercept."""
    slopes: Tensor
    """One for each column (d,)."""
    sizes: Tensor
    """Length of each column about the middle (d,); 1 for a constant one."""
    strengths: Tensor
    """Singular values (d,) of the columns brought to length 1, largest first; 0 but for rounding
    where columns depend on each other."""
    axes: Tensor
    """Right singular vectors (d, d), one a column."""
    explained: float
    """Sum of squares about the level that the slopes explain."""
    left: float
    """Sum of squares that is left."""

    @property
    def rank(self) -> int:
        """How many directions of the slopes the rows tell anything of."""
        return int(self.strengths.count_nonzero())

    @property
    def df(self) -> int:
        """Degrees of freedom that are left."""
        return self.n - self.rank - self.intercept

    @property
    def residual_sd(self) -> float:
        """σ̂ = √(RSS/df); NaN where no degree of freedom is left."""
        return math.sqrt(self.left / self.df) if self.df > 0 else math.nan

    @property
    def constant(self) -> float:
        """ŷ at x = 0."""
        return self.level - float(self.middle @ self.slopes)

    @property
    def spread(self) -> Tensor:
        """W (d, rank) with W·Wᵀ·σ² the covariance of the slopes, as far as they are unique."""
        r = self.rank
        return self.axes[:, :r] / self.strengths[:r] / self.sizes[:, None]

    @property
    def unique(self) -> list[bool]:
        """Of each slope, whether no other value fits as well."""
        unique: list[bool] = (self.axes[:, self.rank :].norm(dim=1) < ESTIMABLE).tolist()
        return unique

    def residuals(self, X: Tensor, y: Tensor) -> Tensor:
        """y − ŷ (n, 1) of rows in float64."""
        rest: Tensor = y - self.level - (X - self.middle) @ self.slopes[:, None]
        return rest

    def leverages(self, X: Tensor) -> Tensor:
        """x̃ᵀ(X̃ᵀX̃)⁻¹x̃ (m,) of any rows in float64: the variance of ŷ there as a share of σ²."""
        distance: Tensor = ((X - self.middle) @ self.spread).square().sum(dim=1)
        return distance + (1 / self.n if self.intercept else 0.0)

    def estimable(self, X: Tensor) -> Tensor:
        """Of each row (m, d), whether every line that fits as well predicts the same there."""
        away = (X - self.middle) / self.sizes
        flat: Tensor = (away @ self.axes[:, self.rank :]).norm(dim=1)
        same: Tensor = flat <= ESTIMABLE * away.norm(dim=1)
        return same


def fit_line(X: Tensor, y: Tensor, intercept: bool, ridge: Tensor | None = None) -> Line:
    """The least squares of y (n, 1) on X (n, d), in blocks of rows.

    argmin ‖ŷ − y‖²/n + Σ ridge·slopes², the ridge (d,) being 0 unless given; the sums of squares
    have it in them. What is left is fitted once more, which takes out rounding.
    """
    n, d = X.shape
    centre = torch.zeros(d + 1, dtype=torch.float64)
    if intercept:
        for rows, labels in blocks(X, y):
            centre += torch.cat([rows, labels], dim=1).sum(0) / n
    held = torch.zeros(0, d, dtype=torch.float64)
    if ridge is not None and ridge.any():
        held = (n * ridge).sqrt().diag()
    origin = torch.zeros(d, 1, dtype=torch.float64)

    def fit(target: Callable[[Tensor, Tensor], Tensor], slopes: Tensor) -> Line:
        extra = torch.cat([held, -held @ slopes], dim=1)
        return fit_to(X, y, centre, intercept, target, extra)

    line = fit(lambda rows, labels: labels - centre[d], origin)
    line = replace(line, level=line.level + float(centre[d]))
    rest = fit(line.residuals, line.slopes[:, None])
    slopes = line.slopes + rest.slopes
    line = replace(line, level=line.level + rest.level, slopes=slopes, left=rest.left)
    return replace(line, slopes=line.slopes - needless(line))


def fit_to(
    X: Tensor,
    y: Tensor,
    centre: Tensor,
    intercept: bool,
    target: Callable[[Tensor, Tensor], Tensor],
    extra: Tensor | None = None,
) -> Line:
    """The least squares of a target (m, 1) of the rows on X, of least norm in units of `sizes`.

    `centre` (≥ d) lies near the means of the columns, and is 0 without an intercept; `extra`
    (…, d + 1) are rows and targets without one.
    """
    n, d = X.shape
    first = int(intercept)

    def parts() -> Iterator[Tensor]:
        if extra is not None:
            yield torch.cat([extra.new_zeros(len(extra), first), extra], dim=1)
        for rows, labels in blocks(X, y):
            ones = rows.new_ones(len(rows), first)
            yield torch.cat([ones, rows - centre[:d], target(rows, labels)], dim=1)

    R = triangle(parts(), first + d + 1)
    within = R[first:, first:]
    means = R[0, 1:] / R[0, 0] if intercept else torch.zeros(d + 1, dtype=torch.float64)
    columns, aim = within[:d, :d], within[:d, d]
    sizes = columns.norm(dim=0)
    varies = sizes > CONSTANT * math.sqrt(n) * centre[:d].abs()
    sizes = sizes.where(varies, 1.0)
    U, strengths, Vh = torch.linalg.svd(columns * varies / sizes)
    strengths = strengths.where(strengths > DEPENDENT * strengths[:1], 0.0)
    r = int(strengths.count_nonzero())
    along = U.T @ aim
    return Line(
        n,
        intercept,
        centre[:d] + means[:d],
        float(means[d]),
        Vh[:r].T @ (along[:r] / strengths[:r]) / sizes,
        sizes,
        strengths,
        Vh.T,
        float(along[:r].square().sum()),
        float(along[r:].square().sum() + within[d, d].square()),
    )


def needless(line: Line) -> Tensor:
    """What the slopes (d,) have along flat directions, for intercept and slopes of least norm."""
    flat = line.axes[:, line.rank :] / line.sizes[:, None]
    lift = -line.middle @ flat
    both = torch.cat([flat, lift[None]]) if line.intercept else flat
    if not both.numel():
        return torch.zeros_like(line.slopes)
    theta = torch.cat([line.slopes, line.slopes.new_tensor([line.constant])])[: len(both)]
    share: Tensor = torch.linalg.lstsq(both, theta[:, None], driver="gelsd").solution[:, 0]
    return flat @ share
