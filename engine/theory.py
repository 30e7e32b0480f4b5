"""What can be known without training: closed form, noise floor, the lr that is stable all the way.

Also what the modules of theory share: blocks of rows, and the derivatives of a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

Loss = Callable[[Tensor], Tensor]
"""A loss of residuals r = ŷ − y, element by element."""

ROWS_AT_ONCE = 4096
"""Few enough to stay in the processor's cache, which is twice as fast as many at 100 features."""
DEPENDENT = 1e-12
"""A singular value below this share of the largest is rounding left over by dependent columns."""


def blocks(X: Tensor, y: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """X (n, p) and y (n, 1) in blocks of rows, float64 on the CPU: small in memory at any n."""
    for start in range(0, len(X), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        yield X[rows].cpu().double(), y[rows].cpu().double()


def slopes(loss: Loss, r: Tensor) -> Tensor:
    """ℓ′(r), shape of r, by autograd; at a kink torch's choice, 0 for |r| at 0."""
    r = r.detach().requires_grad_()
    return torch.autograd.grad(loss(r).sum(), r)[0]


def curvatures(loss: Loss, r: Tensor) -> Tensor:
    """ℓ″(r), shape of r, by autograd twice; a jump of ℓ′ at a kink is left out.

    1 for the half squared loss, 2 for the squared one, 1[|r|<δ] for Huber, sech² r for log-cosh.
    """
    # To autograd |r| is flat at exactly 0, and so would be every loss written with it.
    r = r.detach().where(r != 0, 1e-30).requires_grad_()
    (slope,) = torch.autograd.grad(loss(r).sum(), r, create_graph=True)
    # Without 0·r a slope that is constant in pieces would have no graph.
    return torch.autograd.grad((slope + 0 * r).sum(), r)[0]


def least_squares(X: Tensor, y: Tensor) -> Tensor:
    """θ* = argmin ‖Xθ − y‖² of shape (parameters,), float64, for X (n, parameters) and y (n, 1).

    Blocks of rows are folded into one triangle by QR, so memory stays small at any n; the triangle
    is solved by singular values, so dependent columns give the solution of least norm.
    """
    triangle = torch.zeros(0, X.shape[1] + 1, dtype=torch.float64)
    for rows, labels in blocks(X, y):
        stacked = torch.cat([triangle, torch.cat([rows, labels], dim=1)])
        triangle = torch.linalg.qr(stacked, mode="r").R
    solution: Tensor = torch.linalg.lstsq(
        triangle[:, :-1], triangle[:, -1:], rcond=DEPENDENT, driver="gelsd"
    ).solution
    return solution.flatten()


def expected_loss(
    loss: Loss, noise: float, outlier_share: float, outlier_size: float, shift: float = 0.0
) -> float:
    """The noise floor: E[ℓ(ε)] of the true model, ε ~ N(0, noise²), some moved by outlier_size.

    ½σ² for the half squared loss, σ² for the squared one, σ√(2/π) for L1. An outlier's label is
    moved up, so its residual ŷ − y is moved down. A model that lies `shift` above the truth has all
    its residuals moved up by it. Summed by the trapezoid rule over ±12σ.
    """
    z = torch.linspace(-12, 12, 24_001, dtype=torch.float64)
    density = torch.softmax(-z * z / 2, dim=0)
    clean = (loss(noise * z + shift) * density).sum()
    moved = (loss(noise * z + shift - outlier_size) * density).sum()
    return float((1 - outlier_share) * clean + outlier_share * moved)


def aim(loss: Loss, noise: float) -> float:
    """c = argmin E ℓ(ε + c), ε ~ N(0, noise²): how far above the truth the best prediction lies.

    0 for every symmetric loss, σΦ⁻¹(q) for the quantile loss. Found by halving an interval in which
    E ℓ′(ε + c) changes its sign, which only rises for a convex loss; outliers are left out.
    """
    z = torch.arange(-12_000, 12_001, dtype=torch.float64) / 1000  # 0 is among them, exactly
    density = torch.softmax(-z * z / 2, dim=0)

    def slope(c: float) -> float:
        return float((slopes(loss, noise * (z + c)) * density).sum())

    low, high = -12.0, 12.0
    if not abs(slope(0.0)) > 1e-9 * slope(high):  # NaN where numbers overflow
        return 0.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return noise * (low + high) / 2


def steepest_curvature(loss: Loss) -> float:
    """The largest ℓ″ of a loss, found on a grid of residuals.

    1 for the half squared loss, 2 for the squared one, 1/β for smooth L1, 0 for L1.
    """
    size = torch.logspace(-6, 2, 400, dtype=torch.float64)
    return float(curvatures(loss, torch.cat([-size, size])).max())
