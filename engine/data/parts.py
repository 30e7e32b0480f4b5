"""A file in parts: each of several processes reads its rows, and they tell each other of them.

In one process there is one part, and nothing to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Own = TypeVar("Own")

_process, _processes = 0, 1
_is_told = False
"""Whether the last exchange brought a refusal."""


@contextmanager
def by_parts(process: int, processes: int) -> Iterator[None]:
    """Read only the part of this process, counted from 0; all of them read the same files.

    What is refused in one of them is raised in all that exchange something then.
    """
    global _process, _processes
    _process, _processes = process, processes
    try:
        yield
    except (OSError, ValueError) as error:  # BadInput and UnicodeDecodeError too
        if not _is_told:
            exchange(error)
        raise
    finally:
        _process, _processes = 0, 1


def part() -> tuple[int, int]:
    """Which part is read here, from 0, and how many there are."""
    return _process, _processes


def are_several() -> bool:
    """Whether files are read in parts."""
    return _processes > 1


def exchange(own: Own) -> list[Own]:
    """What each process has, in the order of the parts; all of them call this at the same place.

    Raises what is refused in another one, and what is given to be raised.
    """
    global _is_told
    if _processes == 1:
        return [own]
    from torch import distributed

    of_all: list[Own] = [own] * _processes
    distributed.all_gather_object(of_all, own)
    refusal = next((each for each in of_all if isinstance(each, Exception)), None)
    _is_told = refusal is not None
    if refusal:
        raise refusal
    return of_all


def agreed(work: Callable[[], Own]) -> Own:
    """What work on the own part comes to; what fails in one process is raised in all.

    It must not exchange anything.
    """
    if _processes == 1:
        return work()
    try:
        result = work()
    except (OSError, ValueError) as error:
        exchange(error)
        raise
    exchange(None)
    return result
