"""A file in parts: each of several processes reads its rows, and they tell each other of them.

In one process there is one part, and nothing to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Own = TypeVar("Own")

_process, _processes = 0, 1


@contextmanager
def by_parts(process: int, processes: int) -> Iterator[None]:
    """Read only the part of this process, counted from 0; all of them read the same files."""
    global _process, _processes
    _process, _processes = process, processes
    try:
        yield
    finally:
        _process, _processes = 0, 1


def part() -> tuple[int, int]:
    """Which part is read here, from 0, and how many there are."""
    return _process, _processes


def are_several() -> bool:
    """Whether files are read in parts."""
    return _processes > 1


def exchange(own: Own) -> list[Own]:
    """What each process has, in the order of the parts; all of them call this at the same place."""
    if _processes == 1:
        return [own]
    from torch import distributed

    of_all: list[Own] = [own] * _processes
    distributed.all_gather_object(of_all, own)
    return of_all


def agreed(work: Callable[[], Own]) -> Own:
    """What work on the own part comes to; where it fails in one process, all raise what that says.

    It must not exchange anything.
    """
    if _processes == 1:
        return work()
    result, error = None, None
    try:
        result = work()
    except (OSError, ValueError) as caught:  # BadInput and UnicodeDecodeError too
        error = caught
    first = next(filter(None, exchange(error)), None)
    if first:
        raise first
    return result  # type: ignore[return-value]
