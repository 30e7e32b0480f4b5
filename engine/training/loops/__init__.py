"""Ways to take the same steps: one module each, named like the value of the key `loop`.

`parallel` is `concise` in several processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import NamedTuple, Protocol, TypeAlias

from torch import Tensor

from engine.catalog.parameters import Values, numbers
from engine.problem import Problem
from engine.support.translation import Message
from engine.training.controls import Controls
from engine.training.events import Live, Losses
from engine.training.statements import Executed
from engine.training.trail import Place


class EpochEnd(NamedTuple):
    """Every sample was used once more."""

    loss: float
    """Mean over the whole data set."""
    params: Values
    grads: Values


Progress: TypeAlias = "Losses | EpochEnd | Executed"
"""Losses of some minibatches in their order, or the end of an epoch; the ends of the epochs that
were passed follow the losses. Where it is asked for, each statement of a minibatch before them."""


class Loop(Live, Protocol):
    """A run in progress."""

    note: Message | None
    """Something a person should be told about this run before it starts."""
    passed: Sequence[Place]
    """Places that the last progress went by, every `controls.every` steps; none where it is a step,
    whose place is that of the loop."""

    def __init__(self, problem: Problem, controls: Controls) -> None: ...

    def run(self) -> Iterator[Progress]:
        """Take steps from where it is, epoch after epoch, at least as many as there are to be."""

    def go_on(self, problem: Problem, controls: Controls) -> None:
        """Have the next `run` go on from here with other settings, over the same minibatches.

        The optimizer keeps its state, unless it is another one.
        """


def epoch_end(problem: Problem, loop: Live) -> EpochEnd:
    """The end of an epoch, its loss measured with plain torch."""
    params = loop.params()
    return EpochEnd(problem.mean_loss(params), numbers(params), numbers(loop.grads()))


def slopes(params: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What `backward` has made, by name: `w.grad`."""
    return {f"{name}.grad": param.grad for name, param in params.items() if param.grad is not None}


def load(name: str) -> type[Loop]:
    """The loop of that name; its module is imported when it is first asked for."""
    loop: type[Loop] = import_module(f"engine.training.loops.{name}").Training
    return loop
