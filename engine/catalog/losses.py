"""Losses of a residual r = ŷ − y, element by element; reducing them is the loop's business.

Written with tensor methods only: so they can be listed before torch is imported, and compiled for
single numbers (compiled.py) from the same text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.catalog.param import Number
from engine.catalog.registry import CostEntry, Registry

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class LossEntry(CostEntry):
    """A loss of a residual."""

    floor: str = ""
    """What it comes to for pure noise of standard deviation σ, in symbols."""
    torch: str | None = None
    """PyTorch's class that does the same, as `module:Class`; the concise loop teaches it."""
    curvature: float | None = None
    """Its second derivative, where that is one number: only the squared losses are parabolas."""
    bounded_curvature: bool = True
    """Whether its second derivative is bounded; where it is not, a limit of the lr holds only as
    far as the residuals reach."""
    symmetric: bool = True
    """Whether r and −r cost the same; others aim above or below the middle of the noise."""


LOSSES = Registry("loss", "How a residual is turned into a cost.", LossEntry)


@LOSSES.add(
    "half_squared",
    label="half squared",
    formula="½r²",
    help="The book's loss from scratch: the gradient is simply r·x.",
    floor="½σ²",
    derivative=lambda r: r,
    curvature=1.0,
)
def half_squared(r: Tensor) -> Tensor:
    """½r², shape of r (d2l §3.1)."""
    return r * r / 2


@LOSSES.add(
    "squared",
    label="squared (MSE)",
    formula="r²",
    help="PyTorch's MSELoss: twice the half loss, so the same lr steps twice as far.",
    torch="torch.nn:MSELoss",
    floor="σ²",
    derivative=lambda r: 2 * r,
    curvature=2.0,
)
def squared(r: Tensor) -> Tensor:
    """r², shape of r (torch.nn.MSELoss without its reduction)."""
    return r * r


@LOSSES.add(
    "l1",
    label="absolute (L1)",
    formula="|r|",
    help="Ignores how far an outlier is off; the gradient never shrinks, so lr sets a plateau.",
    torch="torch.nn:L1Loss",
    floor="σ√(2/π)",
    derivative=lambda r: r.sign(),
    kinks=True,
)
def l1(r: Tensor) -> Tensor:
    """|r|, shape of r (torch.nn.L1Loss without its reduction)."""
    return r.abs()


@LOSSES.add(
    "huber",
    label="Huber",
    formula="½r² if |r| ≤ δ, else δ(|r| − ½δ)",
    help="Squared near zero, absolute far away: outliers pull with a bounded force.",
    params=(
        Number(
            "delta",
            1.0,
            "Residual at which the loss turns from squared to absolute.",
            "Below it errors count by their square, above it by their size.",
            "Small: like L1, slow from far away. Large: like the half squared loss.",
            low=1e-6,
            high=1e9,
        ),
    ),
    torch="torch.nn:HuberLoss",
    floor="E ℓ(σz)",
    derivative=lambda r, delta: r.clamp(-delta, delta),
)
def huber(r: Tensor, delta: float) -> Tensor:
    """½r² within δ, δ(|r| − ½δ) beyond; shape of r (torch.nn.HuberLoss; Huber 1964)."""
    size = r.abs()
    inside = size.clamp(max=delta)
    return inside * (size - inside / 2)


@LOSSES.add(
    "smooth_l1",
    label="smooth L1",
    formula="½r²/β if |r| < β, else |r| − ½β",
    help="Huber divided by its threshold: equal to Huber only at 1.",
    params=(
        Number(
            "beta",
            1.0,
            "Residual at which the loss turns from squared to absolute.",
            "The slope far away is always 1, whatever β is.",
            "Small: like L1. Large: flat near zero, so learning slows down.",
            low=1e-6,
            high=1e9,
        ),
    ),
    torch="torch.nn:SmoothL1Loss",
    floor="E ℓ(σz)",
    derivative=lambda r, beta: r.clamp(-beta, beta) / beta,
)
def smooth_l1(r: Tensor, beta: float) -> Tensor:
    """½r²/β within β, |r| − ½β beyond; shape of r (torch.nn.SmoothL1Loss)."""
    size = r.abs()
    inside = size.clamp(max=beta)
    return inside * (size - inside / 2) / beta


@LOSSES.add(
    "quantile",
    label="quantile",
    formula="(1 − q)·r if r > 0, else −q·r",
    help="Leans to one side: the line leaves the share q of the labels below it.",
    params=(
        Number(
            "q",
            0.9,
            "Which quantile of y given x is estimated.",
            "0.5 is half the absolute loss, the median; 0.9 a line above most points.",
            "Near 0 or 1: only the outermost labels have a say.",
            low=0.001,
            high=0.999,
        ),
    ),
    floor="E ℓ(σz + c)",
    derivative=lambda r, q: r.sign() * (0.5 + (0.5 - q) * r.sign()),
    kinks=True,
    symmetric=False,
)
def quantile(r: Tensor, q: float) -> Tensor:
    """(1 − q)·r above 0, −q·r below; shape of r (Koenker and Bassett 1978).

    With noise N(0, σ²) the best line lies c = σΦ⁻¹(q) above the true one, where it costs σφ(c/σ).
    """
    return r.abs() * (0.5 + (0.5 - q) * r.sign())


@LOSSES.add(
    "log_cosh",
    label="log-cosh",
    formula="ln cosh r",
    help="A smooth Huber: about ½r² near zero and |r| − ln 2 far away.",
    floor="E ℓ(σz)",
    derivative=lambda r: r.tanh(),
)
def log_cosh(r: Tensor) -> Tensor:
    """ln cosh r, shape of r; exact to float precision near zero and free of overflow far away."""
    size = r.abs()
    far = size + (-2 * size).exp().log1p() - math.log(2)
    near = (2 * (size.clamp(max=1) / 2).sinh().square()).log1p()
    return near.where(size < 1, far)
