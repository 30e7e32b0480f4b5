"""What a statistician signs of a fit: errors, tests and intervals of least squares.

They hold for the closed form of least squares and for nothing else: not for where training stopped,
not for another loss or with a penalty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.statistics.distributions import chi2_tail, f_tail, t_quantile, t_tail
from engine.statistics.line import Line, fit_line, fit_to
from engine.statistics.rows import blocks

LEVEL = 0.95
"""How often an interval covers what it is of."""
PERFECT = 4
"""Residuals of so many units in the last place of the labels are rounding."""


@dataclass(frozen=True)
class Coefficient:
    """One number of the line, with the t test of whether it is 0.

    All but the estimate is NaN where other values fit as well.
    """

    name: str
    estimate: float
    se: float
    t: float
    p: float
    low: float
    """Begin of the interval that covers the true value in LEVEL of all samples."""
    high: float
    vif: float | None
    """How many times its variance is that of a column orthogonal to the others; infinite for a
    column that the others make up, None for the intercept."""
    unique: bool
    """Whether no other value fits as well."""


@dataclass(frozen=True)
class Test:
    """A statistic and how often chance alone makes it as large."""

    __test__ = False  # no test of pytest's

    value: float
    p: float


@dataclass(frozen=True, eq=False)
class Regression:
    """The least squares of y on some columns, and what is known of its errors."""

    line: Line
    coefficients: tuple[Coefficient, ...]
    """The intercept first, where there is one."""
    r2: float
    """1 − RSS/Σ(y − ȳ)²; below 0 where the mean does better, as a line without intercept may."""
    adjusted_r2: float
    r2_around_zero: float
    """1 − RSS/Σy²: what other programs call R² of a line without intercept."""
    f: float
    """Of the test whether all slopes are 0."""
    f_p: float
    durbin_watson: float
    """Σ(eₜ − eₜ₋₁)²/Σe² in the order of the rows: 2 where neighbours do not resemble each other."""
    jarque_bera: Test
    """Of residuals that are normal, by their skewness and kurtosis (Jarque and Bera 1980)."""
    breusch_pagan: Test
    """Of residuals whose variance does not follow the columns (Koenker 1981)."""
    scale_condition: float
    """Of the columns as they are, that of the intercept included: what hurts gradient descent."""
    condition: float
    """Of the columns centred and of one length: what hurts the answer."""
    is_perfect: bool
    """Whether nothing but rounding is left, of which no error can be told."""

    @property
    def not_unique(self) -> list[str]:
        """Names of the coefficients for which other values fit as well."""
        return [coefficient.name for coefficient in self.coefficients if not coefficient.unique]


@dataclass(frozen=True)
class Residuals:
    """Sums over the residuals, as shares of σ̂."""

    powers: Sequence[float]
    """Σe, Σe², Σe³, Σe⁴."""
    steps: float
    """Σ(eₜ − eₜ₋₁)²."""
    around_mean: float
    """Σ(y − ȳ)², in the units of y."""
    around_zero: float
    """Σy², in the units of y."""


def regression(X: Tensor, y: Tensor, names: Sequence[str], intercept: bool) -> Regression:
    """The least squares of y (n, 1) on X (n, d), whose columns have names, with all its errors.

    Memory stays that of X: everything goes over blocks of rows, three times over QR.
    """
    line = fit_line(X, y, intercept)
    rest = residuals(line, X, y)
    df, rank = line.df, line.rank
    variance = line.left / df if df > 0 else math.nan
    f = ratio(line.explained / rank, variance) if rank else math.nan
    around = rest.around_mean
    return Regression(
        line,
        coefficients(line, names),
        r2=1 - ratio(line.left, around),
        adjusted_r2=1 - ratio(variance, around / (line.n - 1)) if line.n > 1 else math.nan,
        r2_around_zero=1 - ratio(line.left, rest.around_zero),
        f=f,
        f_p=f_tail(f, rank, df) if rank and df > 0 else math.nan,
        durbin_watson=ratio(rest.steps, rest.powers[1]),
        jarque_bera=jarque_bera(line.n, rest.powers),
        breusch_pagan=breusch_pagan(line, X, y),
        scale_condition=scale_condition(line),
        condition=condition(line),
        is_perfect=line.left <= (PERFECT * torch.finfo(y.dtype).eps) ** 2 * rest.around_zero,
    )


def ratio(a: float, b: float) -> float:
    """a/b, infinite or NaN where b is 0."""
    if b:
        return a / b
    return math.inf if a else math.nan


def coefficients(line: Line, names: Sequence[str]) -> tuple[Coefficient, ...]:
    """Estimate, error, t test, interval and variance inflation of each number of a line."""
    sd, spread = line.residual_sd, line.spread
    errors = (sd * spread.norm(dim=1)).tolist()
    inflation = (spread * line.sizes[:, None]).square().sum(dim=1).tolist()
    estimates = []
    if line.intercept:
        origin = torch.zeros(1, len(line.slopes), dtype=torch.float64)
        error = sd * math.sqrt(float(line.leverages(origin)))
        unique = bool(line.estimable(origin))
        estimates.append(coefficient("(intercept)", line.constant, error, line.df, None, unique))
    for name, slope, error, vif, unique in zip(
        names, line.slopes.tolist(), errors, inflation, line.unique, strict=True
    ):
        vif = vif if unique else math.inf
        estimates.append(coefficient(name, slope, error, line.df, vif, unique))
    return tuple(estimates)


def coefficient(
    name: str, estimate: float, se: float, df: int, vif: float | None, unique: bool
) -> Coefficient:
    """An estimate with the t test and the interval that its error allows."""
    if not unique or df <= 0:
        nan = math.nan
        return Coefficient(name, estimate, nan, nan, nan, nan, nan, vif, unique)
    t = ratio(estimate, se)
    reach = t_quantile(1 - LEVEL, df) * se
    low, high = estimate - reach, estimate + reach
    return Coefficient(name, estimate, se, t, t_tail(t, df), low, high, vif, unique)


def residuals(line: Line, X: Tensor, y: Tensor) -> Residuals:
    """Sums over the residuals of a line at its rows."""
    sd = line.residual_sd if line.residual_sd > 0 else 1.0
    powers = torch.zeros(4, dtype=torch.float64)
    order = torch.arange(1, 5, dtype=torch.float64)
    steps = around_mean = around_zero = 0.0
    mean = float(y.double().mean())
    before = None
    for rows, labels in blocks(X, y):
        e = line.residuals(rows, labels) / sd
        powers += (e**order).sum(dim=0)
        steps += float(e.diff(dim=0, prepend=before).square().sum())
        before = e[-1:]
        around_mean += float((labels - mean).square().sum())
        around_zero += float(labels.square().sum())
    return Residuals(powers.tolist(), steps, around_mean, around_zero)


def jarque_bera(n: int, powers: Sequence[float]) -> Test:
    """n/6·(S² + (K − 3)²/4) with skewness S and kurtosis K about the mean; χ² with 2 of df."""
    m1, m2, m3, m4 = (power / n for power in powers)
    second = m2 - m1**2
    third = m3 - 3 * m1 * m2 + 2 * m1**3
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    skewness, kurtosis = ratio(third, max(second, 0.0) ** 1.5), ratio(fourth, second**2)
    value = n / 6 * (skewness**2 + (kurtosis - 3) ** 2 / 4)
    return Test(value, chi2_tail(value, 2))


def breusch_pagan(line: Line, X: Tensor, y: Tensor) -> Test:
    """n·R² of the squared residuals on the columns and an intercept; χ² with their rank of df."""
    sd = line.residual_sd
    if not sd > 0:
        return Test(math.nan, math.nan)
    squares = fit_to(X, y, line.middle, True, lambda X, y: (line.residuals(X, y) / sd).square())
    value = line.n * ratio(squares.explained, squares.explained + squares.left)
    return Test(value, chi2_tail(value, squares.rank) if squares.rank else math.nan)


def condition(line: Line) -> float:
    """σ₁/σ_d of the columns centred and of length 1; infinite where they depend on each other."""
    if not len(line.strengths):
        return math.nan
    return ratio(float(line.strengths[0]), float(line.strengths[-1]))


def scale_condition(line: Line) -> float:
    """σ₁/σ_p of X̃, the columns as they are and that of the intercept.

    X̃ = Q·R with R = [[√n, √n·middleᵀ], [0, diag(strengths)·axesᵀ·diag(sizes)]], whose inverse is
    written down too: each norm has all its digits.
    """
    d, spread = len(line.slopes), line.spread
    if line.rank < d:
        return math.inf
    R = line.strengths[:, None] * line.axes.T * line.sizes
    inverse = spread
    if line.intercept:
        root = math.sqrt(line.n)
        top = torch.cat([R.new_ones(1), line.middle]) * root
        R = torch.cat([top[None], torch.cat([R.new_zeros(d, 1), R], dim=1)])
        first = torch.cat([R.new_ones(1) / root, -line.middle @ spread])
        inverse = torch.cat([first[None], torch.cat([R.new_zeros(d, 1), spread], dim=1)])
    return float(torch.linalg.matrix_norm(R, 2) * torch.linalg.matrix_norm(inverse, 2))
