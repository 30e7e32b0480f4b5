"""The limit of minibatches that come in the same order each epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.own_data import experiment_on
from engine.problem import build
from engine.theory.stability import stability
from tests.support.examples import tries
from tests.support.runs import Array, array


def growth(design: Array, lr: float, size: int, bend: float) -> float:
    """ρ of an epoch of descent on bend/2·mean r² over minibatches in order, by taking the steps."""
    errors = np.eye(design.shape[1])
    for begin in range(0, len(design), size):
        rows = design[begin : begin + size]
        errors = errors - lr * bend / size * rows.T @ (rows @ errors)
    return float(np.abs(np.linalg.eigvals(errors)).max())


@tries(15)
@given(
    seed=st.integers(0, 10_000),
    size=st.sampled_from([1, 4, 7]),
    loss=st.sampled_from(["half_squared", "squared"]),
)
def test_an_epoch_shrinks_every_error_below_the_limit_and_not_above(
    seed: int, size: int, loss: str
) -> None:
    experiment = Experiment(seed=seed, shuffle=False, batch_size=size).changed(
        {"data.n": 40, "loss": loss}
    )
    problem = build(experiment)
    limit = stability(problem).limit
    assert limit.kind == "in order"
    design = np.column_stack([array(problem.X), np.ones(40)]).astype(float)
    bend = {"half_squared": 1.0, "squared": 2.0}[loss]
    assert growth(design, 0.99 * limit.lr, size, bend) < 1
    assert growth(design, 1.01 * limit.lr, size, bend) >= 1


@pytest.mark.parametrize(("loss", "bend"), [("half_squared", 1), ("squared", 2)])
def test_the_largest_row_bears_least(tmp_path: Path, loss: str, bend: int) -> None:
    """Row 9 alone bears .0244 of the half loss, but row 12 less: 2/(12² + 1)."""
    path = tmp_path / "twelve.csv"
    path.write_text("x,y\n" + "".join(f"{k},{k}\n" for k in range(1, 13)))
    given = {"standardize": "no", "shuffle": "false", "batch_size": "1", "loss": loss}
    limit = stability(build(experiment_on(str(path), given))).limit
    assert f"row 12 alone bears {2 / 145 / bend:.3g}" in str(limit.name)
    x = np.arange(1.0, 13)
    design = np.column_stack([x, np.ones(12)])
    assert growth(design, limit.lr * 0.999, 1, bend) < 1 < growth(design, limit.lr * 1.001, 1, bend)
    nine = design[:9]
    assert 2 / (nine[-1] @ nine[-1]) == pytest.approx(0.0244, rel=1e-3)


def test_shuffled_rows_have_the_limit_of_minibatches() -> None:
    for changes in ({"shuffle": True}, {"batch_size": 1000}, {"loss": "huber"}):
        limit = stability(build(Experiment(shuffle=False).changed(changes))).limit
        assert limit.kind != "in order"
