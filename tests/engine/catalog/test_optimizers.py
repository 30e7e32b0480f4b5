"""Optimizers against torch.optim over the same gradients, and against a hand calculation."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.optimizers import OPTIMIZERS
from engine.catalog.registry import Entry
from tests.support.strategies import every_entry, values_of


@pytest.mark.parametrize("entry", every_entry("optimizer"))
@given(data=st.data())
def test_an_optimizer_steps_like_the_pytorch_class_it_names(
    entry: Entry[Any], data: st.DataObject
) -> None:
    """Random hyper-parameters, random gradients: the same path in float64."""
    assert entry.torch, "the concise loop needs one"
    options = {param.name: data.draw(values_of(param), label=param.name) for param in entry.params}
    lr = data.draw(st.floats(1e-4, 10), label="lr")
    source = torch.Generator().manual_seed(data.draw(st.integers(0, 1000)))
    ours = torch.randn(4, generator=source, dtype=torch.float64)
    theirs = ours.clone().requires_grad_()
    optimizer = resolve_name(entry.torch)([theirs], lr=lr, **entry.torch_kwargs(**options))
    first, second = torch.zeros_like(ours), torch.zeros_like(ours)
    for step in range(1, 9):
        grad = torch.randn(4, generator=source, dtype=torch.float64)
        theirs.grad = grad.clone()
        optimizer.step()
        move, first, second = entry.function(grad, first, second, step, lr, **options)
        ours = ours - move
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-9, atol=1e-9)


def test_sgd_by_hand() -> None:
    grad, kept = torch.tensor([10.0, -20.0]), torch.zeros(2)
    move, *_ = OPTIMIZERS["sgd"].function(grad, kept, kept, 1, 0.5)
    assert move.tolist() == [5.0, -10.0]


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam"])
def test_an_adaptive_optimizer_does_not_notice_the_scale_of_the_loss(name: str) -> None:
    """D13: a loss a thousand times as large gives nearly the same path; SGD's is 1000 times longer.

    eps is what is left of the scale, so it is taken out of the way.
    """
    entry = OPTIMIZERS[name]
    options = {param.name: param.default for param in entry.params} | {"eps": 1e-30}
    paths = []
    for scale in (1.0, 1000.0):
        source = torch.Generator().manual_seed(0)
        at = first = second = torch.zeros(3, dtype=torch.float64)
        for step in range(1, 20):
            grad = scale * torch.randn(3, generator=source, dtype=torch.float64)
            move, first, second = entry.function(grad, first, second, step, 0.1, **options)
            at = at - move
        paths.append(at)
    torch.testing.assert_close(*paths, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("entry", every_entry("optimizer"))
def test_the_stable_lr_of_a_parabola_is_where_the_steps_begin_to_grow(entry: Entry[Any]) -> None:
    """On ½λθ² with exact gradients: stability says 2/(λ·its first number)."""
    if entry.stability is None:
        assert entry.name in ("adagrad", "rmsprop", "adam"), "it has no fixed limit"
        return
    options = {param.name: param.default for param in entry.params}
    curvature, (weight, _) = 3.0, entry.stability(**options)
    for share, grows in ((0.98, False), (1.02, True)):
        at = torch.tensor([1.0], dtype=torch.float64)
        first = second = torch.zeros_like(at)
        for step in range(1, 3000):
            lr = share * 2 / (curvature * weight)
            move, first, second = entry.function(curvature * at, first, second, step, lr, **options)
            at = at - move
        assert bool(at.abs() > 1) is grows
