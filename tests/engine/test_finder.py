"""The search for a learning rate."""

from __future__ import annotations

from typing import Any

import pytest

from engine.experiment import Experiment
from engine.finder import find_lr


@pytest.mark.parametrize("changes", [{"schedule": "warmup"}, {"patience": 1}])
def test_the_ramp_alone_sets_the_lr_and_the_end(changes: dict[str, Any]) -> None:
    noisy = Experiment().changed({"data.noise": 3.0, "data.n": 50})
    plain, found = find_lr(noisy), find_lr(noisy.changed(changes))
    assert (found.lrs, found.losses) == (plain.lrs, plain.losses)
    assert found.suggestion == plain.suggestion
