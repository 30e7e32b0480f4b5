"""The search for a learning rate."""

from __future__ import annotations

from typing import Any

import pytest

from engine.experiment import Experiment
from engine.jobs.finder import find_lr
from engine.settings import Reduction


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
        find_lr(Experiment(reduction=Reduction(name), batch_size=size, device="cpu"), steps=2)
        for name in ("mean", "total")
    )
    assert total.critical_lr == pytest.approx(mean.critical_lr / size, rel=1e-9)
