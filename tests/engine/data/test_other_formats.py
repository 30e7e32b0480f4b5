"""What is packed by gzip, and Parquet and JSON by the extra `files`."""

from __future__ import annotations

import builtins
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import source
from engine.data.reading import read_table
from engine.data.table import Table
from engine.support.errors import BadInput

TEXT = "a,b\n" + "".join(f"{k},{k / 8}\n" for k in range(30_000))
ROWS: list[dict[str, Any]] = [
    {"a": 1, "b": 0.5, "day": "2024-01-02", "lot": "red", "ok": True, "x y": None},
    {"a": 2, "b": 1.5, "day": "2024-01-01", "lot": "blue", "ok": False, "x y": 4},
    {"a": None, "b": 2.5, "day": "2024-01-04", "lot": "red", "ok": True, "x y": 5},
]


def test_gzip_is_unpacked_on_the_way(tmp_path: Path) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(TEXT.encode()))
    shares: list[float] = []
    table = read_table(str(file), progress=shares.append)
    np.testing.assert_array_equal(table.column("b").numbers, np.arange(30_000) / 8)
    assert table.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert 0 < shares[-1] <= 1


@pytest.mark.parametrize("damage", [slice(20_000), slice(12)], ids=["cut", "head"])
def test_damaged_gzip_is_refused(tmp_path: Path, damage: slice) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(TEXT.encode())[damage])
    with pytest.raises(BadInput, match="ends early"):
        read_table(str(file))


def test_what_grows_beyond_all_bounds_when_unpacked_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.data import text_file

    monkeypatch.setattr(text_file, "MOST_NUMBERS", 200_000)
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(b"a,b\n" + b"0,0\n" * 2_000_000))
    with pytest.raises(BadInput, match="numbers, at most"):
        read_table(str(file))


def assert_is_rows(table: Table) -> None:
    expected: dict[str, Sequence[float]] = {
        "a": [1, 2, np.nan],
        "b": [0.5, 1.5, 2.5],
        "day": [1, 0, 3],
        "lot": [1, 0, 1],
        "ok": [1, 0, 1],
        "x y": [np.nan, 4, 5],
    }
    assert [column.name for column in table.columns] == list(expected)
    for name, numbers in expected.items():
        np.testing.assert_array_equal(table.column(name).numbers, numbers)
    kinds = ["number", "number", "date", "category", "boolean", "number"]
    assert [column.kind for column in table.columns] == kinds
    assert table.column("lot").levels == ("blue", "red")
    assert table.complete == 1


def as_json(rows: Sequence[Mapping[str, Any]], lines: bool) -> str:
    return "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows, indent=1)


@pytest.mark.parametrize("lines", [False, True])
def test_json_is_an_array_of_records_or_one_a_line(tmp_path: Path, lines: bool) -> None:
    pytest.importorskip("duckdb")
    file = tmp_path / "a[1]*.txt"  # its name is neither a pattern nor trusted to tell the format
    file.write_text(as_json(ROWS, lines))
    table = read_table(str(file))
    assert_is_rows(table)
    assert table.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def parquet(file: Path, query: str) -> Path:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")
    return file


def test_parquet_has_its_own_types(tmp_path: Path) -> None:
    file = parquet(
        tmp_path / "a.parquet",
        """SELECT * FROM (VALUES
        (1::UINTEGER, 0.5::DECIMAL(8, 2), DATE '2024-01-02', 'red', true, NULL::DOUBLE),
        (2, 1.5, DATE '2024-01-01', 'blue', false, 4),
        (NULL, 2.5, DATE '2024-01-04', 'red', true, 5)) t(a, b, day, lot, ok, "x y")""",
    )
    assert_is_rows(read_table(str(file)))


def test_what_is_not_finite_in_parquet_is_refused_by_row(tmp_path: Path) -> None:
    file = parquet(tmp_path / "a.parquet", "SELECT 1 a, 2.0 b UNION ALL SELECT 2, 'inf'::DOUBLE")
    with pytest.raises(BadInput, match="row 2, column b"):
        read_table(str(file))


def test_more_parquet_than_memory_holds_is_sampled_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.data import by_duckdb

    monkeypatch.setattr(by_duckdb, "MOST_NUMBERS", 10_000)
    monkeypatch.setattr(by_duckdb, "SAMPLE", 2_000)
    file = parquet(tmp_path / "a.parquet", "SELECT range a, 2 * range b FROM range(100_000)")
    table = read_table(str(file))
    assert table.rows == 1000
    np.testing.assert_array_equal(table.column("b").numbers, 2 * table.column("a").numbers)
    assert abs(table.column("a").mean - 50_000) < 5 * 100_000 / np.sqrt(12 * 1000)
    assert "1,000 of 100,000" in str(table.decisions[0])


def test_more_text_than_memory_holds_is_sampled_from_begin_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.data import sampling, text_file

    monkeypatch.setattr(text_file, "MOST_NUMBERS", 50_000)
    monkeypatch.setattr(sampling, "SAMPLE", 10_000)
    monkeypatch.setattr(sampling, "PIECE", 1 << 12)
    file = tmp_path / "a.csv"
    file.write_text("a,b\n" + "".join(f"{k},{2 * k}\n" for k in range(100_000)))
    shares: list[float] = []
    table = read_table(str(file), progress=shares.append)
    a, b = (column.numbers for column in table.columns)
    np.testing.assert_array_equal(b, 2 * a)
    assert 2_500 < table.rows < 10_000
    assert table.dropped == 0
    assert (a[0], a[-1]) == (0, 99_999)
    assert abs(a.mean() / 50_000 - 1) < 0.05
    assert np.diff(a).min() >= 1
    assert str(table.decisions[0]).startswith(f"a sample of {table.rows:,} of about")
    assert shares[-1] == 1
    assert not table.lines.any()


@pytest.mark.parametrize("content", [b"PAR1" + bytes(50), b'[{"a": 1, "b": ]', b'{"a": 1'])
def test_a_damaged_file_of_another_format_is_refused(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("duckdb")
    file = tmp_path / "a"
    file.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        read_table(str(file))
    assert "\n" not in str(refused.value)


def test_without_the_extra_one_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "duckdb":
            raise ImportError(name)
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    file = tmp_path / "a.json"
    file.write_text(as_json(ROWS, lines=False))
    with pytest.raises(BadInput, match=r'pip install "linreg-tui\[files\]"'):
        read_table(str(file))


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_what_is_piped_in_is_read_as_from_a_file(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / f"a.{form}"
    if form == "json":
        file.write_text(as_json(ROWS, lines=False))
    else:
        duckdb = pytest.importorskip("duckdb")
        duckdb.sql("SELECT 1.5 AS a, 2 AS b UNION ALL SELECT 2.5, 3").write_parquet(str(file))
    monkeypatch.setattr(source, "standard_input", file.read_bytes)
    piped, of_file = read_table("-"), read_table(str(file))
    assert [column.name for column in piped.columns] == [each.name for each in of_file.columns]
    for ours, theirs in zip(piped.columns, of_file.columns, strict=True):
        np.testing.assert_array_equal(ours.numbers, theirs.numbers)
    assert piped.sha256 == of_file.sha256
