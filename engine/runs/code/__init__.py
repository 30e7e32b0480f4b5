"""The code of an experiment: a short script for PyTorch, in two dresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from engine.experiment import Experiment
from engine.training.statements import Statement

Dress = Literal["scratch", "concise"]
"""How a script is written: as d2l §3.2 does, or §3.3."""
DRESSES: tuple[Dress, ...] = get_args(Dress)


@dataclass(frozen=True, eq=False)
class Code:
    """An experiment as a script."""

    experiment: Experiment
    dress: Dress
    text: str = ""
    places: Mapping[Statement, int] = field(default_factory=dict)
    """The line of each statement of a minibatch behind which the loop can be stopped, from 0."""
    trouble: str = ""
    """Why there is no script, where there is none."""


def dress_of(experiment: Experiment) -> Dress:
    """The dress that is like the loop of an experiment."""
    return "concise" if experiment.loop == "concise" else "scratch"
