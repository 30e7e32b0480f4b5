"""Schedules against torch.optim.lr_scheduler, and the lr that a run really used."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.registry import Entry
from engine.catalog.schedules import SCHEDULES
from engine.experiment import Experiment
from engine.training.events import Stepped
from tests.support.runs import singly
from tests.support.strategies import every_entry, values_of


@pytest.mark.parametrize("entry", every_entry("schedule"))
@given(data=st.data())
def test_a_factor_is_a_share_of_the_lr(entry: Entry, data: st.DataObject) -> None:
    epochs = data.draw(st.integers(1, 1000))
    options = {param.name: data.draw(values_of(param)) for param in entry.params}
    t = np.linspace(0, epochs, 200, endpoint=False)
    factors = entry.function(t, epochs, **options)
    assert factors.shape == t.shape
    assert (factors >= 0).all()
    assert (factors <= 1 + 1e-12).all()


@pytest.mark.parametrize(
    ("name", "options", "theirs"),
    [
        ("step", {"size": 2.0, "gamma": 0.5}, lambda o: lr_scheduler.StepLR(o, 2, 0.5)),
        ("polynomial", {"power": 2.0}, lambda o: lr_scheduler.PolynomialLR(o, 10, 2.0)),
        ("cosine", {}, lambda o: lr_scheduler.CosineAnnealingLR(o, 10)),
        ("inverse", {"decay": 0.5}, lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t / 2))),
        ("warmup", {"length": 4.0, "start": 0.1}, lambda o: lr_scheduler.LinearLR(o, 0.1, 1, 4)),
        ("constant", {}, lambda o: lr_scheduler.ConstantLR(o, 1.0)),
    ],
)
def test_a_schedule_is_the_one_of_pytorch(
    name: str, options: dict[str, float], theirs: Any
) -> None:
    """Where whole epochs are looked at, as PyTorch's schedulers are stepped."""
    parameter = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    scheduler = theirs(optimizer)
    expected = []
    for _ in range(10):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    found = SCHEDULES[name].function(np.arange(10.0), 10, **options)
    assert found.tolist() == pytest.approx(expected, rel=1e-9)


lr_scheduler = torch.optim.lr_scheduler


@pytest.mark.parametrize("size", ["0.1", "0.2", "0.3", "0.7", "1"])
@pytest.mark.parametrize("batch_size", [1, 7, 10])
def test_a_step_falls_at_its_moment(batch_size: int, size: str) -> None:
    """In exact fractions; in floats 1.0 // 0.2 is 4."""
    run = Experiment(batch_size=batch_size, epochs=4).changed(
        {"data.n": 100, "schedule": "step", "schedule.size": float(size)}
    )
    times = [epoch + Fraction(i, 100) for epoch in range(4) for i in range(0, 100, batch_size)]
    expected = [0.5 ** (t // Fraction(size)) for t in times]
    assert run.lr_factors(0, len(times)).tolist() == expected
    assert run.lr_factors_at(np.array(times, float)).tolist() == expected


@pytest.mark.parametrize("loop", ["scratch", "concise", "fast"])
def test_a_step_is_as_long_as_the_schedule_says(loop: str) -> None:
    """With SGD the move divided by the gradient is the lr in force."""
    experiment = Experiment(loop=loop, epochs=4, lr=0.1).changed(
        {"data.n": 50, "schedule": "cosine", "data.noise": 1.0}
    )
    before: dict[str, torch.Tensor] = {}
    lrs = []
    for event in singly(experiment):
        if isinstance(event, Stepped):
            params = {name: value.clone() for name, value in event.live.params().items()}
            if before:
                move = before["w"] - params["w"]
                lrs.append((move / event.live.grads()["w"]).mean().item())
            before = params
    expected = [0.05 * (1 + np.cos(np.pi * step / 20)) for step in range(1, 20)]
    assert lrs == pytest.approx(expected, rel=2e-2, abs=2e-5)
