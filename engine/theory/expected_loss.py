"""What the loss comes to at the truth, which is the noise floor, and where a loss aims."""

from __future__ import annotations

import torch

from engine.catalog.dataset import Truth
from engine.catalog.model import Linear
from engine.problem import Problem
from engine.theory.derivatives import Loss, slopes

HALVINGS = 60
"""Of the interval in which a loss aims: then it is as narrow as a number is exact."""


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


def aim(loss: Loss, noise: float, outlier_share: float = 0.0, outlier_size: float = 0.0) -> float:
    """c = argmin E ℓ(ε + c), ε as in `expected_loss`: how far above the truth the best line lies.

    σΦ⁻¹(q) for the quantile loss, share·size with outliers for the squared ones. Found by halving
    an interval in which E ℓ′(ε + c) changes its sign, which only rises for a convex loss.
    """
    z = torch.arange(-12_000, 12_001, dtype=torch.float64) / 1000  # 0 is among them, exactly
    density = torch.softmax(-z * z / 2, dim=0)

    def slope(c: float) -> float:
        clean = (slopes(loss, noise * z + c) * density).sum()
        if not outlier_share:
            return float(clean)
        moved = (slopes(loss, noise * z + c - outlier_size) * density).sum()
        return float((1 - outlier_share) * clean + outlier_share * moved)

    reach = 12 * noise
    low, high = min(outlier_size, 0.0) - reach, max(outlier_size, 0.0) + reach
    if not abs(slope(0.0)) > 1e-9 * slope(high):  # NaN where numbers overflow
        return 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return (low + high) / 2


def shift_of(problem: Problem) -> float:
    """How far above the truth the loss wants predictions to lie; 0 where no bias can take it up."""
    truth, model = problem.dataset.truth, problem.model
    if truth is None or truth.relative or not (isinstance(model, Linear) and model.bias):
        return 0.0
    if problem.experiment.loss.entry.symmetric and not truth.outliers:
        return 0.0  # it aims at the middle: nothing to search for before each run
    return aim(problem.loss, *deviations(problem, truth))


def loss_of_the_truth(problem: Problem) -> float | None:
    """Loss of the truth: expected, or over these very samples where noise is relative to them.

    None where no truth is known. With a bias that can take it up, the truth is moved to where this
    loss aims.
    """
    truth = problem.dataset.truth
    if truth is None:
        return None
    if truth.relative:
        signal, scaling = truth.signal(problem.original_features), problem.scaling
        signal = scaling.labels(signal) if scaling else signal
        return float(problem.loss(signal - problem.y).mean())
    return expected_loss(problem.loss, *deviations(problem, truth), shift_of(problem))


def deviations(problem: Problem, truth: Truth) -> tuple[float, float, float]:
    """Noise, share of outliers and their size as training sees them."""
    size = problem.scaling.y_deviation if problem.scaling else 1.0
    return truth.noise / size, truth.outliers / problem.dataset.n, truth.outlier_size / size


def symbol_of(problem: Problem) -> str:
    """What the noise floor comes to, in symbols; z ~ N(0, 1), ε is noise with outliers."""
    symbol: str = problem.experiment.loss.entry.floor
    truth = problem.dataset.truth
    if truth and truth.relative:
        return "E ℓ(yσz)"
    return "min E ℓ(ε + c)" if truth and truth.outliers else symbol
