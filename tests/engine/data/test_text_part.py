"""Where a text is cut into parts."""

from __future__ import annotations

import csv
import io
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.sensing import Asked
from engine.data.text_part import counted_in, end_of_row, laid_out

CELLS = st.text(st.sampled_from('ab1 ,"\n\r#é'), max_size=6)
TABLES = st.lists(st.tuples(CELLS, st.integers(0, 9).map(str)), min_size=1, max_size=30)


@settings(max_examples=100)
@given(rows=TABLES, count=st.integers(1, 7), end=st.sampled_from(["\n", "\r\n"]))
def test_the_parts_of_a_text_are_its_rows_each_once(
    rows: list[tuple[str, str]], count: int, end: str
) -> None:
    """Whatever stands in the cells: commas, quotes and ends of lines too."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    file = io.BytesIO(text.getvalue().encode())
    _, bounds = laid_out(file, Asked(header="yes", delimiter=","), count)
    within, cuts = False, [bounds[0]]
    for begin, stop in pairwise(bounds):
        within ^= counted_in(file, begin, stop).quotes % 2 == 1
        cuts.append(stop if stop == bounds[-1] else end_of_row(file, stop, within))
    found: list[list[str]] = []
    for begin, stop in pairwise(cuts):
        part = file.getvalue()[begin:stop].decode()
        found += csv.reader(io.StringIO(part, newline=""), strict=True)
    assert [tuple(row) for row in found] == rows


def test_a_quote_that_does_not_end_moves_no_cut() -> None:
    """The row that goes on there ends with its line."""
    lines = [f"{k},7\n" for k in range(600_000)]
    file = io.BytesIO("".join(["a,b\n", '0,7"\n', *lines]).encode())
    _, (_, middle, _) = laid_out(file, Asked(), 2)
    cut = end_of_row(file, middle, in_quotes=True)
    assert 0 < cut - middle <= len(lines[-1])
    assert file.getvalue()[cut - 1 : cut] == b"\n"


@pytest.mark.parametrize(
    "content", [b"\x1f\x8b", "a,b\n1,2\n".encode("utf-16"), b"a,b\r1,2\r3,4\r"]
)
def test_what_has_no_lines_to_cut_at_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="be read in parts"):
        laid_out(io.BytesIO(content), Asked(), 2)
