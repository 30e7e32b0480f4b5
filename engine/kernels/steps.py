"""The kernel that takes the steps of one run, and its loss over the data; needs numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.kernels.prefetch import prefetch
from engine.kernels.stand_ins import (
    AHEAD,
    CACHED,
    DERIVATIVE,
    LOAD,
    LOSS,
    MEAN_LOSS,
    MOVE,
    SHRINK,
    SHUFFLE,
    STORE,
    Floats,
    Order,
    Params,
)


def mean_loss(data: Floats, theta: Floats, params: tuple[Any, ...]) -> float:
    """Mean loss over the rows (x̃, y) of the data at θ, which ends in −1: their product is r."""
    real, total = data.dtype.type, 0.0
    for i in range(data.shape[0]):
        r = real(0)
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
    slots: Floats,
    lr: Floats,
    divisor: int,
    last_divisor: int,
    runaway: float,
    params: Params,
    every: int,
    until_passed: int,
    losses: Floats,
    epoch_losses: NDArray[np.float64],
    epoch_thetas: Floats,
    epoch_grads: Floats,
    passed_thetas: Floats,
    passed_grads: Floats,
) -> tuple[int, int, int]:
    """Take a step in place for each entry of `lr`; the rows of `data` are (x̃, y), θ ends in −1.

    The optimizer has taken `taken` steps before. An epoch ends after `stop` rows; `used` says how
    many of them are used already, in the given order; a minibatch ends with its epoch. If
    `shuffled`, each epoch is shuffled here, `key` being that of the present one. At its end the
    loss over the data, θ and the gradient are noted down; θ and the gradient also after
    `until_passed` steps and then after every so many, in the rows of `passed_thetas` and
    `passed_grads`. The gradient is divided by `divisor`, that of a short last minibatch by
    `last_divisor`; the penalty is on the first `weights` parameters. `slots` (slots, columns) is
    the optimizer's state. Each minibatch's mean loss before its step goes into `losses`; one that
    is not at most `runaway` ends the call, and so does such a loss of an epoch. Returns how
    many steps were taken and epochs ended, and the new `used`.
    """
    n, columns = data.shape
    real = data.dtype.type
    ahead = AHEAD if data.size > CACHED else n
    ended = passed = 0
    for k in range(lr.shape[0]):
        if used == 0 and shuffled:
            SHUFFLE(key + (np.uint64(ended) << np.uint64(32)), order)
        size = min(batch_size, stop - used)
        total = real(0)
        for j in range(columns):
            grad[j] = real(0)
        for i in range(used, used + size):
            if i + ahead < n:
                prefetch(data, order[i + ahead])
            at = order[i]
            r = real(0)
            for j in range(columns):
                r += data[at, j] * theta[j]
            total += real(LOSS(r, *params[0]))
            slope = real(DERIVATIVE(r, *params[0]))
            for j in range(columns):
                grad[j] += slope * data[at, j]
        over = real(divisor if size == batch_size else last_divisor)
        for j in range(columns - 1):
            grad[j] /= over
            if j < weights:
                grad[j] += real(SHRINK(theta[j], *params[1]))
            move, state = MOVE(grad[j], LOAD(slots, j), taken + k + 1, lr[k], *params[2])
            STORE(slots, j, state)
            theta[j] -= real(move)
        losses[k] = total / real(size)
        used += size
        until_passed -= 1
        if until_passed == 0:
            for j in range(columns):
                passed_thetas[passed, j] = theta[j]
                passed_grads[passed, j] = grad[j]
            passed += 1
            until_passed = every
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
