"""An experiment that all the processes of a launcher train together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from engine.data.parts import by_parts, exchange
from engine.experiment import Experiment
from engine.support.errors import BadInput
from engine.support.ranks import joined, launched, talking
from engine.support.translation import tr
from engine.training.fork import Fork

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
    with ExitStack() as stack:
        if in_parts:
            stack.enter_context(joined(ranks))
            stack.enter_context(talking(ranks))
            stack.enter_context(by_parts(ranks.rank, ranks.size))
        try:
            begin = read()
            check(begin[0], ranks.size)
            exchange(None)  # what was refused in another process
        except BadInput:
            stack.close()  # all of them raise this, and so the first alone says it
            raise
        if not in_parts:
            stack.enter_context(joined(ranks))
            stack.enter_context(talking(ranks))
        yield begin, ranks.size


def check(experiment: Experiment, processes: int) -> None:
    """Raise BadInput for what only one process can do."""
    if experiment.loop != "concise":
        allowed = tr("{n} processes can only take the steps of loop=concise", n=processes)
        raise BadInput("loop", experiment.loop, allowed)
    if not experiment.reshape:
        allowed = tr("needs each estimate of a minibatch beside each label: one process")
        raise BadInput("reshape", experiment.reshape, allowed)
