"""The kernels that take the steps of many runs side by side, a lane each; need numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.kernels.prefetch import prefetch, residuals
from engine.kernels.stand_ins import (
    AHEAD,
    DERIVATIVE,
    LOAD,
    LOSS,
    MOVE,
    SHRINK,
    STORE,
    Floats,
    Order,
    Params,
)


def lanes(
    data: Floats,
    order: Order,
    first: Order,
    sizes: Order,
    weights: int,
    theta: Floats,
    grad: Floats,
    slots: Floats,
    r: Floats,
    lr: Floats,
    factors: Floats,
    taken: Order,
    divisors: Order,
    drop_last: bool,
    params: Params,
) -> None:
    """One epoch for many runs at once, over the same samples in the same order, in place.

    Each run is a lane: a column of `theta` and `grad` (parameters, lanes), of the optimizer's state
    in `slots` (slots, parameters, lanes), and an entry of `lr` and of the work space `r`. Lanes
    first[k] to first[k + 1] step after every sizes[k] samples and, unless `drop_last`, after the
    last, and have taken taken[k] steps. The gradient is divided by divisors[k, 0], that of a short
    last minibatch by divisors[k, 1]. The lr of a step is multiplied by the factor at its first
    sample. What is innermost runs over lanes, so that it vectorizes.
    """
    parameters, width = theta.shape
    n, real = order.shape[0], data.dtype.type
    missing = sizes.copy()
    for j in range(parameters):
        for lane in range(width):
            grad[j, lane] = real(0)
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
                    grad[:, part] = real(0)
                    continue
                over = real(divisors[k, 0] if missing[k] == 0 else divisors[k, 1])
                factor = factors[i + 1 - count]
                taken[k] += 1
                rates = lr[part]
                for j in range(parameters):
                    values, slopes = theta[j, part], grad[j, part]
                    states = slots[:, j, part]
                    for lane in range(rates.shape[0]):
                        slope = slopes[lane] / over
                        if j < weights:
                            slope += real(SHRINK(values[lane], *params[1]))
                        move, state = MOVE(
                            slope, LOAD(states, lane), taken[k], factor * rates[lane], *params[2]
                        )
                        STORE(states, lane, state)
                        values[lane] -= real(move)
                        slopes[lane] = real(0)
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
