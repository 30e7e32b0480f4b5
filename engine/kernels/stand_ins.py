"""Names that kernels call and `compiled` replaces, and the types of what kernels work on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Order = NDArray[np.int64]
Params = tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]
"""Parameters of the loss, the penalty and the optimizer."""

CACHED = 1 << 18
"""Numbers of data that the second level of the cache holds; in more, rows are asked for ahead."""
AHEAD = 64
"""How many rows ahead."""


def LOSS(r: Any, *params: Any) -> Any:  # noqa: N802
    """Stands for the loss of one residual; `compiled` puts the real one in its place."""
    raise NotImplementedError


def DERIVATIVE(r: Any, *params: Any) -> Any:  # noqa: N802
    """Stands for the derivative of that loss."""
    raise NotImplementedError


def SHRINK(w: Any, *params: Any) -> Any:  # noqa: N802
    """Stands for the derivative of the penalty on one weight."""
    raise NotImplementedError


def MOVE(grad: Any, state: Any, step: int, lr: Any, *params: Any) -> Any:  # noqa: N802
    """Stands for the optimizer's formula for one parameter."""
    raise NotImplementedError


def LOAD(slots: Floats, at: int) -> Any:  # noqa: N802
    """Stands for reading the optimizer's state of one parameter, a tuple, from a column."""
    raise NotImplementedError


def STORE(slots: Floats, at: int, state: Any) -> None:  # noqa: N802
    """Stands for writing the optimizer's state of one parameter into a column."""
    raise NotImplementedError


def SHUFFLE(key: np.uint64, order: Order) -> None:  # noqa: N802
    """Stands for the compiled `shuffle`."""
    raise NotImplementedError


def MEAN_LOSS(data: Floats, theta: Floats, params: tuple[Any, ...]) -> float:  # noqa: N802
    """Stands for the compiled `mean_loss`."""
    raise NotImplementedError
