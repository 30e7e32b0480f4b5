"""Optimizers: how the gradient of one number becomes its move.

Each is one formula for a single parameter and the numbers that the optimizer carries from step to
step, its state. The scratch loop applies the formula to tensors, the fast loop and the sweeps
compile the very same function for single numbers, and the concise loop takes the PyTorch class that
the entry names, or the formula where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.catalog.param import Number, Param
from engine.catalog.registry import Entry, Registry
from engine.support.translation import Translatable

if TYPE_CHECKING:
    from torch import Tensor

    State = tuple[Tensor, ...]
    """What an optimizer carries from step to step, a number for each slot; zeros at the start."""
    Move = tuple[Tensor, State]
    """What is subtracted from the parameter, and the state for the next step."""


@dataclass(frozen=True)
class OptimizerEntry(Entry):
    """An optimizer: `function(grad, state, step, lr, …)` gives a Move; steps count from 1."""

    slots: int = 0
    """How many numbers the state has for each parameter."""
    is_linear: bool = False
    """Whether its move is linear in gradient and state: then theory knows its largest stable lr;
    one that scales its own steps has no fixed limit."""
    torch: str | None = None
    """PyTorch's class that does the same, as `module:Class`; the concise loop teaches it."""
    torch_kwargs: Callable[..., dict[str, Any]] = dict
    """The parameters as PyTorch's class takes them; mostly the same."""
    is_plain: bool = False
    """Whether each move is lr·grad and nothing else: gradient descent as theory has it."""


OPTIMIZERS = Registry("optimizer", "How a gradient is turned into a step.", OptimizerEntry)

MOMENTUM = Number(
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
    return Number(
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
    return Number(
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
    is_linear=True,
    is_plain=True,
)
def sgd(grad: Tensor, state: State, step: int, lr: float) -> Move:
    """lr·grad, shape of grad (d2l §3.2); no state."""
    return lr * grad, state


@OPTIMIZERS.add(
    "momentum",
    label="SGD with momentum",
    formula="v ← μv + grad, θ ← θ − lr·v",
    help="A heavy ball: it gathers speed along the valley (Polyak 1964).",
    params=(MOMENTUM,),
    slots=1,
    torch="torch.optim:SGD",
    is_linear=True,
)
def momentum(grad: Tensor, state: State, step: int, lr: float, momentum: float) -> Move:
    """lr·v with v = μv + grad, shape of grad (d2l §12.6, torch.optim.SGD)."""
    velocity = momentum * state[0] + grad
    return lr * velocity, (velocity,)


@OPTIMIZERS.add(
    "nesterov",
    label="Nesterov",
    formula="v ← μv + grad, θ ← θ − lr·(grad + μv)",
    help="Momentum that looks ahead: it brakes before it overshoots.",
    params=(MOMENTUM,),
    slots=1,
    torch="torch.optim:SGD",
    # PyTorch refuses Nesterov without momentum, where both are plain SGD.
    torch_kwargs=lambda momentum: {"momentum": momentum, "nesterov": momentum > 0},
    is_linear=True,
)
def nesterov(grad: Tensor, state: State, step: int, lr: float, momentum: float) -> Move:
    """lr·(grad + μv) with v = μv + grad, shape of grad (Sutskever 2013, torch.optim.SGD)."""
    velocity = momentum * state[0] + grad
    return lr * (grad + momentum * velocity), (velocity,)


@OPTIMIZERS.add(
    "adagrad",
    label="AdaGrad",
    formula="s ← s + grad², θ ← θ − lr·grad/(√s + ε)",
    help="Each parameter has its own lr, which only ever shrinks (Duchi 2011).",
    params=(eps(1e-10),),
    slots=1,
    torch="torch.optim:Adagrad",
)
def adagrad(grad: Tensor, state: State, step: int, lr: float, eps: float) -> Move:
    """lr·grad/(√s + ε), s the sum of squares (d2l §12.7, torch.optim.Adagrad)."""
    squares = state[0] + grad * grad
    return lr * grad / (squares.sqrt() + eps), (squares,)


@OPTIMIZERS.add(
    "rmsprop",
    label="RMSProp",
    formula="s ← αs + (1−α)grad², θ ← θ − lr·grad/(√s + ε)",
    help="AdaGrad that forgets: old gradients fade, so the lr does not die out.",
    params=(share("alpha", 0.99, "Share α of the mean of squares that is kept."), eps(1e-8)),
    slots=1,
    torch="torch.optim:RMSprop",
)
def rmsprop(grad: Tensor, state: State, step: int, lr: float, alpha: float, eps: float) -> Move:
    """lr·grad/(√s + ε), s the running mean of squares (d2l §12.8, torch.optim.RMSprop)."""
    squares = alpha * state[0] + (1 - alpha) * grad * grad
    return lr * grad / (squares.sqrt() + eps), (squares,)


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
    slots=2,
    torch="torch.optim:Adam",
    torch_kwargs=lambda beta1, beta2, eps: {"betas": (beta1, beta2), "eps": eps},
)
def adam(
    grad: Tensor,
    state: State,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> Move:
    """lr·m̂/(√ŝ + ε), shape of grad (Kingma and Ba 2015, d2l §12.10, torch.optim.Adam)."""
    mean = beta1 * state[0] + (1 - beta1) * grad
    squares = beta2 * state[1] + (1 - beta2) * grad * grad
    # Early means lean towards their start at 0; step counts from 1.
    unbiased = mean / (1 - beta1**step)
    scale = (squares / (1 - beta2**step)).sqrt()
    return lr * unbiased / (scale + eps), (mean, squares)
