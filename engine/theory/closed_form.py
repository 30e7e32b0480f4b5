"""The closed form: the parameters of least squares, ridge regression included."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.statistics.rows import blocks

DEPENDENT = 1e-12
"""A singular value below this share of the largest is rounding left over by dependent columns."""


def least_squares(
    X: Tensor, y: Tensor, ridge: Tensor | None = None, centred: bool = False
) -> Tensor:
    """θ* = argmin ‖Xθ − y‖²/n + Σ ridge·θ² of shape (parameters,), float64.

    For X (n, parameters), y (n, 1) and a `ridge` (parameters,); `centred` says that the last column
    is constant and free of the ridge: the others are then centred first, which keeps the digits of
    columns far from 0. Blocks of rows are folded into one triangle by QR, so memory stays small at
    any n. Dependent columns, told by columns of length 1, give the solution of least norm.
    """
    p = X.shape[1]
    middle = torch.zeros(p + 1, dtype=torch.float64)
    if centred:
        for rows, labels in blocks(X, y):
            middle += torch.cat([rows, labels], dim=1).sum(0) / len(X)
        middle[p - 1] = 0.0
    triangle = torch.zeros(0, p + 1, dtype=torch.float64)
    if ridge is not None and ridge.any():
        triangle = torch.cat([(len(X) * ridge).sqrt().diag(), torch.zeros(p, 1)], dim=1)
    for rows, labels in blocks(X, y):
        stacked = torch.cat([triangle, torch.cat([rows, labels], dim=1) - middle])
        triangle = torch.linalg.qr(stacked, mode="r").R
    lengths = triangle[:, :-1].norm(dim=0)
    lengths = lengths.where(lengths > 0, 1.0)
    U, sizes, Vh = torch.linalg.svd(triangle[:, :-1] / lengths, full_matrices=True)
    rank = int((sizes > DEPENDENT * sizes.max()).sum())
    along = (U.T @ triangle[:, -1])[:rank] / sizes[:rank]
    theta: Tensor = (Vh[:rank].T @ along) / lengths
    if centred:
        theta[-1] += middle[-1] - middle[:-1] @ theta
    flat = Vh[rank:] / lengths
    if len(flat):
        if centred:
            flat[:, -1] -= flat @ middle[:-1]
        theta -= flat.T @ torch.linalg.lstsq(flat.T, theta[:, None], driver="gelsd").solution[:, 0]
    return theta
