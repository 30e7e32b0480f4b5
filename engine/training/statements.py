"""The statements of a minibatch, in whose midst a run can be stopped, and what they made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

Statement = Literal[
    "minibatch", "y_hat", "loss", "objective", "zero_grad", "backward", "rate", "update"
]
"""What the code of a minibatch does; a loop has those that it needs, in this order."""
FIRST: Statement = "minibatch"
LAST: Statement = "update"
RATE: Statement = "rate"
"""Behind it the lr of the step is chosen."""
FEW = 4
"""Numbers of a tensor that are read off it; of a larger one its shape says enough."""


@dataclass(frozen=True, slots=True)
class Executed:
    """The loop stands behind a statement; what this made is valid until the next one."""

    statement: Statement
    made: Mapping[str, Tensor | float]
    """By name."""


@dataclass(frozen=True)
class Made:
    """A value that a statement made."""

    name: str
    shape: tuple[int, ...]
    """Empty for a single number."""
    numbers: tuple[float, ...]
    """Empty where they are more than a few."""


@dataclass(frozen=True)
class Done:
    """A statement that was executed, in plain values."""

    statement: Statement
    made: tuple[Made, ...]


def done_of(executed: Executed) -> Done:
    """A statement as it can be shown after the loop has gone on."""
    return Done(
        executed.statement, tuple(_plain(name, value) for name, value in executed.made.items())
    )


def _plain(name: str, value: Tensor | float) -> Made:
    if isinstance(value, float):
        return Made(name, (), (value,))
    few = value.numel() <= FEW
    return Made(name, tuple(value.shape), tuple(value.flatten().tolist()) if few else ())
