"""A sweep on its way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.jobs.job import JobState
from engine.jobs.sweep import Cell, Sweep, SweepProgress

if TYPE_CHECKING:
    from engine.theory.stability import Limit


class Sweeping:
    """A sweep on its way."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.cells: list[Cell | None] = [None] * len(sweep)
        self.done = 0
        self.limits: list[Limit] = []

    def run(self) -> Iterator[None]:
        """Take in the results as they come, and then the limits of the lr."""
        from engine.jobs.lanes import run_sweep
        from engine.jobs.limits import limit_at

        for cells in run_sweep(self.sweep):
            for cell in cells:
                self.cells[cell.index] = cell
            self.done += len(cells)
            yield
        for place in range(self.sweep.limits):
            self.limits.append(limit_at(self.sweep, place))
            yield

    def progress(self, state: JobState, message: str, seconds: float) -> SweepProgress:
        """How it stands."""
        cells, limits = tuple(self.cells), tuple(self.limits)
        return SweepProgress(self.sweep, state, message, cells, self.done, seconds, limits)
