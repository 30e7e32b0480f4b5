"""`linreg-tui sweep` and `find-lr`: many runs, and a learning rate by trial."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import cache, lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.common import reads_experiment, takes_experiment
from engine.cli.output import busy_with, say, show_progress
from engine.cli.together import agreeing
from engine.experiment import Experiment
from engine.jobs.axis import parse_axis
from engine.jobs.best import best, in_a_sentence
from engine.jobs.ranked import gathered, shared_limits
from engine.jobs.shards import merged, parse_shard, resume
from engine.jobs.sweep import Cell, Sweep, SweepProgress
from engine.support.cell_width import right
from engine.support.errors import BadInput, show
from engine.support.outside import printable
from engine.support.plain_json import finite
from engine.support.ranks import Ranks, launched
from engine.support.translation import Translatable, tr

if TYPE_CHECKING:
    from engine.theory.stability import Limit

COLUMNS: tuple[Translatable, ...] = ("loss", "floor_epoch", "limit", "status")
"""What a run came to, in the table."""
MORE = ("loss", "floor_epoch", "floor_samples", "excess", "limit", "status")
"""The same as CSV and JSON have it."""
WIDTH = 13
ENCODE = json.JSONEncoder(allow_nan=False).encode
"""As json.dumps, which would make an encoder each time."""
REMEMBERED = 4096
"""Values whose text is kept for the rows to come."""


@click.command("sweep")
@reads_experiment
@click.option("--axis", "axes", multiple=True, metavar="KEY=VALUES", help="One or two; see above.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma separated, with a header.")
@click.option("--shard", metavar="I/N", help="Only a share of the runs, the I-th of N.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where shares are kept.")
def sweep(
    read: Callable[[], Experiment],
    axes: tuple[str, ...],
    form: str | None,
    shard: str | None,
    output: Path | None,
) -> int:
    """Train an experiment at every point of a grid, print a row for each run, and say the best.

    An axis is a key with its values: lr=log:1e-3:1:64 (64 values by equal factors),
    data.noise=lin:0:1:11 (evenly spaced), or batch_size=1,2,5,10. Rows come as they are ready:
    the values, the final loss, the first epoch at the noise floor, the largest stable lr where lr
    is an axis, and finished or diverged. The best is at the floor after the fewest samples; of
    several, its batch is the largest and its lr at most half its limit; where none is at the floor,
    its loss is the least. Runs beyond their limit come last.

    --shard 3/16 -o FILE does a share of the runs and keeps them in FILE, where it goes on after it
    was ended; sweep-merge prints the whole of all the shares. Under torchrun or srun each process
    does a share, and the first prints all of them in the order of the grid; with -o FOLDER they are
    kept there, and after a restart it goes on.
    """

    def read_grid() -> Sweep:
        experiment = read()
        return Sweep(experiment, tuple(parse_axis(axis, experiment) for axis in axes))

    if ranks := launched():
        return do_ranks(read_grid, ranks, shard, output, form)
    grid = read_grid()
    if shard is not None or output is not None:
        return do_shard(grid, shard, output)
    from engine.jobs.lanes import run_sweep

    parts = run_sweep(grid)
    with busy_with(tr("drawing the data and training the first runs")):
        first = next(parts, [])
    print_sweep(grid, chain([first], parts), form)
    return 0


def do_shard(grid: Sweep, shard: str | None, output: Path | None) -> int:
    """Do a share of a sweep and say how far it is."""
    if shard is None:
        allowed = tr("needs --shard I/N, or torchrun or srun: without them nothing is kept")
        raise BadInput("--output", output or "", allowed)
    share = parse_shard(shard)
    if output is None or output.is_dir():
        raise BadInput("--shard", shard, tr("needs --output FILE"))
    with busy_with(tr("training a share of the runs")):
        done = sum(map(len, resume(grid, share, output)))
    say(
        tr(
            "shard {shard}: {done} of {whole} runs in {file}",
            shard=share,
            done=done,
            whole=len(share.runs(grid)),
            file=printable(str(output)),
        )
    )
    return 0


def do_ranks(
    read_grid: Callable[[], Sweep],
    ranks: Ranks,
    shard: str | None,
    folder: Path | None,
    form: str | None,
) -> int:
    """Do the share of a rank; the first one prints the runs of all of them.

    Only when all are done: a rank that is lost starts the others anew, which would print again.
    """
    if shard is not None:
        raise BadInput("--shard", shard, tr("each process has a share already: leave it out"))
    with agreeing(ranks, read_grid) as grid:
        cells: list[Cell] = []
        with busy_with(tr("training a share of the runs")):
            for arrived in gathered(grid, ranks, folder):
                cells += arrived
                if arrived and sys.stderr.isatty():
                    show_progress(tr("{done} of {whole} runs", done=len(cells), whole=len(grid)))
            limits = shared_limits(grid, ranks)
        if ranks.is_first:
            print_sweep(grid, [sorted(cells)], form, limits.__getitem__)
    return 0


@click.command("sweep-merge")
@click.argument("parts", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma separated, with a header.")
def sweep_merge(parts: tuple[Path, ...], form: str | None) -> int:
    """Print the sweep of which the FILEs hold the shards, as `sweep` prints it whole.

    Every shard must be there, whole, and of the same sweep.
    """
    grid, cells = merged(parts)
    print_sweep(grid, [list(cells)], form)
    return 0


def print_sweep(
    grid: Sweep,
    parts: Iterable[list[Cell]],
    form: str | None,
    limit: Callable[[int], Limit] | None = None,
) -> None:
    """Print a row for each run as it comes, and say the best.

    `limit` gives the largest stable lr at a place of the axis beside it, where it is known already.
    """
    columns = [column for column in (MORE if form else COLUMNS) if column != "limit" or grid.limits]
    if form == "csv":
        say(",".join((*grid.keys, *columns)))
    elif form is None:
        say("".join(right(head, WIDTH) for head in (*grid.keys, *map(tr, columns))))
    if limit is None:
        from engine.jobs.limits import limit_at

        limit = cache(lambda place: limit_at(grid, place))
    names = [*grid.keys, *columns]
    # Settings, limits and states come again in row after row.
    text_of = lru_cache(REMEMBERED, typed=True)(partial(written, form))

    def row(cell: Cell) -> str:
        place = grid.beside_lr(cell.index)
        lr = None if place is None else limit(place).lr
        results = [lr if column == "limit" else getattr(cell, column) for column in columns]
        values = [*grid.values(grid.place(cell.index)), *results]
        return joined(form, map(text_of, names, values))

    done: list[Cell] = []
    for cells in parts:
        done += cells
        if cells:
            say("\n".join(map(row, cells)))
    limits = tuple(limit(place) for place in range(grid.limits))
    chosen = best(SweepProgress(grid, cells=tuple(sorted(done)), limits=limits))
    if form == "json":
        say(f'{{"best": {row(chosen.cell) if chosen else "null"}}}')
    elif form is None:
        say(in_a_sentence(chosen) if chosen else tr("all diverged"))


def written(form: str | None, column: str, value: object) -> str:
    """A value of a run as a part of a line of JSON, CSV or a table."""
    if form == "json":
        return f'"{column}": {ENCODE(finite(value))}'
    if form == "csv":
        return "" if value is None else show(value)
    return right(in_table(value), WIDTH)


def joined(form: str | None, texts: Iterable[str]) -> str:
    """The line that such parts make."""
    if form == "json":
        return "{" + ", ".join(texts) + "}"
    return ("," if form == "csv" else "").join(texts)


def in_table(value: object) -> str:
    """A value of a run in a table."""
    if value is None:
        return "–"
    if value == math.inf:
        return tr("none")
    if isinstance(value, float):
        return f"{value:.6g}"
    return tr(value) if isinstance(value, str) else show(value)


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
    say(finding.in_a_sentence())
    say(tr("limit 2/λmax = {limit:.3g}", limit=finding.critical_lr))
    return 0
