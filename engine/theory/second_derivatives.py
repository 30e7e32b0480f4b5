"""Second derivatives in PyTorch: the methods for them, and what each costs, tried on real data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.support.translation import Translatable
from engine.theory.curvature import hessian_product

FEW = 1_000_000
"""Numbers of data times parameters up to which the whole Hessian is taken by autograd."""


@dataclass(frozen=True)
class Method:
    """One method for second derivatives."""

    name: Translatable
    passes: int
    """Backward passes."""
    numbers: int
    """Numbers that come out: p² of a Hessian, p of a product with a vector."""
    off: float | None = None
    """Largest distance from the formula; None where it failed."""
    graph_bytes: int = 0
    """Bytes that the graph of the first gradient keeps alive beyond those of the loss."""
    trouble: str = ""
    """What PyTorch said where it failed."""


def methods(
    objective: Callable[[Tensor], Tensor], theta: Tensor, H: Tensor, cost: int
) -> list[Method]:
    """Methods for ∇²f(θ), compared with H (p, p) of the formula; θ is (p,) in float64.

    `cost` is how many numbers one pass over the data takes: where it is large, only the product of
    H with its steepest direction is tried.
    """
    p = len(theta)
    tried = [Method("formula", 0, p * p, 0.0)]
    if cost * p <= FEW:
        rows, size = by_create_graph(objective, theta)
        tried.append(Method("create_graph", p + 1, p * p, float((rows - H).abs().max()), size))
    v = torch.linalg.eigh(H).eigenvectors[:, -1]
    off = float((hessian_product(objective, theta, v) - H @ v).abs().max())
    tried.append(Method("H·v", 2, p, off))
    tried.append(Method("retain_graph", 1, 0, trouble=retain_graph_alone(objective, theta)))
    return tried


def by_create_graph(objective: Callable[[Tensor], Tensor], theta: Tensor) -> tuple[Tensor, int]:
    """∇²f(θ) (p, p) row by row, and the bytes that keeping the first gradient's graph costs.

    torch.autograd.grad with create_graph=True makes the gradient differentiable itself; backward()
    with it would leave a cycle between each parameter and its gradient.
    """
    sizes: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    theta = theta.detach().requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        value = objective(theta)
        before = sum(sizes.values())
        (grad,) = torch.autograd.grad(value, theta, create_graph=True)
    size = sum(sizes.values()) - before
    rows = [
        torch.autograd.grad(entry, theta, retain_graph=True, materialize_grads=True)[0]
        for entry in grad + 0 * theta  # a gradient that is constant would have no graph
    ]
    return torch.stack(rows), size


def retain_graph_alone(objective: Callable[[Tensor], Tensor], theta: Tensor) -> str:
    """What happens where the graph is kept but the gradient has none: PyTorch's own words."""
    theta = theta.detach().requires_grad_()
    (grad,) = torch.autograd.grad(objective(theta), theta, retain_graph=True)
    try:
        torch.autograd.grad(grad[0], theta)
    except RuntimeError as error:
        return str(error).splitlines()[0]
    return ""
