"""What happens during a run; `train` yields these and everything else reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from engine.catalog.parameters import Values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from engine.experiment import Experiment
    from engine.theory.autopsy import Autopsy

from engine.support.translation import Message
from engine.theory.facts import Facts
from engine.training.fork import Fork
from engine.training.statements import Executed
from engine.training.trail import Place

Losses: TypeAlias = "tuple[float, ...] | NDArray[np.float32]"
"""Mean losses of one minibatch after the other; an array where they are many."""


class Live(Protocol):
    """A loop while it runs; what it shows is valid until the next step is taken."""

    def params(self) -> dict[str, Tensor]:
        """Each parameter by the model's name."""

    def grads(self) -> dict[str, Tensor]:
        """Gradient of the last minibatch's loss before its step, divided as the step divides it."""

    def minibatch(self) -> tuple[Tensor, Tensor] | None:
        """X (B, d) and y (B, 1) of the last minibatch."""


@dataclass(frozen=True, slots=True)
class Preparing:
    """A piece of what is done before the start is known."""

    message: Message
    """What that is, and how far it is."""


@dataclass(frozen=True, slots=True)
class Started:
    """The data are drawn and the start is known."""

    experiment: Experiment
    facts: Facts
    notes: tuple[Message, ...]
    """What a person should be told about this run; mostly nothing."""
    fork: Fork | None = None
    """Where it begins, if it goes on from another run."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """Some minibatches were used, mostly one; `loss` is the last one's, before its step."""

    epoch: int
    """The epoch the last of them belongs to."""
    step: int
    """How many were used since the start."""
    loss: float
    losses: Losses
    """The loss of each of them."""
    live: Live
    passed: Sequence[Place] = ()
    """Places on the way, where many minibatches were used and such places are asked for."""


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """Every sample was used once more; `loss` is the mean over the whole data set."""

    epoch: int
    step: int
    loss: float
    params: Values
    grads: Values
    validation: float | None
    """Mean loss over the held-out data, if any are."""
    alert: Message | None
    """Something a person would want to be told: a spike or a stall."""


@dataclass(frozen=True, slots=True)
class Finished:
    """All epochs are done, or enough of them; `reason` says why it was enough."""

    epoch: int
    step: int
    loss: float
    params: Values
    reason: Message | None = None
    r2: float | None = None
    """Of the rows to train on, around their mean; None where their labels are all one."""
    validation_r2: float | None = None
    """Of the rows held out, if any are."""


@dataclass(frozen=True, slots=True)
class Diverged:
    """The run ran away at this step; `reason` says what was seen."""

    epoch: int
    step: int
    loss: float
    reason: Message
    params: Values
    autopsy: Autopsy


Event = Preparing | Started | Executed | Stepped | EpochEnded | Finished | Diverged
