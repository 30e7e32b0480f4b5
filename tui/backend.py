"""What stands behind the screen, as far as the screen knows."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.experiment import Experiment
from engine.jobs.race import Race, RaceProgress
from engine.jobs.sweep import Sweep, SweepProgress
from engine.opening import Reading, Request
from engine.runs.code import Code, Dress
from engine.runs.following import Kept, Wanted
from engine.training.fork import Fork
from engine.training.snapshot import Shown, Snapshot

if TYPE_CHECKING:
    from engine.jobs.finder import Finding
    from engine.theory.bootstrap import Bootstrap
    from engine.theory.facts import Sample
    from engine.theory.landscape import Landscape, Plane, Range
    from engine.theory.study import Study
    from engine.theory.summary import Summary, Written

MOST_PAINTING = 0.05
"""Seconds that the engine waits at most for what somebody waits for to be painted."""


class Backend(Protocol):
    """What the screen asks of an engine; every method returns at once.

    What there is to show is polled; it is a new object whenever anything changed.
    """

    @property
    def shown(self) -> Shown:
        """The newest snapshot and the runs that are over."""

    @property
    def preview(self) -> Snapshot | None:
        """The run that the experiment tried last would be; a new object for each."""

    @property
    def sweep(self) -> SweepProgress | None:
        """The newest state of the last sweep."""

    @property
    def race(self) -> RaceProgress | None:
        """The newest state of the last race."""

    @property
    def answer(self) -> Finding | Study | Summary | Written | Bootstrap | str | None:
        """What the last question came to, or why it failed; a new object for each."""

    @property
    def landscapes(self) -> Mapping[str, Landscape]:
        """The loss over the plane that each asker has asked for last; new with every answer."""

    @property
    def code(self) -> Code | None:
        """The script that was last asked for."""

    @property
    def reading(self) -> Reading | None:
        """The newest state of the file that was read last."""

    @property
    def kept(self) -> Kept:
        """What the store of runs held when it was looked at last."""

    def open(self) -> None:
        """Begin to work; what was asked for before is not lost."""

    def give_way(self, seconds: float) -> None:
        """Take no step for so long, for what else the process does; 0 ends it."""

    @property
    def gives_way(self) -> bool:
        """Whether no step is taken for now."""

    def prepare(self, experiment: Experiment) -> None:
        """Show the start of an experiment, without training; ends another run."""

    def start(self, experiment: Experiment) -> None:
        """Train an experiment from its start to its end."""

    def statement(self, experiment: Experiment) -> None:
        """Execute one statement of a minibatch of the present run, or of a new one, and pause."""

    def minibatch(self, experiment: Experiment) -> None:
        """Take one step of the present run, or of a new one, and pause."""

    def epoch(self, experiment: Experiment) -> None:
        """Go on to the end of the epoch, in the present run or in a new one, and pause."""

    def fork(self, experiment: Experiment, fork: Fork) -> None:
        """Train an experiment from a moment of another run to its end."""

    def pause(self) -> None:
        """Stop stepping after the step in progress."""

    def resume(self) -> None:
        """Go on to the end of a paused run."""

    def stop(self) -> None:
        """End the present run where it is; what it has shown is kept."""

    def set_lr(self, lr: float) -> None:
        """Change the learning rate from the next step on."""

    def set_pace(self, epochs_per_second: float | None) -> None:
        """Slow down to so many epochs a second, or None for full speed."""

    def start_preview(self, experiment: Experiment | None) -> None:
        """Try an experiment while no run is running, in place of the one before; None: none."""

    def start_sweep(self, sweep: Sweep) -> None:
        """Run a sweep; a sweep or race that is still running is stopped."""

    def start_race(self, race: Race) -> None:
        """Run a race; a sweep or race that is still running is stopped."""

    def stop_job(self) -> None:
        """End the sweep or race where it is; its results are kept."""

    def find_lr(self, experiment: Experiment) -> None:
        """Search a learning rate for an experiment; `answer` becomes a Finding."""

    def study(self, at: Snapshot) -> None:
        """What theory says of a run where it is in a snapshot; `answer` becomes a Study."""

    def summarize(self) -> None:
        """The regression of the present run's experiment; `answer` becomes a Summary."""

    def bootstrap(self, experiment: Experiment) -> None:
        """Fit an experiment's loss to resamples of its rows; `answer` becomes a Bootstrap."""

    def write_rows(self, summary: Summary, file: Path, replace: bool) -> None:
        """Write the rows of a summary to a file of CSV; `answer` becomes Written."""

    def survey(
        self,
        asker: str,
        experiment: Experiment,
        sample: Sample,
        plane: Plane,
        x_range: Range,
        y_range: Range,
    ) -> None:
        """Work out the loss over a plane; it becomes that of `asker` among the landscapes."""

    def write_code(self, experiment: Experiment, dress: Dress) -> None:
        """Write an experiment as a script, also while training; it becomes `code`."""

    def read(self, request: Request) -> None:
        """Read a file of data; one that is still being read is given up."""

    def stop_reading(self) -> None:
        """Give up the file that is being read."""

    def follow(self, wanted: Wanted) -> None:
        """Look at the store of runs; `kept` becomes what is seen."""


def hurry(session: Backend) -> None:
    """Let the engine wait until what a key or an answer brings is painted, and garbage too."""
    session.give_way(MOST_PAINTING)
    gc.disable()
