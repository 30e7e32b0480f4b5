"""What the loss comes to at the truth, which is the noise floor, and where a loss aims."""

from __future__ import annotations

import torch

from engine.catalog.model import Linear
from engine.problem import Problem
from engine.theory.derivatives import Loss, slopes


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


def shift_of(problem: Problem) -> float:
    """How far above the truth the loss wants predictions to lie; 0 where no bias can take it up."""
    truth, model = problem.dataset.truth, problem.model
    if truth is None or truth.relative or not (isinstance(model, Linear) and model.bias):
        return 0.0
    if problem.experiment.loss.entry.symmetric:
        return 0.0  # it aims at the middle: nothing to search for before each run
    return aim(problem.loss, truth.noise)


@torch.no_grad()
def loss_of_the_truth(problem: Problem, shift: float) -> float | None:
    """Loss of the truth: expected, or over these very samples where noise is relative to them.

    None where no truth is known.

    With a bias that can take it up, the truth is `shift` higher: where this loss aims.
    """
    truth = problem.dataset.truth
    if truth is None:
        return None
    if truth.relative:
        return float(problem.loss(truth.signal(problem.X) - problem.y).mean())
    share = truth.outliers / problem.dataset.n
    return expected_loss(problem.loss, truth.noise, share, truth.outlier_size, shift)


def symbol_of(problem: Problem) -> str:
    """What the noise floor comes to, in symbols; z ~ N(0, 1)."""
    symbol: str = problem.experiment.loss.entry.floor
    return "E ℓ(yσz)" if problem.dataset.truth and problem.dataset.truth.relative else symbol
