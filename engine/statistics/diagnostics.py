"""How each row stands to the line: leverage, residuals of one size, Cook's distance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.statistics.line import Line
from engine.statistics.rows import blocks

REPLICATED = 1e-10
"""A leverage that leaves less of 1 is 1 but for rounding: the line goes through that row."""


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Of each row (n,), float64; what has no meaning where the line must pass the row is NaN."""

    fitted: Tensor
    residual: Tensor
    """e = y − ŷ."""
    leverage: Tensor
    """h: how far ŷ follows the row's own label."""
    studentized: Tensor
    """r = e/(σ̂√(1 − h)), internally: all of one variance."""
    deleted: Tensor
    """e/(σ̂₍ᵢ₎√(1 − h)), externally, σ̂₍ᵢ₎ from all the other rows: Student's t of df − 1."""
    cook: Tensor
    """r²·h/((1 − h)·p): how far the line would move without the row (Cook 1977)."""
    normal: Tensor
    """Where r would lie in a normal sample of as many rows, by its rank among them."""
    parameters: int
    """p: how many numbers the line has, as far as they are unique."""

    def of(self, rows: Tensor) -> Diagnostics:
        """Those of some rows (k,), by their indices."""
        names = ("fitted", "residual", "leverage", "studentized", "deleted", "cook", "normal")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})


def diagnostics(line: Line, X: Tensor, y: Tensor) -> Diagnostics:
    """Of rows X (n, d), y (n, 1) that the line was fitted to."""
    residual, leverage = [], []
    for rows, labels in blocks(X, y):
        residual.append(line.residuals(rows, labels)[:, 0])
        leverage.append(line.leverages(rows))
    e, h = torch.cat(residual), torch.cat(leverage)
    rest = (1 - h).where(1 - h > REPLICATED, torch.nan)
    r = e / (line.residual_sd * rest.sqrt())
    others = ((line.df - r * r) / (line.df - 1)).clamp(min=0.0) if line.df > 1 else torch.nan * r
    parameters = line.rank + line.intercept
    return Diagnostics(
        fitted=y[:, 0].cpu().double() - e,
        residual=e,
        leverage=h,
        studentized=r,
        deleted=r / others.sqrt(),
        cook=r * r * h / (rest * parameters),
        normal=normal_scores(r),
        parameters=parameters,
    )


def normal_scores(x: Tensor) -> Tensor:
    """Where numbers (n,) would lie in a normal sample, by their ranks; NaN where they are NaN."""
    present = x.isnan().logical_not().nonzero()[:, 0]
    scores = torch.full_like(x, torch.nan)
    scores[present[torch.argsort(x[present])]] = normal_quantiles(len(present))
    return scores


def normal_quantiles(n: int) -> Tensor:
    """Where the sorted values of a normal sample of n lie on average, (n,).

    Φ⁻¹((i − a)/(n + 1 − 2a)) with a = 3/8 for up to ten values (Blom 1958), else 1/2.
    """
    a = 3 / 8 if n <= 10 else 1 / 2
    places = torch.arange(1, n + 1, dtype=torch.float64)
    quantiles: Tensor = torch.special.ndtri((places - a) / (n + 1 - 2 * a))
    return quantiles
