"""How a kernel reads and writes the state of an optimizer, whose size its compiler must know.

A tuple of so many numbers cannot be indexed by a loop there, hence a function for each slot.
"""

from __future__ import annotations

from typing import Any

import numba

from engine.kernels.stand_ins import Floats

WITHIN: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For what only kernels call: doors for Python and C take a part of the time of compiling."""

compiled = numba.njit(**WITHIN)


def loader(count: int) -> Any:
    """Compiled: the state (slots[0, at], …, slots[count − 1, at])."""
    if count == 0:
        return compiled(lambda slots, at: ())
    before, last = loader(count - 1), count - 1
    return compiled(lambda slots, at: (*before(slots, at), slots[last, at]))


def storer(count: int) -> Any:
    """Compiled: puts a state back where `loader` found it."""
    if count == 0:
        return compiled(lambda slots, at, state: None)
    before, last = storer(count - 1), count - 1

    def store(slots: Floats, at: int, state: tuple[Any, ...]) -> None:
        before(slots, at, state)
        slots[last, at] = state[last]

    return compiled(store)
