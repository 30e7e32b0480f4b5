"""The one engine thread: commands go in, the latest snapshot comes out.

The screen polls `latest` and `runs`; the thread never calls back. torch is imported in the thread,
so that a screen can be drawn before.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from engine.experiment import Experiment
from engine.jobs.job import JobState
from engine.jobs.race import Race, RaceProgress
from engine.jobs.racing import Racing
from engine.jobs.sweep import Sweep, SweepProgress
from engine.support.errors import BadInput
from engine.support.translation import tr
from engine.training.controls import Controls
from engine.training.history import History
from engine.training.snapshot import Snapshot, State

if TYPE_CHECKING:
    from engine.jobs.finder import Finding
    from engine.theory.facts import Facts
    from engine.theory.landscape import Landscape, Plane
    from engine.theory.study import Study

from engine.jobs.job import Job, Work
from engine.jobs.sweeping import Sweeping
from engine.training.run import Goal, Run

PUBLISH_EVERY = 1 / 10
"""Seconds between two snapshots at full speed: as many as a screen draws."""

A_DAY = 86_400.0
"""Seconds after which even the slowest pace allows a step; the queue cannot wait for ever."""

LARGE = 100_000
"""From so many samples on, the screen says that the data are being drawn."""


class Session:
    """Owns the engine thread. Every method returns at once; the thread acts between two steps."""

    def __init__(self, experiment: Experiment) -> None:
        self.latest = Snapshot(experiment, lr=experiment.lr)
        """The newest snapshot; a new object whenever anything changed."""
        self.runs: tuple[Snapshot, ...] = ()
        """The last snapshot of every run that took a step, oldest first."""
        self.sweep: SweepProgress | None = None
        """The newest state of the last sweep."""
        self.race: RaceProgress | None = None
        """The newest state of the last race."""
        self.answer: Finding | Study | str | None = None
        """What the last question came to, or why it failed; a new object for each."""
        self.landscape: Landscape | None = None
        """The loss over the plane that was last asked for."""
        self._commands: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._closed = False
        self._run: Run | None = None
        self._job: Job | None = None
        self._compiled: tuple[str, ...] = ()
        """Names of what the last kernels were compiled for."""
        self._goal = Goal.REST
        self._pace: float | None = None
        self._due = 0.0
        self._mark = 0.0
        self._published = 0.0
        self._command(_load_torch)
        self.prepare(experiment)

    # What the screen calls -------------------------------------------------------------------

    def open(self) -> None:
        """Start the thread; it imports torch, prepares the experiment and does what was asked."""
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """End the thread and wait for it, at most `timeout` seconds."""
        self._closed = True
        self._command(lambda: None)  # wakes the thread
        if self._thread.is_alive():
            self._thread.join(timeout)

    def prepare(self, experiment: Experiment) -> None:
        """Draw the data of an experiment and show its start, without training; ends another run."""
        self._command(lambda: self._prepare(experiment))

    def start(self, experiment: Experiment) -> None:
        """Train an experiment from its start to its end."""
        self._command(lambda: self._go(experiment, Goal.END, fresh=True))

    def minibatch(self, experiment: Experiment) -> None:
        """Take one step of the present run, or of a new one, and pause."""
        self._command(lambda: self._go(experiment, Goal.MINIBATCH))

    def epoch(self, experiment: Experiment) -> None:
        """Go on to the end of the epoch, in the present run or in a new one, and pause."""
        self._command(lambda: self._go(experiment, Goal.EPOCH))

    def pause(self) -> None:
        """Stop stepping after the step in progress."""
        self._command(lambda: self._rest())

    def resume(self) -> None:
        """Go on to the end of a paused run."""
        self._command(lambda: self._resume())

    def stop(self) -> None:
        """End the present run where it is; what it has shown is kept."""
        self._command(lambda: self._stop())

    def set_lr(self, lr: float) -> None:
        """Change the learning rate from the next step on."""
        self._command(lambda: self._set_lr(lr))

    def set_pace(self, epochs_per_second: float | None) -> None:
        """Slow down to so many epochs a second, or None for full speed."""
        self._command(lambda: self._set_pace(epochs_per_second))

    def start_sweep(self, sweep: Sweep) -> None:
        """Run a sweep; a sweep or race that is still running is stopped."""
        self._command(lambda: self._start_job(Sweeping(sweep)))

    def start_race(self, race: Race) -> None:
        """Run a race; a sweep or race that is still running is stopped."""
        self._command(lambda: self._start_job(Racing(race)))

    def stop_job(self) -> None:
        """End the sweep or race where it is; its results are kept."""
        self._command(lambda: self._end_job("stopped"))

    def find_lr(self, experiment: Experiment) -> None:
        """Search a learning rate for an experiment; `answer` becomes a Finding."""
        self._command(lambda: self._answer(lambda: self._finding(experiment)))

    def study(self) -> None:
        """What theory says of the present run where it is now; `answer` becomes a Study."""
        self._command(lambda: self._answer(self._study))

    def survey(
        self,
        experiment: Experiment,
        facts: Facts,
        plane: Plane,
        x_range: tuple[float, float],
        y_range: tuple[float, float],
    ) -> None:
        """Work out the loss over a plane, also while training; it becomes `landscape`."""

        def look() -> None:
            from engine.theory.landscape import survey

            try:
                self.landscape = survey(experiment, facts, plane, x_range, y_range)
            except Exception as error:  # the screen shows it, and the run goes on
                self.answer = one_line(error)

        self._command(look)

    # The thread ------------------------------------------------------------------------------

    def _command(self, command: Callable[[], None]) -> None:
        self._commands.put(command)

    def _work(self) -> None:
        while not self._closed:
            command = self._next_command()
            try:
                if command:
                    command()
                elif self._goal is not Goal.REST:
                    self._advance()
                elif self._job:
                    self._advance_job(self._job)
            except BadInput as error:
                self._fail(str(error))
            except Exception as error:  # the screen shows it and lives on
                self._fail(f"{type(error).__name__}: {one_line(error)}")

    def _next_command(self) -> Callable[[], None] | None:
        """The next command; waits for it while resting, or until the pace allows a step."""
        if self._goal is Goal.MINIBATCH:
            return None  # a step that was asked for is taken before anything else is looked at
        wait: float | None
        if self._goal is not Goal.REST:
            wait = min(max(0.0, self._due - time.monotonic()), A_DAY)
        else:
            wait = 0.0 if self._job else None
        if wait == 0 and self._commands.empty():
            return None
        try:
            return self._commands.get(block=wait != 0, timeout=wait)
        except Empty:
            return None

    def _prepare(self, experiment: Experiment) -> None:
        from engine.training.trainer import train

        self._stop()
        controls = Controls(experiment.lr)
        history = History(experiment, self.latest.number + 1)
        # Where preparing fails, the screen still shows which experiment it was.
        self._run = Run(train(experiment, controls), controls, history)
        kernels = (experiment.loss.name, experiment.penalty.name, experiment.optimizer.name)
        if experiment.loop == "fast" and self._compiled != kernels:
            self.latest = history.say(tr("compiling the fast loop"))
            self._compiled = kernels
        elif experiment.source().n > LARGE:
            self.latest = history.say(tr("drawing the data"))
        history.fold(next(self._run.events))
        self._publish("ready")

    def _go(self, experiment: Experiment, goal: Goal, fresh: bool = False) -> None:
        """Set off; in a new run where the one at hand is over, outdated or not wanted."""
        run = self._run
        over = run is None or run.history.outcome is not None
        begun = run is not None and run.history.begun
        outdated = run is not None and run.history.latest.experiment != experiment
        if over or (fresh if begun else outdated):
            self._prepare(experiment)
        self._set_off(goal)

    def _resume(self) -> None:
        if self.latest.state == "paused":
            self._set_off(Goal.END)

    def _set_off(self, goal: Goal) -> None:
        self._goal = goal
        self._due = time.monotonic()
        self._mark = time.perf_counter()
        self._publish("running")

    def _rest(self) -> None:
        if self._goal is not Goal.REST:
            self._goal = Goal.REST
            self._publish("paused")

    def _stop(self) -> None:
        self._goal = Goal.REST
        run = self._run
        if run and run.history.begun and not run.history.outcome:
            run.history.end("stopped")
            self._finish()

    def _set_lr(self, lr: float) -> None:
        if self._run and not self._run.history.outcome:
            self._run.controls.lr = lr
            self._publish(self.latest.state)

    def _set_pace(self, pace: float | None) -> None:
        self._pace = pace
        self._due = time.monotonic()

    def _advance(self) -> None:
        """Take the run as far as one look at the goal allows, and rest where that is reached."""
        run = self._run
        assert run
        history = run.history
        run.controls.most = self._most(history)
        epoch, step = history.epoch, history.step
        history.fold(next(run.events))
        while not run.settled():
            history.fold(next(run.events))
        now = time.perf_counter()
        run.seconds += now - self._mark
        self._mark = now
        if history.outcome:
            self._finish()
            return
        if self._pace:
            assert history.facts
            self._due += (history.step - step) / (self._pace * history.facts.steps_per_epoch)
        if self._goal is Goal.MINIBATCH or (self._goal is Goal.EPOCH and history.epoch > epoch):
            self._rest()
        elif now - self._published >= PUBLISH_EVERY:
            self._publish("running")

    def _most(self, history: History) -> int:
        """Most steps that may be taken before the goal or the pace must be looked at again."""
        facts = history.facts
        if self._goal is Goal.MINIBATCH:
            return 1
        assert facts
        if self._goal is Goal.EPOCH:
            return facts.steps_per_epoch - history.step % facts.steps_per_epoch
        if self._pace:
            return max(1, int(self._pace * facts.steps_per_epoch * PUBLISH_EVERY))
        return Controls.most

    def _start_job(self, work: Work) -> None:
        self._end_job("stopped")
        self._job = Job(work, work.run(), time.perf_counter())
        self._publish_job(self._job, "running")

    def _advance_job(self, job: Job) -> None:
        """Do the next piece of the work."""
        try:
            next(job.pieces)
        except StopIteration:
            self._end_job("finished")
        except Exception as error:  # the screen shows it and lives on
            self._end_job("failed", one_line(error))
        else:
            if time.perf_counter() - self._published >= PUBLISH_EVERY:
                self._publish_job(job, "running")

    def _end_job(self, state: JobState, message: str = "") -> None:
        if self._job:
            self._publish_job(self._job, state, message)
            self._job = None

    def _publish_job(self, job: Job, state: JobState, message: str = "") -> None:
        now = self._published = time.perf_counter()
        progress = job.work.progress(state, message, now - job.begin)
        if isinstance(progress, SweepProgress):
            self.sweep = progress
        elif isinstance(progress, RaceProgress):
            self.race = progress

    def _answer(self, question: Callable[[], Finding | Study]) -> None:
        try:
            self.answer = question()
        except Exception as error:  # the screen shows it and lives on
            self.answer = one_line(error)

    def _finding(self, experiment: Experiment) -> Finding:
        from engine.jobs.finder import find_lr

        return find_lr(experiment)

    def _study(self) -> Study:
        from engine.theory.study import study

        run = self._run
        assert run
        history = run.history
        latest = history.snapshot(self.latest.state, run.controls.lr, run.seconds)
        if latest.facts is None:
            raise ValueError(tr("there are no data yet"))
        return study(latest.experiment, latest.facts, latest.params, history.minibatch())

    def _finish(self) -> None:
        self._goal = Goal.REST
        self._publish("stopped")
        self.runs = (*self.runs, self.latest)

    def _fail(self, message: str) -> None:
        self._goal = Goal.REST
        if self._run is None:
            self.latest = replace(self.latest, state="failed", message=message)
            return
        # The loop may be what is broken: nothing more is read from it.
        self.latest = self._run.history.end("failed", message)
        if self._run.history.begun:
            self.runs = (*self.runs, self.latest)

    def _publish(self, state: State) -> None:
        assert self._run
        self.latest = self._run.history.snapshot(state, self._run.controls.lr, self._run.seconds)
        self._published = time.perf_counter()


def one_line(error: Exception) -> str:
    """The first line of an error's text, which is all that has a place on the screen."""
    return next(iter(str(error).strip().splitlines()), "")


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
