"""The closed form: the parameters of least squares, with an L2 penalty as extra rows."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.catalog.model import Linear
from engine.problem import Problem
from engine.theory.derivatives import blocks, steepest_curvature

DEPENDENT = 1e-12
"""A singular value below this share of the largest is rounding left over by dependent columns."""


def least_squares(X: Tensor, y: Tensor) -> Tensor:
    """θ* = argmin ‖Xθ − y‖² of shape (parameters,), float64, for X (n, parameters) and y (n, 1).

    Blocks of rows are folded into one triangle by QR, so memory stays small at any n; the triangle
    is solved by singular values, so dependent columns give the solution of least norm.
    """
    triangle = torch.zeros(0, X.shape[1] + 1, dtype=torch.float64)
    for rows, labels in blocks(X, y):
        stacked = torch.cat([triangle, torch.cat([rows, labels], dim=1)])
        triangle = torch.linalg.qr(stacked, mode="r").R
    solution: Tensor = torch.linalg.lstsq(
        triangle[:, :-1], triangle[:, -1:], rcond=DEPENDENT, driver="gelsd"
    ).solution
    return solution.flatten()


def ridge_rows(problem: Problem, model: Linear) -> tuple[Tensor, Tensor]:
    """X̃ and y, with a row for each weight under a penalty that is a parabola, as L2 is.

    Least squares over c/2·‖X̃θ − y‖²/n + ½λ‖w‖² is least squares with rows √(nλ/c)·eⱼ and labels 0;
    c is the curvature of the loss, exact for the squared losses, times what a step makes of it.
    """
    X, y = model.design(problem.X), problem.y
    decay, curvature = map(steepest_curvature, (problem.penalty_of, problem.loss))
    curvature *= problem.experiment.times_mean(problem.experiment.batch_size)
    if decay <= 0 or curvature <= 0:
        return X, y
    rows = torch.zeros(model.features, X.shape[1]).to(X)
    rows.fill_diagonal_(math.sqrt(len(X) * decay / curvature))
    return torch.cat([X, rows]), torch.cat([y, y.new_zeros(len(rows), 1)])
