"""Tails and quantiles against scipy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.statistics.distributions import chi2_tail, f_tail, t_quantile, t_tail

DF = st.floats(0.0, 6.0).map(lambda power: 10.0**power)
SIZE = st.floats(-6.0, 3.0).map(lambda power: 10.0**power)
REPRESENTED = 1e-250
"""Below, a tail is as good as 0, and scipy's own digits fade."""


def same(tail: float, expected: float) -> bool:
    return tail == pytest.approx(expected, rel=1e-10, abs=REPRESENTED)


@given(df=DF, rest=DF, size=SIZE)
def test_tails_are_scipys(df: float, rest: float, size: float) -> None:
    assert same(t_tail(-size, df), 2 * stats.t.sf(size, df))
    assert same(f_tail(size, df, rest), stats.f.sf(size, df, rest))
    assert same(chi2_tail(size, df), stats.chi2.sf(size, df))


@given(df=DF, tail=st.floats(-12.0, -0.01).map(lambda power: 10.0**power))
def test_the_quantile_of_t_is_scipys(df: float, tail: float) -> None:
    assert t_quantile(tail, df) == pytest.approx(stats.t.isf(tail / 2, df), rel=1e-10)


def test_the_ends_of_the_tails() -> None:
    assert t_tail(0, 3) == chi2_tail(0, 3) == f_tail(0, 3, 4) == 1
    assert t_tail(math.inf, 3) == chi2_tail(math.inf, 3) == f_tail(math.inf, 3, 4) == 0
    assert t_tail(1e200, 2) == 0
    assert math.isnan(t_tail(math.nan, 3))
    assert math.isnan(chi2_tail(math.nan, 3))
