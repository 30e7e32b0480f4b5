"""`linreg-tui summary`: the regression of an experiment, and what SGD has reached of it."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.common import finite, takes_experiment
from engine.cli.fitted import fitted, measured, number
from engine.cli.output import busy_with, say
from engine.support.cell_width import cut, left, right
from engine.support.errors import BadInput
from engine.support.translation import Message, in_words, tr, trn

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.problem import Problem
    from engine.statistics.regression import Coefficient, Regression, Test
    from engine.training.record import Record

NAME = 13
"""Cells of a coefficient's name; longer ones are cut."""
COLUMNS = (12, 11, 10, 9, 12, 12)
"""Cells of estimate, standard error, t, p and both ends of the interval."""
BESIDE = (10, 13, 13, 17)
"""Cells of variance inflation, true value, trained value and its distance."""
NEARLY_DEPENDENT = 30
"""From this condition number on, columns nearly make up each other (Belsley 1980)."""
AT_ONCE = 10_000
"""Rows written at once."""
UNEVEN = 1000
"""From this condition number on, gradient descent takes a million times as many steps."""


@click.command("summary")
@takes_experiment
@click.option("--no-train", is_flag=True, help="Leave out what SGD reaches.")
@click.option("--save", type=click.Path(path_type=Path), help="Write every row to a CSV file.")
@click.option("--force", is_flag=True, help="Let --save replace a file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def summary(
    experiment: Experiment,
    no_train: bool,
    save: Path | None,
    force: bool,
    as_json: bool,
) -> int:
    """Print the regression of an experiment: estimates, errors, tests and intervals.

    They are those of least squares over the training rows, in closed form. What the experiment's
    own training reaches stands beside them, with its distance in standard errors. --save writes
    the rows with prediction, residual, leverage and Cook's distance.
    """
    if save and save.exists() and not force:
        raise BadInput("--save", save, tr("is there already; --force replaces it"))
    problem, found = fitted(experiment)
    if save:
        write_rows(problem, found, save)
    record = None if no_train else trained(experiment)
    if as_json:
        say(json.dumps(finite(as_dict(problem, found, record)), ensure_ascii=False))
    else:
        say("\n".join(lines(problem, found, record)))
    return 0


def trained(experiment: Experiment) -> Record:
    """What the experiment's own training comes to."""
    from engine.training.record import Recorder
    from engine.training.trainer import train

    recorder = Recorder(experiment)
    with busy_with(tr("training")):
        for event in train(experiment):
            recorder.fold(event)
    return recorder.record(0.0)


# As JSON ------------------------------------------------------------------------------------------


def as_dict(problem: Problem, found: Regression, record: Record | None) -> dict[str, Any]:
    """The summary as plain values; what is infinite or does not exist becomes null."""
    from engine.statistics.regression import LEVEL

    line = found.line
    return {
        "n": line.n,
        "p": len(found.coefficients),
        "rank": line.rank + line.intercept,
        "level": LEVEL,
        "coefficients": [
            {
                "name": c.name,
                "estimate": c.estimate,
                "se": c.se,
                "t": c.t,
                "p": c.p,
                "low": c.low,
                "high": c.high,
                "vif": c.vif,
                "unique": c.unique,
            }
            for c in found.coefficients
        ],
        "residual_sd": line.residual_sd,
        "r2": found.r2,
        "adjusted_r2": found.adjusted_r2,
        "r2_around": "mean",
        "r2_around_zero": found.r2_around_zero,
        "f": found.f,
        "f_p": found.f_p,
        "df": line.df,
        "durbin_watson": found.durbin_watson,
        "jarque_bera": {"value": found.jarque_bera.value, "p": found.jarque_bera.p},
        "breusch_pagan": {"value": found.breusch_pagan.value, "p": found.breusch_pagan.p},
        "scale_condition": found.scale_condition,
        "condition": found.condition,
        "notes": [str(note) for note in notes(problem, found)],
        "sgd": sgd(problem, found, record) if record else None,
    }


def sgd(problem: Problem, found: Regression, record: Record) -> dict[str, Any]:
    """What training has reached beside the closed form, in the same units."""
    from engine.theory.inference import by_coefficient

    reached = by_coefficient(problem, record.params)
    return {
        "status": record.state,
        "epoch": record.epoch,
        "loss": record.loss,
        "standing": record.standing,
        "coefficients": [
            {"name": c.name, "estimate": reached[c.name], "distance": distance(c, reached)}
            for c in found.coefficients
        ],
    }


def distance(coefficient: Coefficient, reached: Mapping[str, float]) -> float:
    """How many standard errors lie between what training has reached and the closed form."""
    if not coefficient.se:
        return math.nan
    return (reached[coefficient.name] - coefficient.estimate) / coefficient.se


# For people ---------------------------------------------------------------------------------------


def lines(problem: Problem, found: Regression, record: Record | None) -> list[str]:
    """The summary for people, at most 80 cells wide."""
    line, target = found.line, problem.dataset.target.name
    return [
        trn(
            "Least squares of {target}, {n} row, {df} degrees of freedom left",
            "Least squares of {target}, {n} rows, {df} degrees of freedom left",
            n=line.n,
            target=target,
            df=line.df,
        ),
        "",
        *coefficient_table(found),
        "",
        *beside(problem, found, record),
        "",
        *goodness(found),
        *("• " + in_words(note) for note in notes(problem, found)),
    ]


def coefficient_table(found: Regression) -> list[str]:
    """Estimate, error, test and interval of each coefficient, a line each."""
    head = (tr("estimate"), tr("std. error"), "t", "p", tr("95 % from"), tr("to"))
    rows = [row("", head, COLUMNS)]
    for c in found.coefficients:
        estimate, low, high = (measured(x, c.se) for x in (c.estimate, c.low, c.high))
        texts = (estimate, number(c.se, 4, 10), number(c.t, 4, 9), chance(c.p), low, high)
        rows.append(row(c.name, texts, COLUMNS))
    return rows


def beside(problem: Problem, found: Regression, record: Record | None) -> list[str]:
    """Variance inflation, the truth where it is known, and what training has reached."""
    from engine.theory.inference import by_coefficient

    true = by_coefficient(problem, problem.true_values)
    reached = by_coefficient(problem, record.params) if record else {}
    head = (
        "VIF",
        tr("true") if true else "",
        *((tr("trained"), tr("std. errors off")) if record else ()),
    )
    rows = [row("", head, BESIDE)]
    for c in found.coefficients:
        texts = ["" if c.vif is None else number(c.vif), number(true[c.name], 9) if true else ""]
        if record:
            value = reached[c.name]
            texts += [measured(value, c.se), number(distance(c, reached), 3)]
        rows.append(row(c.name, texts, BESIDE))
    if record:
        rows.append(training_text(record))
    return rows


def training_text(record: Record) -> str:
    """What training was done, in words."""
    if record.state == "diverged":
        return tr("Training diverged in step {step}.", step=record.step)
    return trn(
        "Trained for {n} epoch: {standing}.",
        "Trained for {n} epochs: {standing}.",
        n=record.epoch,
        standing=tr(record.standing),
    )


def goodness(found: Regression) -> list[str]:
    """How well the line fits, and tests of its residuals."""
    line = found.line
    return [
        entry(tr("residual sd"), number(line.residual_sd, 7)),
        entry(
            "R²",
            tr(
                "{r2} around the mean, adjusted {adjusted}"
                if line.intercept
                else "{r2} around the mean, {zero} around 0",
                r2=number(found.r2, 6),
                adjusted=number(found.adjusted_r2, 6),
                zero=number(found.r2_around_zero, 6),
            ),
        ),
        entry(
            "F",
            tr(
                "{f} with {df} and {rest} degrees of freedom, p {p}",
                f=number(found.f),
                df=line.rank,
                rest=line.df,
                p=chance(found.f_p),
            ),
        ),
        entry(
            "Durbin–Watson",
            tr("{value} in the order of the rows", value=number(found.durbin_watson, 3)),
        ),
        entry("Jarque–Bera", tested(found.jarque_bera, Message("normal residuals"))),
        entry("Breusch–Pagan", tested(found.breusch_pagan, Message("even variance"))),
        entry(
            tr("scale"),
            tr(
                "{condition}, condition of the columns as they are",
                condition=number(found.scale_condition, 3),
            ),
        ),
        entry(
            tr("collinearity"),
            tr(
                "{condition}, condition of the standardized columns",
                condition=number(found.condition, 3),
            ),
        ),
    ]


def notes(problem: Problem, found: Regression) -> list[Message]:
    """What must be known before these numbers are trusted."""
    from engine.theory.inference import caveat

    line = found.line
    said = [caveat(problem.experiment)]
    if line.df == 0:
        said.append(Message("As many coefficients as rows: nothing is left to tell errors from."))
    elif found.is_perfect:
        said.append(Message("A perfect fit but for rounding: its errors say nothing."))
    if found.not_unique:
        said.append(
            Message(
                "Not unique, of least norm, as columns depend on each other: {names}.",
                names=", ".join(found.not_unique),
            )
        )
    elif found.condition >= NEARLY_DEPENDENT:
        said.append(Message("Nearly dependent columns (collinearity): their own errors are large."))
    if not found.not_unique and found.scale_condition >= UNEVEN:
        said.append(
            Message("Uneven scale: it slows gradient descent, not this; standardizing mends it.")
        )
    if not line.intercept and found.r2 < 0:
        said.append(Message("Worse than the mean: is the intercept missing?"))
    return [message for message in said if message]


def entry(name: str, value: str) -> str:
    """A name and what it comes to."""
    return left(name, NAME + 2) + value


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


def row(name: str, texts: Sequence[str], widths: Sequence[int]) -> str:
    """A line of a table."""
    return (short(name) + "".join(map(right, texts, widths))).rstrip()


def short(name: str) -> str:
    """A name in NAME cells, cut where it leaves no blank behind it."""
    return left(cut(name, NAME - 1), NAME)


# Rows ---------------------------------------------------------------------------------------------


def write_rows(problem: Problem, found: Regression, file: Path) -> None:
    """Write the training rows with what the line makes of each to a CSV file; raises BadInput."""
    from engine.statistics.diagnostics import diagnostics

    rows = diagnostics(found.line, problem.X, problem.y)
    dataset, lines = problem.dataset, problem.lines
    head = [*(column.name for column in dataset.columns), dataset.target.name]
    numbers = (rows.fitted, rows.residual, rows.leverage, rows.cook)
    try:
        with file.open("w", newline="", encoding="utf-8") as opened:
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
        reason = tr("cannot be written: {reason}", reason=error.strerror)
        raise BadInput("--save", file, reason) from None
