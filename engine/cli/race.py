"""`linreg-tui race`: several optimizers from one start."""

from __future__ import annotations

import json
import time

import click

from engine.catalog.optimizers import OPTIMIZERS
from engine.cli.common import takes_experiment
from engine.cli.output import busy_with, say
from engine.experiment import Experiment
from engine.jobs.race import Race, Track, parse_racers
from engine.jobs.racing import Racing
from engine.support.cell_width import right
from engine.support.plain_json import finite
from engine.support.translation import Translatable, tr

WIDTH = 13
"""Cells of a column of the table: six of them fit into 80."""


@click.command("race")
@takes_experiment
@click.option("--optimizers", metavar="NAMES", help="Two to seven, as in sgd,adam@0.1.")
@click.option("--tuned", is_flag=True, help="Each optimizer at its own best lr.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma separated, with a header.")
def race(
    experiment: Experiment,
    optimizers: str | None,
    tuned: bool,
    form: str | None,
) -> int:
    """Train an experiment with several optimizers and print who is first at the noise floor.

    All have the same data, start and minibatches, and the lr of the experiment unless it stands
    behind a name, as in adam@0.1. The same lr does not mean the same to all of them: SGD's step is
    lr times the gradient, Adam's is about lr long whatever the gradient is. With --tuned each runs
    at the best of 41 learning rates from 1e-4 to 10.

    floor_step is the first step at the floor, stay_step the one from which on it stayed there.
    Below stands who was first, and what it cost in samples.
    """
    racers = parse_racers(",".join(OPTIMIZERS.entries) if optimizers is None else optimizers)
    racing = Racing(Race(experiment, racers, tuned))
    begin = time.perf_counter()
    with busy_with(tr("drawing the data and racing")):
        for _ in racing.run():
            pass
    columns: list[Translatable] = [
        "optimizer",
        "lr",
        "loss",
        "floor_step",
        "stay_step",
        "status",
    ]
    if form != "json":
        table = "".join(right(tr(column), WIDTH) for column in columns)
        say(",".join(columns) if form == "csv" else table)
    progress = racing.progress("finished", "", time.perf_counter() - begin)
    for track in progress.ranking():
        say(result(form, columns, track))
    if form is None:
        say(progress.in_a_sentence())
    return 0


def result(form: str | None, columns: list[str], track: Track) -> str:
    """One racer as a line of JSON, CSV or a table."""
    steps = (track.floor_step, track.stay_step)
    values = (track.racer.optimizer, track.lr, track.loss, *steps, track.status)
    if form == "json":
        return json.dumps(finite(dict(zip(columns, values, strict=True))), allow_nan=False)
    if form == "csv":
        return ",".join("" if value is None else str(value) for value in values)
    floor, stay = ("–" if step is None else str(step) for step in steps)
    lr = "–" if track.lr is None else f"{track.lr:.6g}"
    texts = (track.racer.optimizer, lr, f"{track.loss:.6g}", floor, stay, tr(track.status))
    return "".join(right(text, WIDTH) for text in texts)
