"""The quantile loss: where it leads, what its floor is, and what it says of a run."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
import torch

from engine.catalog.losses import LOSSES, LossEntry
from engine.experiment import Experiment
from engine.theory.derivatives import Loss
from engine.theory.expected_loss import aim
from engine.training.trainer import train
from tests.support.runs import facts_of, outcome
from tests.support.strategies import every_entry

NORMAL = NormalDist()


def pinball(q: float) -> Loss:
    return lambda r: LOSSES["quantile"].function(r, q=q)


def noisy(q: float, noise: float = 0.5) -> Experiment:
    changes = {"loss": "quantile", "loss.q": q, "data.noise": noise, "data.n": 4000}
    return Experiment(lr=0.4, epochs=12, batch_size=50).changed(
        {**changes, "schedule": "cosine", "device": "cpu"}
    )


@pytest.mark.parametrize("q", [0.02, 0.3, 0.5, 0.9])
def test_it_aims_at_the_quantile_of_the_noise(q: float) -> None:
    assert aim(pinball(q), 2.0) == pytest.approx(2 * NORMAL.inv_cdf(q), abs=2e-3)


@pytest.mark.parametrize(
    "entry", [case for case in every_entry("loss") if case.values[0].symmetric]
)
@pytest.mark.parametrize("noise", [0.0, 0.01, 30.0])
def test_a_symmetric_loss_aims_at_the_middle(entry: LossEntry, noise: float) -> None:

    params = {param.name: param.default for param in entry.params}
    assert aim(lambda r: entry.function(r, **params), noise) == 0.0


def test_half_of_it_is_l1() -> None:
    r = torch.linspace(-3, 3, 101, dtype=torch.float64)
    assert torch.equal(2 * pinball(0.5)(r), r.abs())


@pytest.mark.parametrize("q", [0.1, 0.9])
def test_training_moves_b_by_the_quantile_and_reaches_its_floor(q: float) -> None:
    """b → b + σΦ⁻¹(q); the least expected loss is σφ(Φ⁻¹(q)), below that of the true line."""
    experiment = noisy(q)
    known, end = facts_of(experiment), outcome(train(experiment))
    c = NORMAL.inv_cdf(q)
    assert end.params["b"][0] == pytest.approx(4.2 + 0.5 * c, abs=0.06)
    assert end.params["w"] == pytest.approx((2.0, -3.4), abs=0.06)
    assert known.floor.noise == pytest.approx(0.5 * NORMAL.pdf(c), rel=1e-4)
    assert known.optimum["b"][0] == pytest.approx(4.2 + 0.5 * c, abs=0.03)
    where = known.floor.standing(end.loss)
    assert where == "at the noise floor"


def test_the_true_line_is_not_yet_at_the_floor() -> None:
    """Its expected loss is σ/√(2π) whatever q is: more than twice the floor at q=.9."""
    known = facts_of(noisy(0.9))
    truth = 0.5 / np.sqrt(2 * np.pi)
    assert known.floor.standing(truth) == "still learning"


def test_without_a_bias_there_is_nothing_that_could_move() -> None:
    known = facts_of(noisy(0.9).changed({"model.bias": False}))
    assert known.floor.noise == pytest.approx(0.5 / np.sqrt(2 * np.pi), rel=1e-4)
