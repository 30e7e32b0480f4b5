"""The regression of an experiment beside the truth and what its training has reached."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from engine.catalog.parameters import Values
from engine.experiment import Experiment
from engine.problem import Problem, build
from engine.statistics.diagnostics import diagnostics
from engine.statistics.prediction import Prediction, predictions
from engine.statistics.regression import Coefficient, Regression
from engine.statistics.words import Columns, doubts, inflations, measured, number
from engine.support.errors import BadInput
from engine.support.translation import Message, tr, trn
from engine.theory.inference import by_coefficient, caveat, inference

AT_ONCE = 10_000
"""Rows written at once."""


@dataclass(frozen=True)
class Reached:
    """Where training stands."""

    step: int
    epoch: int
    """Epochs completed."""
    standing: str
    """Where the loss stands: `at the optimum`, `still learning`, `diverged`, …"""
    params: Values
    """In the units of the data."""

    def words(self) -> str:
        """What training was done."""
        if self.standing == "diverged":
            return tr("Training diverged in step {step}.", step=self.step)
        return trn(
            "Trained for {n} epoch: {standing}.",
            "Trained for {n} epochs: {standing}.",
            n=self.epoch,
            standing=tr(self.standing),
        )


@dataclass(frozen=True)
class Written:
    """A file that was written."""

    file: Path
    rows: int
    """Of data, below the head."""


@dataclass(frozen=True, eq=False)
class Summary:
    """The least squares of an experiment's training rows, and what stands beside it."""

    experiment: Experiment
    regression: Regression
    true: Mapping[str, float]
    """The true value of each coefficient; empty where nothing is known of it."""
    reached: Reached | None
    """Where training stands; None where there was none."""

    @cached_property
    def values(self) -> Mapping[str, float]:
        """What training has reached of each coefficient; empty where there was none."""
        return by_coefficient(self.experiment, self.reached.params if self.reached else {})

    @property
    def in_order(self) -> bool:
        """Whether neighbours among the rows have more in common than others."""
        return self.experiment.dataset().in_order

    @property
    def notes(self) -> list[Message]:
        """What must be known of the rows, and before these numbers are trusted."""
        dataset, of_loss = self.experiment.dataset(), caveat(self.experiment)
        first = [of_loss] if of_loss else []
        if dataset.references:
            levels = ", ".join(f"{name}={level}" for name, level in dataset.references.items())
            first.append(Message("Compared with the reference {levels}.", levels=levels))
        return [*dataset.notes, *first, *doubts(self.regression)]

    def distance(self, coefficient: Coefficient) -> float:
        """How many standard errors lie between what training has reached and the closed form."""
        if not coefficient.se:
            return math.nan
        return (self.values[coefficient.name] - coefficient.estimate) / coefficient.se

    def beside(self) -> Columns:
        """Variance inflation, the truth where it is known, and what training has reached."""
        table = self.regression.coefficients
        columns = {"VIF": inflations(self.regression)}
        if self.true:
            columns[tr("true")] = [number(self.true[c.name], 9) for c in table]
        if self.values:
            columns[tr("trained")] = [measured(self.values[c.name], c.se) for c in table]
            columns[tr("std. errors off")] = [number(self.distance(c), 3) for c in table]
        return columns

    def predict(self, rows: Sequence[Mapping[str, float]]) -> list[Prediction]:
        """What the line says of rows, each by the columns of the data; raises BadInput."""
        X = self.experiment.dataset().inputs.features_of(rows)
        return predictions(self.regression.line, torch.from_numpy(X))


def unscaled(experiment: Experiment) -> Problem:
    """The experiment made concrete in the units of its data, for its regression.

    Raises BadInput for a model that is not linear, and for fewer rows than coefficients.
    """
    problem = build(experiment.changed({"standardize": "no"}))
    n, p = len(problem.X), sum(map(math.prod, problem.linear.shapes.values()))
    if n < p:
        allowed = tr("{p} coefficients need at least as many rows, {n} are there", p=p, n=n)
        raise BadInput("data", experiment.data.name, allowed)
    return problem


def summary(experiment: Experiment, reached: Reached | None = None) -> Summary:
    """The regression of an experiment; its data are drawn anew. Raises BadInput as `unscaled`."""
    problem = unscaled(experiment)
    true = by_coefficient(experiment, problem.true_values)
    return Summary(experiment, inference(problem), true, reached)


def write_rows(experiment: Experiment, regression: Regression, file: Path, replace: bool) -> int:
    """Write the training rows with what the line makes of each to a CSV file; returns how many.

    Raises BadInput, also where the file is there already and is not to be replaced.
    """
    problem = unscaled(experiment)
    rows = diagnostics(regression.line, problem.X, problem.y)
    dataset, lines = problem.dataset, problem.lines
    head = [*(column.name for column in dataset.columns), dataset.target.name]
    numbers = (rows.fitted, rows.residual, rows.leverage, rows.cook)
    try:
        with file.open("w" if replace else "x", newline="", encoding="utf-8") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            first = [] if lines is None else ["line"]
            writer.writerow([*first, *head, "prediction", "residual", "leverage", "cook"])
            for start in range(0, len(problem.X), AT_ONCE):
                part = slice(start, start + AT_ONCE)
                columns = (
                    *([] if lines is None else [lines[part]]),
                    *problem.X[part].T,
                    problem.y[part, 0],
                    *(x[part] for x in numbers),
                )
                writer.writerows(zip(*(column.tolist() for column in columns), strict=True))
    except OSError as error:
        allowed = tr("cannot be written: {reason}", reason=error.strerror)
        raise BadInput("path", file, allowed) from None
    return len(problem.X)
