"""`linreg-tui summary` and `predict`, against numpy where they print numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.parameters import Values
from engine.experiment import Experiment
from engine.problem import build
from engine.support.cell_width import cells
from engine.support.translation import set_language
from engine.training.trainer import train
from tests.support.commands import cli
from tests.support.runs import Array, array, outcome

SMALL = ("-s", "data.n=60", "-s", "lr=0.01")


def rows() -> tuple[Array, Array]:
    """X̃ (60, 3) and y (60,) of the experiment SMALL."""
    problem = build(experiment())
    X = array(problem.X)
    return np.column_stack([np.ones(len(X)), X]), array(problem.y)[:, 0]


def experiment() -> Experiment:
    return Experiment().changed({"data.n": 60, "lr": 0.01})


def read(*arguments: str) -> dict[str, Any]:
    shown = cli(*arguments, "--json")
    assert (shown.code, shown.err) == (0, "")
    values: dict[str, Any] = json.loads(shown.out)
    return values


def trained() -> Values:
    return outcome(list(train(experiment()))).params


def test_json_has_the_closed_form_and_how_far_training_is_from_it() -> None:
    found, (design, y) = read("summary", *SMALL), rows()
    theta, left, *_ = np.linalg.lstsq(design, y)
    covariance = left[0] / 57 * np.linalg.inv(design.T @ design)
    table = found["coefficients"]
    assert [c["name"] for c in table] == ["(intercept)", "x[0]", "x[1]"]
    assert [c["estimate"] for c in table] == pytest.approx(theta)
    assert [c["se"] for c in table] == pytest.approx(np.sqrt(np.diag(covariance)))
    assert (found["n"], found["p"], found["df"]) == (60, 3, 57)
    params = trained()
    reached = np.array([params["b"][0], *params["w"]])
    assert found["sgd"]["status"] == "finished"
    assert [c["estimate"] for c in found["sgd"]["coefficients"]] == pytest.approx(reached)
    assert [c["distance"] for c in found["sgd"]["coefficients"]] == pytest.approx(
        (reached - theta) / np.sqrt(np.diag(covariance))
    )


def test_training_may_be_left_out_and_may_diverge() -> None:
    assert read("summary", *SMALL, "--no-train")["sgd"] is None
    diverged = cli("summary", *SMALL, "-s", "lr=50")
    assert diverged.code == 0
    assert "Training diverged in step" in diverged.out


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("entry", ["scratch", "ohm", "wien"])
def test_people_read_it_on_80_columns(entry: str, language: str) -> None:
    shown = cli("--lang", language, "summary", entry, "-s", "data.n=60", "-s", "epochs=1")
    set_language("en")
    assert shown.code == 0, shown.err
    assert max(map(cells, shown.out.splitlines())) <= 80


def test_other_losses_penalties_and_doubtful_fits_are_said() -> None:
    robust = read("summary", *SMALL, "-s", "loss=huber", "--no-train")
    assert robust["notes"] == [
        "The loss huber has another optimum: all errors here are of least squares."
    ]
    assert robust["coefficients"] == read("summary", *SMALL, "--no-train")["coefficients"]
    (note,) = read("summary", *SMALL, "-s", "penalty=l2", "--no-train")["notes"]
    assert "penalty l2" in note
    (note,) = read("summary", *SMALL, "-s", "data.noise=0", "--no-train", "-s", "data.w=1")["notes"]
    assert "perfect" in note
    notes = read("summary", *SMALL, "-s", "model.bias=false", "-s", "data.b=1000", "--no-train")
    assert "Worse than the mean: is the intercept missing?" in notes["notes"]


def test_a_bootstrap_stands_beside_least_squares() -> None:
    asked = ("summary", *SMALL, "-s", "loss=huber", "--no-train", "--bootstrap")
    found = read(*asked)["bootstrap"]
    assert (found["loss"], found["resamples"], found["seed"]) == ("huber", 200, 7)
    for c, true in zip(found["coefficients"], (4.2, 2.0, -3.4), strict=True):
        assert c["low"] < c["estimate"] < c["high"]
        assert abs(c["estimate"] - true) < 5 * c["se"]
    shown = cli(*asked)
    assert "Optimum of the loss huber: bootstrap, 200 resamples of the rows, seed 7" in shown.out
    assert max(map(cells, shown.out.splitlines())) <= 80
    refused = cli("summary", *SMALL, "--no-train", "--bootstrap")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)


def test_rows_are_saved_and_a_file_is_never_lost(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    saving = ("summary", *SMALL, "--no-train", "--save", str(file))
    assert cli(*saving).code == 0
    saved = np.genfromtxt(file, delimiter=",", names=True, deletechars="")
    assert saved.dtype.names == ("x[0]", "x[1]", "y", "prediction", "residual", "leverage", "cook")
    design, y = rows()
    hat = design @ np.linalg.pinv(design)
    assert saved["y"] == pytest.approx(y)
    assert saved["prediction"] == pytest.approx(hat @ y)
    assert saved["residual"] == pytest.approx(y - hat @ y)
    assert saved["leverage"] == pytest.approx(np.diag(hat))
    before = file.read_text()
    again = cli(*saving)
    assert again.code == 2
    assert again.err.endswith("is there already; --force replaces it\n")
    assert file.read_text() == before
    assert cli(*saving, "-s", "seed=8", "--force").code == 0
    assert file.read_text() != before
    assert "cannot be written" in cli(*saving[:-1], str(tmp_path / "no" / "rows.csv")).err


def test_predictions_are_the_lines_with_both_intervals(tmp_path: Path) -> None:
    table = tmp_path / "new.csv"
    table.write_text("x[1],other,x[0]\n2,7,1\n0,7,-3\n")
    by_place = read("predict", *SMALL, "--at", "x[0]=1,x[1]=2", "--at", "`x[1]` = 0, x[0]=-3")
    assert by_place == read("predict", *SMALL, "--rows", str(table))
    design, y = rows()
    theta, left, *_ = np.linalg.lstsq(design, y)
    for prediction, at in zip(by_place["predictions"], [[1, 1, 2], [1, -3, 0]], strict=True):
        assert prediction["estimate"] == pytest.approx(at @ theta)
        share = at @ np.linalg.inv(design.T @ design) @ at
        assert prediction["se"] == pytest.approx(math.sqrt(share * left[0] / 57))
        of_new = prediction["high"] - prediction["estimate"]
        of_mean = prediction["mean_high"] - prediction["estimate"]
        assert of_new / of_mean == pytest.approx(math.sqrt(1 + 1 / share))
    shown = cli("predict", *SMALL, "-s", "penalty=l2", "--at", "x[0]=1,x[1]=2")
    assert f"{by_place['predictions'][0]['estimate']:.5g}" in shown.out
    assert "penalty l2" in shown.out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("summary", "planck"), "model=planck: this needs a model that is linear"),
        (("summary", "-s", "data.n=2"), "3 coefficients need at least as many rows, 2 are there"),
        (("predict",), "give a row, as in --at x=1.2, or --rows FILE"),
        (("predict", "--at", "X[0]=1"), "the nearest is x[0]"),
        (("predict", "--at", "x[0]=1"), "has no value for x[1]"),
        (("predict", "--at", "x[0]=1,x[0]=2"), "x[0] is given twice"),
        (("predict", "--at", "x[0]=1e999,x[1]=0"), "x[0]=1e999: must be a finite number"),
        (("predict", "--at", "x[0]=,x[1]=0"), "x[0]=: must be a finite number"),
        (("predict", "--at", "1.2"), "must be NAME=VALUE,…, as in x=1.2"),
        (("predict", "--rows", "no.csv"), "no.csv"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], line: str) -> None:
    shown = cli(*arguments)
    assert (shown.code, shown.out) == (2, "")
    assert line in shown.err
    assert shown.err.count("\n") == 1


def test_reference_levels_and_a_row_that_was_dropped_are_named(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    lines = [f"{'ab'[k % 2]},{k},{k * k % 7}" for k in range(20)]
    file.write_text("\n".join(["kind,x,y", *lines, "a,1"]), encoding="utf-8")
    shown = cli("summary", str(file), "--no-train").out
    assert "Compared with the reference kind=a." in shown
    assert "1 row could not be read" in shown
    assert "reference" not in cli("summary", str(file), "--terms", "y ~ x", "--no-train").out
