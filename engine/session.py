"""The one engine thread: commands go in, what there is to show comes out.

The screen polls; the thread never calls back. torch is imported in the thread, so that a screen can
be drawn before.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from engine.experiment import Experiment
from engine.jobs.job import Job
from engine.jobs.race import Race, RaceProgress
from engine.jobs.racing import Racing
from engine.jobs.sweep import Sweep, SweepProgress
from engine.jobs.sweeping import Sweeping
from engine.support.errors import BadInput, one_line
from engine.support.translation import Message, tr
from engine.training.run import PUBLISH_EVERY, Stepper, Until
from engine.training.snapshot import Shown, Snapshot

if TYPE_CHECKING:
    from engine.jobs.finder import Finding
    from engine.theory.facts import Facts
    from engine.theory.landscape import Landscape, Plane, Range
    from engine.theory.study import Study

A_DAY = 86_400.0
"""Seconds after which even the slowest pace allows a step; the queue cannot wait for ever."""

LARGE_DATA = 100_000
"""From so many samples on, the screen says that the data are being drawn."""


class Session:
    """Owns the engine thread. Every method returns at once; the thread acts between two steps."""

    def __init__(self, experiment: Experiment) -> None:
        self.shown = Shown(Snapshot(experiment, lr=experiment.lr))
        """The newest snapshot and the runs that are over; a new pair whenever anything changed."""
        self.sweep: SweepProgress | None = None
        """The newest state of the last sweep."""
        self.race: RaceProgress | None = None
        """The newest state of the last race."""
        self.answer: Finding | Study | str | None = None
        """What the last question came to, or why it failed; a new object for each."""
        self.landscape: Landscape | None = None
        """The loss over the plane that was last asked for."""
        self._commands: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._closed = False
        self._run: Stepper | None = None
        self._job: Job[Any] | None = None
        self._compiled: tuple[str, ...] = ()
        """Names of what the last kernels were compiled for."""
        self._pace: float | None = None
        self._published = 0.0
        self._commands.put(_load_torch)
        self.prepare(experiment)

    # What the screen calls -------------------------------------------------------------------

    @property
    def latest(self) -> Snapshot:
        """The newest snapshot; a new object whenever anything changed."""
        return self.shown.latest

    @property
    def runs(self) -> tuple[Snapshot, ...]:
        """The last snapshot of every run that took a step, oldest first."""
        return self.shown.runs

    def open(self) -> None:
        """Start the thread; it imports torch, prepares the experiment and does what was asked."""
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """End the thread and wait for it, at most `timeout` seconds."""
        self._closed = True
        self._commands.put(lambda: None)  # wakes the thread
        if self._thread.is_alive():
            self._thread.join(timeout)

    def prepare(self, experiment: Experiment) -> None:
        """Draw the data of an experiment and show its start, without training; ends another run."""
        self._commands.put(lambda: self._prepare(experiment))

    def start(self, experiment: Experiment) -> None:
        """Train an experiment from its start to its end."""
        self._commands.put(lambda: self._go(experiment, Until.END, fresh=True))

    def minibatch(self, experiment: Experiment) -> None:
        """Take one step of the present run, or of a new one, and pause."""
        self._commands.put(lambda: self._go(experiment, Until.MINIBATCH))

    def epoch(self, experiment: Experiment) -> None:
        """Go on to the end of the epoch, in the present run or in a new one, and pause."""
        self._commands.put(lambda: self._go(experiment, Until.EPOCH))

    def pause(self) -> None:
        """Stop stepping after the step in progress."""
        self._commands.put(self._pause)

    def resume(self) -> None:
        """Go on to the end of a paused run."""
        self._commands.put(self._resume)

    def stop(self) -> None:
        """End the present run where it is; what it has shown is kept."""
        self._commands.put(self._stop)

    def set_lr(self, lr: float) -> None:
        """Change the learning rate from the next step on."""
        self._commands.put(lambda: self._set_lr(lr))

    def set_pace(self, epochs_per_second: float | None) -> None:
        """Slow down to so many epochs a second, or None for full speed."""
        self._commands.put(lambda: self._set_pace(epochs_per_second))

    def start_sweep(self, sweep: Sweep) -> None:
        """Run a sweep; a sweep or race that is still running is stopped."""

        def show(progress: SweepProgress) -> None:
            self.sweep = progress

        self._commands.put(lambda: self._start_job(Job(Sweeping(sweep), show)))

    def start_race(self, race: Race) -> None:
        """Run a race; a sweep or race that is still running is stopped."""

        def show(progress: RaceProgress) -> None:
            self.race = progress

        self._commands.put(lambda: self._start_job(Job(Racing(race), show)))

    def stop_job(self) -> None:
        """End the sweep or race where it is; its results are kept."""
        self._commands.put(self._stop_job)

    def find_lr(self, experiment: Experiment) -> None:
        """Search a learning rate for an experiment; `answer` becomes a Finding."""

        def search() -> None:
            from engine.jobs.finder import find_lr

            self.answer = find_lr(experiment)

        self._commands.put(lambda: self._ask(search))

    def study(self) -> None:
        """What theory says of the present run where it is now; `answer` becomes a Study."""
        self._commands.put(lambda: self._ask(self._study))

    def survey(
        self, experiment: Experiment, facts: Facts, plane: Plane, x_range: Range, y_range: Range
    ) -> None:
        """Work out the loss over a plane, also while training; it becomes `landscape`."""

        def look() -> None:
            from engine.theory.landscape import survey

            self.landscape = survey(experiment, facts, plane, x_range, y_range)

        self._commands.put(lambda: self._ask(look))

    # The thread ------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closed:
            command = self._next_command()
            try:
                if command:
                    command()
                elif self._run and self._run.running:
                    self._advance(self._run)
                elif self._job:
                    self._advance_job(self._job)
            except BadInput as error:
                self._fail(str(error))
            except Exception as error:  # the screen shows it and lives on
                self._fail(f"{type(error).__name__}: {one_line(error)}")

    def _next_command(self) -> Callable[[], object] | None:
        """The next command; waits for it while resting, or until the pace allows a step."""
        run = self._run
        wait: float | None = 0.0 if self._job else None
        if run and run.running:
            if run.until is Until.MINIBATCH:
                return None  # the step that was asked for comes before any other command
            wait = min(max(0.0, run.due - time.perf_counter()), A_DAY)
        if wait == 0 and self._commands.empty():
            return None
        try:
            return self._commands.get(block=wait != 0, timeout=wait)
        except Empty:
            return None

    # Runs ------------------------------------------------------------------------------------

    def _prepare(self, experiment: Experiment) -> Stepper:
        self._stop()
        # Where beginning fails, the screen still shows which experiment it was.
        run = self._run = Stepper(experiment, self.latest.number + 1, self._pace)
        if message := self._before(experiment):
            self.shown = replace(self.shown, latest=run.history.say(message))
        run.begin()
        self._publish(run)
        return run

    def _before(self, experiment: Experiment) -> Message | None:
        """What takes so long before a run that the screen says it; mostly nothing."""
        kernels = (experiment.loss.name, experiment.penalty.name, experiment.optimizer.name)
        if experiment.loop == "fast" and self._compiled != kernels:
            self._compiled = kernels
            return Message("compiling the fast loop")
        return Message("drawing the data") if experiment.dataset().n > LARGE_DATA else None

    def _go(self, experiment: Experiment, until: Until, fresh: bool = False) -> None:
        """Set off; in a new run where the one at hand is over, outdated or not wanted."""
        run = self._run
        if run is None or run.over or (fresh if run.begun else run.experiment != experiment):
            run = self._prepare(experiment)
        self._set_off(run, until)

    def _resume(self) -> None:
        if self._run and self._run.state == "paused":
            self._set_off(self._run, Until.END)

    def _set_off(self, run: Stepper, until: Until) -> None:
        run.set_off(until, time.perf_counter())
        self._publish(run)

    def _advance(self, run: Stepper) -> None:
        run.advance()
        now = time.perf_counter()
        run.count(now)
        if not run.running or now - self._published >= PUBLISH_EVERY:
            self._publish(run)

    def _pause(self) -> None:
        if self._run and self._run.running:
            self._run.pause()
            self._publish(self._run)

    def _stop(self) -> None:
        run = self._run
        if run and run.begun and not run.over:
            run.end("stopped")
            self._publish(run)
        else:
            self._pause()

    def _set_lr(self, lr: float) -> None:
        if self._run and not self._run.over:
            self._run.controls.lr = lr
            self._publish(self._run)

    def _set_pace(self, pace: float | None) -> None:
        self._pace = pace
        if self._run:
            self._run.set_pace(pace, time.perf_counter())

    def _fail(self, message: str) -> None:
        run = self._run
        if run is None:
            self._show(replace(self.latest, state="failed", message=message))
        else:  # the loop may be what is broken: nothing more is read from it
            self._show(run.end("failed", message), over=run.begun)

    def _publish(self, run: Stepper) -> None:
        self._show(run.snapshot(), over=run.over)
        self._published = time.perf_counter()

    def _show(self, latest: Snapshot, over: bool = False) -> None:
        runs = self.runs
        self.shown = Shown(latest, (*runs, latest) if over else runs)

    # Jobs and questions ----------------------------------------------------------------------

    def _start_job(self, job: Job[Any]) -> None:
        self._stop_job()
        self._job = job
        self._publish_job(job)

    def _advance_job(self, job: Job[Any]) -> None:
        job.advance()
        if job.state != "running" or time.perf_counter() - self._published >= PUBLISH_EVERY:
            self._publish_job(job)

    def _stop_job(self) -> None:
        if self._job:
            self._job.state = "stopped"
            self._publish_job(self._job)

    def _publish_job(self, job: Job[Any]) -> None:
        self._published = time.perf_counter()
        if job.state != "running":
            self._job = None
        job.publish(self._published)

    def _ask(self, question: Callable[[], None]) -> None:
        try:
            question()
        except Exception as error:  # the screen shows it, and the run goes on
            self.answer = one_line(error)

    def _study(self) -> None:
        from engine.theory.study import study

        assert self._run
        latest, minibatch = self._run.snapshot(), self._run.history.minibatch()
        if latest.facts is None:
            raise ValueError(tr("there are no data yet"))
        self.answer = study(latest.experiment, latest.facts, latest.params, minibatch)


def _load_torch() -> None:
    """Import torch in the thread and set it up to share the machine with a screen."""
    import torch

    import engine.training.trainer  # noqa: F401

    # Two pools of threads would fight over the cores.
    torch.set_num_threads(1)
    # torch leaves very many objects behind; frozen, they do not stall the screen when garbage is
    # collected.
    gc.collect()
    gc.freeze()
