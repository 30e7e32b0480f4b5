"""Losses against PyTorch's own, finite differences and exact decimal arithmetic."""

from __future__ import annotations

from decimal import Decimal, localcontext
from pkgutil import resolve_name

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from engine.catalog.losses import LOSSES, LossEntry
from engine.catalog.param import Number, Param
from tests.support.strategies import every_entry

RESIDUALS = st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=20)


def moderate(param: Param) -> st.SearchStrategy[float]:
    """Values of a loss's parameter between a thousandth and a thousand."""
    assert isinstance(param, Number)
    return st.floats(max(param.low or 0.0, 1e-3), min(param.high or 1e3, 1e3))


def params_of(entry: LossEntry, data: st.DataObject) -> dict[str, float]:
    """A value for each parameter of a loss."""
    return {param.name: data.draw(moderate(param)) for param in entry.params}


def column(numbers: list[float], dtype: torch.dtype = torch.float64) -> Tensor:
    """Residuals as the loops have them: a column."""
    return torch.tensor(numbers, dtype=dtype).reshape(-1, 1)


@pytest.mark.parametrize("entry", every_entry("loss"))
@given(data=st.data())
def test_a_perfect_fit_costs_nothing_and_anything_else_something(
    entry: LossEntry, data: st.DataObject
) -> None:
    params = params_of(entry, data)
    assert entry.function(torch.zeros(3, 1), **params).tolist() == [[0.0]] * 3
    r = column(data.draw(RESIDUALS))
    assert bool((entry.function(r, **params)[r.abs() > 1e-6] > 0).all())


@pytest.mark.parametrize("entry", every_entry("loss"))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@given(data=st.data())
def test_a_loss_keeps_shape_and_type_is_symmetric_and_spares_its_argument(
    entry: LossEntry, dtype: torch.dtype, data: st.DataObject
) -> None:
    params = params_of(entry, data)
    r = column(data.draw(RESIDUALS), dtype)
    before = r.clone()
    cost = entry.function(r, **params)
    assert (cost.shape, cost.dtype) == (r.shape, dtype)
    mirrored = {name: 1 - q if name == "q" else q for name, q in params.items()}
    torch.testing.assert_close(cost, entry.function(-r, **mirrored), rtol=1e-6, atol=0)
    assert torch.equal(r, before)


@pytest.mark.parametrize("entry", every_entry("loss"))
@given(data=st.data())
def test_a_larger_residual_never_costs_less(entry: LossEntry, data: st.DataObject) -> None:
    params = params_of(entry, data)
    r = column(data.draw(RESIDUALS)).abs().sort(dim=0).values
    cost = entry.function(r, **params)
    assert bool((cost.diff(dim=0) >= -1e-12 * cost[1:]).all())


@pytest.mark.parametrize("entry", every_entry("loss"))
@given(data=st.data())
def test_the_gradient_is_the_central_difference(entry: LossEntry, data: st.DataObject) -> None:
    params = params_of(entry, data)
    sizes = data.draw(st.lists(st.floats(1e-3, 100), min_size=1, max_size=10))
    signs = data.draw(st.lists(st.sampled_from([-1, 1]), min_size=len(sizes), max_size=len(sizes)))
    r = column([size * sign for size, sign in zip(sizes, signs, strict=True)]).requires_grad_()
    (gradient,) = torch.autograd.grad(entry.function(r, **params).sum(), r)
    h = 1e-6
    with torch.no_grad():
        above, below = entry.function(r + h, **params), entry.function(r - h, **params)
        difference = (above - below) / (2 * h)
    # The second derivative of smooth L1 jumps by 1/β, at most 1000 here.
    torch.testing.assert_close(gradient, difference, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("entry", every_entry("loss"))
def test_the_gradient_of_a_perfect_fit_is_zero(entry: LossEntry) -> None:
    params = {param.name: param.default for param in entry.params}
    r = torch.zeros(2, 1, requires_grad=True)
    entry.function(r, **params).sum().backward()
    assert r.grad is not None
    assert r.grad.tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize("entry", [case for case in every_entry("loss") if case.values[0].torch])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@given(data=st.data())
def test_a_loss_equals_the_pytorch_class_it_names(
    entry: LossEntry, reduction: str, data: st.DataObject
) -> None:
    assert entry.torch
    params = params_of(entry, data)
    y_hat = column(data.draw(RESIDUALS))
    y = column(data.draw(st.lists(st.floats(-1e4, 1e4), min_size=len(y_hat), max_size=len(y_hat))))
    ours = entry.function(y_hat - y, **params)
    if reduction != "none":
        ours = ours.sum() if reduction == "sum" else ours.mean()
    theirs = resolve_name(entry.torch)(reduction=reduction, **params)(y_hat, y)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


@given(r=RESIDUALS, delta=st.floats(1e-3, 1e3))
def test_huber_is_delta_times_smooth_l1(r: list[float], delta: float) -> None:
    """nn.HuberLoss(δ)=δ·SmoothL1Loss(β=δ), to 1e-7."""
    ours = LOSSES["huber"].function(column(r), delta=delta)
    torch.testing.assert_close(
        ours,
        delta * LOSSES["smooth_l1"].function(column(r), beta=delta),
        rtol=1e-7,
        atol=0,
    )
    theirs = nn.SmoothL1Loss(reduction="none", beta=delta)(column(r), torch.zeros(len(r), 1))
    torch.testing.assert_close(ours, delta * theirs, rtol=1e-7, atol=0)


@given(r=st.floats(0.1, 100), delta=st.floats(1e-3, 1e3))
def test_huber_and_smooth_l1_are_equal_only_at_one(r: float, delta: float) -> None:
    """Equal only at δ=1."""
    one = LOSSES["huber"].function(column([r]), delta=delta).item()
    other = LOSSES["smooth_l1"].function(column([r]), beta=delta).item()
    assert (one == pytest.approx(other, rel=1e-9)) == (delta == pytest.approx(1, rel=1e-9))


def exact_log_cosh(r: float) -> float:
    """ln cosh r with sixty digits to spare."""
    with localcontext() as context:
        context.prec = 60
        power = abs(Decimal(r)).exp()
        return float(((power + 1 / power) / 2).ln())


@given(st.floats(1e-8, 1e4), st.sampled_from([-1, 1]))
def test_log_cosh_is_exact_near_zero_and_far_away(size: float, sign: int) -> None:
    ours = LOSSES["log_cosh"].function(column([sign * size])).item()
    assert ours == pytest.approx(exact_log_cosh(size), rel=1e-13)


@pytest.mark.parametrize(
    "size", [1e-18, 1e-8, 1e-4, 1e-2, 0.5, 0.999999, 1.0, 1.000001, 5.0, 20.0, 90.0, 1e4, 1e30]
)
def test_log_cosh_in_float32(size: float) -> None:
    r = torch.tensor([[size], [-size]], requires_grad=True)
    cost = LOSSES["log_cosh"].function(r)
    wanted = exact_log_cosh(r[0].item()) if size <= 1e4 else size
    assert cost.flatten().tolist() == pytest.approx([wanted] * 2, rel=1e-6, abs=1e-45)
    cost.sum().backward()
    assert r.grad is not None
    slope = torch.tanh(r.detach().double())
    torch.testing.assert_close(r.grad.double(), slope, rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("name", "params", "r", "cost"),
    [
        ("half_squared", {}, 3.0, 4.5),
        ("squared", {}, -3.0, 9.0),
        ("l1", {}, -3.0, 3.0),
        ("huber", {"delta": 1.0}, 0.5, 0.125),
        ("huber", {"delta": 1.0}, 3.0, 2.5),
        ("huber", {"delta": 2.0}, 3.0, 4.0),
        ("smooth_l1", {"beta": 2.0}, 3.0, 2.0),
        ("smooth_l1", {"beta": 2.0}, 1.0, 0.25),
    ],
)
def test_numbers_worked_out_by_hand(
    name: str, params: dict[str, float], r: float, cost: float
) -> None:
    assert LOSSES[name].function(column([r]), **params).item() == pytest.approx(cost)
