"""Each row of what sensing must see, on the smallest text that has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.data.reading import read_table
from engine.data.sensing import Asked
from engine.data.table import Table
from engine.support.errors import BadInput

NAN = np.nan


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


def read(file: Path, content: str | bytes, **asked: str) -> Table:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(str(file), Asked(**asked))


def refusal(file: Path, content: str | bytes, **asked: str) -> str:
    with pytest.raises(BadInput) as refused:
        read(file, content, **asked)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def numbers(table: Table) -> dict[str, list[float]]:
    return {column.name: column.numbers.tolist() for column in table.columns}


AB = {"a": [1.5, 3.0], "b": [2.0, 4.0]}
PLAIN = "a,b\n1.5,2\n3,4\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (PLAIN.encode(), "utf-8"),
        (PLAIN.encode("utf-8-sig"), "utf-8-sig"),
        (PLAIN.encode("utf-16"), "utf-16"),
        (("a,b\n# a comment\n" + PLAIN[4:]).encode("utf-16-le"), "utf-16-le"),
        (("a,b\n# a comment\n" + PLAIN[4:]).encode("utf-16-be"), "utf-16-be"),
        (("# 20 °C\n" + PLAIN).encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_is_seen_and_named_where_it_is_not_utf_8(
    file: Path, content: bytes, encoding: str
) -> None:
    table = read(file, content)
    assert (numbers(table), table.dialect.encoding) == (AB, encoding)
    assert bool(table.decisions) == (not encoding.startswith("utf-8"))


def test_a_letter_of_cp1252_may_come_late(file: Path) -> None:
    table = read(file, ("a,b,c\n" + "1,2,x\n" * 30_000 + "3,4,ö\n").encode("cp1252"))
    assert (table.rows, table.dialect.encoding) == (30_001, "cp1252")
    assert table.column("c").levels == ("x", "ö")
    assert "cp1252" in str(table.decisions[0])


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("a;b\n1.5;2\n3;4\n", ";"),
        ("a;b\n1,5;2\n3;4\n", ";"),
        ("1,5;2\n3,0;4\n", ";"),
        ("a\tb\n1.5\t2\n3\t4\n", "\t"),
        ("a|b\n1.5|2\n3|4\n", "|"),
        ("a   b\n  1.5  2\n3\t 4 \n", " "),
        ("a b\n1,5 2\n3,0 4\n", " "),
        ("sep=;\na;b\n1.5;2\n3;4\n", ";"),
        ("sep=~\na~b\n1.5~2\n3~4\n", "~"),
        ("a, b\n1.5 , 2\n\n3,4\n,\n", ","),
        ("# made by hand, in a hurry\na,b\n1.5,2\n# half; of; it\n3,4\n", ","),
        ("Prices 2024\n\na,b\n1.5,2\n3,4\n", ","),
        ("a,b\r\n1.5,2\r\n3,4\r\n", ","),
        ("a,b\r1.5,2\r3,4\r", ","),
        ("a,b\n1.5,2\n3,4", ","),
        ("a,b\n1.5,2,\n3,4,\n", ","),
        ("a,b,\n1.5,2,\n3,4,\n", ","),
        ("# a b\n1.5 2\n3.0 4\n", " "),
        ('"a","b"\n"1.5","2"\n"3","4"\n', ","),
    ],
)
def test_the_delimiter_is_seen(file: Path, content: str, delimiter: str) -> None:
    table = read(file, content)
    assert list(numbers(table).values()) == list(AB.values())
    assert table.dialect.delimiter == delimiter
    assert table.dropped == 0


@pytest.mark.parametrize("name", ["semicolon", ";"])
def test_a_delimiter_may_be_said(file: Path, name: str) -> None:
    assert numbers(read(file, "a,1;b\n1;2\n", delimiter=name)) == {"a,1": [1], "b": [2]}


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("1,2\n3,4\n", "x1 x2"),
        ("1,NA\n3,4\n", "x1 x2"),
        ("2024-01-01,1\n2024-01-02,2\n", "x1 x2"),
        ("red,1\nblue,2\nred,3\n", "x1 x2"),
        ("country,2020,2021\nA,1,2\nB,2,3\n", "country 2020 2021"),
        ("a,2\n1,2\n3,4\n", "a 2"),
        ("a,a,a\n1,2,3\n2,3,5\n", "a a_2 a_3"),
        ("first   name,Größe\n1,2\n2,3\n", "first name|Größe"),
        (",a\nx,1\ny,2\n", "x1 a"),
        ("a b\nr 1 2\ns 3 4\n", "x1 a b"),
        ("a\x1b[2J,b\n1,2\n2,3\n", "a\\x1b[2J b"),
    ],
)
def test_names_are_told_from_data(file: Path, content: str, names: str) -> None:
    table = read(file, content)
    assert [column.name for column in table.columns] == names.split("|" if "|" in names else None)


def test_a_header_may_be_said(file: Path) -> None:
    assert numbers(read(file, "1,2\n3,4\n5,6\n", header="yes")) == {"1": [3, 5], "2": [4, 6]}
    assert read(file, "a,1\nb,2\na,3\n", header="no").rows == 3


@pytest.mark.parametrize(
    ("content", "units"),
    [
        ("a,b\nm,kg\n1,2\n3,4\n", ["m", "kg"]),
        ("a,b\n[m],\n1,2\n3,4\n", ["m", ""]),
        ("a,b,c\n°C,-,\n1,2,x\n3,4,x\n3,4,x\n", ["°C", "-", ""]),
        ("a,b\nNA,NA\n1,2\n3,4\n", ["", ""]),
        ("a,b\n$1,2 %\n$3,4 %\n", ["$", "%"]),
    ],
)
def test_units_stand_below_the_names_or_beside_the_numbers(
    file: Path, content: str, units: list[str]
) -> None:
    assert [column.unit for column in read(file, content).columns] == units


@pytest.mark.parametrize(
    ("cells", "decimal", "expected"),
    [
        (["1,5", "2"], ",", [1.5, 2]),
        (["1.234,50", "1.234"], ",", [1234.5, 1234]),
        (["1.234.567", "0,5"], ",", [1234567, 0.5]),
        (["1,234.5", "1,234"], ".", [1234.5, 1234]),
        (["1,234,567", "2"], ".", [1234567, 2]),
        (["1'200", "3.5"], ".", [1200, 3.5]),
        (["1\u00a0200,5", "2\u202f000"], ",", [1200.5, 2000]),
        (["1.234", "0.5"], ".", [1.234, 0.5]),
        (["1.234", "2500"], ".", [1.234, 2500]),
        (["$1.5", "-$2.25"], ".", [1.5, -2.25]),
        (["1,50 €", "€ 2"], ",", [1.5, 2]),
        (["12.5%", "3 %"], ".", [12.5, 3]),
        (["−1.5e-3", "+.5"], ".", [-0.0015, 0.5]),
    ],
)
def test_numbers_are_read_by_the_cells_that_leave_no_doubt(
    file: Path, cells: list[str], decimal: str, expected: list[float]
) -> None:
    table = read(file, "a;b\n" + "".join(f"{cell};1\n" for cell in cells))
    assert table.column("a").numbers.tolist() == expected
    assert table.dialect.decimal == decimal


@pytest.mark.parametrize("cells", [["1.234", "2.345"], ["1,234", "999"], ["$1.000"]])
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_numbers_that_leave_doubt_everywhere_are_refused_until_the_mark_is_said(
    file: Path, cells: list[str], delimiter: str
) -> None:
    content = f"a{delimiter}b\n" + "".join(f"{cell}{delimiter}1\n" for cell in cells)
    words = refusal(file, content)
    assert "data.decimal=. or -s data.decimal=," in words
    assert cells[0] in words
    read_both = [read(file, content, decimal=mark).column("a").numbers[0] for mark in ".,"]
    assert sorted(read_both)[1] == 1000 * sorted(read_both)[0]


@pytest.mark.parametrize(
    "word", ["", "NA", "n/a", "nan", "NaN", "NULL", "null", "-", "?", ".", " "]
)
def test_a_missing_cell_keeps_its_row(file: Path, word: str) -> None:
    table = read(file, f"a,b\n1,2\n{word},4\n5,6\n7,{word}\n")
    np.testing.assert_array_equal(table.column("a").numbers, [1, NAN, 5, 7])
    np.testing.assert_array_equal(table.column("b").numbers, [2, 4, 6, NAN])
    assert [column.missing for column in table.columns] == [1, 1]
    assert (table.rows, table.complete, table.dropped) == (4, 2, 0)


@pytest.mark.parametrize(("asked", "gaps"), [("-999", [0, 1, 0]), ("-999,x", [0, 1, 1])])
def test_the_words_of_a_missing_cell_may_be_said(file: Path, asked: str, gaps: list[int]) -> None:
    rows = "1,2\n" * 20
    table = read(file, f"a,b\n{rows}-999,3\nx,3\n", missing=asked)
    assert np.isnan(table.column("a").numbers).sum() == sum(gaps)
    assert table.dropped == 2 - sum(gaps)


@pytest.mark.parametrize("cell", ["inf", "-Inf", "1e400", "-1e999", "Infinity"])
@pytest.mark.parametrize("line", [2, 12])
def test_what_is_not_finite_is_refused_by_line_and_column(file: Path, cell: str, line: int) -> None:
    rows = ["1,2"] * 20
    rows[line - 2] = f"1,{cell}"
    words = refusal(file, "a,b\n" + "\n".join(rows))
    assert f"line {line}, column b: {cell}" in words


BAD = {
    "1": "1 instead of 2 cells",
    "1,2,3": "3 instead of 2 cells",
    "oops,2": "oops is not a number",
    "1,\x002": "a zero byte",
    '1,"2': "a quote that does not end well",
}


def test_bad_rows_late_in_a_file_are_dropped_and_named(file: Path) -> None:
    # Plain numbers are read in blocks of a million characters and, where one is bad, in pieces of a
    # thousand lines; quotes make whole blocks of their lines.
    for rows, bad in ((300_000, {"oops,2": BAD["oops,2"]}), (10_000, BAD)):
        table = read(file, "a,b\n" + "1,2\n" * rows + "\n".join(bad) + "\n3,4\n")
        assert (table.rows, table.dropped) == (rows + 1, len(bad))
        assert table.column("b").numbers[-1] == 4
        assert table.lines[-1] == rows + 2 + len(bad)
        assert [str(problem.why) for problem in table.problems] == list(bad.values())
        assert [problem.line for problem in table.problems] == list(
            range(rows + 2, rows + 2 + len(bad))
        )


@pytest.mark.parametrize(("bad", "is_read"), [(1, True), (2, False)])
def test_more_than_one_bad_row_in_ten_is_refused(file: Path, bad: int, is_read: bool) -> None:
    content = "a,b\n" + "1,2\n" * (10 - bad) + "oops,2\n" * bad
    if is_read:
        assert read(file, content).dropped == bad
    else:
        assert "2 of 10 rows" in refusal(file, content)


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        (["1", "2", "2"], "number", [1, 2, 2]),
        (["TRUE", "false", "True"], "boolean", [1, 0, 1]),
        (["yes", "no", "no"], "boolean", [1, 0, 0]),
        (["2024-03-01", "2024-02-28", "2024-03-02"], "date", [2, 0, 3]),
        (["2024-01-01T06:00", "2024-01-01 18:00:00Z", "2024-01-02"], "date", [0.25, 0.75, 1]),
        (["007", "010", "200"], "id", [7, 10, 200]),
        (["12345678901234567890", "1", "2"], "id", [1.2345678901234567e19, 1, 2]),
        (["b", "a", "b"], "category", [1, 0, 1]),
        (["b", "a", "c"], "text", []),
        (["12", "13b", "14c"], "text", []),
        (["2024-13-01", "2024-02-30", "2024-02-31"], "text", []),
        (["1_000", "1__0", "_1"], "text", []),
        (["٣", "٤", "٥"], "text", []),
        (["", "NA", ""], "text", []),
    ],
)
def test_the_kind_of_a_column(
    file: Path, cells: list[str], kind: str, expected: Sequence[float]
) -> None:
    table = read(file, "a,b\n" + "".join(f"{cell},1\n" for cell in cells))
    assert table.column("a").kind == kind
    assert table.column("a").numbers.tolist() == list(expected)


def test_numbers_of_rows_that_a_program_wrote_are_an_id(file: Path) -> None:
    table = read(file, ",a,b\n0,1.5,2\n1,2.5,4\n2,3.5,5\n")
    assert [column.kind for column in table.columns] == ["id", "number", "number"]
    assert table.usable == table.columns[1:]


def test_words_of_more_kinds_than_a_category_has_are_text(file: Path) -> None:
    few, many = (
        read(file, "a,b\n" + "".join(f"w{k % levels},1\n" for k in range(1000)))
        for levels in (100, 101)
    )
    assert (few.column("a").kind, many.column("a").kind) == ("category", "text")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "empty"),
        ("\n\n \n", "empty"),
        ("# nothing\n", "empty"),
        ("a,b\n", "no rows"),
        ("a,b\nm,kg\n", "no column of numbers"),
        ("a\n1\n2\n", "one column"),
        ("a,b\nx,y\nz,w\n", "no column of numbers"),
        ("\0" * 5000, "zero bytes"),
        (b"\x89PNG\r\n\x1a\n....", "PNG"),
        (b"PK\x03\x04....", "Excel"),
        (",".join(map(str, range(100_000))) + "\n" + "1," * 99_999 + "1\n", "2000 columns"),
        ("x" * 1_000_000, "longer than 64 KiB"),
        (b"a,b\n1,2\n\x81\x8d\x8f\xff,2\n", "data.encoding"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_what_is_no_table_is_refused_in_a_line(file: Path, content: str, word: str) -> None:
    assert word in refusal(file, content)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("encoding", "klingon"),
        ("encoding", "hex"),
        ("delimiter", "ab"),
        ("delimiter", '"'),
        ("delimiter", "a"),
        ("delimiter", ""),
        ("decimal", "x"),
        ("header", "perhaps"),
    ],
)
def test_what_is_asked_in_vain_is_named(file: Path, setting: str, value: str) -> None:
    assert refusal(file, PLAIN, **{setting: value}).startswith(f"data.{setting}={value}: ")


def test_an_unknown_column_has_the_nearest_name_offered(file: Path) -> None:
    table = read(file, "Area,rooms\n1,2\n3,4\n")
    for name, words in (("aera", "nearest is Area"), ("zzz", "columns are Area, rooms")):
        with pytest.raises(BadInput, match=words):
            table.column(name)
