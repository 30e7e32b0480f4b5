"""What each tensor method means for one number, told to numba; needs numba."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload_method


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

for name, method in SCALAR_METHODS.items():
    overload_method(types.Float, name)(method)
