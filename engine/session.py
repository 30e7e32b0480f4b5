"""The one engine thread: commands go in, what there is to show comes out.

The screen polls; the thread never calls back. torch is imported in the thread, so that a screen can
be drawn before.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import TYPE_CHECKING

from engine.experiment import Experiment
from engine.jobs.race import Race, RaceProgress
from engine.jobs.sweep import Sweep, SweepProgress
from engine.opening import Reading, Request
from engine.runs.code import Code, Dress
from engine.runs.following import Kept, Wanted
from engine.runs.store import Store
from engine.training.fork import Fork
from engine.training.run import Listener
from engine.training.snapshot import Shown, Snapshot
from engine.worker import Worker

if TYPE_CHECKING:
    from engine.jobs.finder import Finding
    from engine.theory.bootstrap import Bootstrap
    from engine.theory.facts import Sample
    from engine.theory.landscape import Landscape, Plane, Range
    from engine.theory.study import Study
    from engine.theory.summary import Summary, Written


class Session:
    """Owns the engine thread. Every method returns at once; the thread acts between two steps."""

    def __init__(
        self,
        experiment: Experiment,
        first: Request | None = None,
        listen: Callable[[Experiment], Listener] | None = None,
        store: Store | None = None,
    ) -> None:
        """`first` is a file that is read before anything else is done; `listen` hears of runs.

        `store` holds those that are kept.
        """
        self._worker = Worker(experiment, listen=listen, store=store)
        self._driver = self._worker.driver
        self._commands: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._closed = False
        self._rests_until = 0.0
        """The time before which the thread takes no step."""
        if first:
            self.read(first)
        self._commands.put(_load_torch)
        self.prepare(experiment)

    # What there is to show ---------------------------------------------------------------------

    @property
    def shown(self) -> Shown:
        """The newest snapshot and the runs that are over; a new pair whenever anything changed."""
        return self._driver.shown

    @property
    def latest(self) -> Snapshot:
        """The newest snapshot; a new object whenever anything changed."""
        return self.shown.latest

    @property
    def runs(self) -> tuple[Snapshot, ...]:
        """The last snapshot of every run that took a step, oldest first."""
        return self.shown.runs

    @property
    def preview(self) -> Snapshot | None:
        """The run that the experiment tried last would be; a new object for each."""
        return self._worker.preview

    @property
    def sweep(self) -> SweepProgress | None:
        """The newest state of the last sweep."""
        return self._worker.sweep

    @property
    def race(self) -> RaceProgress | None:
        """The newest state of the last race."""
        return self._worker.race

    @property
    def answer(self) -> Finding | Study | Summary | Written | Bootstrap | str | None:
        """What the last question came to, or why it failed; a new object for each."""
        return self._worker.answer

    @property
    def landscapes(self) -> Mapping[str, Landscape]:
        """The loss over the plane that each asker has asked for last."""
        return self._worker.landscapes

    @property
    def code(self) -> Code | None:
        """The script that was last asked for."""
        return self._worker.code

    @property
    def reading(self) -> Reading | None:
        """The newest state of the file that was read last."""
        return self._worker.reading

    @property
    def kept(self) -> Kept:
        """What the store of runs held when it was looked at last."""
        return self._worker.kept

    # What the screen calls ---------------------------------------------------------------------

    def open(self) -> None:
        """Start the thread; it imports torch, prepares the experiment and does what was asked."""
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """End the thread and wait for it, at most `timeout` seconds."""
        self._closed = True
        self._commands.put(lambda: None)  # wakes the thread
        if self._thread.is_alive():
            self._thread.join(timeout)

    def give_way(self, seconds: float) -> None:
        """Take no step for so long, for what else the process does; 0 ends it."""
        waited, self._rests_until = self.gives_way, perf_counter() + seconds
        if waited and not seconds:
            self._commands.put(lambda: None)  # wakes the thread

    @property
    def gives_way(self) -> bool:
        """Whether the thread takes no step for now."""
        return self._rests_until > perf_counter()

    def prepare(self, experiment: Experiment) -> None:
        """Draw the data of an experiment and show its start, without training; ends another run."""
        self._commands.put(partial(self._driver.prepare, experiment))

    def start(self, experiment: Experiment) -> None:
        """Train an experiment from its start to its end."""
        self._commands.put(partial(self._driver.start, experiment))

    def statement(self, experiment: Experiment) -> None:
        """Execute one statement of a minibatch of the present run, or of a new one, and pause."""
        self._commands.put(partial(self._driver.statement, experiment))

    def minibatch(self, experiment: Experiment) -> None:
        """Take one step of the present run, or of a new one, and pause."""
        self._commands.put(partial(self._driver.minibatch, experiment))

    def epoch(self, experiment: Experiment) -> None:
        """Go on to the end of the epoch, in the present run or in a new one, and pause."""
        self._commands.put(partial(self._driver.epoch, experiment))

    def fork(self, experiment: Experiment, fork: Fork) -> None:
        """Train an experiment from a moment of another run to its end."""
        self._commands.put(partial(self._driver.fork, experiment, fork))

    def pause(self) -> None:
        """Stop stepping after the step in progress."""
        self._commands.put(self._driver.pause)

    def resume(self) -> None:
        """Go on to the end of a paused run."""
        self._commands.put(self._driver.resume)

    def stop(self) -> None:
        """End the present run where it is; what it has shown is kept."""
        self._commands.put(self._driver.stop)

    def set_lr(self, lr: float) -> None:
        """Change the learning rate from the next step on."""
        self._commands.put(partial(self._driver.set_lr, lr))

    def set_pace(self, epochs_per_second: float | None) -> None:
        """Slow down to so many epochs a second, or None for full speed."""
        self._commands.put(partial(self._driver.set_pace, epochs_per_second))

    def start_preview(self, experiment: Experiment | None) -> None:
        """Try an experiment while no run is running, in place of the one before; None: none."""
        self._commands.put(partial(self._worker.start_preview, experiment))

    def start_sweep(self, sweep: Sweep) -> None:
        """Run a sweep; a sweep or race that is still running is stopped."""
        self._commands.put(partial(self._worker.start_sweep, sweep))

    def start_race(self, race: Race) -> None:
        """Run a race; a sweep or race that is still running is stopped."""
        self._commands.put(partial(self._worker.start_race, race))

    def stop_job(self) -> None:
        """End the sweep or race where it is; its results are kept."""
        self._commands.put(self._worker.stop_job)

    def find_lr(self, experiment: Experiment) -> None:
        """Search a learning rate for an experiment; `answer` becomes a Finding."""
        self._commands.put(partial(self._worker.find_lr, experiment))

    def study(self, at: Snapshot) -> None:
        """What theory says of a run where it is in a snapshot; `answer` becomes a Study."""
        self._commands.put(partial(self._worker.study, at))

    def summarize(self) -> None:
        """The regression of the present run's experiment; `answer` becomes a Summary."""
        self._commands.put(self._worker.summarize)

    def bootstrap(self, experiment: Experiment) -> None:
        """Fit an experiment's loss to resamples of its rows; `answer` becomes a Bootstrap."""
        self._commands.put(partial(self._worker.bootstrap, experiment))

    def write_rows(self, summary: Summary, file: Path, replace: bool) -> None:
        """Write the rows of a summary to a file of CSV; `answer` becomes Written."""
        self._commands.put(partial(self._worker.write_rows, summary, file, replace))

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
        work = partial(self._worker.survey, asker, experiment, sample, plane, x_range, y_range)
        self._commands.put(work)

    def write_code(self, experiment: Experiment, dress: Dress) -> None:
        """Write an experiment as a script, also while training; it becomes `code`."""
        self._commands.put(partial(self._worker.write_code, experiment, dress))

    def read(self, request: Request) -> None:
        """Read a file of data; one that is still being read is given up."""
        self._worker.wanted = request
        self._commands.put(partial(self._worker.read, request))

    def stop_reading(self) -> None:
        """Give up the file that is being read."""
        self._worker.wanted = None

    def follow(self, wanted: Wanted) -> None:
        """Look at the store of runs; `kept` becomes what is seen."""
        self._worker.wanted_of_store = wanted
        self._commands.put(self._worker.follow)

    # The thread --------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closed:
            self._worker.do(self._next_command() or self._worker.step)
        self._driver.close()

    def _next_command(self) -> Callable[[], object] | None:
        """The next command; waits for it while the worker rests, or until its next step is due."""
        wait = self._worker.wait()
        if wait is not None:
            wait = max(wait, self._rests_until - perf_counter(), 0)
        if wait == 0 and self._commands.empty():
            return None
        try:
            return self._commands.get(block=wait != 0, timeout=wait)
        except Empty:
            return None


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
