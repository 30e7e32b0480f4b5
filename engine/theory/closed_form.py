"""The closed form: the parameters of least squares, ridge regression included."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.statistics.line import Line, fit_line


def least_squares(
    X: Tensor, y: Tensor, ridge: Tensor | None = None, centred: bool = False
) -> Tensor:
    """θ* = argmin ‖Xθ − y‖²/n + Σ ridge·θ² of shape (parameters,), float64.

    For X (n, parameters), y (n, 1) and a `ridge` (parameters,); `centred` says that the last column
    is of ones and free of the ridge, so that the others may be centred. Dependent columns give the
    solution of least norm.
    """
    if not centred:
        return parameters(fit_line(X, y, False, ridge))
    return parameters(fit_line(X[:, :-1], y, True, None if ridge is None else ridge[:-1]))


def parameters(line: Line) -> Tensor:
    """The slopes of a line, and behind them its intercept where it has one: θ (parameters,)."""
    if not line.intercept:
        return line.slopes
    return torch.cat([line.slopes, line.slopes.new_tensor([line.constant])])
