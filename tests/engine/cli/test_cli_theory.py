"""`linreg-tui theory`, and the autopsy that `run` reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.experiment import Experiment
from engine.problem import build
from tests.support.commands import cli
from tests.support.runs import array

KEYS = {
    "closed_form",
    "hessian",
    "eigenvalues",
    "condition_number",
    "critical_lr",
    "best_lr",
    "noise_floor",
    "gradient_variance",
    "b_simple",
}


def theory(*arguments: str) -> dict[str, Any]:
    """The one object that `theory --json` prints."""
    shown = cli("theory", *arguments, "--json")
    assert shown.code == 0, shown.err
    value: dict[str, Any] = json.loads(shown.out)
    return value


def test_theory_of_the_baseline_against_numpy() -> None:
    found = theory()
    assert set(found) >= KEYS
    problem = build(Experiment())
    X, y = array(problem.linear.design(problem.X)), array(problem.y)[:, 0]
    H = X.T @ X / len(X)
    values = np.linalg.eigvalsh(H)[::-1]
    assert found["parameters"] == ["w[0]", "w[1]", "b"]
    assert np.array(found["hessian"]) == pytest.approx(H)
    assert found["eigenvalues"] == pytest.approx(values.tolist())
    assert found["condition_number"] == pytest.approx(values[0] / values[-1])
    assert found["critical_lr"] == pytest.approx(2 / values[0])
    assert found["best_lr"] == pytest.approx(2 / (values[0] + values[-1]))
    assert found["noise_floor"] == pytest.approx(5e-5)
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    assert [*found["closed_form"]["w"], *found["closed_form"]["b"]] == pytest.approx(best.tolist())
    # about 2.9 at zero, where the first weights nearly are.
    assert found["b_simple"] == pytest.approx(2.9, rel=0.15)
    assert found["b_simple_at_optimum"] > 100
    theta = np.concatenate([array(start).ravel() for start in problem.start.values()])
    grads = (X @ theta - y)[:, None] * X
    assert found["gradient_variance"] == pytest.approx(
        grads.var(axis=0, ddof=1).sum() / 10 * (1 - 10 / len(X)), rel=1e-5
    )
    assert found["hessian_autograd_difference"] < 1e-6


def test_theory_of_a_file_has_its_closed_form_and_standardized_limits(tmp_path: Path) -> None:
    t = np.arange(20.0)
    y = 0.75 * (t - 9.5) ** 2 + 1 + np.cos(9 * t)
    file = tmp_path / "parabola.csv"
    file.write_text("t,y\n" + "".join(f"{a},{b}\n" for a, b in zip(t, y, strict=True)))
    arguments = (str(file), "--terms", "y ~ t + t^2", "-s", "batch_size=20")
    found = theory(*arguments)
    square, slope, constant = np.polyfit(t, y, 2)
    assert found["parameters"] == ["t", "t^2", "(intercept)"]
    assert found["closed_form"]["w"] == pytest.approx([slope, square])
    assert found["closed_form"]["b"] == pytest.approx([constant])
    X = np.column_stack([t, t**2])
    Z = np.column_stack([(X - X.mean(0)) / X.std(0, ddof=1), np.ones(20)])
    values = np.linalg.eigvalsh(Z.T @ Z / 20)[::-1]
    assert found["standardized"]
    assert found["eigenvalues"] == pytest.approx(values.tolist())
    assert found["critical_lr"] == pytest.approx(2 / values[0])
    lines = cli("theory", *arguments).out.splitlines()
    assert f"t {slope:.6g}; t^2 {square:.6g}; (intercept) {constant:.6g}" in lines[0]
    assert lines[1] == "standardized columns, as training sees them"


def test_a_narrow_valley_has_the_condition_number_of_its_scales() -> None:
    """x₂×10 gives κ≈98."""
    assert theory("-s", "data.scale=1,10")["condition_number"] == pytest.approx(98, rel=0.12)


def test_fewer_samples_than_parameters_are_explained_and_not_inverted() -> None:
    arguments = ("-s", "data.w=1,2,3,4", "-s", "data.n=3")
    assert theory(*arguments)["rank"] == 3
    shown = cli("theory", *arguments)
    assert shown.code == 0
    assert "2 flat" in shown.out


def test_a_loss_without_curvature_has_no_limit() -> None:
    found = theory("-s", "loss=l1")
    assert found["critical_lr"] is None
    assert found["best_lr"] is None
    assert "no curvature" in cli("theory", "-s", "loss=l1").out


def test_theory_in_words_names_the_limit_of_this_batch_and_optimizer() -> None:
    shown = cli("theory", "-s", "optimizer=momentum")
    assert shown.code == 0
    assert "minibatches of 10, SGD with momentum" in shown.out
    assert "0.80 w[1] + 0.60 w[0]" in shown.out


@pytest.mark.parametrize("setting", ["lr=0", "optimizer=none", "nothing=1"])
def test_bad_input_is_one_line(setting: str) -> None:
    shown = cli("theory", "-s", setting)
    assert shown.code == 2
    assert len(shown.err.splitlines()) == 1


def test_run_explains_a_divergence_and_its_suggestion_works() -> None:
    shown = cli("run", "-s", "lr=2")
    assert shown.code == 3
    assert "ran away along" in shown.err
    suggestion = shown.err.split("try -s ")[1].split()[0]
    assert cli("run", "-s", suggestion).code == 0
    last = json.loads(cli("run", "-s", "lr=2", "--json").out.splitlines()[-1])
    assert f"lr={last['autopsy']['suggestion']:.3g}" == suggestion
    assert last["autopsy"]["limit"]["lr"] == pytest.approx(1.46, abs=0.01)


def test_run_reports_held_out_samples_and_an_early_end() -> None:
    shown = cli("run", "-s", "validation_split=0.2", "-s", "patience=2", "-s", "epochs=500")
    assert shown.code == 0
    assert "validation loss" in shown.out
    assert "early stopping" in shown.out
