"""The part of a script that reads the data from a file: by csv alone, and only what is fitted."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data.cells import BOOLEANS
from engine.data.design import Design
from engine.data.opened import HELD_OUT, design_of, file_of, open_table
from engine.data.sensing import Asked
from engine.data.source import STANDARD_INPUT, opened
from engine.data.table import Table, TableColumn
from engine.experiment import Experiment
from engine.runs.code.quoting import Quotes
from engine.support.errors import BadInput
from engine.support.translation import tr

if TYPE_CHECKING:
    from engine.data.inputs import Feature

Rows = Sequence[Sequence[str]]
GZIP = b"\x1f\x8b"
EPOCH = "datetime(1970, 1, 1)"
YES = tuple(word for word, value in BOOLEANS.items() if value)
WIDEST = 99
"""Characters of a line."""
DOUBLES = "dtype=torch.float64"


@dataclass(frozen=True)
class Reader:
    """How the script makes the number of a cell."""

    text: str
    """The expression, `CELL` standing for the cell."""
    number: Callable[[str], float]
    """What it comes to."""
    imports: str = ""


class Written:
    """A column of the script: arithmetic with it is written down."""

    def __init__(self, text: str, is_plain: bool = True) -> None:
        self.text, self.is_plain = text, is_plain

    def __mul__(self, other: Written) -> Written:
        return Written(f"{self.factor} * {other.factor}", False)

    def __pow__(self, power: int) -> Written:
        return Written(f"{self.factor}**{power}", False)

    def __eq__(self, number: object) -> Written:  # type: ignore[override]
        return Written(f"({self.text} == {number!r})")

    def __array_ufunc__(self, function: np.ufunc, method: str, *columns: Any) -> Written:
        return Written(f"{self.text}.{function.__name__}()")

    def astype(self, kind: type) -> Written:
        """As float64."""
        return Written(f"{self.text}.double()")

    @property
    def before_dot(self) -> str:
        """The text where a method of it is called."""
        return self.text if self.is_plain else f"({self.text})"

    @property
    def factor(self) -> str:
        """The text where it stands beside an operator that binds at least as much as `*`."""
        return self.text if self.is_plain or "**" in self.text else f"({self.text})"


def file_lines(experiment: Experiment, quotes: Quotes) -> list[str]:
    """The lines that make X and y of a file; raises BadInput where csv does not read it as the lab.

    They are tried on the file: every column they read is that of the table.
    """
    options = dict(experiment.data.options)
    path, terms, split = options.pop("path"), options.pop("terms"), options.pop("split")
    sha256 = options.pop("sha256")
    table, _ = open_table(path, Asked(**options), sha256)
    if not table.dialect.delimiter:
        raise refusal(
            path, tr("{format} is not read by a short script", format=table.dialect.encoding)
        )
    design = design_of(table, terms)
    features = [*design.inputs.features]
    target = design.target_feature
    used = list(dict.fromkeys(name for each in (*features, target) for name in each.sources))
    is_marked = split not in ("random", "ordered")
    columns = {name: table.column(name) for name in [*used, *([split] if is_marked else [])]}
    lines, rows = row_lines(table, used, file_of(path), quotes)
    names = {}
    for name, column in columns.items():
        index = table.columns.index(column)
        reader = reader_of(column, table.dialect.decimal, rows, index, design)
        if reader is None:
            raise refusal(path, tr("column {name} is not read by a short script", name=name))
        quotes.imports |= {reader.imports} - {""}
        names[name] = quotes.take(name, "column")
        cells = reader.text.replace("CELL", f"row[{index}]")
        lines.append(f"{names[name]} = torch.tensor([{cells} for row in rows], {DOUBLES})")
    written = {name: Written(text) for name, text in names.items()}
    (labels,) = products([target], written)
    lines += [*stacked(features, written), f"y = {labels.before_dot}.reshape(-1, 1)"]
    if is_marked:
        lines.append(f"held_out = {marks(columns[split], names[split])}")
    return lines


def row_lines(
    table: Table, used: Sequence[str], path: str, quotes: Quotes
) -> tuple[list[str], Rows]:
    """The lines that make `rows`, cells of the rows that are used, and what they come to."""
    dialect = table.dialect
    if table.dropped > len(table.problems) or not table.lines.all():
        raise refusal(table.path, tr("too many of its rows could not be read"))
    quotes.imports.add("csv")
    with opened(path) as binary:
        content = binary.read() or b""
    packed = content.startswith(GZIP)
    text = io.TextIOWrapper(
        io.BytesIO(gzip.decompress(content) if packed else content), dialect.encoding
    )
    source = "0" if path == STANDARD_INPUT else quoted(path)
    opening = f"open({source}, encoding={quoted(dialect.encoding)})"
    if packed:
        quotes.imports.add("gzip")
        opening = f'gzip.open({source}, "rt", encoding={quoted(dialect.encoding)})'
    bad = sorted(problem.line for problem in table.problems)
    kept = text.readlines()
    lines = [f"with {opening} as file:", "    lines = file.readlines()"]
    if bad:
        kept = [line for number, line in enumerate(kept, 1) if number not in bad]
        lines.append(
            f"lines = [line for number, line in enumerate(lines, 1) if number not in {bad}]"
        )
    skipped = dialect.preamble - sum(number <= dialect.preamble for number in bad)
    kept = kept[skipped:]
    below = f"lines[{skipped}:]" if skipped else "lines"
    if dialect.delimiter == " ":
        rows = [row for line in kept if (row := line.split()) and row[0][:1] != "#"]
        quotes.imports -= {"csv"}
        lines.append(
            f'rows = [row for line in {below} if (row := line.split()) and row[0][:1] != "#"]'
        )
    else:
        given = csv.reader(kept, delimiter=dialect.delimiter, skipinitialspace=True)
        rows = [row for row in given if any(row) and row[0][:1] != "#"]
        delimiter = "" if dialect.delimiter == "," else f", delimiter={quoted(dialect.delimiter)}"
        lines.append(f"rows = csv.reader({below}{delimiter}, skipinitialspace=True)")
        lines.append('rows = [row for row in rows if any(row) and row[0][:1] != "#"]')
    if len(rows) != table.rows or any(len(row) != len(rows[0]) for row in rows):
        raise refusal(table.path, tr("its rows are not read alike by a short script"))
    gaps = [table.columns.index(table.column(name)) for name in used if table.column(name).missing]
    if gaps:
        words = {row[index].strip().casefold() for row in rows for index in gaps}
        missing = sorted(words & set(dialect.missing))
        test = " and ".join(f"row[{index}].strip().casefold() not in missing" for index in gaps)
        lines += [
            f"missing = {json.dumps(missing, ensure_ascii=False)}",
            f"rows = [row for row in rows if {test}]",
        ]
        rows = [row for row in rows if all(row[i].strip().casefold() not in missing for i in gaps)]
    return [f"# Data: {table.path}", *lines], rows


def reader_of(
    column: TableColumn, decimal: str, rows: Rows, index: int, design: Design
) -> Reader | None:
    """What reads every cell of a column as the table has it; None where nothing here does."""
    numbers = column.numbers[design.rows]
    for reader in readers(column, decimal):
        try:
            values = [reader.number(row[index]) for row in rows]
        except (ValueError, TypeError, IndexError):
            continue
        if len(values) == len(numbers) and np.array_equal(values, numbers):
            return reader
    return None


def readers(column: TableColumn, decimal: str) -> list[Reader]:
    """What may read a column, the simplest first."""
    match column.kind:
        case "category":
            levels = list(column.levels)
            return [
                Reader(f"{levels!r}.index(CELL.strip())", lambda cell: levels.index(cell.strip()))
            ]
        case "boolean":
            return [
                Reader(f"CELL.strip().lower() in {YES}", lambda cell: cell.strip().lower() in YES)
            ]
        case "date":
            return [dates(column.first_day)]
    if decimal == ",":
        return [
            Reader("float(CELL.replace(',', '.'))", lambda cell: float(cell.replace(",", "."))),
            Reader(
                "float(CELL.replace('.', '').replace(',', '.'))",
                lambda cell: float(cell.replace(".", "").replace(",", ".")),
            ),
        ]
    return [
        Reader("float(CELL)", float),
        Reader("float(CELL.replace(',', ''))", lambda cell: float(cell.replace(",", ""))),
        Reader(
            "float(CELL.strip(' $€£¥%').replace(',', ''))",
            lambda cell: float(cell.strip(" $€£¥%").replace(",", "")),
        ),
    ]


def dates(first_day: float) -> Reader:
    """Days since the first date."""
    begin = datetime(1970, 1, 1)
    text = (
        f"((datetime.fromisoformat(CELL.strip()) - {EPOCH}).total_seconds()"
        f" - {first_day * 86400!r}) / 86400"
    )
    return Reader(
        text,
        lambda cell: (
            ((datetime.fromisoformat(cell.strip()) - begin).total_seconds() - first_day * 86400)
            / 86400
        ),
        "datetime.datetime",
    )


def stacked(features: Sequence[Feature], columns: Mapping[str, Written]) -> list[str]:
    """The lines that make X of columns."""
    texts = [product.text for product in products(features, columns)]
    line = f"X = torch.stack([{', '.join(texts)}], dim=1)"
    if len(line) <= WIDEST:
        return [line]
    return ["X = torch.stack([", *(f"    {text}," for text in texts), "], dim=1)"]


def products(features: Sequence[Feature], columns: Mapping[str, Written]) -> list[Written]:
    """Features as arithmetic with the columns of the script."""
    given: Any = columns
    texts: list[Any] = [feature.values(given) for feature in features]
    return texts


def marks(column: TableColumn, name: str) -> str:
    """Which rows a column holds out."""
    if column.kind != "category":
        return f"{name} == 1"
    places = [index for index, level in enumerate(column.levels) if level.casefold() in HELD_OUT]
    return f"torch.isin({name}, torch.tensor({places}, {DOUBLES}))"


def quoted(text: str) -> str:
    """A text as the script writes it."""
    return json.dumps(text, ensure_ascii=False)


def refusal(path: str, why: str) -> BadInput:
    """A file of which no script is written."""
    return BadInput("data.path", path, why)
