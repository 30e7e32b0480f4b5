"""Optimizers against torch.optim over the same gradients, and against a hand calculation."""

from __future__ import annotations

from pkgutil import resolve_name

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.choice import choose
from engine.catalog.optimizers import OPTIMIZERS, OptimizerEntry
from engine.theory.mean_square import exact_limit
from tests.support.strategies import every_entry, values_of


def zeros(entry: OptimizerEntry, like: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The state of an optimizer at its start."""
    return tuple(torch.zeros_like(like) for _ in range(entry.slots))


@pytest.mark.parametrize("entry", every_entry("optimizer"))
@given(data=st.data())
def test_an_optimizer_steps_like_the_pytorch_class_it_names(
    entry: OptimizerEntry, data: st.DataObject
) -> None:
    """Random hyper-parameters, random gradients: the same path in float64."""
    if entry.torch is None:
        pytest.skip("PyTorch has no such class; the three loops are compared with each other")
    options = {param.name: data.draw(values_of(param), label=param.name) for param in entry.params}
    lr = data.draw(st.floats(1e-4, 10), label="lr")
    source = torch.Generator().manual_seed(data.draw(st.integers(0, 1000)))
    ours = torch.randn(4, generator=source, dtype=torch.float64)
    theirs = ours.clone().requires_grad_()
    optimizer = resolve_name(entry.torch)([theirs], lr=lr, **entry.torch_kwargs(**options))
    state = zeros(entry, ours)
    for step in range(1, 9):
        grad = torch.randn(4, generator=source, dtype=torch.float64)
        theirs.grad = grad.clone()
        optimizer.step()
        move, state = entry.function(grad, state, step, lr, **options)
        assert len(state) == entry.slots
        ours = ours - move
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-9, atol=1e-9)


def test_sgd_by_hand() -> None:
    move, _ = OPTIMIZERS["sgd"].function(torch.tensor([10.0, -20.0]), (), 1, 0.5)
    assert move.tolist() == [5.0, -10.0]


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam"])
def test_an_adaptive_optimizer_does_not_notice_the_scale_of_the_loss(name: str) -> None:
    """A loss a thousand times as large gives nearly the same path; SGD's is 1000 times longer.

    eps is what is left of the scale, so it is taken out of the way.
    """
    entry = OPTIMIZERS[name]
    options = {param.name: param.default for param in entry.params} | {"eps": 1e-30}
    paths = []
    for scale in (1.0, 1000.0):
        source = torch.Generator().manual_seed(0)
        at = torch.zeros(3, dtype=torch.float64)
        state = zeros(entry, at)
        for step in range(1, 20):
            grad = scale * torch.randn(3, generator=source, dtype=torch.float64)
            move, state = entry.function(grad, state, step, 0.1, **options)
            at = at - move
        paths.append(at)
    torch.testing.assert_close(*paths, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("entry", every_entry("optimizer"))
def test_the_stable_lr_of_a_parabola_is_where_the_steps_begin_to_grow(
    entry: OptimizerEntry,
) -> None:
    """On ½λθ² with exact gradients; one that scales its own steps has no limit."""
    options = {param.name: param.default for param in entry.params}

    def grows(curvature: float, lr: float) -> bool:
        at = torch.tensor([1.0], dtype=torch.float64)
        state = zeros(entry, at)
        for step in range(1, 3000):
            move, state = entry.function(curvature * at, state, step, lr, **options)
            at = at - move
        return not bool(at.abs() <= 1)

    if not entry.is_linear:
        assert not grows(3.0, 0.1), "its steps are about lr long"
        assert not grows(3e6, 0.1), "whatever the curvature is"
        return
    limit = exact_limit(choose("optimizer", entry.name), 3.0)
    assert not grows(3.0, 0.98 * limit)
    assert grows(3.0, 1.02 * limit)
