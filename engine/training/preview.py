"""A run that is tried before it is asked for: by the fast loop, within a budget, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator

from engine.experiment import Experiment
from engine.support.errors import BadInput, one_line
from engine.support.translation import Message
from engine.training.compiling import Compiler
from engine.training.controls import Controls
from engine.training.events import Stepped
from engine.training.history import History
from engine.training.snapshot import Snapshot
from engine.training.starts import Starts

BUDGET = 5_000_000
"""What the steps of one trial may cost: numbers of the data that they go through. Some 50 ms."""
STEP, EPOCH, VALIDATION = 10, 8_000, 15_000
"""What a step, the end of an epoch, and there the loss of rows held out cost, in such numbers."""
MOST_NUMBERS = 300_000
"""Numbers of the data from which on drawing them, and their theory, take longer than the steps."""
FAST = {"loop": "fast", "device": "cpu"}


class Trials:
    """Tries one experiment after the other; data are shared where lr or start alone is another."""

    def __init__(self) -> None:
        self._starts = Starts()
        self._compiler = Compiler()

    def of(self, experiment: Experiment) -> Iterator[Snapshot | None]:
        """Nothing after each piece of the work, and last the run as it would be.

        `finished` or `diverged`; `stopped` after the epochs that the budget allows, none of them
        where the message says why; `failed` where nothing can be tried on this machine.
        """
        try:
            yield from self._of(experiment)
        except BadInput as error:
            yield Snapshot(experiment, state="stopped", message=str(error))
        except Exception as error:  # a trial that nobody has asked for disturbs nobody
            yield Snapshot(experiment, state="stopped", message=one_line(error))

    def _of(self, experiment: Experiment) -> Iterator[Snapshot | None]:
        if reason := unfit(experiment):
            yield Snapshot(experiment, state="stopped", message=reason)
            return
        yield None
        from engine.support.device import resolve
        from engine.training.trainer import follow

        resolve(experiment.device)  # one that is not there
        problem, facts = self._starts.of(experiment.changed(FAST))
        yield None
        if missing := (yield from self._compiler.ready(problem)):
            yield Snapshot(experiment, state="failed", message=missing)
            return
        history, epochs = History(experiment), epochs_tried(experiment)
        most = epochs * experiment.steps_per_epoch
        controls = Controls(experiment.lr, most, every=history.trail.interval)
        for event in follow(problem, facts, controls):
            history.fold(event)
            controls.every = history.trail.interval
            if history.epoch == epochs < experiment.epochs:
                break
            controls.most = most - history.step  # no step beyond the last one that is shown
            if isinstance(event, Stepped):
                yield None
        yield history.snapshot("stopped", experiment.lr, 0.0)


def unfit(experiment: Experiment) -> Message | None:
    """Why an experiment is not tried, if it is not."""
    if experiment.train_size * (experiment.dataset().features + 1) > MOST_NUMBERS:
        return Message("the data are too large")
    try:
        experiment.changed(FAST)
    except BadInput:
        return Message("the fast loop cannot do it")
    return None


def epochs_tried(experiment: Experiment) -> int:
    """How many epochs of an experiment the budget allows, of those that it has."""
    numbers = experiment.used_per_epoch * (experiment.dataset().features + 1)
    cost = numbers + STEP * experiment.steps_per_epoch + EPOCH
    if experiment.train_size < experiment.dataset().n:
        cost += VALIDATION
    return min(experiment.epochs, max(1, BUDGET // cost))
