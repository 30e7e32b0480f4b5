"""An experiment that all the processes of a launcher train together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

from engine.data.parts import by_parts, exchange
from engine.experiment import Experiment
from engine.support.errors import BadInput
from engine.support.ranks import Ranks, joined, launched, refused, talking
from engine.support.translation import tr
from engine.training.fork import Fork

Read = TypeVar("Read")
Begin = tuple[Experiment, Fork | None]
"""What is trained, and where it begins, if it goes on from another run."""


@contextmanager
def together(read: Callable[[], Begin], in_parts: bool) -> Iterator[tuple[Begin, int]]:
    """What is to be trained, and how many processes do it; they are in a group meanwhile.

    `in_parts` has each of them read its part of a file. Raises BadInput, also for what only one
    process can do.
    """
    ranks = launched()
    if ranks is None or ranks.size == 1:
        yield read(), 1
        return

    def parts() -> AbstractContextManager[None]:
        return by_parts(ranks.rank, ranks.size) if in_parts else nullcontext()

    def read_here() -> Begin:
        with parts():
            begin = read()
            check(begin[0], ranks.size)
            exchange(None)  # what was refused in another process
        return begin

    with agreeing(ranks, read_here) as begin, talking(ranks), parts():
        yield begin, ranks.size


@contextmanager
def agreeing(ranks: Ranks, read: Callable[[], Read]) -> Iterator[Read]:
    """What each process reads, inside `joined`; what is refused in one of them is raised in all.

    It is no refusal of one alone then, so that only the first says it.
    """
    with joined(ranks):
        own, error = list[Read](), None
        try:
            own.append(read())
        except BadInput as refusal:
            error = refusal
        of_any = refused(error, ranks)
        if of_any is None:
            yield own[0]
    if of_any:
        raise of_any


def check(experiment: Experiment, processes: int) -> None:
    """Raise BadInput for what only one process can do."""
    if experiment.loop != "concise":
        allowed = tr("{n} processes can only take the steps of loop=concise", n=processes)
        raise BadInput("loop", experiment.loop, allowed)
    if not experiment.reshape:
        allowed = tr("needs each estimate of a minibatch beside each label: one process")
        raise BadInput("reshape", experiment.reshape, allowed)
