"""An experiment made concrete; the same data, start and minibatches for every loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.problem import build, generator
from engine.settings import LOOPS
from engine.support.device import available
from engine.support.errors import BadInput
from engine.training.controls import Controls
from engine.training.loops import EpochEnd, load
from tests.support.runs import array
from tests.support.strategies import tame_experiments


def minibatches(experiment: Experiment, epochs: int) -> list[list[torch.Tensor]]:
    """X and y side by side of every minibatch, for each epoch."""
    experiment = experiment.changed({"epochs": epochs})
    training = load(experiment.loop)(build(experiment), Controls(experiment.lr, most=1))
    assert training.minibatch() is None
    shown: list[list[torch.Tensor]] = [[]]
    for progress in training.run():
        if isinstance(progress, EpochEnd):
            if len(shown) == epochs:
                break
            shown.append([])
        else:
            minibatch = training.minibatch()
            assert minibatch is not None
            shown[-1].append(torch.cat(minibatch, dim=1))
    return shown


@pytest.mark.parametrize("loop", LOOPS)
def test_the_last_minibatch_is_short_and_every_sample_is_used_once(loop: str) -> None:
    """n=1000, B=32 → 31×32+8; every index once per epoch; epochs differ."""
    experiment = Experiment(loop=loop, batch_size=32)
    problem = build(experiment)
    everything = torch.cat([problem.X, problem.y], dim=1)
    first, second = minibatches(experiment, epochs=2)
    orders = []
    for epoch in (first, second):
        assert [len(minibatch) for minibatch in epoch] == [32] * 31 + [8]
        # Gaussian rows are all different, so each can be found in the data again.
        found = (torch.cat(epoch)[:, None] == everything).all(dim=2)
        assert found.sum(dim=0).tolist() == [1] * 1000
        orders.append(found.int().argmax(dim=1))
    assert not torch.equal(*orders)
    assert not torch.equal(orders[0], torch.arange(1000))


@given(st.data())
def test_every_loop_sees_the_same_minibatches(data: st.DataObject) -> None:
    experiment = data.draw(tame_experiments())
    shown = [minibatches(experiment.changed({"loop": loop}), epochs=2) for loop in LOOPS]
    for other in shown[1:]:
        for epoch, same in zip(shown[0], other, strict=True):
            assert len(epoch) == len(same)
            assert all(torch.equal(one, two) for one, two in zip(epoch, same, strict=True))


@given(n=st.integers(1, 300), seed=st.integers(0, 2**63 - 1))
def test_each_epoch_is_a_fresh_permutation_and_the_same_for_the_same_seed(
    n: int, seed: int
) -> None:
    problem = build(Experiment(seed=seed).changed({"data.n": n}))
    epochs = [problem.order(epoch) for epoch in range(3)]
    again = [problem.order(epoch) for epoch in range(3)]
    for order, same in zip(epochs, again, strict=True):
        assert sorted(order.tolist()) == list(range(n))
        assert torch.equal(order, same)
    if n > 20:
        assert not torch.equal(epochs[0], epochs[1])


@given(st.integers(0, 2**63 - 1))
def test_generators_for_different_purposes_are_unlike_each_other(seed: int) -> None:
    draws = [
        torch.randn(8, generator=generator(seed, purpose)) for purpose in ("data", "init", "x")
    ]
    assert not torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[1], draws[2])


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_seeds_that_share_their_low_bits_give_different_numbers(seed: int) -> None:
    one = torch.randn(8, generator=generator(seed, "data"))
    other = torch.randn(8, generator=generator(seed + 2**32, "data"))
    assert not torch.equal(one, other)


@given(st.data())
def test_data_do_not_depend_on_how_they_are_trained_on(data: st.DataObject) -> None:
    experiment = data.draw(tame_experiments())
    loose = data.draw(tame_experiments(seed=experiment.seed, drop_last=False, init="normal")).flat()
    fixed = ("data", "model", "standardize", "validation_split")
    other = experiment.changed(
        {key: value for key, value in loose.items() if key.partition(".")[0] not in fixed}
    )
    assert torch.equal(build(experiment).X, build(other).X)
    assert torch.equal(build(experiment).y, build(other).y)


@given(st.data())
def test_the_start_has_the_models_shapes_and_a_bias_of_zero(data: st.DataObject) -> None:
    problem = build(data.draw(tame_experiments()))
    assert {name: tuple(start.shape) for name, start in problem.start.items()} == dict(
        problem.model.shapes
    )
    if problem.linear.bias:
        assert problem.start[problem.linear.bias].tolist() == [0.0]


@pytest.mark.parametrize("seed", range(5))
def test_the_start_has_nothing_to_do_with_the_data(seed: int) -> None:
    """A start made of the data's own random numbers would be correlated with them."""
    problem = build(Experiment(seed=seed).changed({"init.std": 1.0, "data.w": (0.0,) * 50}))
    first = problem.X.flatten()[:50]
    assert abs(np.corrcoef(array(first), array(problem.start["w"])[:, 0])[0, 1]) < 0.6


def test_the_mean_loss_is_the_mean_over_all_the_data() -> None:
    problem = build(Experiment())
    X, y = array(problem.X), array(problem.y)
    params = {"w": torch.tensor([[1.0], [-2.0]]), "b": torch.tensor([3.0])}
    wanted = ((X @ [[1.0], [-2.0]] + 3 - y) ** 2).mean() / 2
    assert problem.mean_loss(params) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("device", available(), ids=str)
def test_every_device_gets_the_bytes_drawn_on_the_cpu(device: torch.device) -> None:
    there, cpu = build(Experiment(device=str(device))), build(Experiment(device="cpu"))
    assert there.X.device.type == device.type
    assert torch.equal(there.X.cpu(), cpu.X)
    assert torch.equal(there.y.cpu(), cpu.y)
    assert torch.equal(there.start["w"].cpu(), cpu.start["w"])


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^device=cuda:99: not present"):
        build(Experiment(device="cuda:99"))
