"""Optimizers against torch.optim over the same gradients."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.optimizers import OPTIMIZERS
from engine.registry import Entry
from tests.engine.conftest import every_entry


@pytest.mark.parametrize("entry", every_entry("optimizer"))
@given(
    lr=st.floats(1e-4, 10),
    divisor=st.integers(1, 500),
    seed=st.integers(0, 1000),
)
def test_an_optimizer_steps_like_the_pytorch_class_it_names(
    entry: Entry[Any], lr: float, divisor: int, seed: int
) -> None:
    """Dividing the gradient (theirs) and telling the divisor (ours) are the same."""
    assert entry.torch, "the concise loop needs one"
    options = {param.name: param.default for param in entry.params}
    source = torch.Generator().manual_seed(seed)
    shapes = [(3, 1), (1,)]
    ours = [torch.randn(shape, generator=source, dtype=torch.float64) for shape in shapes]
    theirs = [param.clone().requires_grad_() for param in ours]
    ours = [param.requires_grad_() for param in ours]
    optimizer = resolve_name(entry.torch)(theirs, lr=lr, **options)
    for _ in range(4):
        for param, other in zip(ours, theirs, strict=True):
            param.grad = torch.randn(param.shape, generator=source, dtype=torch.float64)
            other.grad = param.grad / divisor
        with torch.no_grad():
            entry.function(ours, lr=lr, divisor=divisor, **options)
        optimizer.step()
    for param, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(param, other, rtol=1e-10, atol=1e-10)


def test_sgd_by_hand() -> None:
    param = torch.tensor([1.0, 2.0], requires_grad=True)
    param.grad = torch.tensor([10.0, -20.0])
    with torch.no_grad():
        OPTIMIZERS["sgd"].function([param], lr=0.5, divisor=10)
    assert param.tolist() == [0.5, 3.0]
    assert param.grad.tolist() == [10.0, -20.0]
