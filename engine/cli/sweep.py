"""`linreg-tui sweep` and `find-lr`: many runs, and a learning rate by trial."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import chain

import click

from engine.catalog.param import Value
from engine.cli.common import takes_experiment
from engine.cli.output import busy_with, say
from engine.experiment import Experiment
from engine.jobs.axis import parse_axis
from engine.jobs.sweep import Cell, Sweep
from engine.support.cell_width import right
from engine.support.errors import show
from engine.support.plain_json import finite
from engine.support.translation import Translatable, tr


@click.command("sweep")
@takes_experiment
@click.option("--axis", "axes", multiple=True, metavar="KEY=VALUES", help="One or two; see above.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma separated, with a header.")
def sweep(
    experiment: Experiment,
    axes: tuple[str, ...],
    form: str | None,
) -> int:
    """Train an experiment at every point of a grid and print a row for each run.

    An axis is a key with its values: lr=log:1e-3:1:64 (64 values by equal factors),
    data.noise=lin:0:1:11 (evenly spaced), or batch_size=1,2,5,10. Rows come as they are ready:
    the values, the final loss, the first epoch at the noise floor, and finished or diverged.
    """
    grid = Sweep(experiment, tuple(parse_axis(axis, experiment) for axis in axes))
    keys = [axis.key for axis in grid.axes]
    places = grid.settings()
    if form != "json":
        results: list[Translatable] = ["loss", "floor_epoch", "status"]
        table = "".join(right(head, 14) for head in (*keys, *(tr(column) for column in results)))
        say(",".join([*keys, *results]) if form == "csv" else table)
    from engine.jobs.lanes import run_sweep

    parts = run_sweep(grid)
    with busy_with(tr("drawing the data and training the first runs")):
        first = next(parts, [])
    for cells in chain([first], parts):
        lines = [row(form, keys, places[cell.index], cell) for cell in cells]
        if lines:
            say("\n".join(lines))
    return 0


def row(form: str | None, keys: list[str], values: tuple[Value, ...], cell: Cell) -> str:
    """One run of a sweep as a line of JSON, CSV or a table."""
    if form == "json":
        named = dict(zip(keys, values, strict=True))
        result = {"loss": cell.loss, "floor_epoch": cell.floor_epoch, "status": cell.status}
        return json.dumps(finite({**named, **result}), allow_nan=False)
    if form == "csv":
        texts = [show(value) for value in values]
        texts += [f"{cell.loss!r}", "" if cell.floor_epoch is None else str(cell.floor_epoch)]
        return ",".join([*texts, cell.status])
    texts = [f"{value:.6g}" if isinstance(value, float) else show(value) for value in values]
    floor = "–" if cell.floor_epoch is None else str(cell.floor_epoch)
    texts += [f"{cell.loss:.6g}", floor, tr(cell.status)]
    return "".join(right(text, 14) for text in texts)


@click.command("find-lr")
@takes_experiment
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def find_learning_rate(experiment: Experiment, as_json: bool) -> int:
    """Raise the lr minibatch by minibatch and suggest one from the middle of the loss's fall.

    Beside it stands 2/λmax, the exact limit of full-batch gradient descent.
    """
    from engine.jobs.finder import find_lr

    with busy_with(tr("drawing the data and trying learning rates")):
        finding = find_lr(experiment)
    if as_json:
        say(json.dumps(finite(asdict(finding)), allow_nan=False))
        return 0
    for lr, loss in zip(finding.lrs, finding.losses, strict=True):
        say(tr("lr {lr:<12.4g} loss {loss:.6g}", lr=lr, loss=loss))
    limit = tr("limit 2/λmax = {limit:.3g}", limit=finding.critical_lr)
    if finding.suggestion is None:
        say(tr("no suggestion: the loss hardly falls; {limit}", limit=limit))
    else:
        say(tr("suggestion {lr:.3g}, {limit}", lr=finding.suggestion, limit=limit))
    return 0
