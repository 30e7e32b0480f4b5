"""What takes so long that the engine's thread does it in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Generic, Literal, Protocol, TypeVar

from engine.support.errors import one_line
from engine.support.translation import TRANSLATED

JobState = Annotated[Literal["running", "finished", "stopped", "failed"], TRANSLATED]
"""How far a sweep or a race is."""

P_co = TypeVar("P_co", covariant=True)


class Work(Protocol[P_co]):
    """What takes so long that it is done in pieces: a sweep or a race."""

    def run(self) -> Iterator[None]:
        """Do it, with a pause after each piece."""

    def progress(self, state: JobState, message: str, seconds: float) -> P_co:
        """How it stands."""


P = TypeVar("P")


class Job(Generic[P]):
    """Work in the thread's hands; its progress goes to `show`."""

    def __init__(self, work: Work[P], show: Callable[[P], None]) -> None:
        self.work = work
        self.show = show
        self.state: JobState = "running"
        self.message = ""
        """Why it failed."""
        self.begin: float | None = None
        """The time of the first `publish`."""
        self._pieces = work.run()

    def advance(self) -> None:
        """Do the next piece of the work; an error ends it."""
        try:
            next(self._pieces)
        except StopIteration:
            self.state = "finished"
        except Exception as error:  # the screen shows it and lives on
            self.state, self.message = "failed", one_line(error)

    def publish(self, now: float) -> None:
        """Show how the work stands at this time."""
        self.begin = now if self.begin is None else self.begin
        self.show(self.work.progress(self.state, self.message, now - self.begin))
