"""Optimizers as the book writes them: one function that moves the parameters by their gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from engine.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

OPTIMIZERS: Registry[Callable[..., None]] = Registry(
    "optimizer", "How a gradient is turned into a step."
)


@OPTIMIZERS.add(
    "sgd",
    label="SGD",
    formula="θ ← θ − lr·grad",
    help="One step against the gradient of one minibatch.",
    torch="torch.optim:SGD",
)
def sgd(params: Iterable[Tensor], lr: float, divisor: float) -> None:
    """Move each parameter by −lr·grad/divisor in place; call it under torch.no_grad().

    The divisor is the batch size when the loss was summed and 1 when it was averaged (d2l §3.2).
    """
    for param in params:
        assert param.grad is not None
        param.sub_(param.grad, alpha=lr / divisor)
