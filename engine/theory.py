"""What can be known without training: closed form, noise floor, the largest stable lr."""

from __future__ import annotations

import math
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


def steepest_curvature(loss: Callable[[Tensor], Tensor]) -> float:
    """The largest second derivative ℓ″ of a loss of one residual, by autograd on a grid.

    1 for the half squared loss, 2 for the squared one, 1/β for smooth L1, 0 for L1.
    """
    size = torch.logspace(-6, 2, 400, dtype=torch.float64)
    r = torch.cat([-size, size]).requires_grad_()
    (slope,) = torch.autograd.grad(loss(r).sum(), r, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), r)
    return float(curvature.max())


def critical_lr(design: Tensor, curvature: float) -> float:
    """2/λmax: full-batch gradient descent converges below this lr and diverges above it.

    λmax is the largest eigenvalue of the Hessian's bound curvature·X̃ᵀX̃/n for the design X̃
    (n, parameters); exact for the squared losses. Infinite for a loss without curvature.
    """
    if curvature <= 0:
        return math.inf
    gram = torch.zeros(design.shape[1], design.shape[1], dtype=torch.float64)
    for start in range(0, len(design), ROWS_AT_ONCE):
        rows = design[start : start + ROWS_AT_ONCE].cpu().double()
        gram += rows.T @ rows
    largest = float(torch.linalg.eigvalsh(gram / len(design))[-1])
    return 2 / (curvature * largest) if largest > 0 else math.inf
