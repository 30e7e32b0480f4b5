"""Short ways to run an experiment and to read its events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.experiment import Experiment
from engine.theory.facts import Facts
from engine.training.controls import Controls
from engine.training.events import Diverged, EpochEnded, Event, Finished, Started, Stepped

Array = NDArray[np.float64]


def singly(experiment: Experiment) -> Iterator[Event]:
    """A run whose every minibatch is an event of its own, whichever loop takes the steps."""
    from engine.training.trainer import train

    return train(experiment, Controls(experiment.lr, most=1))


def started(events: Iterable[Event]) -> Started:
    """The first event of a run."""
    first = next(iter(events))
    assert isinstance(first, Started)
    return first


def facts_of(experiment: Experiment) -> Facts:
    """What is known of an experiment before its first step."""
    from engine.training.trainer import train

    return started(train(experiment)).facts


def stable(experiment: Experiment) -> Experiment:
    """The experiment with an lr of at most half its limit: a loss may be steep where it starts."""
    return experiment.changed(
        {"lr": min(experiment.lr, facts_of(experiment).stability.limit.lr / 2)}
    )


def epochs_of(events: Iterable[Event]) -> list[EpochEnded]:
    """The ends of the epochs."""
    return [event for event in events if isinstance(event, EpochEnded)]


def steps_of(events: Iterable[Event]) -> list[Stepped]:
    """The steps; what their loop shows is that of the last one."""
    return [event for event in events if isinstance(event, Stepped)]


def batch_losses_of(events: Iterable[Event]) -> list[float]:
    """The loss of every minibatch, however many come in one event."""
    return [float(loss) for step in steps_of(events) for loss in step.losses]


def outcome(events: Iterable[Event]) -> Finished | Diverged:
    """How a run ended."""
    *_, last = events
    assert isinstance(last, Finished | Diverged)
    return last


def array(tensor: Tensor) -> Array:
    """A tensor in numpy's float64."""
    return tensor.detach().cpu().numpy().astype(np.float64)


def wait_until(
    predicate: Callable[[], bool], seconds: float = 60.0, between: float = 0.001
) -> None:
    """Return once the predicate holds; the bound only ends a test that would hang.

    Seconds `between` two looks: few for a state that soon is another, more for another process,
    which looking takes time from.
    """
    pause = threading.Event()
    for _ in range(int(seconds / between)):
        if predicate():
            return
        pause.wait(between)
    raise AssertionError("waited in vain")
