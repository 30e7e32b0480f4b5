"""What takes so long that the engine's thread does it in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from engine.support.translation import TRANSLATED

JobState = Annotated[Literal["running", "finished", "stopped", "failed"], TRANSLATED]
"""How far a sweep or a race is."""
SHARE = 0.5
"""Share of the machine's memory that a sweep may need."""


class Work(Protocol):
    """What takes so long that it is done in pieces: a sweep or a race."""

    def run(self) -> Iterator[None]:
        """Do it, with a pause after each piece."""

    def progress(self, state: JobState, message: str, seconds: float) -> object:
        """How it stands."""


@dataclass(eq=False)
class Job:
    """Work in the thread's hands."""

    work: Work
    pieces: Iterator[None]
    begin: float
