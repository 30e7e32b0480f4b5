"""The run at hand is driven, step by step and in no thread, and the runs that are over are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.experiment import Experiment
from engine.support.translation import Message
from engine.training.fork import Fork
from engine.training.run import PUBLISH_EVERY, Listener, Stepper, Until
from engine.training.snapshot import Shown, Snapshot
from engine.training.starts import Starts

A_DAY = 86_400.0
"""Seconds after which even the slowest pace allows a step; nobody can wait for ever."""

LARGE_DATA = 100_000
"""From so many samples on, the screen says that the data are being drawn."""


class Driver:
    """Does with runs what it is told, and publishes what there is to show of them."""

    def __init__(
        self,
        experiment: Experiment,
        clock: Callable[[], float],
        listen: Callable[[Experiment], Listener] | None = None,
    ) -> None:
        self.shown = Shown(Snapshot(experiment, lr=experiment.lr))
        """The newest snapshot and the runs that are over; a new pair whenever anything changed."""
        self.run: Stepper | None = None
        """The run at hand."""
        self._before_fork: tuple[Stepper, Snapshot] | None = None
        """The run at hand before a fork that is on its way to where it begins, as it was shown."""
        self._clock = clock
        self._listen = listen
        """Makes what hears of a run; None where nobody wants to."""
        self._compiled: tuple[str, ...] = ()
        """Names of what the last kernels were compiled for."""
        self._starts = Starts()
        self._pace: float | None = None
        self._published = 0.0

    @property
    def running(self) -> bool:
        """Whether `advance` has something to do."""
        return self.run is not None and self.run.running

    def wait(self) -> float:
        """Seconds until the pace allows the next step of a run that is running."""
        return min(max(0.0, self.run.due - self._clock()), A_DAY) if self.run else 0.0

    def advance(self) -> None:
        """Take a piece of the run that is running."""
        run = self.run
        assert run
        was_preparing = run.is_preparing
        run.advance()
        now = self._clock()
        run.count(now)
        has_begun = was_preparing and not run.is_preparing
        if has_begun:
            self._before_fork = None
        if has_begun or not run.running or now - self._published >= PUBLISH_EVERY:
            self._publish(run)

    def prepare(self, experiment: Experiment, fork: Fork | None = None) -> Stepper:
        """Draw the data of an experiment and show its start, without training; ends another run.

        That of a fork comes with the next pieces.
        """
        self._end()
        if fork is None or self.run is None:
            self._before_fork = None
        elif not self.run.is_preparing:
            self._before_fork = self.run, self.shown.latest
        # Where beginning fails, the screen still shows which experiment it was.
        listener = self._listen(experiment) if self._listen else None
        before = self.shown.latest  # one that took no step leaves its number to this one
        number = before.number + 1 if before.step else max(before.number, 1)
        run = self.run = Stepper(experiment, number, self._pace, listener, fork, self._starts)
        if message := self._before(experiment):
            self.shown = replace(self.shown, latest=run.history.say(message))
        run.begin()
        self._show_start(run)
        return run

    def start(self, experiment: Experiment) -> None:
        """Set off from the start of an experiment to its end."""
        self._set_off(self._present(experiment, fresh=True), Until.END)

    def fork(self, experiment: Experiment, fork: Fork) -> None:
        """Set off from a moment of another run to the end; ends the run at hand."""
        self._set_off(self.prepare(experiment, fork), Until.END)

    def statement(self, experiment: Experiment) -> None:
        """Execute one statement of a minibatch of the present run, or of a new one, and pause.

        A loop that has no statements takes the whole minibatch.
        """
        self._set_off(self._present(experiment), Until.STATEMENT)
        self.advance()

    def minibatch(self, experiment: Experiment) -> None:
        """Take one step of the present run, or of a new one, and pause."""
        self._set_off(self._present(experiment), Until.MINIBATCH)
        self.advance()

    def epoch(self, experiment: Experiment) -> None:
        """Set off to the end of the epoch, in the present run or in a new one."""
        self._set_off(self._present(experiment), Until.EPOCH)

    def pause(self) -> None:
        """Take no more steps for now."""
        if self.run and self.run.running:
            self.run.pause()
            self._publish(self.run)

    def resume(self) -> None:
        """Go on to the end of a paused run."""
        if self.run and self.run.state == "paused":
            self._set_off(self.run, Until.END)

    def stop(self) -> None:
        """End the present run where it is; what it has shown is kept.

        One that is still in its first minibatch is at its start again; a fork that is not even
        there is given up, and the run at hand before it is so again.
        """
        run = self.run
        if run and run.is_preparing and not run.over:
            self._give_up(run)
        elif run and run.statement and not run.begun:
            self.prepare(run.experiment, run.fork)
        else:
            self._end()

    def close(self) -> None:
        """End the run at hand for good, and show no more of it."""
        run = self.run
        if run and run.begun and not run.over:
            run.end("stopped")
            run.close()

    def set_lr(self, lr: float) -> None:
        """Change the learning rate from the next step on."""
        if self.run and not self.run.over:
            self.run.set_lr(lr)
            self._publish(self.run)

    def set_pace(self, epochs_per_second: float | None) -> None:
        """Slow down to so many epochs a second, or None for full speed."""
        self._pace = epochs_per_second
        if self.run:
            self.run.set_pace(epochs_per_second, self._clock())

    def fail(self, message: str) -> None:
        """Show why nothing goes on; the run at hand ends."""
        run = self.run
        if run is None:
            self._show(replace(self.shown.latest, state="failed", message=message))
        else:  # the loop may be what is broken: nothing more is read from it
            latest = run.end("failed", message)
            run.close()
            self._show(latest, over=run.begun)

    def _end(self) -> None:
        run = self.run
        if run and run.begun and not run.over:
            run.end("stopped")
            self._publish(run)
        else:
            self.pause()

    def _give_up(self, fork: Stepper) -> None:
        """Show the run that was at hand before a fork, or else the start of its experiment."""
        if self._before_fork is None:
            self.prepare(fork.experiment)
            return
        self.run, latest = self._before_fork
        self._before_fork = None
        self._show(latest)

    def _present(self, experiment: Experiment, fresh: bool = False) -> Stepper:
        """The run at hand, or a new one where that is over, outdated or not wanted.

        A fork that is over begins anew where it began, with the lr that is set now.
        """
        run = self.run
        if run is None or (fresh and (run.begun or run.fork)):
            return self.prepare(experiment)
        if run.over and experiment.is_same_but_lr(run.experiment):
            return self.prepare(experiment, run.fork)
        if run.over or not (run.begun or run.experiment == experiment):
            return self.prepare(experiment)
        return run

    def _before(self, experiment: Experiment) -> Message | None:
        """What takes so long before a run that the screen says it; mostly nothing."""
        kernels = (experiment.loss.name, experiment.penalty.name, experiment.optimizer.name)
        if experiment.loop == "fast" and self._compiled != kernels:
            self._compiled = kernels
            return Message("compiling the fast loop")
        return Message("drawing the data") if experiment.dataset().n > LARGE_DATA else None

    def _set_off(self, run: Stepper, until: Until) -> None:
        run.set_off(until, self._clock())
        self._show_start(run)

    def _show_start(self, run: Stepper) -> None:
        """Show a run; where its start is not known yet, only if that takes a while."""
        if run.is_preparing:
            self._published = self._clock()
        else:
            self._publish(run)

    def _publish(self, run: Stepper) -> None:
        if run.over:
            run.close()
        self._show(run.snapshot(), over=run.over)
        self._published = self._clock()

    def _show(self, latest: Snapshot, over: bool = False) -> None:
        runs = self.shown.runs
        self.shown = Shown(latest, (*runs, latest) if over else runs)
