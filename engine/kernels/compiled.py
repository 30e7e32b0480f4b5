"""Kernels compiled by numba, and how what is registered gets into them.

A loss, a penalty and an optimizer are written once, in tensor methods. The very same functions are
compiled for single numbers here: `scalars` has the meaning of every tensor method they use.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from engine.catalog.losses import LossEntry
from engine.catalog.optimizers import OptimizerEntry
from engine.catalog.penalties import PenaltyEntry
from engine.catalog.registry import Entry
from engine.kernels.shuffle import shuffle
from engine.kernels.stand_ins import Order
from engine.support.translation import Message

MISSING: Message | None = None
"""Why nothing can be compiled here; None if it can."""
try:
    import numba
    from llvmlite.binding import get_host_cpu_name

    import engine.kernels.scalars  # noqa: F401
    from engine.kernels.lanes import lane_losses, lanes
    from engine.kernels.slots import WITHIN, loader, storer
    from engine.kernels.steps import mean_loss, steps
except ImportError as error:
    MISSING = Message("no compiled kernels: {error}", error=str(error))

FASTMATH = {"reassoc", "contract", "arcp", "nsz"}
"""Sums may be reordered and fused, so that they vectorize; infinity and NaN keep their meaning."""
OPTIONS: dict[str, Any] = {"fastmath": FASTMATH, "error_model": "numpy", "no_cfunc_wrapper": True}
"""No door for C is made, for nobody comes through it."""


@cache
def shuffler() -> Callable[[np.uint64, Order], None]:
    """The compiled `shuffle`; the loops that have no other kernel use it too."""
    try:
        return numba.njit(cache=True, nogil=True)(shuffle)
    except RuntimeError:  # there is no folder to keep it in
        return numba.njit(nogil=True)(shuffle)


class Kernels(NamedTuple):
    """The compiled kernels for one loss, penalty and optimizer."""

    shuffle: Callable[..., None]
    mean_loss: Callable[..., float]
    steps: Callable[..., tuple[int, int, int]]
    lanes: Callable[..., None]
    lane_losses: Callable[..., None]
    note: Message | None
    """Why they could not be kept on disk; None if they are."""


@cache
def kernels(loss: LossEntry, penalty: PenaltyEntry, optimizer: OptimizerEntry) -> Kernels:
    """The kernels for a loss that has a derivative; compiled at their first call.

    numba knows a kernel on disk by the name and file of its function, so the name carries what is
    compiled into it, with the text of its modules and the constants that it may use. Where nothing
    can be kept, it is compiled anew in each process.
    """
    assert loss.derivative is not None
    note: Message | None = None

    def build(function: Any, *entries: Entry) -> Any:
        nonlocal note
        name = "_".join([function.__name__, *(entry.name for entry in entries), mark(entries)])
        special = FunctionType(function.__code__, {**function.__globals__, **inner}, name)
        special.__qualname__ = name
        try:
            return numba.njit(cache=True, nogil=True, **OPTIONS)(special)
        except RuntimeError as error:  # there is no folder to keep it in
            note = Message("kernels are compiled anew in each process: {error}", error=str(error))
            return numba.njit(nogil=True, **OPTIONS)(special)

    parts = {
        "LOSS": loss.function,
        "DERIVATIVE": loss.derivative,
        "SHRINK": penalty.derivative,
        "MOVE": optimizer.function,
    }
    inner: dict[str, Any] = {
        name: numba.njit(**OPTIONS | WITHIN)(part) for name, part in parts.items()
    }
    inner |= {"LOAD": loader(optimizer.slots), "STORE": storer(optimizer.slots)}
    inner |= {"SHUFFLE": shuffler(), "MEAN_LOSS": build(mean_loss, loss)}
    return Kernels(
        inner["SHUFFLE"],
        inner["MEAN_LOSS"],
        build(steps, loss, penalty, optimizer),
        build(lanes, loss, penalty, optimizer),
        build(lane_losses, loss),
        note,
    )


def mark(entries: tuple[Entry, ...]) -> str:
    """A mark that changes with the processor and with every text that a kernel is compiled from.

    These are the modules that the entries were written in and all the modules of this package.
    """
    modules = dict.fromkeys(sys.modules[entry.function.__module__] for entry in entries)
    files = sorted(Path(__file__).parent.glob("*.py"))
    texts = [*map(inspect.getsource, modules), *(file.read_text("utf-8") for file in files)]
    return hashlib.sha256("".join([get_host_cpu_name(), *texts]).encode()).hexdigest()[:8]
