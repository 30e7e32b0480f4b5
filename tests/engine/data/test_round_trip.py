"""A table written in any dialect is read back as it was; numbers are those of numpy."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.reading import is_read, read_table
from engine.data.sensing import Asked, sense
from engine.data.source import Stopped
from tests.support.commands import refusal_of

Cells = list[float | str | None]

LETTERS = st.sampled_from("abcdefghijklmnopqrstuvwxyzäöüßéñ")
NAMES = st.text(LETTERS, min_size=2, max_size=8).filter(
    lambda name: name not in ("na", "nan", "null", "none", "no", "yes", "true", "false")
)
NUMBERS = st.floats(-1e9, 1e9, allow_nan=False, allow_subnormal=False).map(
    lambda value: round(value, 4)
) | st.integers(-(10**6), 10**6).map(float)
WORDS = ("red", "green", "blue", "grün")
DAYS = st.integers(0, 3000).map(lambda days: date(2020, 1, 1) + timedelta(days))


@dataclass
class Written:
    """A table as it is and as it is written."""

    content: bytes
    names: list[str]
    kinds: list[str]
    columns: list[Cells]
    delimiter: str
    decimal: str


@st.composite
def tables(draw: st.DrawFn) -> Written:
    """Columns of numbers, words, dates and booleans, with gaps, in any dialect."""
    rows = draw(st.integers(3, 12))
    kinds = ["number", *draw(st.lists(st.sampled_from(sorted(MAKERS)), min_size=1, max_size=4))]
    names = draw(st.lists(NAMES, min_size=len(kinds), max_size=len(kinds), unique=True))
    columns = [draw(MAKERS[kind](rows)) for kind in kinds]
    delimiter = draw(st.sampled_from(",;\t|"))
    decimal = draw(st.sampled_from(".,")) if delimiter != "," else "."
    grouping = draw(st.sampled_from(["", "'", ".,".replace(decimal, "")]))
    gap = draw(st.sampled_from(["", "NA", "n/a", "NULL", "?"]))
    text = io.StringIO()
    quoting: Literal[0, 1] = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ends)
    writer.writerow(names)
    for row in zip(*columns, strict=True):
        writer.writerow([spelt(cell, decimal, grouping, gap) for cell in row])
    comment = draw(st.sampled_from(["", f"# written by hand{ends}", ends]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    content = (comment + text.getvalue()).encode(encoding)
    return Written(content, names, kinds, columns, delimiter, decimal)


def with_gaps(values: st.SearchStrategy[float | str], rows: int) -> st.SearchStrategy[Cells]:
    """Values of which a few are missing."""
    cells = st.lists(values, min_size=rows, max_size=rows)
    gaps = st.sets(st.integers(0, rows - 1), max_size=rows // 3)
    return st.builds(
        lambda cells, gaps: [None if k in gaps else cell for k, cell in enumerate(cells)],
        cells, gaps,
    )  # fmt: skip


MAKERS: dict[str, Callable[[int], st.SearchStrategy[Cells]]] = {
    "number": lambda rows: with_gaps(NUMBERS, rows),
    "date": lambda rows: with_gaps(DAYS.map(str), rows),
    "boolean": lambda rows: with_gaps(st.sampled_from(["true", "false"]), rows),
}


def spelt(cell: float | str | None, decimal: str, grouping: str, gap: str) -> str:
    """A cell as people write it."""
    if cell is None:
        return gap
    if isinstance(cell, str):
        return cell
    text = f"{cell:,.4f}" if cell % 1 else f"{cell:,.0f}"
    return text.replace(",", "g").replace(".", decimal).replace("g", grouping)


def expected(kind: str, cells: Cells) -> list[float]:
    """The numbers that a column stands for."""
    if kind == "date":
        days = [np.nan if c is None else date.fromisoformat(str(c)).toordinal() for c in cells]
        return [day - np.nanmin(days) for day in days]
    if kind == "boolean":
        return [np.nan if cell is None else float(cell == "true") for cell in cells]
    return [np.nan if cell is None else float(cell) for cell in cells]


@given(tables())
def test_a_table_is_read_back_from_any_dialect(written: Written) -> None:
    asked = Asked()
    if "data.decimal" in str(refusal_of(lambda: sense(written.content))):
        asked = Asked(decimal=written.decimal)  # every number leaves doubt
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.csv")
        file.write_bytes(written.content)
        table = read_table(str(file), asked)
    assert [column.name for column in table.columns] == written.names
    assert table.dialect.delimiter == written.delimiter
    assert [column.kind for column in table.columns] == written.kinds
    for column, kind, cells in zip(table.columns, written.kinds, written.columns, strict=True):
        np.testing.assert_allclose(column.numbers, expected(kind, cells), rtol=1e-15)
        assert column.missing == cells.count(None)


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=2, max_size=40))
def test_plain_numbers_are_those_of_numpy(rows: list[list[float]]) -> None:
    text = "\n".join(",".join(map(repr, row)) for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.csv")
        file.write_text(text)
        table = read_table(str(file), Asked(decimal="."))
    oracle = np.genfromtxt(io.StringIO(text), delimiter=",")
    np.testing.assert_array_equal(np.transpose([c.numbers for c in table.columns]), oracle)


@given(st.binary(max_size=200) | st.text('a1,;"\t\n#.-|e ', max_size=80).map(str.encode))
def test_no_bytes_make_it_fail_but_in_one_line(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a")
        file.write_bytes(content)
        if refusal := refusal_of(lambda: read_table(str(file))):
            assert "\n" not in str(refusal)
            return
        table = read_table(str(file))
    assert {len(column.numbers) for column in table.columns} <= {0, table.rows}
    assert len(table.lines) == table.rows


def test_a_file_comes_from_memory_until_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\n3,4\n")
    assert not is_read(str(file))
    first = read_table(str(file))
    assert is_read(str(file))
    assert not is_read(str(file), Asked(header="no"))
    assert read_table(str(file)) is first
    file.write_text("a,b\n1,2\n3,5\n5,6\n")
    assert not is_read(str(file))
    second = read_table(str(file))
    assert (second.rows, second.sha256 == first.sha256) == (3, False)


def test_progress_is_heard_of_and_reading_can_be_stopped(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b\n" + "1.25,2.5\n" * 400_000)
    shares: list[float] = []
    with pytest.raises(Stopped):
        read_table(str(file), progress=shares.append, stop=lambda: len(shares) > 1)
    assert len(shares) == 2
    assert not is_read(str(file))
    read_table(str(file), progress=shares.append)
    assert shares[2:] == sorted(shares[2:])
    assert shares[-1] == 1
