"""What the line says of rows that it has not seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from engine.statistics.distributions import t_quantile
from engine.statistics.line import Line
from engine.statistics.regression import LEVEL


@dataclass(frozen=True)
class Prediction:
    """ŷ at one row, with the intervals that cover in LEVEL of all samples; NaN where none can."""

    estimate: float
    se: float
    """Standard error of ŷ as an estimate of the mean there."""
    mean_low: float
    """The interval of the mean of all labels there."""
    mean_high: float
    low: float
    """The interval of one new label there."""
    high: float
    unique: bool
    """Whether every line that fits as well predicts the same; else only the estimate is given."""


def predictions(line: Line, X: Tensor) -> list[Prediction]:
    """ŷ at each row of X (m, d), float64."""
    sd, df = line.residual_sd, line.df
    reach = t_quantile(1 - LEVEL, df) if df > 0 else math.nan
    estimates = (line.level + (X - line.middle) @ line.slopes).tolist()
    rows = zip(estimates, line.leverages(X).tolist(), line.estimable(X).tolist(), strict=True)
    predicted = []
    for estimate, leverage, unique in rows:
        se = sd * math.sqrt(leverage) if unique else math.nan
        mean, new = reach * se, reach * math.hypot(se, sd)
        predicted.append(
            Prediction(
                estimate,
                se,
                estimate - mean,
                estimate + mean,
                estimate - new,
                estimate + new,
                unique,
            )
        )
    return predicted
