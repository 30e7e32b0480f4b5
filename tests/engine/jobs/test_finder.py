"""The search for a learning rate."""

from __future__ import annotations

from typing import Any

import pytest

from engine.experiment import Experiment
from engine.jobs.finder import find_lr
from engine.settings import Reduction
from engine.training.events import Finished
from engine.training.trainer import train
from tests.support.runs import facts_of, outcome


@pytest.mark.parametrize("changes", [{"schedule": "warmup"}, {"patience": 1}])
def test_the_ramp_alone_sets_the_lr_and_the_end(changes: dict[str, Any]) -> None:
    noisy = Experiment().changed({"data.noise": 3.0, "data.n": 50})
    plain, found = find_lr(noisy), find_lr(noisy.changed(changes))
    assert (found.lrs, found.losses) == (plain.lrs, plain.losses)
    assert found.suggestion == plain.suggestion


@pytest.mark.parametrize("size", [10, 40])
def test_the_limit_beside_it_is_that_of_the_steps_it_takes(size: int) -> None:
    """Sums that nothing divides are so many times as steep as means."""
    mean, total = (
        find_lr(Experiment(reduction=Reduction(name), batch_size=size, device="cpu"), steps=3)
        for name in ("mean", "total")
    )
    assert total.critical_lr == pytest.approx(mean.critical_lr / size, rel=1e-9)


@pytest.mark.parametrize(
    "changes",
    [
        {"batch_size": 1},
        {"data.scale": (1000.0,)},
        {"data.scale": (0.001, 30.0)},
        {"data.noise": 10.0, "batch_size": 1},
        {"penalty": "l2", "penalty.strength": 2.0, "reduction": "total", "batch_size": 50},
        {"optimizer": "momentum"},
        {"loss": "huber"},
    ],
)
def test_the_suggestion_lies_below_the_limit_and_trains(changes: dict[str, Any]) -> None:
    for seed in range(4):
        run = Experiment(seed=seed, epochs=10, loop="fast").changed(changes)
        suggestion, known = find_lr(run).suggestion, facts_of(run)
        assert suggestion is not None
        assert suggestion <= known.stability.limit.lr
        end = outcome(train(run.changed({"lr": suggestion})))
        assert isinstance(end, Finished)
        assert end.loss < known.start_loss


def test_nothing_is_suggested_where_the_loss_does_not_fall() -> None:
    still = find_lr(
        Experiment().changed({"data.noise": 0.0, "data.w": (0.0,), "data.b": 0.0, "init": "zeros"})
    )
    assert still.suggestion is None
    assert still.in_a_sentence() == "no suggestion: the loss hardly falls as lr rises"


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_sentence_has_the_suggestion_and_how_far_below_its_limit_it_lies(
    optimizer: str,
) -> None:
    run = Experiment(device="cpu").changed({"optimizer": optimizer})
    finding, limit = find_lr(run), facts_of(run).stability.limit.lr
    assert finding.suggestion
    start, end = finding.in_a_sentence().split("; ")
    lr = f"{finding.suggestion:.3g}"
    assert start == f"suggestion: lr {lr}, midway down the longest fall of the loss"
    if optimizer == "adam":
        assert end == "Adam scales its own steps: no fixed limit"
    else:
        times = limit / finding.suggestion
        assert end == f"{times:.2g} times below its limit {limit:.3g}"
