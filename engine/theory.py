"""What can be known without training: the closed form and the noise floor."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

ROWS_AT_ONCE = 65_536
DEPENDENT = 1e-12
"""A singular value below this share of the largest is rounding left over by dependent columns."""


def least_squares(X: Tensor, y: Tensor) -> Tensor:
    """θ* = argmin ‖Xθ − y‖² of shape (parameters,), float64, for X (n, parameters) and y (n, 1).

    Blocks of rows are folded into one triangle by QR, so memory stays small at any n; the triangle
    is solved by singular values, so dependent columns give the solution of least norm.
    """
    triangle = torch.zeros(0, X.shape[1] + 1, dtype=torch.float64)
    for start in range(0, len(X), ROWS_AT_ONCE):
        rows = torch.cat([X[start : start + ROWS_AT_ONCE], y[start : start + ROWS_AT_ONCE]], dim=1)
        stacked = torch.cat([triangle, rows.cpu().double()])
        triangle = torch.linalg.qr(stacked, mode="r").R
    solution: Tensor = torch.linalg.lstsq(
        triangle[:, :-1], triangle[:, -1:], rcond=DEPENDENT, driver="gelsd"
    ).solution
    return solution.flatten()


def expected_loss(
    loss: Callable[[Tensor], Tensor], noise: float, outlier_share: float, outlier_size: float
) -> float:
    """The noise floor: E[ℓ(ε)] of the true model, ε ~ N(0, noise²), some moved by outlier_size.

    ½σ² for the half squared loss, σ² for the squared one, σ√(2/π) for L1. An outlier's label is
    moved up, so its residual ŷ − y is moved down. Summed by the trapezoid rule over ±12σ.
    """
    z = torch.linspace(-12, 12, 24_001, dtype=torch.float64)
    density = torch.softmax(-z * z / 2, dim=0)
    clean = (loss(noise * z) * density).sum()
    moved = (loss(noise * z - outlier_size) * density).sum()
    return float((1 - outlier_share) * clean + outlier_share * moved)
