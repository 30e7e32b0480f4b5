"""The code of an experiment: a short script for PyTorch, in two dresses."""

from __future__ import annotations

from typing import Literal, get_args

from engine.experiment import Experiment

Dress = Literal["scratch", "concise"]
"""How a script is written: as d2l §3.2 does, or §3.3."""
DRESSES: tuple[Dress, ...] = get_args(Dress)


def dress_of(experiment: Experiment) -> Dress:
    """The dress that is like the loop of an experiment."""
    return "concise" if experiment.loop == "concise" else "scratch"
