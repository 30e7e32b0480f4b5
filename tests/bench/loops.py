"""The loops against the plain programs and against other libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter

import torch

from engine.experiment import Experiment
from engine.problem import build
from engine.training.events import EpochEnded, Event, Stepped
from engine.training.trainer import train
from tests.bench import peers
from tests.bench.plain import FromParts, FromScratch
from tests.bench.report import Row, at_least, at_most, missing
from tests.bench.timing import Contender, Rounds, apart, in_turns, timed

SIZES = {
    (100, 2, 2): None,
    (1_000, 2, 10): 1000.0,
    (100_000, 10, 32): 300.0,
    (1_000_000, 10, 256): 35.0,
    (1_000_000, 100, 256): 15.0,
}
"""Samples, features and batch size, and how many times faster `fast` should be."""
LR = 0.03
PEERS = (
    (
        "fast against JAX",
        "jax",
        "jitted scans over epochs and minibatches, shuffled by numpy; XLA's own threads",
    ),
    (
        "fast against scikit-learn",
        "scikit-learn",
        "SGDRegressor.partial_fit, then the loss by numpy; a step a sample, not a minibatch",
    ),
    ("— SGDRegressor.fit without the losses", "", "less work: no loss after an epoch"),
)
"""Who else does this work, the package it needs (none where it is no fair match), and how."""


def fast(rounds: int) -> Iterator[Row]:
    """The fast loop through its events, against a plain loop, JAX and scikit-learn."""
    for (n, d, size), wanted in SIZES.items():
        result = apart(race, n, d, size, max(3, rounds if n < 1_000_000 else rounds * 2 // 3))
        where = f"n {n:,}, d {d}, B {size}"
        epoch = f"plain {ms(result.median('plain'))}, fast {ms(result.median('fast'))} an epoch"
        yield at_least(
            f"fast against the plain loop, {where}", result.ratio("plain", "fast"), wanted,
            epoch,
        )  # fmt: skip
        for name, package, note in PEERS:
            what = f"{name}, {where}"
            if name in result.seconds:
                judged = 1.0 if package else None
                yield at_least(what, result.ratio(name, "fast"), judged, note)
            elif package:
                yield missing(what, package)


def race(n: int, d: int, size: int, rounds: int, samples: int = 2_000_000) -> Rounds:
    """Seconds an epoch of everything that can do this work, `fast` over so many samples a turn."""
    torch.set_num_threads(1)
    experiment = of_size(n, d, size, "fast")
    problem = build(experiment)
    X, y = problem.X, problem.y
    plain = FromScratch(X, y, size, LR)
    contenders = {
        "plain": epochs_of(plain, max(1, samples // 200 // n)),
        "fast": through_events(experiment, max(2, samples // n)),
    }
    some = max(1, samples // 4 // n)
    runs: dict[str, Callable[[int], object]] = {}
    jax, sklearn, sklearn_fit = (name for name, _, _ in PEERS)
    if peers.HERE["jax"]:
        runs[jax] = peers.jax_epochs(X, y, size, LR)
    if peers.HERE["sklearn"]:
        runs[sklearn] = peers.sklearn_epochs(X, y, LR, with_loss=True)
        runs[sklearn_fit] = peers.sklearn_epochs(X, y, LR, with_loss=False)
    for name, run in runs.items():
        contenders[name] = timed(partial(run, some), some)
    return in_turns(contenders, rounds)


def teaching(rounds: int) -> Iterator[Row]:
    """The loops `scratch` and `concise` against the same programs without events."""
    for n, d, size in ((100, 2, 2), (1_000, 2, 10)):
        for loop in ("scratch", "concise"):
            result = apart(plainly, loop, n, d, size, 2 * rounds + 1)
            yield at_most(
                f"{loop} against the same written plainly, n {n:,}, d {d}, B {size}",
                result.ratio("events", "plain"), 1.05,
                f"plain {ms(result.median('plain'))} an epoch; events carry every step's loss",
            )  # fmt: skip


def plainly(loop: str, n: int, d: int, size: int, rounds: int, samples: int = 4_000) -> Rounds:
    """Seconds an epoch of a loop through its events, and of the plain program."""
    torch.set_num_threads(1)
    experiment = of_size(n, d, size, loop)
    problem = build(experiment)
    program = FromScratch if loop == "scratch" else FromParts
    some = max(2, samples // n)
    return in_turns(
        {
            "plain": epochs_of(program(problem.X, problem.y, size, LR), some),
            "events": through_events(experiment, some),
        },
        rounds,
    )


def of_size(n: int, d: int, size: int, loop: str) -> Experiment:
    """The book's problem in another size, to be trained for ever."""
    changes: dict[str, object] = {
        "data.n": n,
        "data.w": (2.0, -3.4) * (d // 2),
        "batch_size": size,
        "epochs": 100_000_000,
        "lr": LR,
        "loop": loop,
        "device": "cpu",
    }
    if loop == "concise":  # PyTorch has a module for these
        changes |= {"loss": "squared", "reduction": "mean"}
    return Experiment().changed(changes)


def epochs_of(program: FromScratch | FromParts, count: int) -> Contender:
    """A plain program, so many epochs a turn."""

    def work() -> None:
        for _ in range(count):
            program.epoch()

    return timed(work, count)


def through_events(experiment: Experiment, count: int) -> Contender:
    """A run as everyone reads it: the events of `train`, at least so many epochs a turn.

    A turn ends at the first step of an epoch, as it began: the compiled loop ends many epochs at
    once, and what they cost comes before that step's event.
    """
    events = train(experiment)
    next(events)

    def turn() -> float:
        begin = perf_counter()
        ended = advance(events, count)
        return (perf_counter() - begin) / ended

    advance(events, 1)
    return turn


def advance(events: Iterator[Event], count: int) -> int:
    """Read on past at least so many ends of epochs, up to the next step; returns how many."""
    ended = 0
    for event in events:
        if isinstance(event, EpochEnded):
            ended += 1
        elif isinstance(event, Stepped):
            if ended >= count:
                return ended
        else:
            raise AssertionError(f"the run ended: {event}")
    raise AssertionError("the run ended")


def ms(seconds: float) -> str:
    """Milliseconds in words."""
    return f"{seconds * 1e3:.3g} ms"
