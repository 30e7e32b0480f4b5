"""What happens during a run; `train` yields these and everything else reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from engine.models import Values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from engine.device import DeviceInfo
    from engine.experiment import Experiment
    from engine.stability import Autopsy, Stability


@dataclass(frozen=True, eq=False)
class Sample:
    """Some of the data points, for charts: X as one tuple per feature, y as one tuple."""

    X: tuple[tuple[float, ...], ...]
    y: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of a run before its first step."""

    n: int
    features: int
    steps_per_epoch: int
    device: DeviceInfo
    devices: tuple[str, ...]
    """Names of all the devices that are present."""
    true: Values
    """Empty where the data have no true values for this model."""
    closed_form: Values
    """Least squares solution, with an L2 penalty that of ridge regression; L1 is left out. For a
    loss that aims above or below the middle, b is that much higher or lower. Empty for a model that
    is not linear in its parameters."""
    optimum: float
    """Mean loss there; without a penalty the smallest there is for the squared losses. 0 where
    there is no closed form."""
    noise_floor: float
    """Expected loss of the true model, moved to where the loss aims."""
    rounding: float
    """Loss below which float32 cannot resolve anything."""
    stability: Stability
    """Curvature of the objective, and the largest stable lr."""
    start: Values
    start_loss: float
    sample: Sample

    @property
    def best(self) -> Values:
        """The best parameters known: closed form, else the true ones, else the start."""
        return self.closed_form or self.true or self.start

    @property
    def is_best_known(self) -> bool:
        """Whether `best` is more than the start."""
        return bool(self.closed_form or self.true)


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
class Started:
    """The data are drawn and the start is known."""

    experiment: Experiment
    facts: Facts
    note: str
    """Something a person should be told about this run; mostly empty."""


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
    alert: str | None
    """Something a person would want to be told: a spike or a stall."""


@dataclass(frozen=True, slots=True)
class Finished:
    """All epochs are done, or enough of them; `reason` says why it was enough."""

    epoch: int
    step: int
    loss: float
    params: Values
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Diverged:
    """The run ran away at this step; `reason` says in words what was seen."""

    epoch: int
    step: int
    loss: float
    reason: str
    params: Values
    autopsy: Autopsy


Event = Started | Stepped | EpochEnded | Finished | Diverged
