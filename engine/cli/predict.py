"""`linreg-tui predict`: what the least squares of an experiment say of rows to come."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from engine.cli.common import finite, takes_experiment
from engine.cli.fitted import fitted, measured, number
from engine.cli.output import say
from engine.support.cell_width import right
from engine.support.errors import BadInput
from engine.support.translation import in_words, tr

if TYPE_CHECKING:
    from engine.data.inputs import Inputs
    from engine.experiment import Experiment
    from engine.statistics.prediction import Prediction

WIDE = 12
"""Cells of a number."""
_PAIR = re.compile(r"\s*(?:`([^`]*)`|([^=,`]+?))\s*=\s*(?:`([^`]*)`|([^,`]*?))\s*(?:,|$)")


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
    rows = [row_at(place, inputs) for place in places]
    if table:
        rows += rows_of(table, experiment)
    if not rows:
        raise BadInput("--at", "", tr("give a row, as in --at x=1.2, or --rows FILE"))
    problem, found = fitted(experiment)
    import numpy as np
    import torch

    from engine.statistics.prediction import predictions
    from engine.statistics.regression import LEVEL
    from engine.theory.inference import caveat

    X = inputs.features_of(
        {each.name: np.array([row[each.name] for row in rows]) for each in inputs.columns}
    )
    predicted = predictions(found.line, torch.from_numpy(X))
    note = caveat(experiment)
    if as_json:
        values = {
            "n": found.line.n,
            "df": found.line.df,
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
    say("\n".join(lines(predicted, problem.dataset.target.label)))
    if note:
        say("• " + in_words(note))
    return 0


def lines(predicted: list[Prediction], target: str) -> list[str]:
    """A line for each row."""
    head = (
        "",
        tr("estimate"),
        tr("std. error"),
        tr("mean from"),
        tr("to"),
        tr("new from"),
        tr("to"),
    )
    widths = (6, *[WIDE] * 6)
    made = [tr("{target}, with 95 % intervals of its mean and of a new one", target=target)]
    made.append("".join(map(right, head, widths)))
    for index, row in enumerate(predicted, 1):
        values = (row.estimate, row.mean_low, row.mean_high, row.low, row.high)
        estimate, *ends = (measured(value, row.se) for value in values)
        made.append("".join(map(right, (str(index), estimate, number(row.se), *ends), widths)))
        if math.isnan(row.estimate):
            made.append("      " + tr("a value is missing"))
        elif not row.unique:
            made.append("      " + tr("other lines fit as well and predict otherwise here"))
    return made


def row_at(place: str, inputs: Inputs) -> dict[str, float]:
    """The numbers of the columns in `x=1.2,kind=house`; raises BadInput."""
    values: dict[str, float] = {}
    end = 0
    while pair := _PAIR.match(place, end):
        quoted, bare, quoted_text, text = pair.groups()
        name, end = quoted or bare, pair.end()
        column = inputs.column(name)
        if name in values:
            raise BadInput("--at", place, tr("{name} is given twice", name=name))
        values[name] = column.number(text if quoted_text is None else quoted_text)
    if end < len(place):
        raise BadInput("--at", place, tr("must be NAME=VALUE,…, as in x=1.2"))
    missing = [column.name for column in inputs.columns if column.name not in values]
    if missing:
        raise BadInput("--at", place, tr("has no value for {names}", names=", ".join(missing)))
    return values


def rows_of(file: str, experiment: Experiment) -> list[dict[str, float]]:
    """The rows of a file that has the columns of the data, NaN where missing; raises BadInput."""
    from engine.data.reading import read_table
    from engine.data.sensing import Asked

    inputs = experiment.dataset().inputs
    categories = "\n".join(each.name for each in inputs.columns if each.kind == "category")
    table = read_table(file, Asked(categories=categories))
    columns = inputs.columns_of(table)
    return [
        dict(zip(columns, row, strict=True))
        for row in zip(*(numbers.tolist() for numbers in columns.values()), strict=True)
    ]
