"""What is known of a run before its first step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.catalog.parameters import Values
from engine.theory.floor import Floor

if TYPE_CHECKING:
    from engine.catalog.scaling import Scaling
    from engine.statistics.diagnostics import Diagnostics
    from engine.support.device import DeviceInfo
    from engine.theory.descent import Descent
    from engine.theory.remedy import Remedy
    from engine.theory.stability import Stability


@dataclass(frozen=True, eq=False)
class Sample:
    """Some of the data points, for charts: X as one tuple per feature, y as one tuple."""

    X: tuple[tuple[float, ...], ...]
    y: tuple[float, ...]
    diagnostics: Diagnostics | None = None
    """How these points stand to the least squares of all, ŷ and residuals in the units of the data;
    None where nothing can be told."""
    lines: tuple[int, ...] = ()
    """Where each point stands in the file that it comes from, from 1; empty where no one knows."""
    rows: tuple[int, ...] = ()
    """Which of the training rows the points are, from 0; empty where they are the first ones."""


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
    optimum: Values
    """Where the chosen loss and penalty together are smallest over the data; empty for a model that
    is not linear in its parameters."""
    has_closed_form: bool
    """Whether the optimum solves linear equations: least squares, with an L2 penalty ridge
    regression."""
    floor: Floor
    """Where nothing is left to learn."""
    stability: Stability
    """Curvature of the objective, and the largest stable lr."""
    start: Values
    start_loss: float
    sample: Sample
    digits: int = 24
    """Binary digits of the numbers that training works with: 24 in float32, 53 in float64."""
    scaling: Scaling | None = None
    """How numbers become those of the data again, where training sees standardized ones."""
    remedy: Remedy | None = None
    """What standardizing would save in steps; None where it saves little, or is on."""
    descent: Descent | None = None
    """What the loss that is expected of a run takes; None where theory does not tell it."""

    def original(self, values: Values) -> Values:
        """Parameters over the data as they are."""
        return self.scaling.original(values) if self.scaling and values else values

    def original_grads(self, grads: Values) -> Values:
        """Gradients by the parameters over the data as they are."""
        return self.scaling.original_grads(grads) if self.scaling and grads else grads

    @property
    def best(self) -> Values:
        """The best parameters known: optimum, else the true ones, else the start."""
        return self.optimum or self.true or self.start

    @property
    def is_best_known(self) -> bool:
        """Whether `best` is more than the start."""
        return bool(self.optimum or self.true)
