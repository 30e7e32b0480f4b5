"""`linreg-tui runs`: the runs that are kept, listed, compared, exported, removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click

from engine.catalog.parameters import labels
from engine.cli.output import say
from engine.runs.differences import BASELINE, difference_words, differences
from engine.runs.export import EXPORTS, export_run
from engine.runs.info import VERSION, RunInfo
from engine.runs.matching import match_of
from engine.runs.store import LATEST, Store
from engine.runs.words import forked, loss_of, title, when
from engine.support.cell_width import cells, cut, left
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.plain_json import finite
from engine.support.translation import tr, trn
from engine.support.user_files import runs_folder

WIDEST = 60
"""Cells of what differs in a line of the list."""


class FilterOrCommand(click.Group):
    """A group that may be called with a filter in place of a command; it becomes `obj`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the filter out of the words."""
        _, rest, _ = self.make_parser(ctx).parse_args(list(args))
        if rest and rest[0] not in self.commands:
            ctx.obj = " ".join(rest)
            args = [word for word in args if word not in rest]
        return super().parse_args(ctx, args)


@click.group(
    "runs",
    cls=FilterOrCommand,
    invoke_without_command=True,
    subcommand_metavar="[FILTER… | COMMAND [ARGS]...]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def runs(context: click.Context, as_json: bool) -> int:
    """List the runs that are kept, the newest first.

    A FILTER has words and conditions, as in: lr<0.1 loss=huber state=diverged. `loss` with a number
    is the last loss, with a name the loss function.
    """
    if context.invoked_subcommand:
        return 0
    matches = match_of(context.obj or "")
    chosen = filter(matches, Store(runs_folder()).runs())
    if as_json:
        for info in chosen:
            say(json.dumps(finite(as_dict(info)), ensure_ascii=False, allow_nan=False))
        return 0
    listed = list(chosen)
    if not listed:
        say(
            tr("no run matches {filter}", filter=printable(context.obj))
            if context.obj
            else tr("no run is kept in {folder}", folder=runs_folder())
        )
        return 0
    for line in table(listed):
        say(line)
    return 0


def as_dict(info: RunInfo) -> dict[str, object]:
    """What a line of JSON tells of a run."""
    return {
        "id": info.id,
        "name": info.name,
        "state": info.state,
        "started": info.started,
        "ended": info.ended or None,
        "loss": info.loss,
        "result": info.result,
        "experiment": info.experiment,
    }


def table(listed: list[RunInfo]) -> Iterator[str]:
    """A line a run for people: what differs is told from the run below, which is older."""
    told = [difference_words(now.settings(), old.settings()) for now, old in pairwise(listed)]
    told.append(difference_words(listed[-1].settings(), BASELINE))
    heads = (tr("started"), tr("name"), tr("state"), tr("loss"), tr("what differs"))
    rows = [
        (when(info), title(info), tr(info.state), loss_of(info), cut(printable(words), WIDEST))
        for info, words in zip(listed, told, strict=True)
    ]
    widths = [max(map(cells, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        yield "  ".join(left(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield trn("{n} run", "{n} runs", n=len(listed))


@runs.command("show")
@click.argument("name", default=LATEST)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show_run(name: str, as_json: bool) -> int:
    """Print what is known of a run: an id, the begin of one, a name, or `latest`."""
    store = Store(runs_folder())
    info = store.run(name)
    if as_json:
        say(info.to_json().rstrip())
        return 0
    say(tr("{id}: {state}", id=info.id, state=tr(info.state)))
    if info.version > VERSION:
        say(tr("written by a newer version of the app: what is known of it is shown"), err=True)
    if info.name:
        say(tr("name {name}", name=info.name))
    say(tr("started {when} on {host}", when=when(info), host=info.host))
    say(tr("epoch {epoch}, loss {loss}", epoch=info.result.get("epoch"), loss=loss_of(info)))
    if standing := info.result.get("standing"):
        say(tr(str(standing)))
    params = info.result.get("params")
    if isinstance(params, dict):
        for label, value in labels(params):
            say(f"{label} = {value:.6g}")
    say(difference_words(info.settings(), BASELINE) or tr("the baseline"))
    if words := forked(info):
        say(words)
    say(tr("{size:.0f} KiB in {folder}", size=store.size(info) / 1024, folder=store.path(info)))
    return 0


@runs.command("diff")
@click.argument("before")
@click.argument("now")
def diff(before: str, now: str) -> int:
    """Print the settings in which two runs differ, and their losses."""
    store = Store(runs_folder())
    first, second = store.run(before), store.run(now)
    changed = differences(second.settings(), first.settings())
    rows = [(key, was, is_now) for key, (was, is_now) in changed.items()]
    rows = [("", title(first), title(second)), *rows, ("loss", loss_of(first), loss_of(second))]
    widths = [max(cells(printable(cell)) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        parts = (left(printable(cell), width) for cell, width in zip(row, widths, strict=True))
        say("  ".join(parts).rstrip())
    return 0


@runs.command("rm")
@click.argument("names", nargs=-1, required=True)
def remove(names: tuple[str, ...]) -> int:
    """Remove runs; none is removed where one of them cannot be found or is still running."""
    store = Store(runs_folder())
    chosen = [store.run(name) for name in names]
    if running := next((info for info in chosen if info.state == "running"), None):
        raise BadInput("run", running.id, tr("is still running: stop it before it is removed"))
    for info in chosen:
        store.remove(info)
        say(tr("{id} is removed", id=info.id))
    return 0


@runs.command("rename")
@click.argument("run")
@click.argument("name")
def rename(run: str, name: str) -> int:
    """Give a run a name; an empty one takes it away."""
    store = Store(runs_folder())
    store.rename(store.run(run), name)
    return 0


@runs.command("export")
@click.argument("name", default=LATEST)
@click.option("--format", "form", type=click.Choice(list(EXPORTS)), default="csv")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file, or a folder.")
def export(name: str, form: str, output: Path | None) -> int:
    """Write the metrics of a run as CSV or JSON lines, or as TensorBoard's events into a folder.

    Without --output they are printed. Nothing is overwritten.
    """
    store = Store(runs_folder())
    info = store.run(name)
    text = export_run(store, info, form, output)
    say(text.rstrip("\n") if output is None else tr("written to {file}", file=output))
    return 0
