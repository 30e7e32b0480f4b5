"""What a valley costs in steps as it is, and standardized."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.experiment import Experiment
from engine.lessons.library import lessons
from engine.own_data import experiment_on
from engine.problem import build
from engine.theory.remedy import Remedy, Way
from tests.support.runs import Array, array, facts_of

HILLS = Experiment(batch_size=1000, lr=0.1, loop="fast").changed(
    {
        "data.scale": (1.0, 100.0),
        "loss": "squared",
    }
)


def steps_counted(H: Array, lr: float, momentum: float = 0.0) -> float:
    """Steps for a factor e of full-batch descent on ½·eᵀHe, counted over a fall by e⁵ to e¹⁰."""
    error, v = np.ones(len(H)), np.zeros(len(H))
    reached: dict[int, int] = {}
    for step in range(1, 2_000_000):
        v = momentum * v + lr * (H @ error)
        error = error - v
        fall = -np.log(np.abs(error).max())
        for level in (5, 10):
            if fall >= level:
                reached.setdefault(level, step)
        if 10 in reached:
            return (reached[10] - reached[5]) / 5
    raise AssertionError("too slow to count")


def remedy_of(experiment: Experiment) -> Remedy:
    remedy = facts_of(experiment).remedy
    assert remedy
    return remedy


@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_both_costs_are_the_steps_that_descent_takes(optimizer: str) -> None:
    experiment = HILLS.changed({"optimizer": optimizer})
    momentum = {"sgd": 0.0, "momentum": 0.9}[optimizer]
    remedy = remedy_of(experiment)
    columns = array(build(experiment).X)
    for way, scaled in (
        (remedy.smaller, columns),
        (remedy.standardized, (columns - columns.mean(0)) / columns.std(0, ddof=1)),
    ):
        design = np.column_stack([scaled, np.ones(len(scaled))])
        H = 2 * design.T @ design / len(design)
        assert way.steps == pytest.approx(max(1, steps_counted(H, way.lr, momentum)), rel=0.15)


def test_a_round_bowl_or_one_standardized_already_needs_no_remedy() -> None:
    for changes in ({"data.scale": (1.0,)}, {"standardize": "yes"}, {"optimizer": "adam"}):
        assert facts_of(HILLS.changed(changes)).remedy is None


def test_the_closed_form_is_offered_where_steps_are_too_many() -> None:
    few, many = Way(0.1, 1.0), Way(1e-5, 1.6e6)
    assert "1,600,000 steps" in str(Remedy(many, few, True).words)
    assert "closed form" in str(Remedy(many, few, True).words)
    assert "closed form" not in str(Remedy(many, few, False).words)
    assert "closed form" not in str(Remedy(Way(0.1, 700.0), few, True).words)


def test_where_no_lr_is_small_enough_nothing_infinite_is_told() -> None:
    """Of timestamps as they are, 1 − lr·λ of the flattest direction rounds to 1."""
    remedy = remedy_of(lessons()["timestamps"].experiment)
    assert remedy.smaller.steps == np.inf
    assert str(remedy.words) == (
        "no lr brings these columns to their optimum: standardize=yes, then lr 1"
    )


def test_rows_in_an_order_that_bear_more_than_exact_gradients_have_no_cost_in_steps(
    tmp_path: Path,
) -> None:
    file = tmp_path / "line.csv"
    file.write_text("x,y\n" + "\n".join(f"{k},{k}" for k in range(1, 13)), encoding="utf-8")
    settings = {"standardize": "no", "shuffle": "no", "batch_size": "1", "loss": "squared"}
    facts = facts_of(experiment_on(str(file), settings))
    assert facts.stability.limit.lr > facts.stability.curvature.critical_lr
    assert facts.remedy is None
