"""Ways to take the same steps: one module each, named like the value of the key `loop`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from engine.events import Live
from engine.problem import Problem


@dataclass
class Controls:
    """What may be changed between two steps of a run."""

    lr: float


class Loop(Live, Protocol):
    """A run in progress."""

    def __init__(self, problem: Problem, controls: Controls) -> None: ...

    def epoch(self) -> Iterator[float]:
        """Take the steps of one epoch, yielding after each the minibatch's mean loss before it."""


def load(name: str) -> type[Loop]:
    """The loop of that name; its module is imported when it is first asked for."""
    loop: type[Loop] = import_module(f"engine.loops.{name}").Training
    return loop
