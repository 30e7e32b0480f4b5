"""What kernels do with a row of data; needs numba.

Rows in random order come from memory nearly as fast as rows in a line if they are asked for ahead.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LINE = 16
"""Numbers in a line of the cache (64 bytes)."""


@intrinsic
def fetch(typing: Any, data: Any, row: Any, column: Any) -> Any:
    """Ask for the line that holds one number of a matrix, and do not wait (llvm.prefetch)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, integer = signature.args[0], cgutils.int32_t
        matrix = context.make_array(kind)(context, builder, arguments[0])
        place = cgutils.get_item_pointer(context, builder, kind, matrix, arguments[1:])
        place = builder.bitcast(place, cgutils.voidptr_t)
        called = ir.FunctionType(ir.VoidType(), [place.type, integer, integer, integer])
        instruction = builder.module.declare_intrinsic("llvm.prefetch", [place.type], called)
        # To be read (0), kept in the second level of the cache (2), data and no code (1).
        builder.call(instruction, [place, integer(0), integer(2), integer(1)])
        return context.get_dummy_value()

    return types.void(data, types.intp, types.intp), generate


@numba.njit()
def prefetch(data: Floats, row: int) -> None:
    """Ask for all lines of a row; its last number may lie on one more than its length tells."""
    last = data.shape[1] - 1
    for column in range(0, last + LINE, LINE):
        fetch(data, row, min(column, last))  # type: ignore[call-arg]


@numba.njit(fastmath={"contract"})
def residuals(data: Floats, row: int, theta: Floats, r: Floats) -> None:
    """Residual of a row (x̃, y) for each lane of `theta` (parameters, lanes), into `r`."""
    x, y = data[row, 0], data[row, data.shape[1] - 1]
    for lane in range(r.shape[0]):
        r[lane] = x * theta[0, lane] - y
    for j in range(1, theta.shape[0]):
        x = data[row, j]
        for lane in range(r.shape[0]):
            r[lane] += x * theta[j, lane]
