"""The lr below which minibatch descent is stable: E‖θ − θ*‖² does not grow from epoch to epoch.

For a loss that is a parabola of each residual, and an optimizer whose move is linear in gradients
and state: the error e of each parameter and the numbers that the optimizer carries for it are a
vector z of k numbers, and a step with gradient h·e takes it to (N + h·n·(1, 0, …))·z. The second
moments E z zᵀ of all parameters then follow a linear map, of which minibatches are a part by the
variance of their Hessian (Ma, Bassily and Belkin 2018 for plain SGD).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.catalog.choice import Choice
from engine.catalog.optimizers import OptimizerEntry
from engine.theory.curvature import NEGLIGIBLE

MOST_EXACT = 8
"""Up to so many parameters all products of two errors are followed, beyond the squares alone.

The squares are enough where features are symmetric about their means along the eigenvectors.
"""
MOST_ROWS = 100_000
"""Samples that tell the fourth moments of the features well enough."""

Samples = Iterator[tuple[Tensor, Tensor]]
"""Rows of X̃ (b, p) with the curvature of the loss of each (b, 1)."""
LARGEST, SMALLEST = 1e3, 1e-3
"""Between them lies lr·h at the limit of an optimizer for exact gradients."""
SHARE = 3e-8
"""Of what lies between them, in logarithms, to which a limit is found: of itself less than 1e-6."""
TRIED = 9
"""Parts into which what is left is cut where so many lrs at once take little longer than one."""
MANY = 64
"""Products from which on each lr takes its time: then what is left is halved."""
SHARES = 64
"""Shares of the limit of even steps, from .01 up, at which steps of uneven size are tried."""
MOST_STEPS = 16
"""Of an epoch; after more the short one is forgotten."""
STEPS = 640
"""As many as a mode needs to show whether it grows."""


@dataclass(frozen=True)
class Batch:
    """A kind of minibatch in an epoch."""

    samples: int
    times: float
    """How many times the gradient of its mean loss a step follows."""


@dataclass(frozen=True, eq=False)
class Modes:
    """Products of two errors along the eigenvectors of a Hessian, and how minibatches mix them."""

    first: Tensor
    second: Tensor
    """Indices (q,) of the two directions of each product."""
    scatter: Tensor
    """P ↦ E hᵢPhᵢ − A·P·A on these products (q, q): hᵢ is the data's part of one sample's Hessian,
    A their mean."""
    data: Tensor
    """Curvature (p,) of the mean loss along each direction."""
    penalty: Tensor
    """Curvature (p,) that the penalty adds."""
    n: int
    along: Tensor
    """The eigenvectors (p, r) themselves, side by side."""
    weight: Tensor
    """How many times a product counts (q,): √2 where its two directions are not one."""

    def curvature(self, batch: Batch) -> Tensor:
        """h (p,): the mean curvature that a step over such a minibatch meets."""
        return batch.times * self.data + self.penalty

    def noise(self, batch: Batch) -> Tensor:
        """The variance of such a minibatch's Hessian as a map of products (q, q)."""
        return self.drawn(batch) * self.scatter

    def drawn(self, batch: Batch) -> float:
        """The variance of what a step follows of such a minibatch, in that of one sample."""
        size = min(batch.samples, self.n)
        return batch.times**2 * (self.n - size) / max(self.n - 1, 1) / size


def modes(
    A: Tensor, decay: Tensor, times: float, samples: Callable[[], Samples], n: int
) -> Modes | None:
    """The modes of times·mean loss + ½Σ decay·θ²; None where it has no curvature.

    A (p, p) is the Hessian of the mean loss over n samples; `samples` gives their rows of X̃ in
    blocks, each with the curvature of its loss.
    """
    values, vectors = torch.linalg.eigh(times * A + decay.diag())
    curved = values > NEGLIGIBLE * values.abs().max()
    if not curved.any():
        return None
    along = vectors[:, curved]
    p = along.shape[1]
    first, second = torch.triu_indices(p, p) if p <= MOST_EXACT else torch.arange(p).repeat(2, 1)
    weight = torch.where(first == second, 1.0, math.sqrt(2))
    fourth = torch.zeros(len(first), len(first), dtype=torch.float64)
    mean, count = torch.zeros(p, p, dtype=torch.float64), 0
    for rows, bend in samples():
        z = rows @ along
        products = bend * z[:, first] * z[:, second] * weight
        fourth += products.T @ products
        mean += z.T @ (bend * z)
        count += len(z)
    mean /= count
    pairs = mean[first][:, first] * mean[second][:, second]
    pairs = pairs + mean[first][:, second] * mean[second][:, first]
    scatter = fourth / count - weight[:, None] * pairs * weight / 2
    data = (along.T @ A @ along).diagonal()
    penalty = (along.square() * decay[:, None]).sum(0)
    return Modes(first, second, scatter, data, penalty, n, along, weight)


def stable_lr(modes: Modes, optimizer: Choice[OptimizerEntry], batches: Sequence[Batch]) -> float:
    """The lr below which E‖θ − θ*‖² does not grow over an epoch of these minibatches.

    Standard data, plain SGD: 2/(1 + 3.56/B); full batch 2/λmax, with momentum 2(1 + μ)/λmax, with
    Nesterov's 2(1 + μ)/((1 + 2μ)λmax). Exact for minibatches that are drawn anew each step.
    """
    limit = even_limit(modes, optimizer, batches[0])
    if batches[-1] == batches[0] or math.isinf(limit):
        return limit
    return uneven_limit(modes, optimizer, batches, limit)


def even_limit(modes: Modes, optimizer: Choice[OptimizerEntry], batch: Batch) -> float:
    """The limit where all minibatches are of one size.

    At the limit second moments stand still: Z = M·Z·Mᵀ + V(P)·n·nᵀ for the moments P of errors.
    """
    h, noise = modes.curvature(batch), modes.noise(batch)

    def grows(lr: Tensor) -> Tensor:
        M, push = step_matrices(optimizer, lr, h)
        k = M.shape[-1]
        pairs = torch.einsum("lqab,lqcd->lqacbd", M[:, modes.first], M[:, modes.second])
        still = torch.eye(k * k, dtype=M.dtype) - pairs.flatten(2, 3).flatten(3, 4)
        pushed = (push[:, :, None] * push[:, None, :]).flatten(1)[:, None, :, None]
        answer = torch.linalg.solve_ex(still, pushed.expand(-1, len(noise), -1, -1)).result[
            ..., 0, 0
        ]
        # Where no error runs away, answers are positive: their roots on both sides of a symmetric
        # matrix leave its eigenvalues as they are, and symmetric ones are found far sooner.
        root = answer.clamp(min=0).sqrt()
        even = (root[..., None] * noise * root[:, None, :]).nan_to_num()
        radius = torch.linalg.eigvalsh(even).abs().amax(1)
        growing: Tensor = (radius >= 1) | runs_away(M)
        return growing

    return boundary(grows, float(h.max()), TRIED if len(noise) < MANY else 2)


def exact_limit(optimizer: Choice[OptimizerEntry], steepest: float) -> float:
    """The limit for exact gradients and a largest curvature `steepest`: 2/λ for plain SGD."""
    h = torch.tensor([steepest], dtype=torch.float64)
    return boundary(lambda lr: runs_away(step_matrices(optimizer, lr, h)[0]), steepest)


def runs_away(M: Tensor) -> Tensor:
    """Of each lr whether a step M (lrs, p, k, k) lets some error grow."""
    growing: Tensor = torch.linalg.eigvals(M).abs().flatten(1).amax(1) >= 1
    return growing


def boundary(grows: Callable[[Tensor], Tensor], steepest: float, parts: int = TRIED) -> float:
    """The lr from which something grows, between SMALLEST and LARGEST over a curvature.

    What is left is cut into so many parts again and again. Infinite where nothing grows at the
    largest.
    """
    ends = torch.tensor([SMALLEST, LARGEST], dtype=torch.float64).div(steepest).log()
    if not grows(ends[1:].exp()).any():
        return math.inf
    for _ in range(math.ceil(math.log(1 / SHARE, parts))):
        ends = torch.linspace(float(ends[0]), float(ends[1]), parts + 1, dtype=torch.float64)
        growing = torch.cat([grows(ends[1:-1].exp()), torch.tensor([True])])
        ends = ends[int(growing.int().argmax()) :][:2]
    return math.exp(float(ends[0]))


def uneven_limit(
    modes: Modes, optimizer: Choice[OptimizerEntry], batches: Sequence[Batch], limit: float
) -> float:
    """The smallest lr up to a limit at which an epoch of several kinds of minibatches grows.

    Steps of uneven size can resonate with momentum where neither size would grow alone: what is
    stable at one lr may not be at a smaller one. `batches` are those of an epoch, in order; all but
    the last MOST_STEPS are left out.
    """
    tried = limit * torch.logspace(-2, 0, SHARES, dtype=torch.float64)
    first = first_growing(modes, optimizer, batches[-MOST_STEPS:], tried)
    low, high = float(tried[max(first - 1, 0)]), float(tried[first])
    tried = torch.linspace(low, high, TRIED, dtype=torch.float64)
    first = first_growing(modes, optimizer, batches[-MOST_STEPS:], tried)
    return high if first == TRIED - 1 else float(tried[max(first - 1, 0)])


def first_growing(
    modes: Modes, optimizer: Choice[OptimizerEntry], batches: Sequence[Batch], lr: Tensor
) -> int:
    """Index of the first lr at which second moments grow; the last where none does."""
    growing = epoch_grows(modes, optimizer, batches, lr)
    return int(growing.int().argmax()) if growing.any() else len(lr) - 1


def epoch_grows(
    modes: Modes, optimizer: Choice[OptimizerEntry], batches: Sequence[Batch], lr: Tensor
) -> Tensor:
    """Of each lr whether second moments grow over many epochs of these minibatches."""
    kinds = {}
    for batch in dict.fromkeys(batches):
        M, push = step_matrices(optimizer, lr, modes.curvature(batch))
        kinds[batch] = M[:, modes.first], M[:, modes.second].mT, push, modes.noise(batch)
    k = push.shape[-1]
    Z = torch.eye(k, dtype=lr.dtype).expand(len(lr), len(modes.first), k, k).clone()
    Z[:, modes.first != modes.second] = 0
    grown = torch.zeros_like(lr)
    epochs = STEPS // len(batches)
    for epoch in range(epochs):
        for batch in batches:
            left, right, push, noise = kinds[batch]
            scatter = Z[..., 0, 0] @ noise.T
            Z = left @ Z @ right
            Z = Z + scatter[..., None, None] * (push[:, :, None] * push[:, None, :])[:, None]
        size = Z.flatten(1).norm(dim=1)
        Z = Z / size[:, None, None, None]
        if epoch >= epochs // 2:
            grown += size.log()
    return grown > 0


def step_matrices(
    optimizer: Choice[OptimizerEntry], lr: Tensor, h: Tensor
) -> tuple[Tensor, Tensor]:
    """M (lrs, p, k, k) = N + h·n·(1, 0, …) and n (lrs, k) of an optimizer, for h (p,)."""
    k = optimizer.entry.slots + 1
    zero = torch.zeros_like(lr)

    def taken(grad: Tensor, state: tuple[Tensor, ...]) -> Tensor:
        move, after = optimizer(grad, state, 1, lr)
        return torch.stack([-move, *after], dim=-1)

    push = taken(zero + 1, (zero,) * (k - 1))
    columns = [torch.eye(k, dtype=lr.dtype)[0].expand(len(lr), k)]
    for slot in range(k - 1):
        columns.append(taken(zero, tuple(zero + (slot == other) for other in range(k - 1))))
    N = torch.stack(columns, dim=-1)
    M = N[:, None].expand(-1, len(h), -1, -1).clone()
    M[..., 0] += h[:, None] * push[:, None, :]
    return M, push
