"""`linreg-tui predict` through terms: rows by the columns of a file, against statsmodels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from tests.support.commands import cli

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
AREA = np.array([10.0, 20, 30, 40, 60, 70, 80, 90])
HOUSE = np.array([0.0, 1, 0, 0, 0, 0, 1, 0])
HUT = np.array([0.0, 0, 0, 1, 1, 0, 0, 0])
SOLD = np.array([1.0, 0, 1, 0, 1, 0, 1, 1])
DAYS = np.array([0.0, 2, 3, 7, 10, 11, 14, 15])
PRICE = np.array([100.0, 200, 250, 410, 600, 690, 800, 910])
ONES = np.ones(8)


@pytest.fixture
def houses(tmp_path: Path) -> str:
    file = tmp_path / "houses.csv"
    file.write_text(ROWS)
    return str(file)


def predicted(*arguments: str) -> list[dict[str, Any]]:
    shown = cli("predict", *arguments, "--json")
    assert (shown.code, shown.err) == (0, "")
    predictions: list[dict[str, Any]] = json.loads(shown.out)["predictions"]
    return predictions


@pytest.mark.parametrize(
    ("terms", "columns", "place", "row"),
    [
        ("area + area^2", [AREA, AREA**2], "area=25", [25, 625]),
        ("log(area)", [np.log(AREA)], "area=25", [np.log(25)]),
        (
            "area*kind",
            [AREA, HOUSE, HUT, AREA * HOUSE, AREA * HUT],
            "kind=house,area=25",
            [25, 1, 0, 25, 0],
        ),
        ("area + sold", [AREA, SOLD], "sold=no,area=25", [25, 0]),
        ("C(sold)", [SOLD], "sold=1", [1]),
        ("when", [DAYS], "when=2024-01-06T12:00", [5.5]),
    ],
)
def test_a_row_is_given_by_the_columns_of_the_file(
    houses: str, terms: str, columns: list[Any], place: str, row: list[float]
) -> None:
    (ours,) = predicted(houses, "--terms", f"price ~ {terms}", "--at", place)
    fit = sm.OLS(PRICE, np.column_stack([ONES, *columns])).fit()
    theirs = fit.get_prediction([[1.0, *row]]).summary_frame(alpha=0.05).iloc[0]
    for key, column in {
        "estimate": "mean",
        "se": "mean_se",
        "mean_low": "mean_ci_lower",
        "high": "obs_ci_upper",
    }.items():
        assert ours[key] == pytest.approx(theirs[column], rel=1e-9)


def test_rows_of_a_file_have_their_own_levels_first_date_and_gaps(
    houses: str, tmp_path: Path
) -> None:
    file = tmp_path / "new.csv"
    file.write_text("when,kind,other\n2024-02-01,hut,7\n2024-01-31,house,8\n2024-02-01,,9\n")
    terms = ("--terms", "price ~ when + kind")
    both = predicted(houses, *terms, "--rows", str(file))
    places = ("--at", "when=2024-02-01,kind=hut", "--at", "when=2024-01-31,kind=house")
    assert both[:2] == predicted(houses, *terms, *places)
    assert both[0]["at"] == {"when": "2024-02-01", "kind": "hut"}
    assert both[2]["at"] == {"when": "2024-02-01", "kind": None}
    assert both[2]["estimate"] is None
    assert "a value is missing" in cli("predict", houses, *terms, "--rows", str(file)).out


@pytest.mark.parametrize(
    ("terms", "place", "words"),
    [
        ("area^2", "area^2=4", "area^2: no column has this name; the nearest is area"),
        ("kind", "kind=hose", "kind=hose: must be one of flat, house, hut"),
        ("C(sold)", "sold=2", "sold=2: must be one of 0, 1"),
        ("when", "when=yesterday", "when=yesterday: must be a date, as 2024-01-31"),
        ("log(area)", "area=0", "area=0: log(area) has no finite value there"),
        ("area*kind", "area=1", "has no value for kind"),
    ],
)
def test_what_cannot_be_is_one_line(houses: str, terms: str, place: str, words: str) -> None:
    shown = cli("predict", houses, "--terms", f"price ~ {terms}", "--at", place)
    assert (shown.code, shown.out) == (2, "")
    assert words in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize(
    ("terms", "cells", "settings", "places"),
    [
        ("area", "area\n25\n35\n", (), ("area=25", "area=35")),
        ("kind", "kind\nhut\nflat\n", (), ("kind=hut", "kind=flat")),
        (
            "area + rooms",
            "area;rooms\n2,5;1\n3,5;2\n",
            (),
            ("area=2.5 rooms=1", "area=3.5 rooms=2"),
        ),
        ("area", "area\n1.234\n", ("data.decimal=.",), ("area=1.234",)),
    ],
)
def test_a_file_of_rows_is_sensed_by_itself_and_may_have_one_column(
    houses: str,
    tmp_path: Path,
    terms: str,
    cells: str,
    settings: tuple[str, ...],
    places: tuple[str, ...],
) -> None:
    file = tmp_path / "new.csv"
    file.write_text(cells)
    told = [part for setting in settings for part in ("-s", setting)]
    by_place = [part for place in places for part in ("--at", place)]
    command = (houses, "--terms", f"price ~ {terms}")
    rows = predicted(*command, *told, "--rows", str(file))
    assert rows == predicted(*command, *by_place)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("kind,x\nvilla,1\nflat,2\n", "kind=villa: must be one of flat, house, hut"),
        ("sort,x\nflat,1\n", "kind: no column has this name"),
    ],
)
def test_a_file_of_rows_that_does_not_go_with_the_data(
    houses: str, tmp_path: Path, cells: str, words: str
) -> None:
    file = tmp_path / "new.csv"
    file.write_text(cells)
    shown = cli("predict", houses, "--terms", "price ~ kind", "--rows", str(file))
    assert shown.code == 2
    assert words in shown.err


def test_saved_rows_have_the_lines_of_their_file(houses: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    settings = ("--terms", "price ~ area", "-s", "data.split=ordered", "-s", "validation_split=.25")
    shown = cli("summary", houses, *settings, "--no-train", "--save", str(file))
    assert shown.code == 0
    saved = np.genfromtxt(file, delimiter=",", names=True)
    assert saved["line"].tolist() == [2, 3, 4, 5, 7, 8]
    fit = sm.OLS(PRICE[:6], np.column_stack([ONES, AREA])[:6]).fit()
    assert saved["prediction"] == pytest.approx(fit.fittedvalues)
    assert saved["cook"] == pytest.approx(fit.get_influence().cooks_distance[0])
