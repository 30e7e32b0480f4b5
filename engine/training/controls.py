"""The dials of a run in progress."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Controls:
    """What may be changed between two events of a run."""

    lr: float
    most: int = 1 << 62
    """Most steps between two events; the loops that take one at a time need not ask."""
    every: int = 1 << 62
    """Steps between two of which loops that take many at once note where the parameters are."""
    runaway: float = math.inf
    """A minibatch loss that is not at most this ends the run; loops yield it last of all."""
    by_statement: bool = False
    """Whether a loop stops behind each statement of a minibatch; the compiled one has none."""
