"""What the engine's thread does, step by step: a run, a trial, a sweep or race, and questions.

There is no thread here and nothing waits; whoever takes the steps decides when.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.experiment import Experiment
from engine.jobs.job import Job
from engine.jobs.race import Race, RaceProgress
from engine.jobs.racing import Racing
from engine.jobs.sweep import Sweep, SweepProgress
from engine.jobs.sweeping import Sweeping
from engine.opening import Reading, Request, read
from engine.runs.code import Code, Dress
from engine.runs.following import Following, Kept, Wanted
from engine.runs.store import Store
from engine.support.errors import BadInput, one_line
from engine.support.translation import tr
from engine.training.driver import Driver
from engine.training.preview import Trials
from engine.training.run import PUBLISH_EVERY, Listener
from engine.training.snapshot import Snapshot

if TYPE_CHECKING:
    from engine.jobs.finder import Finding
    from engine.theory.bootstrap import Bootstrap
    from engine.theory.facts import Sample
    from engine.theory.landscape import Landscape, Plane, Range
    from engine.theory.study import Study
    from engine.theory.summary import Summary, Written


MANY_MODULES = 20
"""Imported at once, they are a library."""


class Worker:
    """Does what it is told and publishes what comes of it, by binding new objects."""

    def __init__(
        self,
        experiment: Experiment,
        clock: Callable[[], float] = time.perf_counter,
        listen: Callable[[Experiment], Listener] | None = None,
        store: Store | None = None,
    ) -> None:
        self.driver = Driver(experiment, clock, listen)
        """The run at hand, and those that are over."""
        self.sweep: SweepProgress | None = None
        """The newest state of the last sweep."""
        self.race: RaceProgress | None = None
        """The newest state of the last race."""
        self.answer: Finding | Study | Summary | Written | Bootstrap | str | None = None
        """What the last question came to, or why it failed; a new object for each."""
        self.landscapes: Mapping[str, Landscape] = {}
        """The loss over the plane that each asker has asked for last."""
        self.code: Code | None = None
        """The script that was last asked for."""
        self.reading: Reading | None = None
        """The newest state of the file that was read last."""
        self.wanted: Request | None = None
        """The file that is still to be read; another thread may put another one here."""
        self.preview: Snapshot | None = None
        """The run that the experiment tried last would be."""
        self._trials = Trials()
        self._trial: Iterator[Snapshot | None] | None = None
        self.kept = Kept()
        """What the store held when it was looked at last."""
        self.wanted_of_store = Wanted()
        """What is looked for there; another thread may put something else here."""
        self._following = Following(store) if store else None
        self._clock = clock
        self._job: Job[Any] | None = None
        self._published = 0.0
        """The time at which the job was shown last."""

    # Step by step ----------------------------------------------------------------------------

    def wait(self) -> float | None:
        """Seconds until `step` is due, 0 where it is, None where there is nothing to be done."""
        if self.driver.running:
            return self.driver.wait()
        return 0.0 if self._trial or self._job else None

    def step(self) -> None:
        """Take a piece of the run that is running, or else of a trial, or of the sweep or race."""
        if self.driver.running:
            self.driver.advance()
        elif self._trial:
            self._advance_trial(self._trial)
        elif self._job:
            self._advance_job(self._job)

    def do(self, action: Callable[[], object]) -> None:
        """Do something that can be done here; an error of any kind is shown, not raised."""
        modules = len(sys.modules)
        try:
            action()
        except BadInput as error:
            self.driver.fail(str(error))
        except Exception as error:  # the screen shows it and lives on
            self.driver.fail(f"{type(error).__name__}: {one_line(error)}")
        if len(sys.modules) > modules + MANY_MODULES:
            # They leave very many objects behind. Frozen, they do not stall the screen when garbage
            # is collected.
            gc.freeze()

    # Trials ----------------------------------------------------------------------------------

    def start_preview(self, experiment: Experiment | None) -> None:
        """Begin to try an experiment, in place of the one before; None: no longer any.

        It waits while a run is running, and is given up in the middle for another.
        """
        self._trial = self._trials.of(experiment) if experiment else None

    def _advance_trial(self, trial: Iterator[Snapshot | None]) -> None:
        if snapshot := next(trial):
            self.preview, self._trial = snapshot, None

    # Sweeps and races ------------------------------------------------------------------------

    def start_sweep(self, sweep: Sweep) -> None:
        """Begin a sweep; a sweep or race that is still running is stopped."""

        def show(progress: SweepProgress) -> None:
            self.sweep = progress

        self._start_job(Job(Sweeping(sweep), show))

    def start_race(self, race: Race) -> None:
        """Begin a race; a sweep or race that is still running is stopped."""

        def show(progress: RaceProgress) -> None:
            self.race = progress

        self._start_job(Job(Racing(race), show))

    def stop_job(self) -> None:
        """End the sweep or race where it is; its results are kept."""
        if self._job:
            self._job.state = "stopped"
            self._publish_job(self._job)

    def _start_job(self, job: Job[Any]) -> None:
        self.stop_job()
        self._job = job
        self._publish_job(job)

    def _advance_job(self, job: Job[Any]) -> None:
        job.advance()
        if job.state != "running" or self._clock() - self._published >= PUBLISH_EVERY:
            self._publish_job(job)

    def _publish_job(self, job: Job[Any]) -> None:
        self._published = self._clock()
        if job.state != "running":
            self._job = None
        job.publish(self._published)

    # Files -----------------------------------------------------------------------------------

    def read(self, request: Request) -> None:
        """Read a file, unless it is no longer wanted; `reading` follows it."""

        def show(reading: Reading) -> None:
            self.reading = reading

        read(request, show, stop=lambda: self.wanted is not request)

    def follow(self) -> None:
        """Look at the store for what is wanted of it."""
        if self._following:
            self.kept = self._following.look(self.wanted_of_store)

    # Questions -------------------------------------------------------------------------------

    def find_lr(self, experiment: Experiment) -> None:
        """Search a learning rate for an experiment; `answer` becomes a Finding."""
        from engine.jobs.finder import find_lr

        with self._asked():
            self.answer = find_lr(experiment)

    def study(self, at: Snapshot) -> None:
        """What theory says of a run where it is in a snapshot; `answer` becomes a Study."""
        from engine.theory.study import study

        with self._asked():
            if at.facts is None:
                raise ValueError(tr("there are no data yet"))
            self.answer = study(at.experiment, at.facts, at.params, at.step)

    def summarize(self) -> None:
        """The regression of the present run's experiment, also while training."""
        from engine.theory.summary import Reached, summary

        with self._asked():
            run = self.driver.run
            assert run
            now, reached = run.snapshot(), None
            if now.step and (standing := now.standing):
                reached = Reached(now.step, now.epoch, standing, now.original_params)
            self.answer = summary(now.experiment, reached)

    def bootstrap(self, experiment: Experiment) -> None:
        """Fit an experiment's loss to resamples of its rows; `answer` becomes a Bootstrap."""
        from engine.theory.bootstrap import bootstrap

        with self._asked():
            self.answer = bootstrap(experiment)

    def write_rows(self, summary: Summary, file: Path, replace: bool) -> None:
        """Write the rows of a summary to a file of CSV; `answer` becomes Written."""
        from engine.theory.summary import Written, write_rows

        with self._asked():
            count = write_rows(summary.experiment, summary.regression, file, replace)
            self.answer = Written(file, count)

    def write_code(self, experiment: Experiment, dress: Dress) -> None:
        """Write an experiment as a script, also while training; it becomes `code`."""
        from engine.runs.code.script import code_of

        try:
            self.code = code_of(experiment, dress)
        except Exception as error:
            self.code = Code(experiment, dress, trouble=one_line(error))

    def survey(
        self,
        asker: str,
        experiment: Experiment,
        sample: Sample,
        plane: Plane,
        x_range: Range,
        y_range: Range,
    ) -> None:
        """Work out the loss over a plane, also while training; it goes to `landscapes`."""
        from engine.theory.landscape import survey

        with self._asked():
            landscape = survey(experiment, sample, plane, x_range, y_range)
            self.landscapes = {**self.landscapes, asker: landscape}

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Where a question fails, the answer says why, and the run goes on."""
        try:
            yield
        except Exception as error:
            self.answer = one_line(error)
