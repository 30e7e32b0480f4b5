"""`linreg-tui summary`: the regression of an experiment, and what SGD has reached of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.common import takes_experiment
from engine.cli.fitted import fitted
from engine.cli.output import busy_with, say
from engine.statistics.words import estimates, goodness, heading
from engine.support.cell_width import cut, left, right
from engine.support.errors import BadInput
from engine.support.plain_json import finite
from engine.support.translation import in_words, tr

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.theory.bootstrap import Bootstrap
    from engine.theory.summary import Reached, Summary
    from engine.training.record import Record

NAME = 13
"""Cells of a coefficient's name; longer ones are cut."""
ESTIMATES = (12, 11, 10, 9, 12, 12)
"""Cells of estimate, standard error, t, p and both ends of the interval."""
RESAMPLED = (12, 11, 12, 12)
"""Cells of estimate, standard error and both ends of the interval."""
BESIDE = (10, 17, 17, 17)
"""Cells of variance inflation and, where they are known, true and trained value and distance."""


@click.command("summary")
@takes_experiment
@click.option("--no-train", is_flag=True, help="Leave out what SGD reaches.")
@click.option("--bootstrap", is_flag=True, help="Errors of another loss than a squared one.")
@click.option("--save", type=click.Path(path_type=Path), help="Write every row to a CSV file.")
@click.option("--force", is_flag=True, help="Let --save replace a file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def summary(
    experiment: Experiment,
    no_train: bool,
    bootstrap: bool,
    save: Path | None,
    force: bool,
    as_json: bool,
) -> int:
    """Print the regression of an experiment: estimates, errors, tests and intervals.

    They are those of least squares over the training rows, in closed form. What the experiment's
    own training reaches stands beside them, with its distance in standard errors. --bootstrap adds
    the optimum of the experiment's loss, fitted to 200 resamples of the rows. --save writes the
    rows with prediction, residual, leverage and Cook's distance.
    """
    if save and save.exists() and not force:
        raise BadInput("--save", save, tr("is there already; --force replaces it"))
    summary = fitted(experiment)
    if save:
        from engine.theory.summary import write_rows

        write_rows(experiment, summary.regression, save, replace=force)
    resampled = bootstrapped(experiment) if bootstrap else None
    record = None if no_train else trained(experiment)
    if record:
        summary = replace(summary, reached=reached_by(record))
    if as_json:
        values = {**as_dict(summary, record), "bootstrap": resampled and asdict(resampled)}
        say(json.dumps(finite(values), ensure_ascii=False))
    else:
        say("\n".join(lines(summary, resampled)))
    return 0


def bootstrapped(experiment: Experiment) -> Bootstrap:
    """The optimum of another loss than a squared one, with its errors; raises BadInput."""
    from engine.theory.bootstrap import bootstrap

    with busy_with(tr("fitting resamples of the rows")):
        return bootstrap(experiment)


def trained(experiment: Experiment) -> Record:
    """What the experiment's own training comes to."""
    from engine.training.record import Recorder
    from engine.training.trainer import train

    recorder = Recorder(experiment)
    with busy_with(tr("training")):
        for event in train(experiment):
            recorder.fold(event)
    return recorder.record(0.0)


def reached_by(record: Record) -> Reached:
    """Where a run has ended."""
    from engine.theory.summary import Reached

    return Reached(record.step, record.epoch, record.standing, record.params)


def as_dict(summary: Summary, record: Record | None) -> dict[str, Any]:
    """The summary as plain values; what is infinite or does not exist becomes null."""
    from engine.statistics.regression import LEVEL

    fit, line = summary.regression, summary.regression.line
    return {
        "n": line.n,
        "p": len(fit.coefficients),
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
            for c in fit.coefficients
        ],
        "residual_sd": line.residual_sd,
        "r2": fit.r2,
        "adjusted_r2": fit.adjusted_r2,
        "r2_around": "mean",
        "r2_around_zero": fit.r2_around_zero,
        "f": fit.f,
        "f_p": fit.f_p,
        "df": line.df,
        "durbin_watson": fit.durbin_watson,
        "jarque_bera": {"value": fit.jarque_bera.value, "p": fit.jarque_bera.p},
        "breusch_pagan": {"value": fit.breusch_pagan.value, "p": fit.breusch_pagan.p},
        "scale_condition": fit.scale_condition,
        "condition": fit.condition,
        "notes": [str(note) for note in summary.notes],
        "sgd": sgd(summary, record) if record else None,
    }


def sgd(summary: Summary, record: Record) -> dict[str, Any]:
    """What training has reached beside the closed form, in the same units."""
    return {
        "status": record.state,
        "epoch": record.epoch,
        "loss": record.loss,
        "standing": record.standing,
        "coefficients": [
            {"name": c.name, "estimate": summary.values[c.name], "distance": summary.distance(c)}
            for c in summary.regression.coefficients
        ],
    }


def lines(summary: Summary, resampled: Bootstrap | None) -> list[str]:
    """The summary for people, at most 80 cells wide."""
    fit = summary.regression
    names = [c.name for c in fit.coefficients]
    entries = goodness(fit, summary.in_order)
    return [
        heading(fit, summary.experiment.dataset().target.name),
        "",
        *table(names, estimates(fit), ESTIMATES),
        "",
        *table(names, summary.beside(), BESIDE),
        *([summary.reached.words()] if summary.reached else []),
        *(["", resampled.words()] if resampled else []),
        *(table(names, resampled.columns(), RESAMPLED) if resampled else []),
        "",
        *(left(name, NAME + 2) + value for name, value in entries.items()),
        *("• " + in_words(note) for note in summary.notes),
    ]


def table(
    names: Sequence[str], columns: Mapping[str, Sequence[str]], widths: Sequence[int]
) -> list[str]:
    """The lines of a table with a head; columns have so many cells."""
    rows = zip(names, *columns.values(), strict=True)
    return [row("", list(columns), widths), *(row(name, texts, widths) for name, *texts in rows)]


def row(name: str, texts: Sequence[str], widths: Sequence[int]) -> str:
    """A line of a table; the name is cut where it leaves no blank behind it."""
    cells = (right(text, width) for text, width in zip(texts, widths, strict=False))
    return (left(cut(name, NAME - 1), NAME) + "".join(cells)).rstrip()
