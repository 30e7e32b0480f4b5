"""Standardized data, and the way back into the units of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.catalog.parameters import Values

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Scaling:
    """Features and labels less their means, over their standard deviations.

    Without a bias nothing could take up what the means leave: then they are 0, and the deviations
    are those from 0. Weights are named by `weight`, the bias by `bias`.
    """

    means: tuple[float, ...]
    """Of each feature."""
    deviations: tuple[float, ...]
    """Of each feature; 1 where it does not vary."""
    y_mean: float
    y_deviation: float
    weight: str
    bias: str | None

    def features(self, X: Tensor) -> Tensor:
        """X (n, d) standardized."""
        return (X - X.new_tensor(self.means)) / X.new_tensor(self.deviations)

    def labels(self, y: Tensor) -> Tensor:
        """y (n, 1) standardized."""
        return (y - self.y_mean) / self.y_deviation

    def original_features(self, X: Tensor) -> Tensor:
        """The inverse of `features`."""
        return X * X.new_tensor(self.deviations) + X.new_tensor(self.means)

    def original_labels(self, y: Tensor) -> Tensor:
        """The inverse of `labels`."""
        return y * self.y_deviation + self.y_mean

    def original_feature(self, index: int, numbers: Sequence[float]) -> list[float]:
        """Numbers of one standardized feature in the units of the data."""
        mean, deviation = self.means[index], self.deviations[index]
        return [mean + deviation * number for number in numbers]

    def original_label(self, numbers: Sequence[float]) -> list[float]:
        """Standardized labels in the units of the data."""
        return [self.y_mean + self.y_deviation * number for number in numbers]

    def original(self, values: Values) -> Values:
        """Parameters over the data as they are: bⱼ = βⱼ·s_y/sⱼ, b₀ = ȳ + s_y·β₀ − Σ bⱼ·x̄ⱼ.

        Those of a model that is not linear stay as they are.
        """
        if self.weight not in values:
            return values
        w = tuple(
            beta * self.y_deviation / size
            for beta, size in zip(values[self.weight], self.deviations, strict=True)
        )
        if self.bias is None:
            return {**values, self.weight: w}
        b = self.y_mean + self.y_deviation * values[self.bias][0]
        return {**values, self.weight: w, self.bias: (b - self._at_the_means(w),)}

    def standard(self, values: Values) -> Values:
        """The inverse of `original`."""
        if self.weight not in values:
            return values
        w = values[self.weight]
        beta = tuple(
            slope * size / self.y_deviation for slope, size in zip(w, self.deviations, strict=True)
        )
        if self.bias is None:
            return {**values, self.weight: beta}
        middle = values[self.bias][0] + self._at_the_means(w) - self.y_mean
        return {**values, self.weight: beta, self.bias: (middle / self.y_deviation,)}

    def original_grads(self, grads: Values) -> Values:
        """∂L/∂b from ∂L/∂β: gⱼ·sⱼ/s_y + g₀·x̄ⱼ/s_y, and g₀/s_y of the bias."""
        if self.weight not in grads:
            return grads
        g_bias = grads[self.bias][0] if self.bias else 0.0
        slopes = tuple(
            (slope * size + g_bias * mean) / self.y_deviation
            for slope, size, mean in zip(
                grads[self.weight], self.deviations, self.means, strict=True
            )
        )
        if self.bias is None:
            return {**grads, self.weight: slopes}
        return {**grads, self.weight: slopes, self.bias: (g_bias / self.y_deviation,)}

    def _at_the_means(self, w: tuple[float, ...]) -> float:
        return sum(slope * mean for slope, mean in zip(w, self.means, strict=True))


def scaling_of(
    X: Tensor,
    y: Tensor,
    weight: str,
    bias: str | None,
    summed: Callable[[Tensor], Tensor] = lambda own: own,
) -> Scaling:
    """The scaling that standardizes X (n, d) and y (n, 1), by deviations with n − 1.

    Where these are the rows of one of several processes, `summed` adds what all of them have.
    """
    import torch

    n = int(summed(torch.tensor(len(X))))

    def standards(columns: Tensor) -> tuple[list[float], list[float]]:
        size = (summed(columns.square().sum(0)) / n).sqrt()
        if bias is None:
            means, deviations = torch.zeros_like(size), size
        else:
            means = summed(columns.sum(0)) / n
            deviations = (summed((columns - means).square().sum(0)) / max(n - 1, 1)).sqrt()
        # A constant column varies by what rounding leaves over.
        varies = deviations > 1e-14 * size
        return means.tolist(), deviations.where(varies, 1.0).tolist()

    (means, deviations), ((y_mean,), (y_deviation,)) = standards(X), standards(y)
    return Scaling(tuple(means), tuple(deviations), y_mean, y_deviation, weight, bias)
