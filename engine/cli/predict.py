"""`linreg-tui predict`: what the least squares of an experiment say of rows to come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from engine.cli.common import takes_experiment
from engine.cli.fitted import fitted
from engine.cli.output import say
from engine.own_data import asked_of
from engine.statistics.words import doubt_of, intervals
from engine.support.cell_width import right
from engine.support.errors import BadInput
from engine.support.plain_json import finite
from engine.support.translation import in_words, tr

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.statistics.prediction import Prediction

ROW, WIDE = 6, 12
"""Cells of the number of a row, and of any other."""


@click.command("predict")
@takes_experiment
@click.option("--at", "places", multiple=True, metavar="NAME=VALUE,…", help="A row, by columns.")
@click.option("--rows", "table", metavar="FILE", help="Rows in a file with columns of these names.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def predict(
    experiment: Experiment,
    places: tuple[str, ...],
    table: str | None,
    as_json: bool,
) -> int:
    """Predict rows by the least squares of an experiment's training rows, with 95 % intervals.

    One interval is for the mean of all labels at such a row, the wider one for a single new label.
    --at x=1.2 has a value for each column of the data that the terms use, a category by its level,
    and may be given several times; what has a comma or an equals sign stands in back quotes.
    """
    inputs = experiment.dataset().inputs
    rows = [inputs.row_at(place, "--at") for place in places]
    if table:
        rows += rows_of(table, experiment)
    if not rows:
        raise BadInput("--at", "", tr("give a row, as in --at x=1.2, or --rows FILE"))
    summary = fitted(experiment)
    from engine.statistics.regression import LEVEL
    from engine.theory.inference import caveat

    line, predicted = summary.regression.line, summary.predict(rows)
    note = caveat(experiment)
    if as_json:
        values = {
            "n": line.n,
            "df": line.df,
            "level": LEVEL,
            "predictions": [
                {
                    "at": {each.name: each.cell(row[each.name]) for each in inputs.columns},
                    **asdict(prediction),
                }
                for row, prediction in zip(rows, predicted, strict=True)
            ],
            "notes": [str(note)] if note else [],
        }
        say(json.dumps(finite(values), ensure_ascii=False, allow_nan=False))
        return 0
    say("\n".join(lines(predicted, experiment.dataset().target.label)))
    if note:
        say("• " + in_words(note))
    return 0


def lines(predicted: Sequence[Prediction], target: str) -> list[str]:
    """A line for each row."""
    table = intervals(predicted)

    def row(name: str, texts: Sequence[str]) -> str:
        return right(name, ROW) + "".join(right(text, WIDE) for text in texts)

    made = [tr("{target}, with 95 % intervals of its mean and of a new one", target=target)]
    made.append(row("", list(table)))
    for index, (prediction, *texts) in enumerate(zip(predicted, *table.values(), strict=True), 1):
        made.append(row(str(index), texts))
        if doubt := doubt_of(prediction):
            made.append(" " * ROW + doubt)
    return made


def rows_of(file: str, experiment: Experiment) -> list[dict[str, float]]:
    """The rows of a file that has the columns of the data, NaN where missing; raises BadInput.

    It is sensed by itself, but for what the experiment says of its own file.
    """
    from engine.data.reading import read_table

    inputs = experiment.dataset().inputs
    categories = "\n".join(each.name for each in inputs.columns if each.kind == "category")
    asked = replace(asked_of(experiment), categories=categories, holds="rows")
    table = read_table(file, asked)
    columns = inputs.columns_of(table)
    return [
        dict(zip(columns, row, strict=True))
        for row in zip(*(numbers.tolist() for numbers in columns.values()), strict=True)
    ]
