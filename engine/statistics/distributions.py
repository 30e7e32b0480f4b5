"""Tails of the t, F and χ² distributions and the quantile of t.

To 1e-10 of their value, up to two million degrees of freedom.

The incomplete beta and gamma functions by continued fractions and a series (Abramowitz and Stegun
6.5.29, 6.5.31, 26.5.8), evaluated by Lentz's method. What stands before them is the density, whose
large terms cancel in the formula and not in rounding (DiDonato and Morris 1992).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count
from statistics import NormalDist

TINY = 1e-300
"""Stands for a 0 in a continued fraction."""
RESOLVED = 4e-16
"""A factor that near to 1, or a share of a sum, changes nothing any more."""


def t_tail(t: float, df: float) -> float:
    """P(|T| > |t|) for T of Student's distribution: the two-sided p of a coefficient."""
    share = t / math.sqrt(df)
    return beta(df / 2, 0.5, *odds(share * share))


def f_tail(f: float, df: float, rest: float) -> float:
    """P(F > f) for F with `df` and `rest` degrees of freedom; f ≥ 0."""
    return beta(rest / 2, df / 2, *odds(f * df / rest))


def chi2_tail(x: float, df: float) -> float:
    """P(χ² > x) with `df` degrees of freedom; x ≥ 0."""
    return upper_gamma(df / 2, x / 2)


def t_quantile(tail: float, df: float) -> float:
    """The t > 0 with P(|T| > t) = `tail`, for a tail in [1e-12, 1).

    The tail is convex in t, and the quantile of the normal distribution lies below: Newton's steps
    only go up.
    """
    t = -NormalDist().inv_cdf(tail / 2)
    for _ in range(100):  # at one degree of freedom a step does no more than double t
        slope = 2 * math.exp(log_beta_density(df / 2, 0.5, *odds(t * t / df))) / t
        step = (t_tail(t, df) - tail) / slope
        t += step
        if step <= 1e-15 * t:
            break
    return t


def odds(ratio: float) -> tuple[float, float]:
    """1/(1 + ratio) and what it leaves of 1, each to all its digits, for a ratio ≥ 0."""
    return 1 / (1 + ratio), 1 / (1 + 1 / ratio) if ratio else 0.0


def beta(a: float, b: float, x: float, y: float) -> float:
    """The regularized incomplete beta function I_x(a, b), with y = 1 − x."""
    if math.isnan(x):
        return math.nan
    if x <= 0 or y <= 0:
        return float(x > 0)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta(b, a, y, x)
    return math.exp(log_beta_density(a, b, x, y)) / a / fraction(1.0, beta_terms(a, b, x))


def beta_terms(a: float, b: float, x: float) -> Iterator[tuple[float, float]]:
    """Numerators and denominators of the fraction of I_x(a, b), from the second level on."""
    for m in count():
        yield -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1.0
        m += 1
        yield m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), 1.0


def log_beta_density(a: float, b: float, x: float, y: float) -> float:
    """ln of xᵃ yᵇ/B(a, b), with y = 1 − x."""
    total, off = a + b, b * x - a * y
    return (
        math.log(a * b / (2 * math.pi * total)) / 2
        + a * log_ratio(off / a, x * total / a)
        + b * log_ratio(-off / b, y * total / b)
        + (stirling(total) - stirling(a) - stirling(b))
    )


def upper_gamma(a: float, x: float) -> float:
    """The regularized upper incomplete gamma function Q(a, x)."""
    if math.isnan(x) or x <= 0:
        return math.nan if math.isnan(x) else 1.0
    if math.isinf(x):
        return 0.0
    off = x - a
    front = math.exp(
        math.log(a / (2 * math.pi)) / 2 + a * log_ratio(off / a, x / a) - off - stirling(a)
    )
    if x > a + 1:
        terms = ((-k * (k - a), x + 2 * k + 1 - a) for k in count(1))
        return front / fraction(x + 1 - a, terms)
    term = total = 1 / a
    for k in count(1):
        term *= x / (a + k)
        total += term
        if not term > RESOLVED * total:
            break
    return 1 - front * total


def fraction(first: float, terms: Iterator[tuple[float, float]]) -> float:
    """first + a₁/(b₁ + a₂/(b₂ + …)) by Lentz's method."""
    value = c = first or TINY
    d = 0.0
    for numerator, denominator in terms:
        d = 1 / (denominator + numerator * d or TINY)
        c = denominator + numerator / c or TINY
        value *= c * d
        if not abs(c * d - 1) > RESOLVED:
            break
    return value


def log_ratio(off: float, ratio: float) -> float:
    """ln of a ratio = 1 + off, by whichever of the two has its digits."""
    return math.log1p(off) if abs(off) < 0.5 else math.log(ratio)


def stirling(x: float) -> float:
    """What Stirling's formula leaves of ln Γ(x)."""
    if x < 10:
        return math.lgamma(x) - (x - 0.5) * math.log(x) + x - math.log(2 * math.pi) / 2
    s = 1 / (x * x)
    return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188)))) / x
