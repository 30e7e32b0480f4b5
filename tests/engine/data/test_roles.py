"""Columns switched to y, x or off, and the terms that come of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.design import design
from engine.data.first_rows import first_rows
from engine.data.formula import written
from engine.data.reading import read_table
from engine.data.roles import Role, rows_used, switched, terms_of
from engine.data.table import Table
from tests.support.commands import refusal_of

FILE = """id,price,area m²,rooms,kind,C,when
001,220.5,54.5,2,flat,1.5,2024-01-01
002,310,80,NA,house,2.5,2024-01-02
003,405,120.25,4,flat,3.25,2024-01-04
004,390,110,4,house,4,2024-01-09
005,120,31,1,flat,0.5,2024-02-01
006,131,35,1,flat,0.25,2024-02-02
007,500,150,6,house,9,2024-03-01
"""
NAMES = ("id", "price", "area m²", "rooms", "kind", "C", "when")
TERMS = (
    "price ~ log(`area m²`) + rooms:C + rooms^2",
    "log(price) ~ . - 1",
    "C ~ kind*`area m²` + C(rooms)",
    "price ~ rooms",
    "",
)
SWITCHES = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(("y", "x", "off"))), max_size=12
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    file = tmp_path_factory.mktemp("data") / "homes.csv"
    file.write_text(FILE)
    return read_table(str(file))


@given(start=st.sampled_from(TERMS), switches=SWITCHES)
def test_any_switches_give_terms_that_say_just_these_parts(
    table: Table, start: str, switches: list[tuple[str, Role]]
) -> None:
    terms = terms_of(table, start)
    parts = {name: terms.role(name) for name in NAMES}
    for name, role in switches:
        refusal = refusal_of(lambda: switched(table, terms, name, role))  # noqa: B023
        if refusal is None:
            if role == "y" and parts[name] != "y":
                (old,) = (each for each in NAMES if parts[each] == "y")
                parts[old] = parts[name]
            parts[name] = role
            terms, gone = switched(table, terms, name, role)
            assert all(name in str(term) for term in gone)
        assert {each: terms.role(each) for each in NAMES} == parts
        if "x" in parts.values():
            assert terms_of(table, str(terms)) == terms
        else:
            assert str(terms).endswith((" ~ 1", " ~ 1 - 1"))


@pytest.mark.parametrize(
    ("before", "column", "role", "after", "gone"),
    [
        ("price ~ log(C) + rooms", "kind", "x", "price ~ log(C) + rooms + kind", ""),
        ("price ~ log(C) + rooms", "rooms", "off", "price ~ log(C)", ""),
        ("price ~ log(C) + rooms", "C", "off", "price ~ rooms", "log(C)"),
        ("price ~ rooms + rooms:C^2", "rooms", "off", "price ~ C^2", "rooms:C^2"),
        ("log(price) ~ rooms - 1", "rooms", "y", "rooms ~ log(price) - 1", ""),
        ("price ~ rooms", "C", "y", "C ~ rooms", ""),
        ("price ~ rooms", "area m²", "x", "price ~ rooms + `area m²`", ""),
        ("price ~ rooms", "rooms", "off", "price ~ 1", ""),
    ],
)
def test_what_a_switch_leaves(
    table: Table, before: str, column: str, role: Role, after: str, gone: str
) -> None:
    terms, lost = switched(table, terms_of(table, before), column, role)
    assert str(terms) == after
    assert list(map(written, lost)) == gone.split()


@pytest.mark.parametrize(
    ("column", "role", "why"),
    [
        ("C", "off", "another column"),
        ("C", "x", "another column"),
        ("kind", "y", "not numeric"),
        ("nothing", "x", "no column has this name"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    table: Table, column: str, role: Role, why: str
) -> None:
    refusal = refusal_of(lambda: switched(table, terms_of(table, ""), column, role))
    assert why in str(refusal)
    assert "\n" not in str(refusal)


def test_rows_are_used_that_have_all_they_need(table: Table) -> None:
    for terms in ("price ~ rooms", "price ~ C"):
        columns = terms_of(table, terms).columns
        assert rows_used(table, columns) == len(design(table, terms).rows)


def test_the_first_rows_are_as_they_stand_in_the_file(table: Table) -> None:
    lines = FILE.splitlines()[1:4]
    assert first_rows(table, 3) == tuple(tuple(line.split(",")) for line in lines)


def test_the_first_rows_of_another_format_are_as_they_were_read(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    file = tmp_path / "rows.json"
    file.write_text('[{"a": 1.5, "kind": "b"}, {"a": 2, "kind": "b"}, {"a": null, "kind": "c"}]')
    assert np.isnan(read_table(str(file)).column("a").numbers[2])
    rows = first_rows(read_table(str(file)), 3)
    assert rows[0][0] == "1.5"
    assert len(rows) == 3
