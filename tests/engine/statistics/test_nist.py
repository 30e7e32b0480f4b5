"""Regression against the values that NIST certifies, in certified digits."""

from __future__ import annotations

import pytest
import torch

from engine.statistics.regression import Regression, regression
from tests.support.nist import FILIP, LONGLEY, NO_INTERCEPT, NORRIS, WAMPLER1, WAMPLER2, Reference


def fitted(reference: Reference) -> Regression:
    X, y = map(torch.tensor, reference.rows())
    return regression(X, y, [str(j) for j in range(X.shape[1])], reference.intercept)


@pytest.mark.parametrize(
    ("reference", "digits"),
    [(NORRIS, 11), (NO_INTERCEPT, 13), (LONGLEY, 11), (FILIP, 7)],
    ids=["Norris", "NoInt1", "Longley", "Filip"],
)
def test_certified_values_come_out(reference: Reference, digits: int) -> None:
    found = fitted(reference)
    near = 10.0**-digits
    assert [c.estimate for c in found.coefficients] == pytest.approx(reference.estimates, rel=near)
    assert [c.se for c in found.coefficients] == pytest.approx(reference.errors, rel=near)
    assert found.line.residual_sd == pytest.approx(reference.residual_sd, rel=near)
    r2 = found.r2 if reference.intercept else found.r2_around_zero
    assert r2 == pytest.approx(reference.r2, rel=near)
    assert found.f == pytest.approx(reference.f, rel=near)


@pytest.mark.parametrize("reference", [WAMPLER1, WAMPLER2], ids=["Wampler1", "Wampler2"])
def test_polynomials_without_noise_are_found_and_called_perfect(reference: Reference) -> None:
    found = fitted(reference)
    estimates = [c.estimate for c in found.coefficients]
    assert estimates == pytest.approx(reference.estimates, rel=1e-9)
    assert found.r2 == pytest.approx(1, abs=1e-14)
    assert found.is_perfect


def test_timestamps_keep_their_digits() -> None:
    t = 1.7e9 + 60 * torch.arange(1440, dtype=torch.float64)[:, None]
    intercept, slope = regression(t, (t - 1.7e9) / 120, ["t"], True).coefficients
    assert slope.estimate == pytest.approx(1 / 120, rel=1e-12)
    assert intercept.estimate == pytest.approx(-1.7e9 / 120, rel=1e-9)


def test_ids_keep_their_digits() -> None:
    ids = 20240000 + torch.arange(300, dtype=torch.float64)[:, None]
    (slope,) = regression(ids, ids - 5, ["id"], True).coefficients[1:]
    assert slope.estimate == pytest.approx(1, rel=1e-12)
