"""Second derivatives in PyTorch, against formulas worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.theory.second_derivatives import by_create_graph, methods, retain_graph_alone
from tests.support.examples import tries
from tests.support.runs import array


@given(p=st.integers(1, 6), seed=st.integers(0, 1000))
@tries(20)
def test_every_way_finds_the_matrix_of_a_quadratic_form(p: int, seed: int) -> None:
    A = torch.randn(p, p, generator=torch.Generator().manual_seed(seed)).double()
    H = A @ A.T
    found = {
        method.name: method
        for method in methods(lambda t: t @ H @ t / 2, torch.ones(p).double(), H, 1)
    }
    assert set(found) == {"formula", "create_graph", "H·v", "retain_graph"}
    assert (found["create_graph"].passes, found["create_graph"].numbers) == (p + 1, p * p)
    assert (found["H·v"].passes, found["H·v"].numbers) == (2, p)
    for name in ("create_graph", "H·v"):
        assert found[name].off == pytest.approx(0, abs=1e-9)
    twice = {
        method.name: method for method in methods(lambda t: t @ H @ t, torch.ones(p).double(), H, 1)
    }
    assert twice["create_graph"].off == pytest.approx(float(H.abs().max()))


def test_rows_of_a_function_that_is_no_parabola() -> None:
    theta = torch.tensor([0.3, -0.7], dtype=torch.float64)
    H, kept = by_create_graph(lambda t: (t[0] * t[1].exp()).sum(), theta)
    a, e = 0.3, np.exp(-0.7)
    assert array(H) == pytest.approx(np.array([[0, e], [e, a * e]]))
    assert kept > 0


def test_a_straight_line_has_no_second_derivative() -> None:
    H, _ = by_create_graph(lambda t: (3 * t).sum(), torch.ones(2).double())
    assert not H.any()


def test_keeping_the_graph_costs_with_the_data() -> None:
    X = torch.randn(1000, 2, generator=torch.Generator().manual_seed(1)).double()
    costs = [
        by_create_graph(lambda t: (rows @ t).pow(4).mean(), torch.ones(2).double())[1]  # noqa: B023
        for rows in (X[:100], X)
    ]
    assert costs[0] >= 100 * 8
    assert costs[1] == pytest.approx(10 * costs[0], rel=0.2)


def test_retain_graph_alone_is_refused_by_pytorch() -> None:
    said = retain_graph_alone(lambda t: t.pow(3).sum(), torch.ones(2).double())
    assert "does not require grad" in said


def test_of_very_many_numbers_only_the_product_is_taken() -> None:
    H = torch.eye(3).double()
    names = [
        method.name for method in methods(lambda t: t @ H @ t / 2, torch.ones(3).double(), H, 10**7)
    ]
    assert names == ["formula", "H·v", "retain_graph"]


def test_an_update_in_place_spoils_a_kept_graph() -> None:
    """THEORY: with a product of parameters the graph holds them, and autograd notices."""
    theta = torch.ones(2, requires_grad=True)
    (grad,) = torch.autograd.grad(theta.prod(), theta, create_graph=True)
    with torch.no_grad():
        theta -= 0.1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch.autograd.grad(grad[0], theta)
