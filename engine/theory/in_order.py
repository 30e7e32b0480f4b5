"""The lr below which plain descent over the same minibatches in the same order is stable.

An epoch takes the error e of the parameters to Π(I − lr·H_b)·e, H_b the Hessian of minibatch b:
exact where the loss is a parabola. What each minibatch alone bears, 2/λmax(H_b), is safe for all of
them, but not the limit: what one row throws up the others may take down again.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.theory.curvature import NEGLIGIBLE

TRIED = 65
"""Learning rates of a search, evenly spread over what is left."""
ROUNDS = 4
MOST_NUMBERS = 2_000_000
"""In the steps of an epoch at all these learning rates; beyond, no limit is searched."""


def ordered_limit(hessians: Tensor) -> tuple[float, int, float]:
    """The limit of the lr for the Hessians (m, p, p) of an epoch's minibatches, in their order;
    then which minibatch alone bears least, from 0, and how much.

    Searched from what the least bears up to twice what their mean does, for the first that grows.
    """
    mean = hessians.mean(0)
    values, vectors = torch.linalg.eigh(mean)
    along = vectors[:, values > NEGLIGIBLE * values[-1]]
    alone = 2 / torch.linalg.eigvalsh(hessians)[:, -1]
    least = int(alone.argmin())
    curved = along.T @ hessians @ along
    low, high = float(alone[least]), 4 / float(values[-1])
    for _ in range(ROUNDS):
        lrs = torch.linspace(low, high, TRIED, dtype=torch.float64)
        growing = epoch_grows(curved, lrs)
        growing[-1] = True  # beyond the limit of the mean nothing is searched
        first = max(int(growing.int().argmax()), 1)
        low, high = float(lrs[first - 1]), float(lrs[first])
    return low, least, float(alone[least])


def epoch_grows(hessians: Tensor, lrs: Tensor) -> Tensor:
    """Of each lr whether some error is larger after many epochs: ρ(Π(I − lr·H_b)) ≥ 1.

    Neighbours are multiplied until one matrix is left, each brought to size 1 on the way.
    """
    still = torch.eye(hessians.shape[-1], dtype=lrs.dtype)
    steps, grown = still - lrs[:, None, None, None] * hessians, torch.zeros_like(lrs)
    while steps.shape[1] > 1:
        if steps.shape[1] % 2:
            steps = torch.cat([steps, still.expand(len(lrs), 1, *still.shape)], dim=1)
        steps = steps[:, 1::2] @ steps[:, ::2]
        size = steps.flatten(2).norm(dim=2).clamp_min(1e-300)
        steps, grown = steps / size[..., None, None], grown + size.log().sum(1)
    radius: Tensor = torch.linalg.eigvals(steps[:, 0]).abs().amax(1)
    return radius.log() + grown >= 0
