"""`linreg-tui data`: what a file of data is written in, and what its columns hold."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from engine.cli.common import pairs_of
from engine.cli.output import busy_with, say, show_progress
from engine.experiment import nearest_key
from engine.support.cell_width import cells, left, right
from engine.support.errors import BadInput, shortened
from engine.support.plain_json import finite
from engine.support.translation import in_words, tr, trn

if TYPE_CHECKING:
    from engine.data.sensing import Asked
    from engine.data.table import Dialect, Table, TableColumn

LONGEST_NAME = 24
"""Characters of a name, a unit or a level."""
MOST_LEVELS = 6
"""Of a category that are printed."""


@click.command("data")
@click.argument("file")
@click.option("-s", "settings", multiple=True, metavar="KEY=VALUE", help="As data.decimal=, .")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def data(file: str, settings: tuple[str, ...], as_json: bool) -> int:
    """Print what a FILE of data is written in, and a line for each of its columns.

    CSV and its like are sensed: encoding, delimiter, decimal mark, names, units, missing values. A
    FILE named - is standard input.
    """
    table = read(file, asked_of(settings))
    if as_json:
        say(json.dumps(finite(as_dict(table)), allow_nan=False))
    else:
        say("\n".join(lines(table)))
    return 0


def asked_of(settings: Sequence[str]) -> Asked:
    """What settings say of a file; raises BadInput."""
    from engine.catalog.choice import choose
    from engine.data.sensing import Asked

    names = [param.name for param in choose("data", "file").entry.params]
    keys = {f"data.{name}": name for name in names if name in vars(Asked())}
    asked = {}
    for key, value in pairs_of(settings).items():
        if key not in keys:
            raise BadInput(key, value, nearest_key(key, keys))
        asked[keys[key]] = value
    return Asked(**asked)


def read(file: str, asked: Asked) -> Table:
    """The table of a file; where a person watches, the share that is read is shown."""
    from engine.data.reading import read_table

    def progress(share: float) -> None:
        if sys.stderr.isatty():
            show_progress(tr("reading {file}: {share:.0%}", file=file, share=share))

    with busy_with(tr("reading {file}", file=file)):
        return read_table(file, asked, progress)


def as_dict(table: Table) -> dict[str, Any]:
    """A table as plain values; `used` counts the rows without a gap in the usable columns."""
    dialect = table.dialect
    return {
        "rows": table.rows + table.dropped,
        "used": table.complete,
        "encoding": dialect.encoding,
        "delimiter": dialect.delimiter,
        "decimal": dialect.decimal,
        "header": dialect.header,
        "units": dialect.units,
        "columns": [
            {
                "name": column.name,
                "kind": column.kind,
                "missing": column.missing,
                "min": column.min,
                "mean": column.mean,
                "max": column.max,
                "sd": column.sd,
                "levels": column.levels,
            }
            for column in table.columns
        ],
        "problems": [
            {"line": problem.line, "column": problem.column, "why": problem.why}
            for problem in table.problems
        ],
    }


def lines(table: Table) -> Iterator[str]:
    """A table for people."""
    yield trn(
        "{n:,} row, {complete:,} without a gap",
        "{n:,} rows, {complete:,} without a gap",
        n=table.rows + table.dropped,
        complete=table.complete,
    )
    yield written_in(table.dialect)
    yield from (f"- {in_words(decision)}" for decision in table.decisions)
    if table.dropped:
        yield trn("{n:,} row is dropped:", "{n:,} rows are dropped, first:", n=table.dropped)
        yield from (f"  {problem}" for problem in table.problems[:3])
    width = max(4, *(cells(shown(column)) for column in table.columns)) + 2
    heads = (tr("n"), tr("missing"), tr("min"), tr("mean"), tr("max"), tr("sd"))
    yield left(tr("name"), width) + left(tr("kind"), 9) + "".join(right(h, 11) for h in heads)
    yield from (line_of(column, table.rows, width) for column in table.columns)


def shown(column: TableColumn) -> str:
    """A column's name and unit, as far as there is room for them."""
    name = shortened(column.name, LONGEST_NAME)
    return f"{name} ({shortened(column.unit, LONGEST_NAME)})" if column.unit else name


def written_in(dialect: Dialect) -> str:
    """What a file is written in."""
    from engine.data.delimiter import DELIMITERS

    if not dialect.delimiter:
        return tr("format {format}", format=dialect.encoding)
    names = {mark: tr(name) for name, mark in DELIMITERS.items()}
    return tr(
        "encoding {encoding}, delimiter {delimiter}, decimal {decimal}, header {header}",
        encoding=dialect.encoding,
        delimiter=names.get(dialect.delimiter, dialect.delimiter),
        decimal=tr("comma") if dialect.decimal == "," else tr("point"),
        header=tr("yes") if dialect.header else tr("no"),
    )


def line_of(column: TableColumn, rows: int, width: int) -> str:
    """A column: name, kind, how many values it has and what they come to."""
    counts = f"{rows - column.missing:>11,}{column.missing:>11,}"
    return left(shown(column), width) + left(tr(column.kind), 9) + counts + what_it_holds(column)


def what_it_holds(column: TableColumn) -> str:
    """The statistics of numbers, the levels of a category."""
    if column.levels:
        more = ", …" if len(column.levels) > MOST_LEVELS else ""
        first, *others = (shortened(level, LONGEST_NAME) for level in column.levels[:MOST_LEVELS])
        reference = tr("{level} (reference)", level=first)
        return "  " + ", ".join((reference, *others)) + more
    statistics = (column.min, column.mean, column.max, column.sd)
    if all(map(math.isnan, statistics)):
        return ""
    texts = ["" if math.isnan(x) else f"{x:.6g}" for x in statistics]
    return "".join(right(text, 11) for text in texts)
