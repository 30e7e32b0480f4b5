"""Synthetic data sets: what the truth is, and how samples of it are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.registry import Param, Registry

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class Source:
    """The truth behind a data set: y = Xw + b + N(0, noise²), some labels moved by outliers."""

    w: tuple[float, ...]
    b: float
    n: int
    noise: float
    features: Callable[[Generator], Tensor]
    """Draws X of shape (n, len(w)), float32."""
    outliers: int = 0
    """How many labels are moved."""
    outlier_size: float = 0.0
    """By how much, in the units of y."""
    x_label: str = "x"
    y_label: str = "y"

    def draw(self, generator: Generator) -> tuple[Tensor, Tensor]:
        """X (n, d) and y (n, 1), float32 on the CPU: the same generator state, the same bytes."""
        import torch

        X = self.features(generator)
        y = X @ torch.tensor(self.w).reshape(-1, 1) + self.b
        y += torch.randn(y.shape, generator=generator) * self.noise
        if self.outliers:
            chosen = torch.randperm(self.n, generator=generator)[: self.outliers]
            y[chosen] += self.outlier_size
        return X, y


DATASETS: Registry[Callable[..., Source]] = Registry(
    "data", "The truth that samples are drawn from."
)

N = Param(
    "n",
    1000,
    "How many samples are drawn.",
    "The estimate's error falls with √n.",
    "Few: the noise is learned too. Many: each epoch takes longer.",
    low=1,
    high=10_000_000,
)
NOISE = Param(
    "noise",
    0.01,
    "Standard deviation σ of the noise on the labels.",
    "No model can bring the half loss below about ½σ²: the noise floor.",
    "0: the loss falls to rounding error. Large: the points hide the line.",
    low=0.0,
    high=1e6,
)


@DATASETS.add(
    "linear",
    label="linear",
    formula="y = Xw + b + N(0, σ²)",
    help="d2l §3.2's generator, with feature scale, correlation and outliers to turn.",
    params=(
        Param(
            "w",
            (2.0, -3.4),
            "The true weights, separated by commas; as many as there are features.",
            "Training should find these numbers again.",
            "Large weights mean a longer way from a start near zero.",
            low=-1e6,
            high=1e6,
        ),
        Param(
            "b",
            4.2,
            "The true bias: y where every feature is 0.",
            "Without a bias in the model it cannot be fitted.",
            "Large: the first epochs go into finding it.",
            low=-1e6,
            high=1e6,
        ),
        N,
        NOISE,
        Param(
            "scale",
            (1.0,),
            "Standard deviation of the features: one for all, or one for each.",
            "Unequal scales make the valley narrow and the steps small.",
            "One feature ×10: about 100 times slower along the other.",
            low=0.0,
            above=True,
            high=1e6,
        ),
        Param(
            "correlation",
            0.0,
            "Correlation between every two features.",
            "Correlated features are hard to tell apart.",
            "Near 1: the sum of the weights is learned fast, their difference slowly.",
            low=0.0,
            high=0.9999,
        ),
        Param(
            "outliers",
            0.0,
            "Share of the labels that are moved by outlier_size.",
            "Squared losses chase outliers, L1 and Huber hardly notice them.",
            "0.01 is one label in a hundred.",
            low=0.0,
            high=0.5,
        ),
        Param(
            "outlier_size",
            10.0,
            "How far an outlier's label is moved, in units of y.",
            "The squared loss feels its square.",
            "Large: one bad label can pull the whole line.",
            low=-1e6,
            high=1e6,
        ),
    ),
)
def linear(
    w: tuple[float, ...],
    b: float,
    n: int,
    noise: float,
    scale: tuple[float, ...],
    correlation: float,
    outliers: float,
    outlier_size: float,
) -> Source:
    """Gaussian features of the given scale and mutual correlation (d2l §3.2, synthetic_data)."""

    def features(generator: Generator) -> Tensor:
        import torch

        X = torch.randn(n, len(w), generator=generator)
        if correlation:
            common = torch.randn(n, 1, generator=generator)
            X = (1 - correlation) ** 0.5 * X + correlation**0.5 * common
        return X * torch.tensor(scale)

    return Source(w, b, n, noise, features, round(outliers * n), outlier_size)


@DATASETS.add(
    "ohm",
    label="Ohm's law",
    formula="U = R·I + N(0, σ²)",
    help="Currents through a resistor and the voltages measured: one weight, no bias.",
    params=(
        Param(
            "R",
            10.0,
            "The true resistance in ohm.",
            "The one number to be found.",
            "Large: a longer way from a start near zero.",
            low=-1e6,
            high=1e6,
        ),
        N,
        NOISE,
        Param(
            "current",
            1.732,
            "Largest current in ampere; currents are drawn evenly between 0 and it.",
            "At √3 the mean square is 1, so the curvature is that of standard data.",
            "Large: a steeper loss that bears only a smaller lr.",
            low=0.0,
            above=True,
            high=1e6,
        ),
    ),
)
def ohm(R: float, n: int, noise: float, current: float) -> Source:
    """U = R·I with currents I ~ U(0, current): positive, as an ammeter would be read."""

    def features(generator: Generator) -> Tensor:
        import torch

        return torch.rand(n, 1, generator=generator) * current

    return Source((R,), 0.0, n, noise, features, x_label="I (A)", y_label="U (V)")
