"""The moment of a run that is looked at: one clock for all that is over time."""

from __future__ import annotations

from collections.abc import Callable

from engine.training.moments import snapshot_at, steps_of
from engine.training.snapshot import Snapshot

PRESSES = 300
"""Key presses that bring the clock through all that is in view, where a run has more steps."""
EPOCHS_AT_A_TIME = 60
"""Epochs of a run from which on a key goes over several of them at once."""
PLAY_SECONDS = 6.0
"""How long a run is played at full speed."""


class Clock:
    """Stands at a step that a run has stored, or at now."""

    def __init__(self) -> None:
        self.run: Snapshot | None = None
        """The run of which a moment is looked at; None: now."""
        self.step = 0
        self.moved: Callable[[], None] = lambda: None
        """Called when another moment is looked at."""
        self._played: float | None = None
        """How far the run is played, in epochs; None where it stands still."""

    @property
    def x(self) -> float | None:
        """The moment in epochs; None: now."""
        return self.step / per_epoch(self.run) if self.run else None

    @property
    def is_playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._played is not None

    @property
    def moment(self) -> Snapshot | None:
        """The run as it was at the moment; None: now."""
        return snapshot_at(self.run, self.step) if self.run else None

    def go_to(self, run: Snapshot, step: int) -> None:
        """Look at a run after a step, or after the stored one that is nearest to it."""
        if not run.step or not run.path.x:
            return
        self._played = None
        self._stand(run, min(steps_of(run), key=lambda stored: abs(stored - step)))

    def point_to(self, run: Snapshot, x: float) -> None:
        """Look at a run where it was after so many epochs."""
        self.go_to(run, round(x * per_epoch(run)))

    def move(self, run: Snapshot, by: int, between: tuple[float, float]) -> None:
        """Go on by stored steps, of those between two epochs; by several where they are many.

        Where the moment is out of view, the nearest one in view comes first.
        """
        left, right = between
        seen = [
            step for step, x in zip(steps_of(run), run.path.x, strict=True) if left <= x <= right
        ]
        if not seen:
            return
        here = self.step if self.run else run.step
        index = min(range(len(seen)), key=lambda place: abs(seen[place] - here))
        if seen[index] == here:
            index += by * max(1, len(seen) // PRESSES)
        self.go_to(run, seen[min(max(index, 0), len(seen) - 1)])

    def move_epochs(self, run: Snapshot, by: int) -> None:
        """Go on to the end of an epoch; by several where they are many."""
        here, size = (self.step if self.run else run.step), per_epoch(run)
        stride = max(1, run.experiment.epochs // EPOCHS_AT_A_TIME)
        # From between two ends of epochs the first one on the way comes first.
        epoch = here // size + by * stride if by > 0 else -(-here // size) + by * stride
        steps = steps_of(run)
        beyond = [step for step in steps if (step > here if by > 0 else step < here)]
        nearest = min(beyond, key=lambda step: abs(step - epoch * size), default=here)
        self.go_to(run, nearest)

    def follow(self, latest: Snapshot) -> None:
        """Take over what has been added to the run since."""
        if self.run and latest.number == self.run.number:
            self.run = latest

    def leave(self) -> None:
        """Back to now."""
        if self.run:
            self.run = self._played = None
            self.moved()

    # Playing -----------------------------------------------------------------------------------

    def play(self) -> None:
        """Go on by itself from the moment that is looked at, with every `tick`."""
        self._played = self.x

    def stop(self) -> None:
        """Stand still."""
        self._played = None

    def tick(self, seconds: float, pace: float | None) -> None:
        """Go on as far as time has, at so many epochs a second; at the end of the run is now."""
        if self.run is None or self._played is None:
            return
        self._played += seconds * (pace or self.run.experiment.epochs / PLAY_SECONDS)
        if self._played >= self.run.step / per_epoch(self.run):
            self.leave()
            return
        passed = [
            step
            for step, x in zip(steps_of(self.run), self.run.path.x, strict=True)
            if x <= self._played
        ]
        if passed[-1] != self.step:
            self._stand(self.run, passed[-1])

    def _stand(self, run: Snapshot, step: int) -> None:
        self.run, self.step = run, step
        self.moved()


def per_epoch(run: Snapshot) -> int:
    """Steps in an epoch of a run."""
    return run.facts.steps_per_epoch if run.facts else 1
