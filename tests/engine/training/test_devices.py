"""Loops and sweeps on each device: the numbers are those of the scratch loop on the CPU.

On the CPU it is the torch form that is tried, with its steps counted in a tensor as on a GPU.
"""

from __future__ import annotations

import pytest
import torch

from engine.experiment import Experiment
from engine.jobs import lanes
from engine.jobs.axis import parse_axis
from engine.jobs.lanes import run_sweep
from engine.jobs.sweep import Sweep
from engine.support import graphs
from engine.training.events import EpochEnded, Stepped
from engine.training.loops import fast
from engine.training.trainer import train
from tests.support.devices import DEVICES

BASE = Experiment().changed({"device": "cpu", "data.n": 203, "batch_size": 2, "epochs": 4})
"""A hundred minibatches and a short one: each kind of block comes again and again."""
DOUBLE = {"data.terms": ". + x[0]^2", "lr": 0.003}
"""Features made by terms are float64."""
FAINT = 1e-7
"""What float32 leaves of a residual of 1e-2 beside labels of 10."""
SETTINGS = [
    *({"optimizer": name} for name in ("sgd", "momentum", "nesterov", "adagrad", "adam")),
    {"loss": "huber", "penalty": "l2", "schedule": "cosine", "drop_last": True},
    {"batch_size": 500, "reduction": "mean"},
    DOUBLE,
]


@pytest.fixture(autouse=True)
def as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the CPU take the steps in torch, and count them in a tensor."""

    def counted(device: torch.device, steps: int = 0) -> torch.Tensor:
        return torch.tensor(float(steps), dtype=torch.float64, device=device)

    for module in (fast, lanes):
        monkeypatch.setattr(module, "MISSING", "no compiled kernels: for a test")
        monkeypatch.setattr(module, "step_count", counted)


def losses(experiment: Experiment) -> tuple[list[float], list[float]]:
    """The losses of the minibatches and those of the epochs."""
    events = list(train(experiment))
    steps = [loss for event in events if isinstance(event, Stepped) for loss in event.losses]
    return steps, [event.loss for event in events if isinstance(event, EpochEnded)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("changes", SETTINGS, ids=str)
def test_the_fast_loop_takes_the_steps_of_scratch(device: str, changes: dict[str, object]) -> None:
    experiment = BASE.changed(changes)
    expected = losses(experiment.changed({"loop": "scratch"}))
    found = losses(experiment.changed({"loop": "fast", "device": device}))
    rel, faint = (1e-10, 0.0) if changes is DOUBLE else (1e-4, FAINT)
    for numbers, wanted in zip(found, expected, strict=True):
        assert numbers == pytest.approx(wanted, rel=rel, abs=faint)


@pytest.mark.parametrize("device", DEVICES[1:])
@pytest.mark.parametrize("loop", ["scratch", "concise"])
def test_the_teaching_loops_do_the_same_on_a_gpu(device: str, loop: str) -> None:
    experiment = BASE.changed({"loop": loop, "epochs": 1})
    for found, expected in zip(
        losses(experiment.changed({"device": device})), losses(experiment), strict=True
    ):
        assert found == pytest.approx(expected, rel=1e-4, abs=FAINT)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("changes", SETTINGS[:6], ids=str)
def test_sweeps_are_the_runs_of_scratch(device: str, changes: dict[str, object]) -> None:
    experiment = BASE.changed(changes)
    axes = tuple(parse_axis(axis, experiment) for axis in ("lr=0.003,0.01", "batch_size=2,7"))
    sweep = Sweep(experiment.changed({"device": device}), axes)
    cells = sorted(cell for part in run_sweep(sweep) for cell in part)
    for cell in cells:
        run = experiment.changed(sweep.named(cell.index)).changed({"loop": "scratch"})
        assert cell.losses == pytest.approx(tuple(losses(run)[1]), rel=1e-4, abs=FAINT)


def test_a_gpu_counts_steps_itself() -> None:
    assert graphs.step_count(torch.device("cpu"), 3) == 3
    assert isinstance(graphs.step_count(torch.device("cpu")), int)
    work = list[int]()
    graphs.repeated(lambda: work.append(1), torch.device("cpu"))()
    assert work == [1]
