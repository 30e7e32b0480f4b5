"""What minibatches add to gradient descent: noise in the gradient, a floor above the optimum.

Minibatches of B samples are drawn from n without replacement, as an epoch draws them. Design X̃,
labels y, parameters θ and loss are those of curvature.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.statistics.rows import blocks
from engine.theory.derivatives import Loss, slopes


@dataclass(frozen=True, eq=False)
class GradientNoise:
    """The gradients of single samples at one θ: their mean, and how far they scatter about it."""

    mean: Tensor
    """G (p,): the gradient over all n samples."""
    trace: float
    """tr Σ = Σᵢ‖gᵢ − G‖²/(n − 1): the variance of one sample's gradient, summed over parameters."""
    n: int

    def variance(self, batch_size: int) -> float:
        """E‖g_B − G‖² = tr Σ/B·(1 − B/n) of the mean gradient of a minibatch; 0 for all samples."""
        size = min(batch_size, self.n)
        return self.trace / size * (1 - size / self.n)

    @property
    def simple_batch_size(self) -> float:
        """B_simple = tr Σ/‖G‖²: the B at which noise and gradient are of one size.

        Smaller minibatches mostly see noise, larger ones waste samples (McCandlish et al. 2018).
        Infinite where G is 0.
        """
        squared = float(self.mean.square().sum())
        return self.trace / squared if squared > 0 else math.inf


def gradient_noise(
    design: Tensor, y: Tensor, theta: Tensor, loss: Loss, pull: Tensor | None = None
) -> GradientNoise:
    """The noise of gᵢ = ℓ′(rᵢ)·x̃ᵢ + pull at θ (p,), in one pass over the samples.

    `pull` (p,) is the gradient of the penalty, the same for every sample.
    """
    n, theta = len(design), theta.cpu().double()
    total, squares = torch.zeros_like(theta), 0.0
    for rows, labels in blocks(design, y):
        slope = slopes(loss, rows @ theta[:, None] - labels)
        total += (rows.T @ slope).flatten()
        squares += float((slope.square() * rows.square().sum(1, keepdim=True)).sum())
    G = total / n
    scatter = max(squares - n * float(G.square().sum()), 0.0)
    if pull is not None:
        G = G + pull
    return GradientNoise(G, scatter / max(n - 1, 1), n)
