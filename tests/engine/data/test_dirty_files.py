"""Twelve small files, each with what makes other readers return wrong data without a word."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from engine.data.reading import read_table
from engine.data.table import Table
from engine.support.errors import BadInput

FILES = Path(__file__).with_name("files")


def table(name: str) -> Table:
    return read_table(str(FILES / name))


def assert_columns(of: Table, **columns: list[float]) -> None:
    """Names, order and numbers of all columns."""
    assert [column.name for column in of.columns] == list(columns)
    for name, numbers in columns.items():
        np.testing.assert_array_equal(of.column(name).numbers, numbers, name)
        assert len(of.lines) == of.rows


def test_a_mark_of_utf_8_is_no_part_of_a_name() -> None:
    assert_columns(table("bom.csv"), a=[1, 3], b=[2, 4])


def test_words_are_levels_and_true_is_1() -> None:
    read = table("category.csv")
    assert_columns(read, color=[2, 0, 2, 1, 0], sold=[1, 0, 1, 0, 1], y=[1, 2, 3, 5, 2.5])
    assert [column.kind for column in read.columns] == ["category", "boolean", "number"]
    assert read.column("color").levels == ("blue", "green", "red")


def test_dates_are_days_since_the_first() -> None:
    read = table("dates.csv")
    assert_columns(read, date=[0, 1, 3], y=[1, 2, 4])
    assert read.column("date").unit == "days since 2024-01-01"


def test_the_levels_of_a_category_may_be_all_there_is_beside_y() -> None:
    read = table("dummy_trap.csv")
    assert_columns(read, centre=[0, 0, 1, 1, 2, 2], y=[12.4, 10.7, 9.1, 11.5, 8.5, 11.8])
    assert [column.name for column in read.usable] == ["centre", "y"]


def test_leading_zeros_make_an_id_which_is_left_out() -> None:
    read = table("leading_zero_id.csv")
    assert_columns(read, zip=[1234, 501, 10001], rooms=[2, 3, 4], y=[1.5, 2.5, 3.25])
    assert [column.name for column in read.usable] == ["rooms", "y"]
    assert ["zip" in str(decision) for decision in read.decisions] == [True]


def test_every_word_of_an_empty_cell_is_missing_and_keeps_its_row() -> None:
    read = table("missing.csv")
    assert_columns(read, a=[1, 2, 3, 4, 5, 6, 7], b=[np.nan] * 6 + [8], y=[3, 4, 5, 6, 7, 8, 9])
    assert [column.missing for column in read.columns] == [0, 6, 0]
    assert (read.column("b").mean, read.dropped) == (8, 0)


def test_a_first_row_of_numbers_is_data() -> None:
    read = table("no_header.csv")
    assert_columns(read, x1=[1.5, 3, 5], x2=[2, 4, 6])
    assert list(read.lines) == [1, 2, 3]
    assert not read.dialect.header


def test_a_cell_may_go_on_over_lines_and_hold_quotes() -> None:
    read = table("quoted_newline.csv")
    assert_columns(read, name=[], x=[1, 3, 5], y=[2, 4, 6])
    assert list(read.lines) == [2, 4, 5]
    assert read.column("name").kind == "text"


def test_rows_of_another_width_are_named_and_refused_where_they_are_many() -> None:
    with pytest.raises(
        BadInput, match=r"2 of 4 rows .* line 3: 2 instead of 3 cells; line 4: 4 instead"
    ):
        table("ragged.csv")


def test_a_decimal_comma_stands_beside_dots_that_group_digits() -> None:
    read = table("semicolon_decimal_comma.csv")
    assert_columns(read, fläche=[54.5, 80, 120.25], zimmer=[2, 3, 5], preis=[1234.5, 2345, 3999.99])
    assert (read.dialect.delimiter, read.dialect.decimal) == (";", ",")


def test_commas_within_quotes_group_digits_and_a_currency_is_a_unit() -> None:
    read = table("thousands.csv")
    assert_columns(read, area=[1200, 2400, 1800], price=[350000, 700000, 512500])
    assert [column.unit for column in read.columns] == ["", "$"]
    assert "1,200 is 1200" in str(read.decisions[0])


def test_a_row_of_units_is_no_data() -> None:
    read = table("units_row.csv")
    assert_columns(read, length=[1, 2, 3], mass=[2, 4.1, 5.9])
    assert [column.unit for column in read.columns] == ["m", "kg"]
    assert list(read.lines) == [3, 4, 5]


@pytest.mark.parametrize("name", ["norris", "wampler1", "wampler2"])
def test_the_reference_sets_are_read_to_the_last_digit(name: str) -> None:
    file = FILES / f"{name}.csv"
    assert name in json.loads((FILES / "certified.json").read_text())
    with file.open() as lines:
        rows = list(csv.DictReader(lines))
    read = table(file.name)
    assert_columns(read, **{key: [float(row[key]) for row in rows] for key in ("y", "x")})
    assert read.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
