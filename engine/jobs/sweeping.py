"""A sweep on its way."""

from __future__ import annotations

from collections.abc import Iterator

from engine.jobs.job import JobState
from engine.jobs.sweep import Cell, Sweep, SweepProgress


class Sweeping:
    """A sweep on its way."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.cells: list[Cell | None] = [None] * len(sweep)
        self.done = 0

    def run(self) -> Iterator[None]:
        """Take in the results as they come."""
        from engine.jobs.lanes import run_sweep

        for cells in run_sweep(self.sweep):
            for cell in cells:
                self.cells[cell.index] = cell
            self.done += len(cells)
            yield

    def progress(self, state: JobState, message: str, seconds: float) -> SweepProgress:
        """How it stands."""
        return SweepProgress(self.sweep, state, message, tuple(self.cells), self.done, seconds)
