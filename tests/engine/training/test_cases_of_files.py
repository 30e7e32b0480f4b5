"""Files of which a statistician knows what must come out, through the whole of the lab."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.own_data import experiment_on
from engine.problem import build
from engine.theory.gather import facts
from tests.support.commands import cli
from tests.support.paths import ROOT
from tests.support.runs import Array

DUMMIES = str(ROOT / "tests/engine/data/files/dummy_trap.csv")


def write(file: Path, **columns: Array) -> str:
    """A CSV file of some columns, all their digits; its path is returned."""
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    lines = [",".join(columns), *(",".join(map(repr, row)) for row in rows)]
    file.write_text("\n".join(lines) + "\n")
    return str(file)


def summary(*arguments: str) -> dict[str, Any]:
    shown = cli("summary", *arguments, "--no-train", "--json")
    assert (shown.code, shown.err) == (0, "")
    values: dict[str, Any] = json.loads(shown.out)
    return values


@pytest.mark.parametrize(
    ("x", "slope"),
    [(1.7e9 + 60 * np.arange(1440.0), 1 / 120), (20240000 + np.arange(500.0), 1.0)],
    ids=["timestamps", "ids"],
)
def test_columns_far_from_0_keep_their_slope(tmp_path: Path, x: Array, slope: float) -> None:
    path = write(tmp_path / "far.csv", x=x, y=slope * (x - x[0]) + 3)
    intercept, slopes = summary(path, "--terms", "y ~ x")["coefficients"]
    assert slopes["estimate"] == pytest.approx(slope, rel=1e-9)
    assert intercept["estimate"] == pytest.approx(3 - slope * x[0], rel=1e-9)
    prior = facts(build(experiment_on(path, {"data.terms": "y ~ x"})))
    assert prior.original(prior.optimum)["w"][0] == pytest.approx(slope, rel=1e-9)


def limits(path: str, settings: Mapping[str, str]) -> tuple[float, float]:
    """The limit of the lr, and steps in which the flattest direction shrinks by e there."""
    whole = {"batch_size": str(experiment_on(path, settings).train_size), "loss": "squared"}
    stability = facts(build(experiment_on(path, {**whole, **settings}))).stability
    return stability.limit.lr, 1 / (stability.limit.lr * stability.curvature.smallest)


def test_two_rows_want_more_than_a_million_steps(tmp_path: Path) -> None:
    a, b = np.array([-249.69, -4.1511]), np.array([-4.1511, -0.20755])
    path = write(tmp_path / "two.csv", a=a, b=b, y=np.array([0.0, 10.0]))
    settings = {"data.terms": "y ~ a + b - 1", "standardize": "no", "data.header": "yes"}
    limit, steps = limits(path, settings)
    values = np.linalg.eigvalsh(np.column_stack([a, b]).T @ np.column_stack([a, b]))
    assert limit == pytest.approx(2 / values[1])  # the mean over two rows of twice a square
    assert limit == pytest.approx(2 * 1.60309e-5, rel=1e-4)  # that of the sum, over two rows
    assert steps == pytest.approx(1.6e6, rel=0.03)
    shown = cli("theory", path, "--terms", "y ~ a + b - 1", "-s", "standardize=no",
                "-s", "data.header=yes", "-s", "batch_size=2", "-s", "loss=squared",
                "-s", "reduction=total", "--json")  # fmt: skip
    theory = json.loads(shown.out)
    assert theory["limit"]["lr"] == pytest.approx(1.60309e-5, rel=1e-5)
    assert theory["condition_number"] == pytest.approx(3.25e6, rel=1e-3)
    assert theory["closed_form"]["w"] == pytest.approx([1.2000, -72.18], rel=1e-4)
    assert theory["remedy"]["smaller"]["steps"] == pytest.approx(1.6e6, rel=0.03)
    assert theory["remedy"]["has_closed_form"]


def test_a_plateau_is_a_flat_direction_and_standardizing_mends_it(tmp_path: Path) -> None:
    t = np.arange(20.0)
    y = 0.75 * (t - 9.5) ** 2 + 1 + np.random.default_rng(4).normal(0, 3, 20)
    path = write(tmp_path / "parabola.csv", t=t, y=y)
    X = np.column_stack([np.ones(20), t, t**2])
    values = np.linalg.eigvalsh(2 * X.T @ X / 20)
    limit, steps = limits(path, {"data.terms": "y ~ t + t^2", "standardize": "no"})
    assert limit == pytest.approx(2 / values[-1])
    assert steps == pytest.approx(values[-1] / values[0] / 2, rel=1e-6)
    (optimum,) = np.linalg.lstsq(X, y)[1] / 20
    shown = cli("run", path, "--terms", "y ~ t + t^2", "-s", "standardize=no", "-s", "lr=1e-5",
                "-s", "loss=squared", "-s", "epochs=30", "-s", "batch_size=20")  # fmt: skip
    assert f"times the optimum {optimum:.3g}" in shown.out
    assert shown.out.splitlines()[-1].startswith("still learning; ")
    limit, fewer = limits(path, {"data.terms": "y ~ t + t^2"})
    assert limit > 0.5
    assert fewer < steps / 1000


def test_an_even_column_far_beyond_the_limit(tmp_path: Path) -> None:
    random = np.random.default_rng(9)
    x = random.uniform(0, 100, 500)
    path = write(tmp_path / "line.csv", x=x, y=5 * x + 3 + random.normal(0, 0.1, 500))
    limit, _ = limits(path, {"data.terms": "y ~ x", "standardize": "no"})
    X = np.column_stack([np.ones(500), x])
    assert limit == pytest.approx(1 / np.linalg.eigvalsh(X.T @ X / 500)[-1])
    assert 0.01 / limit == pytest.approx(34, rel=0.1)


def test_dummies_have_a_reference_and_all_three_are_not_unique(tmp_path: Path) -> None:
    names = [c["name"] for c in summary(DUMMIES)["coefficients"]]
    assert sum("=" in name for name in names) == 2
    level = np.arange(12) % 3
    y = level + np.sin(np.arange(12.0))
    columns = {name: (level == k) * 1.0 for k, name in enumerate("abc")}
    fit = summary(write(tmp_path / "three.csv", **columns, y=y), "--terms", "y ~ .")
    assert not any(c["unique"] for c in fit["coefficients"])
    assert [c["vif"] for c in fit["coefficients"]] == [None] * 4
