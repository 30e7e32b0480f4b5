"""How things are timed: side by side, in turns, each round giving one ratio."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from statistics import median
from threading import Thread
from time import perf_counter
from typing import ParamSpec, TypeVar

Args = ParamSpec("Args")
Result = TypeVar("Result")

Samples = dict[str, list[float]]
"""Seconds by what was timed."""
Contender = Callable[[], float]
"""Does some of its work and returns the seconds that one unit of it took."""


@dataclass(frozen=True)
class Ratio:
    """One time divided by another, in every round."""

    median: float
    low: float
    high: float
    rounds: int


@dataclass(frozen=True)
class Rounds:
    """Seconds for a unit of work of each contender in each round."""

    seconds: Samples

    def ratio(self, above: str, below: str) -> Ratio:
        """The first contender's time in units of the second's."""
        pairs = zip(self.seconds[above], self.seconds[below], strict=True)
        return ratio_of([over / under for over, under in pairs])

    def median(self, name: str) -> float:
        """Seconds that one unit of work mostly took."""
        return median(self.seconds[name])


def ratio_of(ratios: list[float]) -> Ratio:
    """The ratios of all rounds as one."""
    return Ratio(median(ratios), min(ratios), max(ratios), len(ratios))


def in_turns(contenders: Mapping[str, Contender], rounds: int) -> Rounds:
    """Time all contenders in every round; who begins moves on from round to round.

    Each does its work once before, so that what it compiles, loads or caches is not timed.
    """
    names = list(contenders)
    for name in names:
        contenders[name]()
    # As the app does: torch's many objects would stall whoever is timed when garbage is collected.
    gc.collect()
    gc.freeze()
    seconds: Samples = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            seconds[name].append(contenders[name]())
    gc.unfreeze()
    return Rounds(seconds)


def timed(work: Callable[[], object], units: float = 1) -> Contender:
    """A contender that does so many units of work a call."""

    def contender() -> float:
        begin = perf_counter()
        work()
        return (perf_counter() - begin) / units

    return contender


def percentile(values: list[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def apart(function: Callable[Args, Result], /, *args: Args.args, **kwargs: Args.kwargs) -> Result:
    """What a function returns when it runs in a fresh process, which ends with this one."""
    with ProcessPoolExecutor(1, get_context("spawn"), end_with_parent) as pool:
        return pool.submit(function, *args, **kwargs).result()


def end_with_parent() -> None:
    """End this process as soon as the one that started it has ended, however that came about."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()
