"""The gradient of one minibatch, three ways: by autograd, by hand, by differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.catalog.model import Linear
from engine.catalog.parameters import Values, numbers
from engine.theory.derivatives import Loss

STEP = 1e-5
"""How far the differences move the residuals, as a share of their size: rounding, which falls with
it, and the bend of the loss, which grows with its square, both cost about 1e-10 of the gradient."""

Penalty = Callable[[Mapping[str, Tensor]], Tensor]
"""What is added to the mean loss, a scalar function of the parameters."""


@dataclass(frozen=True)
class Xray:
    """One gradient by three methods, each parameter's under its name."""

    autograd: Values
    """What PyTorch's backward pass finds."""
    by_hand: Values
    """X̃ᵀℓ′(r)/B."""
    by_difference: Values
    """(f(θ + h) − f(θ − h))/2h, one number after the other."""

    @property
    def off_by_hand(self) -> float:
        """Largest distance of the hand formula from autograd, as a share of the largest entry."""
        return apart(self.by_hand, self.autograd)

    @property
    def off_by_difference(self) -> float:
        """Largest distance of the differences from autograd, as a share of the largest entry."""
        return apart(self.by_difference, self.autograd)


def apart(measured: Values, wanted: Values) -> float:
    """The largest distance between two gradients, as a share of the second's largest entry.

    0 where they are equal; where the second is all zeros, the distance itself; NaN where either is.
    """
    a, b = (
        torch.tensor([entry for name in wanted for entry in part[name]], dtype=torch.float64)
        for part in (measured, wanted)
    )
    return float((a - b).abs().max()) / (float(b.abs().max()) or 1.0)


def xray(
    model: Linear,
    params: Mapping[str, Tensor],
    X: Tensor,
    y: Tensor,
    loss: Loss,
    slope: Loss,
    penalty: Penalty | None = None,
) -> Xray:
    """The gradient of mean ℓ(ŷ − y) + penalty(θ) on a minibatch X (B, d), y (B, 1), in float64.

    `slope` is ℓ′ as written by hand. The gradient of the penalty in `by_hand` is autograd's. The
    differences take two passes over the minibatch for each number.
    """
    X, y = X.cpu().double(), y.cpu().double()
    theta = {
        name: param.detach().cpu().double().clone().requires_grad_()
        for name, param in params.items()
    }

    def objective(at: Mapping[str, Tensor]) -> Tensor:
        mean = loss(model.predict(at, X) - y).mean()
        return mean if penalty is None else mean + penalty(at)

    def autograd(value: Tensor) -> dict[str, Tensor]:
        grads = torch.autograd.grad(value, list(theta.values()), materialize_grads=True)
        return dict(zip(theta, grads, strict=True))

    whole = autograd(objective(theta))
    with torch.no_grad():
        design, r = model.design(X), model.predict(theta, X) - y
        flat = design.T @ slope(r).mean(dim=1, keepdim=True) / len(X)
        steps = STEP * r.square().mean().sqrt().clamp(min=1) / design.square().mean(0).sqrt()
    by_hand = dict(model.named(flat.flatten().tolist()))
    if penalty is not None:
        extra = numbers(autograd(penalty(theta)))
        for name, part in by_hand.items():
            by_hand[name] = tuple(a + b for a, b in zip(part, extra[name], strict=True))
    # A column of zeros moves no residual, however large the step.
    h = model.named(steps.where(steps.isfinite(), STEP).tolist())
    return Xray(numbers(whole), by_hand, numbers(differences(objective, theta, h)))


@torch.no_grad()
def differences(
    objective: Callable[[Mapping[str, Tensor]], Tensor], params: Mapping[str, Tensor], h: Values
) -> dict[str, Tensor]:
    """(f(θ + h) − f(θ − h))/2h for every number of the parameters, float64, in their shapes."""
    moved = {name: param.clone() for name, param in params.items()}
    slopes = {name: torch.zeros_like(param) for name, param in params.items()}
    for name, param in moved.items():
        entries, slots = param.view(-1), slopes[name].view(-1)
        for i, (value, step) in enumerate(zip(entries.tolist(), h[name], strict=True)):
            entries[i] = value + step
            above = objective(moved)
            entries[i] = value - step
            slots[i] = (above - objective(moved)) / (2 * step)
            entries[i] = value
    return slopes
