"""The losses of a run as they were written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class KeptLosses:
    """The loss of a run after each epoch that was written down."""

    id: str
    """That of the run, or the path of what another program has written."""
    name: str
    settings: Mapping[str, object]
    epochs: Sequence[float] = ()
    losses: Sequence[float] = ()
