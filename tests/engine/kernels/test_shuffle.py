"""The order of the samples: a fair shuffle, the same in Python and compiled, used by every loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.kernels.shuffle import key_of, permutation
from engine.problem import build
from engine.settings import LOOPS
from engine.training.controls import Controls
from engine.training.loops import EpochEnd, load
from tests.support.examples import tries

KEYS = st.integers(0, 2**64 - 1)


@cache
def compiled() -> Callable[..., Any]:
    """The kernel that shuffles."""
    from engine.kernels.compiled import shuffler

    return shuffler()


def by_hand(key: int, n: int) -> list[int]:
    """Fisher and Yates's shuffle with SplitMix64, in whole numbers of any size."""
    word = 2**64
    order = list(range(n))
    for turn, i in enumerate(range(n - 1, 0, -1), 1):
        z = (key + turn * 0x9E3779B97F4A7C15) % word
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % word
        z = (z ^ z >> 27) * 0x94D049BB133111EB % word
        z ^= z >> 31
        j = (z >> 32) * (i + 1) >> 32
        order[i], order[j] = order[j], order[i]
    return order


@given(key=KEYS, n=st.integers(1, 400))
@tries(200)
def test_it_is_a_permutation_the_same_in_python_and_compiled(key: int, n: int) -> None:
    order = permutation(key, n)
    assert order.dtype == np.int64
    assert sorted(order.tolist()) == list(range(n))
    assert order.tolist() == by_hand(key, n)
    filled = np.empty(n, np.int64)
    compiled()(np.uint64(key), filled)
    assert filled.tolist() == order.tolist()


@pytest.mark.parametrize("key", [0, 1, 2**32, 2**63, 2**64 - 1])
@pytest.mark.parametrize("n", [1, 2, 3, 50_000])
def test_extreme_keys_and_sizes(key: int, n: int) -> None:
    order = permutation(key, n)
    filled = np.full(n, -1)
    compiled()(np.uint64(key), filled)
    assert np.array_equal(np.sort(order), np.arange(n))
    assert np.array_equal(order, filled)


def test_the_random_numbers_are_splitmix64s() -> None:
    """The first outputs for state 0, as published with Java's SplittableRandom."""
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    n = len(published) + 1
    order = list(range(n))
    for i, z in zip(range(n - 1, 0, -1), published, strict=True):
        j = (z >> 32) * (i + 1) >> 32
        order[i], order[j] = order[j], order[i]
    assert permutation(0, n).tolist() == order


def test_every_sample_is_as_likely_in_every_place() -> None:
    """Over many seeds and epochs each place's mean sample is the middle one, and each sample comes
    to each place equally often; six standard deviations."""
    n, times = 12, 6000
    orders = np.stack([permutation(key_of(seed, 3 * seed), n) for seed in range(times)])
    deviation = np.sqrt((n**2 - 1) / 12 / times)
    assert np.abs(orders.mean(axis=0) - (n - 1) / 2).max() < 6 * deviation
    share = np.stack([(orders == sample).mean(axis=0) for sample in range(n)])
    assert np.abs(share - 1 / n).max() < 6 * np.sqrt((1 / n) * (1 - 1 / n) / times)


def test_one_place_does_not_tell_the_next() -> None:
    orders = np.stack([permutation(key_of(7, epoch), 10) for epoch in range(6000)])
    correlations = np.corrcoef(orders, rowvar=False) + np.eye(10) / 9 - np.eye(10) * 10 / 9
    # Two places of a fair shuffle of ten correlate by −1/9.
    assert np.abs(correlations + (1 - np.eye(10)) / 9).max() < 6 / np.sqrt(6000)


@given(seed=st.integers(0, 2**63 - 1), epoch=st.integers(0, 100_000_000))
def test_epochs_and_seeds_have_keys_of_their_own(seed: int, epoch: int) -> None:
    key = key_of(seed, epoch)
    assert 0 <= key < 2**64
    assert key == key_of(seed, epoch)
    assert key != key_of(seed, epoch + 1)
    assert key != key_of(seed + 1, epoch)
    # The compiled kernel counts the epochs on by itself.
    with np.errstate(over="ignore"):
        assert np.uint64(key) + (np.uint64(3) << np.uint64(32)) == key_of(seed, epoch + 3)
    assert not np.array_equal(permutation(key, 100), permutation(key_of(seed, epoch + 1), 100))
    assert not np.array_equal(permutation(key, 100), permutation(key_of(seed + 1, epoch), 100))


def test_the_orders_of_a_thousand_epochs_are_all_different() -> None:
    orders = {tuple(permutation(key_of(7, epoch), 20).tolist()) for epoch in range(1000)}
    assert len(orders) == 1000


@pytest.mark.parametrize("loop", LOOPS)
@given(seed=st.integers(0, 2**63 - 1), n=st.integers(1, 60), batch_size=st.integers(1, 70))
@tries(15)
def test_every_loop_uses_this_order(loop: str, seed: int, n: int, batch_size: int) -> None:
    experiment = Experiment(
        loop=loop, seed=seed, batch_size=batch_size, epochs=3, device="cpu"
    ).changed({"data.n": n})
    problem = build(experiment)
    training = load(loop)(problem, Controls(0.03, most=1))
    rows: list[torch.Tensor] = []
    epoch = 0
    for progress in training.run():
        if isinstance(progress, EpochEnd):
            order = torch.tensor(by_hand(key_of(seed, epoch), n))
            assert torch.equal(torch.cat(rows), problem.X[order])
            rows, epoch = [], epoch + 1
            if epoch == 3:
                break
        else:
            shown = training.minibatch()
            assert shown is not None
            rows.append(shown[0].clone())
    assert epoch == 3
