"""Where data come from: the truth behind them, and how samples of it are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor

Truth = Mapping[str, tuple[float, ...]]
"""True constants by name: w and b, R, T."""


@dataclass(frozen=True, eq=False)
class Source:
    """The truth behind a data set: y = signal(X) + noise, some labels moved by outliers."""

    n: int
    features: int
    draw_features: Callable[[Generator], Tensor]
    """Draws X of shape (n, features), float32."""
    signal: Callable[[Tensor], Tensor]
    """Labels (n, 1) without noise, for X (n, features)."""
    truth: Truth
    noise: float
    """Standard deviation of the noise on each label."""
    relative: bool = False
    """Whether each label is multiplied by exp(noise·z) instead of noise·z being added."""
    outliers: int = 0
    """How many labels are moved."""
    outlier_size: float = 0.0
    """By how much, in the units of y."""
    x_label: str = "x"
    y_label: str = "y"
    law: Callable[[Tensor, Tensor, bool], Tensor] | None = None
    """Labels without noise for X and a temperature, where that is the law behind them; the flag
    asks for the form that overflows."""

    def draw(self, generator: Generator) -> tuple[Tensor, Tensor]:
        """X (n, d) and y (n, 1), float32 on the CPU: the same generator state, the same bytes."""
        import torch

        X = self.draw_features(generator)
        y = self.signal(X)
        z = torch.randn(y.shape, generator=generator) * self.noise
        y = y * z.exp() if self.relative else y + z
        if self.outliers:
            chosen = torch.randperm(self.n, generator=generator)[: self.outliers]
            y[chosen] += self.outlier_size
        return X, y
