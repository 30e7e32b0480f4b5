"""Learning-rate schedules: the factor on the learning rate at each moment of a run.

A schedule sees the epochs gone by, with fractions, so that it moves between two minibatches too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.catalog.param import Number
from engine.catalog.registry import Entry, Registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Times = NDArray[np.float64]
    """Epochs gone by, from 0 up to below the epochs of the run."""


@dataclass(frozen=True)
class ScheduleEntry(Entry):
    """A factor on the learning rate."""

    is_constant: bool = False
    """Whether it is 1 at all times."""


SCHEDULES = Registry("schedule", "How the learning rate changes during a run.", ScheduleEntry)


@SCHEDULES.add(
    "constant",
    label="constant",
    formula="lr",
    help="The same learning rate from the first step to the last.",
    is_constant=True,
)
def constant(t: Times, epochs: int) -> Times:
    """1, shape of t."""
    return 0 * t + 1


@SCHEDULES.add(
    "step",
    label="step",
    formula="lr·γ^⌊t/size⌋",
    help="Falls by a factor every few epochs.",
    params=(
        Number(
            "size",
            1.0,
            "Epochs between two falls.",
            "Between them the lr stays as it is.",
            "Short: soon too small to move.",
            low=1e-3,
            high=1e8,
        ),
        Number(
            "gamma",
            0.5,
            "Factor of each fall.",
            "0.1 is customary in deep learning.",
            "Near 1: hardly any fall. Near 0: one fall and it stands still.",
            low=0.0,
            above=True,
            high=1.0,
        ),
    ),
)
def step(t: Times, epochs: int, size: float, gamma: float) -> Times:
    """γ^⌊t/size⌋, shape of t (torch.optim.lr_scheduler.StepLR)."""
    # A fall is due at its moment, though 1.0 // 0.2 is 4.
    return gamma ** (t * (1 + 1e-12) // size)


@SCHEDULES.add(
    "inverse",
    label="1/t",
    formula="lr/(1 + decay·t)",
    help="Falls ever more slowly: far enough to silence noise, never so far as to stop.",
    params=(
        Number(
            "decay",
            1.0,
            "How fast it falls: to half after 1/decay epochs.",
            "Robbins and Monro's way to the exact minimum in spite of noise.",
            "Large: it creeps before it has arrived.",
            low=0.0,
            high=1e6,
        ),
    ),
)
def inverse(t: Times, epochs: int, decay: float) -> Times:
    """1/(1 + decay·t), shape of t (Robbins and Monro 1951)."""
    return 1 / (1 + decay * t)


@SCHEDULES.add(
    "polynomial",
    label="polynomial",
    formula="lr·(1 − t/epochs)^power",
    help="Falls to 0 at the end of the run.",
    params=(
        Number(
            "power",
            1.0,
            "Shape of the fall: 1 is a straight line.",
            "How much of the run is spent with small steps.",
            "Above 1 it falls fast first, below 1 late.",
            low=0.0,
            above=True,
            high=10.0,
        ),
    ),
)
def polynomial(t: Times, epochs: int, power: float) -> Times:
    """(1 − t/epochs)^power, shape of t (torch.optim.lr_scheduler.PolynomialLR)."""
    return (1 - t / epochs) ** power


@SCHEDULES.add(
    "cosine",
    label="cosine",
    formula="lr·½(1 + cos πt/epochs)",
    help="Stays high, falls in the middle, ends gently at 0.",
)
def cosine(t: Times, epochs: int) -> Times:
    """½(1 + cos πt/epochs), shape of t (Loshchilov and Hutter 2017, d2l §12.11)."""
    import numpy as np

    return (1 + np.cos(np.pi * t / epochs)) / 2


@SCHEDULES.add(
    "warmup",
    label="warm-up",
    formula="lr·min(1, start + (1 − start)·t/length)",
    help="Begins small and rises in a straight line, then stays.",
    params=(
        Number(
            "length",
            1.0,
            "Epochs until the full learning rate is reached.",
            "The first gradients are the largest: small steps tame them.",
            "Longer than the run: the full lr is never reached.",
            low=1e-3,
            high=1e8,
        ),
        Number(
            "start",
            0.1,
            "Share of the learning rate at the first step.",
            "The first gradients are the largest.",
            "0: the first step is none at all. 1: no warm-up.",
            low=0.0,
            high=1.0,
        ),
    ),
)
def warmup(t: Times, epochs: int, length: float, start: float) -> Times:
    """min(1, start + (1 − start)·t/length), shape of t (torch.optim.lr_scheduler.LinearLR)."""
    import numpy as np

    return np.minimum(1.0, start + (1 - start) * t / length)
