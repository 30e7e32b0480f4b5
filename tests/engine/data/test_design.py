"""X and y of a table by a formula."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from patsy import dmatrices

from engine.data.design import Design, design
from engine.data.reading import read_table
from engine.support.errors import BadInput
from tests.support.runs import Array

ROWS = """area,rooms,kind,sold,when,price
10,1,flat,TRUE,2024-01-01,100
20,2,house,FALSE,2024-01-03,200
30,,flat,TRUE,2024-01-04,250
40,4,hut,FALSE,2024-01-08,410
50,5,house,TRUE,2024-01-09,
60,6,hut,TRUE,2024-01-11,600
70,7,flat,FALSE,2024-01-12,690
80,8,house,TRUE,2024-01-15,800
90,9,flat,TRUE,2024-01-16,910
"""


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    file = tmp_path / "houses.csv"
    file.write_text(ROWS, encoding="utf-8")
    return file


def names(design: Design) -> list[str]:
    """Of the features."""
    return [column.name for column in design.columns]


def test_without_terms_the_last_number_by_all_the_others(houses: Path) -> None:
    result = design(read_table(str(houses)))
    assert result.target.name == "price"
    assert names(result) == ["area", "rooms", "kind=house", "kind=hut", "sold", "when"]
    assert result.references == {"kind": "flat"}
    assert dict(result.dropped) == {"rooms": 1, "price": 1}
    assert result.rows.tolist() == [0, 1, 3, 5, 6, 7, 8]
    assert result.X[:, 5].tolist() == [0, 2, 7, 10, 11, 14, 15]  # days since the first


def test_only_rows_without_a_value_in_a_column_in_use_are_dropped(houses: Path) -> None:
    table = read_table(str(houses))
    assert len(design(table, "area ~ when").y) == 9
    assert len(design(table, "price ~ area").y) == 8
    assert len(design(table, "price ~ rooms").y) == 7


def test_powers_products_and_logarithms(houses: Path) -> None:
    result = design(read_table(str(houses)), "log(price) ~ area^2 + area:rooms + log(area) - 1")
    area, rooms = (
        np.array([10.0, 20, 40, 60, 70, 80, 90]),
        np.array([1.0, 2, 4, 6, 7, 8, 9]),
    )
    price = np.array([100.0, 200, 410, 600, 690, 800, 910])
    expected: Array = np.column_stack([area**2, np.log(area), area * rooms])
    assert names(result) == ["area^2", "log(area)", "area:rooms"]
    np.testing.assert_array_equal(result.X, expected)
    np.testing.assert_array_equal(result.y, np.log(price))
    assert not result.intercept


def test_a_category_keeps_all_its_levels_only_where_there_is_no_intercept(houses: Path) -> None:
    table = read_table(str(houses))
    assert names(design(table, "price ~ kind - 1")) == ["kind=flat", "kind=house", "kind=hut"]
    assert names(design(table, "price ~ kind")) == ["kind=house", "kind=hut"]
    crossed = design(table, "price ~ area*kind")
    assert names(crossed) == [
        "area",
        "kind=house",
        "kind=hut",
        "area:kind=house",
        "area:kind=hut",
    ]
    assert crossed.X[:, 3].tolist() == [0, 20, 0, 0, 0, 0, 80, 0]


def test_numbers_can_be_treated_as_categories(houses: Path) -> None:
    result = design(read_table(str(houses)), "area ~ C(sold)")
    assert names(result) == ["sold=1"]
    assert result.references == {"sold": "0"}


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ("price ~ aera", "no column has this name; the nearest is area"),
        ("prize ~ area", "the nearest is price"),
        ("price ~ area + price", "price is y already"),
        ("price ~ price^2", "price is y already"),
        ("kind ~ area", "kind is not numeric"),
        ("price ~ kind^2", "a category has neither powers nor a logarithm"),
        ("price ~ log(kind)", "a category has neither powers nor a logarithm"),
        ("price ~ log(sold)", "line 3: 0 has no finite value"),
        ("price ~ 1", "no column is left"),
        ("price ~ (area + area^2) * kind", "there must be the name of a column"),
        ("price ~ area + area^2 + area^3 + area^4 + area^5 + area^6 + area^7 + area^8", "too few"),
    ],
)
def test_a_term_that_cannot_be_is_refused_in_one_line(houses: Path, terms: str, words: str) -> None:
    with pytest.raises(BadInput) as refusal:
        design(read_table(str(houses)), terms)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("terms", "formula"),
    [
        ("y ~ k:x", "y ~ k:x"),
        ("y ~ k:x - 1", "y ~ k:x - 1"),
        ("y ~ k:m", "y ~ k:m"),
        ("y ~ k:m + k", "y ~ k + k:m"),
        ("y ~ k*m*x", "y ~ k*m*x"),
        ("y ~ x + k + C(g) - 1", "y ~ x + k + C(g) - 1"),
        ("y ~ C(g):k:x + k", "y ~ k + C(g):k:x"),
    ],
)
def test_categories_in_products_span_what_they_do_in_patsy(
    tmp_path: Path, terms: str, formula: str
) -> None:
    random = np.random.default_rng(5)
    columns = {
        "k": random.choice(list("uvw"), 60),
        "m": random.choice(["p", "q"], 60),
        "g": random.integers(1, 4, 60),
        "x": random.normal(size=60),
        "y": random.normal(size=60),
    }
    file = tmp_path / "rows.csv"
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    file.write_text("\n".join(lines), encoding="utf-8")
    result = design(read_table(str(file)), terms)
    ones: Array = np.ones((60, int(result.intercept)))
    ours = np.hstack([ones, result.X])
    theirs = np.asarray(dmatrices(formula, columns)[1])
    assert ours.shape == theirs.shape
    assert np.linalg.matrix_rank(ours) == theirs.shape[1]
    assert np.linalg.matrix_rank(np.hstack([ours, theirs])) == theirs.shape[1]
