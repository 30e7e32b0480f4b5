"""Kernels compiled by numba, and how what is registered gets into them.

A loss, a penalty and an optimizer are written once, in tensor methods. The very same functions are
compiled for single numbers here: every tensor method they use has its scalar meaning below.
"""

from __future__ import annotations

import hashlib
import inspect
import math
import sys
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.registry import Entry
from engine.shuffle import shuffle
from engine.words import tr

try:
    import numba
    from numba import types
    from numba.extending import overload_method

    from engine.rows import prefetch, residuals
except ImportError as error:
    MISSING = tr("no compiled kernels: {error}", error=error)
else:
    MISSING = ""
"""Why nothing can be compiled here; empty if it can."""

Floats = NDArray[np.float32]
Order = NDArray[np.int64]
Params = tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]
"""Parameters of the loss, the penalty and the optimizer."""

CACHED = 1 << 18
"""Numbers of data that the second level of the cache holds; in more, rows are asked for ahead."""
AHEAD = 64
"""How many rows ahead."""

FASTMATH = {"reassoc", "contract", "arcp", "nsz"}
"""Sums may be reordered and fused, so that they vectorize; infinity and NaN keep their meaning."""


def absent(argument: Any) -> bool:
    """Whether an optional argument was left out, as numba's typing tells it."""
    return argument is None or isinstance(argument, types.Omitted | types.NoneType)


def clamp(lowest: Any, highest: Any) -> Any:
    """Tensor.clamp for one number, with the bounds that are given."""
    if absent(lowest):
        return lambda x, min=None, max=None: max if x > max else x
    if absent(highest):
        return lambda x, min=None, max=None: min if x < min else x
    return lambda x, min=None, max=None: min if x < min else (max if x > max else x)


SCALAR_METHODS: dict[str, Callable[..., Any]] = {
    "abs": lambda x: lambda x: abs(x),
    "clamp": lambda x, min=None, max=None: clamp(min, max),
    "cosh": lambda x: lambda x: math.cosh(x),
    "exp": lambda x: lambda x: math.exp(x),
    "log": lambda x: lambda x: math.log(x),
    "log1p": lambda x: lambda x: math.log1p(x),
    "sign": lambda x: lambda x: np.float32(x > 0) - np.float32(x < 0),
    "sinh": lambda x: lambda x: math.sinh(x),
    "sqrt": lambda x: lambda x: math.sqrt(x),
    "square": lambda x: lambda x: x * x,
    "tanh": lambda x: lambda x: math.tanh(x),
    "where": lambda x, condition, other: lambda x, condition, other: x if condition else other,
}
"""Meaning of each tensor method for one number; a loss that uses another one adds it here."""

if not MISSING:
    for name, method in SCALAR_METHODS.items():
        overload_method(types.Float, name)(method)


def LOSS(r: Any, *params: Any) -> Any:  # noqa: N802
    """Stands for the loss of one residual; `compiled` puts the real one in its place."""
    raise NotImplementedError


def DERIVATIVE(r: Any, *params: Any) -> Any:  # noqa: N802
    """Stands for the derivative of that loss."""
    raise NotImplementedError


def SHRINK(w: Any, *params: Any) -> Any:  # noqa: N802
    """Stands for the derivative of the penalty on one weight."""
    raise NotImplementedError


def MOVE(grad: Any, first: Any, second: Any, step: int, lr: Any, *params: Any) -> Any:  # noqa: N802
    """Stands for the optimizer's formula for one parameter."""
    raise NotImplementedError


def SHUFFLE(key: np.uint64, order: Order) -> None:  # noqa: N802
    """Stands for the compiled `shuffle`."""
    raise NotImplementedError


def MEAN_LOSS(data: Floats, theta: Floats, params: tuple[Any, ...]) -> float:  # noqa: N802
    """Stands for the compiled `mean_loss`."""
    raise NotImplementedError


def mean_loss(data: Floats, theta: Floats, params: tuple[Any, ...]) -> float:
    """Mean loss over the rows (x̃, y) of the data at θ, which ends in −1: their product is r."""
    total = 0.0
    for i in range(data.shape[0]):
        r = np.float32(0)
        for j in range(data.shape[1]):
            r += data[i, j] * theta[j]
        total += LOSS(r, *params)
    return float(total / data.shape[0])


def steps(
    data: Floats,
    order: Order,
    shuffled: bool,
    stop: int,
    used: int,
    taken: int,
    key: np.uint64,
    batch_size: int,
    weights: int,
    theta: Floats,
    grad: Floats,
    kept: Floats,
    lr: Floats,
    divisor: int,
    runaway: float,
    params: Params,
    losses: Floats,
    epoch_losses: NDArray[np.float64],
    epoch_thetas: Floats,
    epoch_grads: Floats,
) -> tuple[int, int, int]:
    """Take a step in place for each entry of `lr`; the rows of `data` are (x̃, y), θ ends in −1.

    `taken` steps were taken before. An epoch ends after `stop` rows; `used` says how many of them
    are used already, in the given order; a minibatch ends with its epoch. If `shuffled`, each epoch
    is shuffled here, `key` being that of the present one. At its end the loss over the data, θ and
    the gradient are noted down. The gradient is divided by `divisor`, or by the minibatch's size
    where that is 0; the penalty is on the first `weights` parameters. `kept` (2, columns) is what
    the optimizer keeps. Each minibatch's mean loss before its step goes into `losses`; one that is
    not at most `runaway` ends the call, and so does such a loss of an epoch. Returns how many steps
    were taken and epochs ended, and the new `used`.
    """
    n, columns = data.shape
    ahead = AHEAD if data.size > CACHED else n
    ended = 0
    for k in range(lr.shape[0]):
        if used == 0 and shuffled:
            SHUFFLE(key + (np.uint64(ended) << np.uint64(32)), order)
        size = min(batch_size, stop - used)
        total = np.float32(0)
        for j in range(columns):
            grad[j] = np.float32(0)
        for i in range(used, used + size):
            if i + ahead < n:
                prefetch(data, order[i + ahead])
            at = order[i]
            r = np.float32(0)
            for j in range(columns):
                r += data[at, j] * theta[j]
            total += np.float32(LOSS(r, *params[0]))
            slope = np.float32(DERIVATIVE(r, *params[0]))
            for j in range(columns):
                grad[j] += slope * data[at, j]
        over = np.float32(divisor if divisor else size)
        for j in range(columns - 1):
            grad[j] /= over
            if j < weights:
                grad[j] += np.float32(SHRINK(theta[j], *params[1]))
            move, kept[0, j], kept[1, j] = MOVE(
                grad[j], kept[0, j], kept[1, j], taken + k + 1, lr[k], *params[2]
            )
            theta[j] -= np.float32(move)
        losses[k] = total / np.float32(size)
        used += size
        if not losses[k] <= runaway:
            return k + 1, ended, used
        if used == stop:
            used = 0
            epoch_losses[ended] = MEAN_LOSS(data, theta, params[0])
            for j in range(columns):
                epoch_thetas[ended, j] = theta[j]
                epoch_grads[ended, j] = grad[j]
            ended += 1
            if not epoch_losses[ended - 1] <= runaway:
                return k + 1, ended, used
    return lr.shape[0], ended, used


def lanes(
    data: Floats,
    order: Order,
    first: Order,
    sizes: Order,
    weights: int,
    theta: Floats,
    grad: Floats,
    kept: Floats,
    r: Floats,
    lr: Floats,
    factors: Floats,
    taken: Order,
    divide: int,
    drop_last: bool,
    params: Params,
) -> None:
    """One epoch for many runs at once, over the same samples in the same order, in place.

    Each run is a lane: a column of `theta` and `grad` (parameters, lanes), of what the optimizer
    keeps in `kept` (2, parameters, lanes), and an entry of `lr` and of the work space `r`. Lanes
    first[k] to first[k + 1] step after every sizes[k] samples and, unless `drop_last`, after the
    last, and have taken taken[k] steps. The gradient is divided by that size; where `divide` is 0
    by how many samples there were, where it is 1 by nothing. The lr of a step is multiplied by the
    factor at its first sample. What is innermost runs over lanes, so that it vectorizes.
    """
    parameters, width = theta.shape
    n = order.shape[0]
    missing = sizes.copy()
    for j in range(parameters):
        for lane in range(width):
            grad[j, lane] = np.float32(0)
    for i in range(n):
        if i + AHEAD < n:
            prefetch(data, order[i + AHEAD])
        at = order[i]
        residuals(data, at, theta, r)
        for lane in range(width):
            r[lane] = DERIVATIVE(r[lane], *params[0])
        for j in range(parameters):
            x = data[at, j]
            for lane in range(width):
                grad[j, lane] += x * r[lane]
        for k in range(sizes.shape[0]):
            missing[k] -= 1
            if missing[k] == 0 or i + 1 == n:
                count = sizes[k] - missing[k]
                # Views are counted from 0, which the compiler knows not to be negative.
                part = slice(first[k], first[k + 1])
                if drop_last and missing[k] > 0:
                    grad[:, part] = np.float32(0)
                    continue
                over = np.float32(sizes[k])
                if divide < 2:
                    over = np.float32(1 if divide else count)
                factor = factors[i + 1 - count]
                taken[k] += 1
                rates = lr[part]
                for j in range(parameters):
                    values, slopes = theta[j, part], grad[j, part]
                    one, two = kept[0, j, part], kept[1, j, part]
                    for lane in range(rates.shape[0]):
                        slope = slopes[lane] / over
                        if j < weights:
                            slope += np.float32(SHRINK(values[lane], *params[1]))
                        move, one[lane], two[lane] = MOVE(
                            slope, one[lane], two[lane], taken[k], factor * rates[lane], *params[2]
                        )
                        values[lane] -= np.float32(move)
                        slopes[lane] = np.float32(0)
                missing[k] = sizes[k]


def lane_losses(
    columns: Floats, theta: Floats, r: Floats, params: tuple[Any, ...], out: NDArray[np.float64]
) -> None:
    """Mean loss over the data for each lane of `theta` (parameters, lanes), into `out`.

    The data lie in columns, shape (parameters + 1, n), y last: what is innermost runs over samples,
    as many at a time as the work space `r` holds.
    """
    parameters, n = theta.shape[0], columns.shape[1]
    out[:] = 0.0
    for start in range(0, n, r.shape[0]):
        size = min(r.shape[0], n - start)
        for lane in range(out.shape[0]):
            y = columns[parameters, start : start + size]
            for i in range(size):
                r[i] = -y[i]
            for j in range(parameters):
                x, weight = columns[j, start : start + size], theta[j, lane]
                for i in range(size):
                    r[i] += x[i] * weight
            total = 0.0
            for i in range(size):
                total += LOSS(r[i], *params)
            out[lane] += total
    for lane in range(out.shape[0]):
        out[lane] /= n


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
    note: str
    """Why they could not be kept on disk; empty if they are."""


@cache
def kernels(loss: Entry[Any], penalty: Entry[Any], optimizer: Entry[Any]) -> Kernels:
    """The kernels for a loss that has a derivative; compiled at their first call.

    numba knows a kernel on disk by the name and file of its function, so the name carries what is
    compiled into it, with the text of its modules and the constants that it may use. Where nothing
    can be kept, it is compiled anew in each process.
    """
    assert loss.derivative is not None
    note = ""

    def build(function: Any, *entries: Entry[Any]) -> Any:
        nonlocal note
        name = "_".join([function.__name__, *(entry.name for entry in entries), mark(entries)])
        special = FunctionType(function.__code__, {**function.__globals__, **inner}, name)
        special.__qualname__ = name
        try:
            return numba.njit(cache=True, nogil=True, fastmath=FASTMATH)(special)
        except RuntimeError as error:  # there is no folder to keep it in
            note = tr("kernels are compiled anew in each process: {error}", error=error)
            return numba.njit(nogil=True, fastmath=FASTMATH)(special)

    parts = {
        "LOSS": loss.function,
        "DERIVATIVE": loss.derivative,
        "SHRINK": penalty.derivative,
        "MOVE": optimizer.function,
    }
    inner: dict[str, Any] = {
        name: numba.njit(fastmath=FASTMATH)(part) for name, part in parts.items()
    }
    inner |= {"SHUFFLE": shuffler(), "MEAN_LOSS": build(mean_loss, loss)}
    return Kernels(
        inner["SHUFFLE"],
        inner["MEAN_LOSS"],
        build(steps, loss, penalty, optimizer),
        build(lanes, loss, penalty, optimizer),
        build(lane_losses, loss),
        note,
    )


def mark(entries: tuple[Entry[Any], ...]) -> str:
    """A mark that changes with the text of the modules that the entries were written in."""
    functions = (part for entry in entries for part in (entry.function, entry.derivative) if part)
    modules = dict.fromkeys(sys.modules[function.__module__] for function in functions)
    text = "".join(map(inspect.getsource, modules))
    return hashlib.sha256(text.encode()).hexdigest()[:8]
