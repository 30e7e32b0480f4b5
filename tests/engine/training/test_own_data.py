"""Runs on files: float64 in every loop, standardized or not, held-out rows, files that change."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm, rankdata

from engine.experiment import Experiment
from engine.own_data import experiment_on
from engine.problem import build
from engine.settings import LOOPS
from engine.support.errors import BadInput
from engine.theory.gather import facts
from engine.training.events import Finished
from engine.training.history import History
from engine.training.record import Recorder
from engine.training.trainer import train
from tests.support.commands import cli
from tests.support.runs import Array, batch_losses_of, outcome, started

X = np.random.default_rng(1).uniform(0, 100, 60)
NOISE = np.random.default_rng(2).normal(size=60)
Y = 5 * X + 3 + NOISE


def write(file: Path, **columns: object) -> str:
    """A CSV file of some columns; its path is returned."""
    rows = zip(*(np.asarray(column).tolist() for column in columns.values()), strict=True)
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return write(tmp_path / "line.csv", x=X, y=Y, part=np.arange(60) % 3 == 0)


@pytest.mark.parametrize("standardize", ["yes", "no"])
def test_every_loop_comes_to_the_least_squares_of_numpy(path: str, standardize: str) -> None:
    changes = {"standardize": standardize, "lr": "0.3" if standardize == "yes" else "3e-4"}
    run = experiment_on(
        path, {"data.terms": "y ~ x", "epochs": "400", "batch_size": "60"} | changes
    )
    slope, intercept = np.polyfit(X, Y, 1)
    losses = {}
    for loop in LOOPS:
        events = list(train(run.changed({"loop": loop})))
        losses[loop] = batch_losses_of(events)
        facts, end = started(events).facts, outcome(events)
        best = facts.original(facts.optimum)
        assert (*best["w"], *best["b"]) == pytest.approx((slope, intercept), rel=1e-9)
        if standardize == "yes":
            assert isinstance(end, Finished)
            w, b = facts.original(end.params).values()
            assert (*w, *b) == pytest.approx((slope, intercept), rel=1e-6)
            assert facts.floor.standing(end.loss) == "at the optimum"
    assert losses["concise"] == pytest.approx(losses["scratch"], rel=1e-9)
    assert losses["fast"] == pytest.approx(losses["scratch"], rel=1e-9)


def test_the_levels_of_a_file_are_those_of_its_samples(path: str) -> None:
    facts = started(list(train(experiment_on(path, {"data.terms": "y ~ x"})))).facts
    residuals = Y - np.polyval(np.polyfit(X, Y, 1), X)
    assert facts.true == {}
    assert facts.floor.noise is None
    assert facts.floor.optimum == pytest.approx((residuals**2).mean() / 2 / Y.var(ddof=1))


@pytest.mark.parametrize("standardize", ["yes", "no"])
def test_the_rows_of_the_views_are_in_the_units_of_the_file(path: str, standardize: str) -> None:
    settings = {"data.terms": "y ~ x", "data.split": "part", "standardize": standardize}
    sample = facts(build(experiment_on(path, settings))).sample
    training = np.arange(60) % 3 != 0
    fit = sm.OLS(Y[training], sm.add_constant(X[training])).fit()
    rows = sample.diagnostics
    assert rows
    assert rows.fitted.tolist() == pytest.approx(fit.fittedvalues)
    assert rows.residual.tolist() == pytest.approx(fit.resid)
    assert rows.cook.tolist() == pytest.approx(fit.get_influence().cooks_distance[0])
    assert sample.lines == tuple((np.flatnonzero(training) + 2).tolist())


@pytest.mark.parametrize(
    ("settings", "held_out"),
    [
        ({"data.split": "ordered", "validation_split": "0.25"}, range(45, 60)),
        ({"data.split": "part"}, range(0, 60, 3)),
    ],
)
def test_rows_are_held_out_in_order_or_by_a_column(
    path: str, settings: dict[str, str], held_out: range
) -> None:
    problem = build(experiment_on(path, {"data.terms": "y ~ x", "standardize": "no", **settings}))
    others = [row for row in range(60) if row not in held_out]
    assert problem.held_out[0][:, 0].tolist() == X[list(held_out)].tolist()
    assert problem.X[:, 0].tolist() == X[others].tolist()


def test_rows_are_held_out_at_random_and_the_others_keep_their_order(path: str) -> None:
    settings = {"data.terms": "y ~ x", "standardize": "no", "validation_split": "0.25"}
    problem = build(experiment_on(path, settings))
    place = {x: index for index, x in enumerate(X.tolist())}
    training, held_out = (
        [place[x] for x in part[:, 0].tolist()] for part in (problem.X, problem.held_out[0])
    )
    assert sorted(training + held_out) == list(range(60))
    assert len(held_out) == 15
    assert training == sorted(training)
    assert held_out != list(range(45, 60))


def test_only_training_rows_decide_on_the_scaling(path: str) -> None:
    settings = {"data.terms": "y ~ x", "data.split": "ordered", "validation_split": "0.5"}
    scaling = build(experiment_on(path, settings)).scaling
    assert scaling is not None
    assert scaling.means == pytest.approx((X[:30].mean(),))
    assert scaling.deviations == pytest.approx((X[:30].std(ddof=1),))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"data.split": "prat"}, "the nearest is part"),
        ({"data.split": "x"}, "must hold 0 and 1"),
        ({"data.path": "sample:nothing"}, "choose from"),
        ({"data.path": ""}, "must name a file"),
        ({"model": "planck"}, "needs data=planck"),
    ],
)
def test_what_cannot_be_is_refused(path: str, settings: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        experiment_on(path, settings)


def test_a_law_cannot_be_fitted_to_standardized_wavelengths() -> None:
    changes = {"data": "planck", "model": "planck", "standardize": "yes"}
    with pytest.raises(BadInput, match="needs its numbers as they are"):
        Experiment().changed(changes)


def test_a_file_that_changes_or_goes_leaves_the_data_of_then(path: str) -> None:
    first = experiment_on(path, {"data.terms": "y ~ x"})
    sha256 = str(first.data.options["sha256"])
    assert len(sha256) == 64
    write(Path(path), x=X, y=2 * Y, part=X > 50)
    again = first.changed({"lr": 0.2})
    assert build(again).y.tolist() == build(first).y.tolist()
    (note,) = again.dataset().notes
    assert "has changed since it was read" in str(note)
    Path(path).unlink()
    (note,) = first.changed({"lr": 0.3}).dataset().notes
    assert "cannot be read" in str(note)


def test_a_stored_experiment_says_that_its_file_is_another_one(path: str) -> None:
    text = experiment_on(path, {"data.terms": "y ~ x"}).to_toml()
    text = text.replace('sha256 = "', 'sha256 = "0')
    (note,) = Experiment.from_toml(text).dataset().notes
    assert "has changed since this experiment was written down" in str(note)


def r2_of(y: Array, fitted: Array) -> float:
    return float(1 - ((y - fitted) ** 2).sum() / ((y - y.mean()) ** 2).sum())


@pytest.mark.parametrize("standardize", ["yes", "no"])
def test_the_end_has_r2_of_training_and_held_out_rows(path: str, standardize: str) -> None:
    settings = {"data.terms": "y ~ x", "data.split": "part", "standardize": standardize}
    run = experiment_on(path, {**settings, "lr": "2e-4", "epochs": "3"})
    recorder = Recorder(run)
    for event in train(run):
        recorder.fold(event)
    record = recorder.record(0.0)
    fitted = record.params["w"][0] * X + record.params["b"][0]
    held_out = np.arange(60) % 3 == 0
    assert record.r2 == pytest.approx(r2_of(Y[~held_out], fitted[~held_out]))
    assert record.validation_r2 == pytest.approx(r2_of(Y[held_out], fitted[held_out]))


HOUSES = np.random.default_rng(5).uniform([800, 1, 1, 5], [3500, 5, 2, 110], (99, 4))
PRICE = HOUSES @ [0.27, -32, -67, -1.5] + 220 + np.random.default_rng(6).normal(0, 20, 99)


def test_99_houses_are_learned_standardized_and_raw_are_worse_than_the_mean(tmp_path: Path) -> None:
    names = ("area", "rooms", "floors", "age")
    columns = dict(zip(names, HOUSES.T, strict=True))
    path = write(tmp_path / "houses.csv", **columns, price=PRICE)
    shown = cli("run", path, "--json")
    end = json.loads(shown.out.splitlines()[-1])
    theta, *_ = np.linalg.lstsq(np.column_stack([HOUSES, np.ones(99)]), PRICE)
    fitted = HOUSES @ theta[:4] + theta[4]
    assert end["r2"] == pytest.approx(r2_of(PRICE, fitted), abs=2e-3)
    assert end["closed_form"]["w"] == pytest.approx(theta[:4])
    raw = cli("run", path, "-s", "standardize=no", "-s", "lr=1e-9", "-s", "epochs=2")
    assert raw.out.splitlines()[-2].endswith(": worse than the mean")
    assert "at the optimum" not in raw.out


def test_rows_without_a_value_are_counted_by_column(tmp_path: Path) -> None:
    x, z = ["1", "", "3", "4", "5", "7"], ["1", "2", "", "", "5", "9"]
    path = write(tmp_path / "gaps.csv", x=x, z=z, y=range(6))
    (note,) = experiment_on(path, {}).dataset().notes
    assert str(note) == "n = 3 of 6; without a value: x 1, z 2"


def test_all_that_is_to_be_known_of_a_file_is_said_of_its_runs(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes("größe,y\n1,2\n2,NA\n3,4\n5,5\n".encode("cp1252"))
    history = History(Experiment().changed({"data": "file", "data.path": str(file)}))
    for event in train(history.experiment.changed({"epochs": 1})):
        history.fold(event)
    message = str(history.snapshot("finished", 0.1, 0.0).message)
    assert message == "not UTF-8, so read as cp1252; n = 3 of 4; without a value: y 1"


def test_a_run_that_diverged_names_the_columns_it_ran_away_along(path: str) -> None:
    shown = cli("run", path, "--terms", "y ~ x", "-s", "standardize=no", "-s", "lr=1")
    assert shown.code == 3
    assert "ran away along 1.00 x, curvature" in shown.err


def test_the_digest_of_a_file_goes_with_its_path() -> None:
    cars = experiment_on("sample:cars", {})
    line = cars.changed_by_text({"data.path": "sample:line"})
    assert cars.data.options["sha256"]
    assert (line.data.options["sha256"], line.dataset().notes) == ("", ())
    assert cars.changed_by_text({"data.terms": ""}).data.options["sha256"]
    both = {"data.path": "sample:line", "data.sha256": line.dataset().sha256}
    assert cars.changed(both).data.options["sha256"] == both["data.sha256"]


def test_charts_have_rows_from_all_of_a_file_and_those_that_bend_the_line_most(
    tmp_path: Path,
) -> None:
    n, file = 3000, tmp_path / "long.csv"
    x = np.arange(n) / 100
    y = 2 * x + np.random.default_rng(3).normal(size=n)
    x[1234], y[2345] = 60, 90  # between the rows that are evenly spaced
    rows = [f"{a},{b}" for a, b in zip(x, y, strict=True)]
    file.write_text("\n".join(["x,y", *rows]), encoding="utf-8")
    sample = facts(build(experiment_on(str(file), {}))).sample
    assert {1236, 2347, 2, n + 1} <= set(sample.lines)
    assert np.diff(sample.lines).max() < 10
    assert sample.diagnostics
    chosen = np.array(sample.rows)
    influence = sm.OLS(y, sm.add_constant(x)).fit().get_influence()
    r = influence.resid_studentized_internal
    assert sample.diagnostics.studentized.numpy() == pytest.approx(r[chosen])
    assert sample.diagnostics.cook.numpy() == pytest.approx(influence.cooks_distance[0][chosen])
    scores = norm.ppf((rankdata(r) - 0.5) / n)  # among all the rows
    assert sample.diagnostics.normal.numpy() == pytest.approx(scores[chosen])
