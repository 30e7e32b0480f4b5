"""The Hessian of the mean loss, its eigenvalues, and what they say about gradient descent.

The objective is f(θ) = mean ℓ(X̃θ − y) + ½ Σ penalty·θ²: design X̃ (n, p), labels y (n, 1),
parameters θ (p,) in the order of X̃'s columns, and a loss ℓ of each residual.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.statistics.rows import blocks
from engine.theory.derivatives import Loss, curvatures

NEGLIGIBLE = 1e-13
"""An eigenvalue below this share of the largest is rounding: float64 holds about 16 digits."""


# Hessians ------------------------------------------------------------------------------------


def hessian(
    design: Tensor, y: Tensor, theta: Tensor, loss: Loss, penalty: Tensor | None = None
) -> Tensor:
    """∇²f(θ) = X̃ᵀ diag(ℓ″(r)) X̃ / n + diag(penalty), of shape (p, p) in float64.

    `penalty` (p,) is λ at each weight and 0 at a bias that is not held back (weight decay).
    """
    theta = theta.cpu().double()
    total = torch.zeros(len(theta), len(theta), dtype=torch.float64)
    for rows, labels in blocks(design, y):
        weights = curvatures(loss, rows @ theta[:, None] - labels)
        total += rows.T @ (weights * rows)
    H = total / len(design)
    return H if penalty is None else H + penalty.cpu().double().diag()


def hessian_by_autograd(objective: Callable[[Tensor], Tensor], theta: Tensor) -> Tensor:
    """∇²f(θ) of shape (p, p) for any scalar function of θ (p,): p passes, so for few parameters."""
    H: Tensor = torch.autograd.functional.hessian(objective, theta)
    return H


def hessian_product(objective: Callable[[Tensor], Tensor], theta: Tensor, v: Tensor) -> Tensor:
    """∇²f(θ)·v of shape (p,), at the cost of a few gradients and without the Hessian.

    The gradient of ∇f·v (Pearlmutter 1994).
    """
    # torch.autograd.functional.vhp imports sympy, which takes a second.
    theta = theta.detach().requires_grad_()
    (grad,) = torch.autograd.grad(objective(theta), theta, create_graph=True)
    # Without 0·θ a gradient that is constant would have no graph.
    return torch.autograd.grad((grad + 0 * theta) @ v, theta)[0]


def signed(vectors: Tensor) -> Tensor:
    """Columns turned so that the largest component of each is positive; of equals, the first."""
    sizes = vectors.abs()
    # Components equal but for rounding must not take turns.
    largest = (sizes >= (1 - 1e-9) * sizes.amax(dim=0)).double().argmax(dim=0)
    return vectors * vectors.gather(0, largest[None]).sign()


# Eigenvalues ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Curvature:
    """The eigenvalues of a Hessian H, and what they mean for full-batch gradient descent.

    Along the eigenvector of λ each step multiplies the error by 1 − lr·λ. Where columns of X̃
    depend on each other, some λ are 0: along these directions the loss is flat, every point is as
    good as any other, and θ keeps what it started with. Statements on rates are about the others.
    """

    eigenvalues: Tensor
    """λ (p,), largest first; exactly 0 where there is nothing but rounding."""
    eigenvectors: Tensor
    """Columns (p, p) of length 1, the largest component of each positive."""

    @property
    def rank(self) -> int:
        """How many directions have curvature; p less this many are flat."""
        return int(self.eigenvalues.count_nonzero())

    @property
    def largest(self) -> float:
        """λ₁: the curvature of the steepest direction."""
        return float(self.eigenvalues[0])

    @property
    def smallest(self) -> float:
        """λᵣ: the least curvature of a direction that is not flat; NaN without curvature."""
        positive = self.eigenvalues[self.eigenvalues > 0]
        return float(positive[-1]) if len(positive) else math.nan

    @property
    def condition(self) -> float:
        """κ = λ₁/λᵣ: how narrow the valley is, 1 for a round one; NaN without curvature."""
        return self.largest / self.smallest

    @property
    def critical_lr(self) -> float:
        """2/λ₁: gradient descent converges below and diverges above; infinite without curvature."""
        return 2 / self.largest if self.largest > 0 else math.inf

    @property
    def best_lr(self) -> float:
        """2/(λ₁ + λᵣ), at which the slowest directions are as fast as can be; NaN if flat."""
        return 2 / (self.largest + self.smallest)

    @property
    def best_rate(self) -> float:
        """(κ − 1)/(κ + 1): what each step at `best_lr` leaves of the error (Polyak 1987)."""
        return (self.condition - 1) / (self.condition + 1)

    @property
    def best_momentum_lr(self) -> float:
        """(2/(√λ₁ + √λᵣ))²: the lr of the fastest heavy ball, θ ← θ − v with v ← μ·v + lr·grad."""
        return (2 / (math.sqrt(max(self.largest, 0.0)) + math.sqrt(self.smallest))) ** 2

    @property
    def best_momentum(self) -> float:
        """((√κ − 1)/(√κ + 1))²: the μ of the fastest heavy ball (Polyak 1964)."""
        return self.best_momentum_rate**2

    @property
    def best_momentum_rate(self) -> float:
        """(√κ − 1)/(√κ + 1): what each step of the fastest heavy ball leaves of the error."""
        root = math.sqrt(self.condition)
        return (root - 1) / (root + 1)

    def along(self, error: Tensor) -> Tensor:
        """Coordinates along the eigenvectors, shape of `error` (…, p), for example of θ − θ*."""
        return error.cpu().double() @ self.eigenvectors

    def path(self, start: Tensor, lr: float, steps: Tensor) -> Tensor:
        """cᵢ(k) = (1 − lr·λᵢ)ᵏ·cᵢ(0): the error of gradient descent after k full-batch steps.

        `start` (p,) holds c(0) along the eigenvectors and `steps` (m,) the k; gives (m, p). Exact
        for squared losses. The parameters are θ* + path @ eigenvectorsᵀ.
        """
        factors = 1 - lr * self.eigenvalues
        powers: Tensor = factors ** steps.cpu().double()[:, None]
        return powers * start.cpu().double()


def curvature(H: Tensor) -> Curvature:
    """Eigenvalues and eigenvectors of a Hessian (p, p), symmetric; see `Curvature`.

    Columns of very different size do not count as flat: the rank is that of the columns brought to
    one size. Where H is positive definite, its eigenvalues are the squares of the singular values
    of its Cholesky factor, which keeps the digits of the small ones.
    """
    H = H.cpu().double()
    sizes = H.diagonal().abs().sqrt()
    sizes = sizes.where(sizes > 0, 1.0)
    even = H / sizes / sizes[:, None]
    shares = torch.linalg.eigvalsh(even).abs()
    curved = int((shares > NEGLIGIBLE * shares.max()).sum())
    factor, failed = torch.linalg.cholesky_ex(even)
    if curved == len(H) and not failed:
        vectors, roots, _ = torch.linalg.svd(sizes[:, None] * factor)
        return Curvature(roots.square(), signed(vectors))
    values, vectors = torch.linalg.eigh(H)
    flat = values.abs().argsort()[: len(H) - curved]
    values[flat] = 0.0
    order = values.argsort(descending=True, stable=True)
    return Curvature(values[order], signed(vectors[:, order]))
