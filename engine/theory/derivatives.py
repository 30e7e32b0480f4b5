"""The derivatives of a loss, which the modules of theory share."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

Loss = Callable[[Tensor], Tensor]
"""A loss of residuals r = ŷ − y, element by element."""


def slopes(loss: Loss, r: Tensor) -> Tensor:
    """ℓ′(r), shape of r, by autograd; at a kink torch's choice, 0 for |r| at 0."""
    r = r.detach().requires_grad_()
    return torch.autograd.grad(loss(r).sum(), r)[0]


def curvatures(loss: Loss, r: Tensor) -> Tensor:
    """ℓ″(r), shape of r, by autograd twice; a jump of ℓ′ at a kink is left out.

    1 for the half squared loss, 2 for the squared one, 1[|r|<δ] for Huber, sech² r for log-cosh.
    """
    return both_derivatives(loss, r)[1]


def both_derivatives(loss: Loss, r: Tensor) -> tuple[Tensor, Tensor]:
    """ℓ′(r) and ℓ″(r), each of the shape of r; see `curvatures`. At a kink ℓ′ is that above it."""
    # To autograd |r| is flat at exactly 0, and so would be every loss written with it.
    r = r.detach().where(r != 0, 1e-30).requires_grad_()
    (slope,) = torch.autograd.grad(loss(r).sum(), r, create_graph=True)
    # Without 0·r a slope that is constant in pieces would have no graph.
    return slope.detach(), torch.autograd.grad((slope + 0 * r).sum(), r)[0]


@lru_cache(maxsize=64)  # asked for before each run
def steepest_curvature(loss: Loss) -> float:
    """The largest ℓ″ of a loss, found on a grid of residuals.

    1 for the half squared loss, 2 for the squared one, 1/β for smooth L1, 0 for L1. Where a loss is
    not a number it bends nothing.
    """
    size = torch.logspace(-6, 2, 400, dtype=torch.float64)
    bends = curvatures(loss, torch.cat([-size, size]))
    return float(bends.where(~bends.isnan(), -torch.inf).max())


def parabola(curvature: float) -> Loss:
    """½·curvature·r², the loss of that curvature everywhere."""
    return lambda r: curvature * r * r / 2
