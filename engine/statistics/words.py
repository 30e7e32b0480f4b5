"""What a regression says, in words and in tables of text; every front end lays them out its way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.support.translation import Message, tr, trn

if TYPE_CHECKING:
    from engine.statistics.prediction import Prediction
    from engine.statistics.regression import Regression, Test

Columns = dict[str, list[str]]
"""The heads of a table and the cells below each, a row for each coefficient or prediction."""
NEARLY_DEPENDENT = 30
"""From this condition number on, columns nearly make up each other (Belsley 1980)."""
UNEVEN = 1000
"""From this condition number on, gradient descent takes a million times as many steps."""


def heading(regression: Regression, target: str) -> str:
    """What was fitted to how many rows."""
    return trn(
        "Least squares of {target}, {n} row, {df} degrees of freedom left",
        "Least squares of {target}, {n} rows, {df} degrees of freedom left",
        n=regression.line.n,
        target=target,
        df=regression.line.df,
    )


def estimates(regression: Regression) -> Columns:
    """Estimate, error, test and interval of each coefficient."""
    table = regression.coefficients
    return {
        tr("estimate"): [measured(c.estimate, c.se) for c in table],
        tr("std. error"): [number(c.se, 4, 10) for c in table],
        "t": [number(c.t, 4, 9) for c in table],
        "p": [chance(c.p) for c in table],
        tr("95 % from"): [measured(c.low, c.se) for c in table],
        tr("to"): [measured(c.high, c.se) for c in table],
    }


def inflations(regression: Regression) -> list[str]:
    """The variance inflation of each coefficient; the intercept has none."""
    return ["" if c.vif is None else number(c.vif) for c in regression.coefficients]


def goodness(regression: Regression, in_order: bool) -> dict[str, str]:
    """How well the line fits, and tests of its residuals, by their names.

    `in_order`: whether neighbours among the rows have more in common than others.
    """
    line = regression.line
    entries = {
        tr("residual sd"): number(line.residual_sd, 7),
        "R²": tr(
            "{r2} around the mean, adjusted {adjusted}"
            if line.intercept
            else "{r2} around the mean, {zero} around 0",
            r2=number(regression.r2, 6),
            adjusted=number(regression.adjusted_r2, 6),
            zero=number(regression.r2_around_zero, 6),
        ),
        "F": tr(
            "{f} with {df} and {rest} degrees of freedom, p {p}",
            f=number(regression.f),
            df=line.rank,
            rest=line.df,
            p=chance(regression.f_p),
        ),
    }
    if in_order:
        entries["Durbin–Watson"] = tr(
            "{value} in the order of the rows", value=number(regression.durbin_watson, 3)
        )
    return {
        **entries,
        "Jarque–Bera": tested(regression.jarque_bera, Message("normal residuals")),
        "Breusch–Pagan": tested(regression.breusch_pagan, Message("even variance")),
        tr("scale"): tr(
            "{condition}, condition of the columns as they are",
            condition=number(regression.scale_condition, 3),
        ),
        tr("collinearity"): tr(
            "{condition}, condition of the standardized columns",
            condition=number(regression.condition, 3),
        ),
    }


def doubts(regression: Regression) -> list[Message]:
    """What must be known before these numbers are trusted."""
    line = regression.line
    doubts = []
    if line.df == 0:
        doubts.append(Message("As many coefficients as rows: nothing is left to tell errors from."))
    elif regression.is_perfect:
        doubts.append(Message("A perfect fit but for rounding: its errors say nothing."))
    if regression.not_unique:
        doubts.append(
            Message(
                "Not unique, of least norm, as columns depend on each other: {names}.",
                names=", ".join(regression.not_unique),
            )
        )
    elif regression.condition >= NEARLY_DEPENDENT:
        doubts.append(
            Message("Nearly dependent columns (collinearity): their own errors are large.")
        )
    if not regression.not_unique and regression.scale_condition >= UNEVEN:
        doubts.append(
            Message("Uneven scale: it slows gradient descent, not this; standardizing mends it.")
        )
    if not line.intercept and regression.r2 < 0:
        doubts.append(Message("Worse than the mean: is the intercept missing?"))
    return doubts


def intervals(predictions: Sequence[Prediction]) -> Columns:
    """Estimate, error and both intervals of each prediction."""
    return {
        tr("estimate"): [measured(each.estimate, each.se) for each in predictions],
        tr("std. error"): [number(each.se) for each in predictions],
        tr("mean from"): [measured(each.mean_low, each.se) for each in predictions],
        tr("mean to"): [measured(each.mean_high, each.se) for each in predictions],
        tr("new from"): [measured(each.low, each.se) for each in predictions],
        tr("new to"): [measured(each.high, each.se) for each in predictions],
    }


def doubt_of(prediction: Prediction) -> str:
    """Why a prediction says little; empty where it does not."""
    if math.isnan(prediction.estimate):
        return tr("a value is missing")
    return "" if prediction.unique else tr("other lines fit as well and predict otherwise here")


def tested(test: Test, hypothesis: Message) -> str:
    """A test in words."""
    return tr(
        "{value}, p {p} ({hypothesis})",
        value=number(test.value, 3),
        p=chance(test.p),
        hypothesis=hypothesis,
    )


def chance(p: float) -> str:
    """A probability with two digits."""
    return number(p, 2) if p else "<1e-300"


def number(value: float, digits: int = 4, widest: int = 12) -> str:
    """A number with so many digits, or as many as fit; – where there is none."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    texts = (f"{value:.{count}g}" for count in range(digits, 0, -1))
    return next((text for text in texts if len(text) <= widest), f"{value:.1g}")


def measured(value: float, error: float, widest: int = 11) -> str:
    """A value with the digits that its error allows, two of them for comparison."""
    if not (value and math.isfinite(value) and error > 0):
        return number(value, 7, widest)
    places = math.floor(math.log10(abs(value))) - math.floor(math.log10(error))
    texts = (f"{value:#.{count}g}" for count in range(max(4, min(9, 3 + places)), 0, -1))
    return next(text for text in texts if len(text) <= widest).removesuffix(".")
