"""Optimizers: how the gradient of one number becomes its move.

Each is one formula for a single parameter that may carry two numbers from step to step. The scratch
loop applies it to tensors, the fast loop and the sweeps compile the very same function for single
numbers, and the concise loop takes the PyTorch class that it names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.catalog.registry import Param, Registry
from engine.support.translation import Translatable

if TYPE_CHECKING:
    from torch import Tensor

Moves = tuple["Tensor", "Tensor", "Tensor"]
"""What is subtracted from the parameter, and the two numbers kept for the next step."""

OPTIMIZERS: Registry[Callable[..., Moves]] = Registry(
    "optimizer", "How a gradient is turned into a step."
)

MOMENTUM = Param(
    "momentum",
    0.9,
    "Share μ of the last move that is kept.",
    "Moves along a valley add up to 1/(1−μ) times the gradient; across it they cancel.",
    "0: plain SGD. Near 1: it overshoots and swings back.",
    low=0.0,
    high=0.999,
)


def eps(default: float) -> Param:
    """What keeps the denominator of an adaptive optimizer away from 0."""
    return Param(
        "eps",
        default,
        "Added to the denominator, so that it is never 0.",
        "Matters only where gradients are as small as it is.",
        "Large: like SGD with a smaller lr.",
        # Anything smaller is 0 in float32, and 0/0 where a gradient is 0.
        low=1e-30,
        high=1.0,
    )


def share(name: str, default: float, what: Translatable) -> Param:
    """How much of a running mean is kept from step to step."""
    return Param(
        name,
        default,
        what,
        "The mean reaches back about 1/(1−share) steps.",
        "0: this gradient alone. Near 1: a long memory.",
        low=0.0,
        high=0.9999,
    )


@OPTIMIZERS.add(
    "sgd",
    label="SGD",
    formula="θ ← θ − lr·grad",
    help="One step against the gradient of one minibatch.",
    torch="torch.optim:SGD",
    stability=lambda: (1.0, 1.0),
)
def sgd(grad: Tensor, first: Tensor, second: Tensor, step: int, lr: float) -> Moves:
    """lr·grad, shape of grad (d2l §3.2); nothing is kept."""
    return lr * grad, first, second


@OPTIMIZERS.add(
    "momentum",
    label="SGD with momentum",
    formula="v ← μv + grad, θ ← θ − lr·v",
    help="A heavy ball: it gathers speed along the valley (Polyak 1964).",
    params=(MOMENTUM,),
    torch="torch.optim:SGD",
    stability=lambda momentum: (1 / (1 + momentum), 1 / (1 - momentum)),
)
def momentum(
    grad: Tensor, first: Tensor, second: Tensor, step: int, lr: float, momentum: float
) -> Moves:
    """lr·v with v = μv + grad, shape of grad (d2l §12.6, torch.optim.SGD)."""
    velocity = momentum * first + grad
    return lr * velocity, velocity, second


@OPTIMIZERS.add(
    "nesterov",
    label="Nesterov",
    formula="v ← μv + grad, θ ← θ − lr·(grad + μv)",
    help="Momentum that looks ahead: it brakes before it overshoots.",
    params=(MOMENTUM,),
    torch="torch.optim:SGD",
    # PyTorch refuses Nesterov without momentum, where both are plain SGD.
    torch_kwargs=lambda momentum: {"momentum": momentum, "nesterov": momentum > 0},
    stability=lambda momentum: ((1 + 2 * momentum) / (1 + momentum), 1 / (1 - momentum)),
)
def nesterov(
    grad: Tensor, first: Tensor, second: Tensor, step: int, lr: float, momentum: float
) -> Moves:
    """lr·(grad + μv) with v = μv + grad, shape of grad (Sutskever 2013, torch.optim.SGD)."""
    velocity = momentum * first + grad
    return lr * (grad + momentum * velocity), velocity, second


@OPTIMIZERS.add(
    "adagrad",
    label="AdaGrad",
    formula="s ← s + grad², θ ← θ − lr·grad/(√s + ε)",
    help="Each parameter has its own lr, which only ever shrinks (Duchi 2011).",
    params=(eps(1e-10),),
    torch="torch.optim:Adagrad",
)
def adagrad(grad: Tensor, first: Tensor, second: Tensor, step: int, lr: float, eps: float) -> Moves:
    """lr·grad/(√s + ε), s the sum of squares (d2l §12.7, torch.optim.Adagrad)."""
    squares = second + grad * grad
    return lr * grad / (squares.sqrt() + eps), first, squares


@OPTIMIZERS.add(
    "rmsprop",
    label="RMSProp",
    formula="s ← αs + (1−α)grad², θ ← θ − lr·grad/(√s + ε)",
    help="AdaGrad that forgets: old gradients fade, so the lr does not die out.",
    params=(share("alpha", 0.99, "Share α of the mean of squares that is kept."), eps(1e-8)),
    torch="torch.optim:RMSprop",
)
def rmsprop(
    grad: Tensor, first: Tensor, second: Tensor, step: int, lr: float, alpha: float, eps: float
) -> Moves:
    """lr·grad/(√s + ε), s the running mean of squares (d2l §12.8, torch.optim.RMSprop)."""
    squares = alpha * second + (1 - alpha) * grad * grad
    return lr * grad / (squares.sqrt() + eps), first, squares


@OPTIMIZERS.add(
    "adam",
    label="Adam",
    formula="m ← β₁m + (1−β₁)grad, s ← β₂s + (1−β₂)grad², θ ← θ − lr·m̂/(√ŝ + ε)",
    help="Momentum over RMSProp, both freed of their start at 0; a step is about lr long.",
    params=(
        share("beta1", 0.9, "Share β₁ of the mean gradient that is kept."),
        share("beta2", 0.999, "Share β₂ of the mean of squares that is kept."),
        eps(1e-8),
    ),
    torch="torch.optim:Adam",
    torch_kwargs=lambda beta1, beta2, eps: {"betas": (beta1, beta2), "eps": eps},
)
def adam(
    grad: Tensor,
    first: Tensor,
    second: Tensor,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> Moves:
    """lr·m̂/(√ŝ + ε), shape of grad (Kingma and Ba 2015, d2l §12.10, torch.optim.Adam)."""
    mean = beta1 * first + (1 - beta1) * grad
    squares = beta2 * second + (1 - beta2) * grad * grad
    # Early means lean towards their start at 0; step counts from 1.
    unbiased = mean / (1 - beta1**step)
    scale = (squares / (1 - beta2**step)).sqrt()
    return lr * unbiased / (scale + eps), mean, squares
