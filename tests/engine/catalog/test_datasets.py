"""Generated data, measured with numpy against what was asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.choice import choose
from engine.catalog.dataset import Dataset, Truth
from engine.catalog.datasets import DATASETS
from engine.catalog.param import Number
from engine.catalog.registry import Entry
from engine.experiment import Experiment
from engine.problem import generator
from tests.support.examples import tries
from tests.support.runs import Array, array
from tests.support.strategies import every_generator


def dataset_of(name: str = "linear", **changes: object) -> Dataset:
    """A data set with some of its parameters changed."""
    experiment = Experiment(data=choose("data", name))
    return experiment.changed({f"data.{key}": value for key, value in changes.items()}).dataset()


def truth_of(dataset: Dataset) -> Truth:
    """The truth behind a generated data set."""
    assert dataset.truth
    return dataset.truth


def drawn(dataset: Dataset, seed: int = 7) -> tuple[Array, Array]:
    """X and y in float64."""
    X, y = dataset.draw(generator(seed, "data"))
    return array(X), array(y)


def residual(dataset: Dataset, seed: int = 7) -> Array:
    """What is left of the labels when the truth is taken away."""
    X, y = drawn(dataset, seed)
    constants = truth_of(dataset).constants
    left: Array = y[:, 0] - (X @ np.array(constants["w"]) + constants["b"])
    return left


@pytest.mark.parametrize("entry", every_generator())
@pytest.mark.parametrize("n", [1, 2, 57])
def test_labels_are_a_column_and_everything_is_float32(entry: Entry, n: int) -> None:
    dataset = dataset_of(entry.name, n=n)
    X, y = dataset.draw(generator(0, "data"))
    assert (X.shape, y.shape) == ((n, dataset.features), (n, 1))
    assert (X.dtype, y.dtype) == (torch.float32, torch.float32)
    assert bool(torch.isfinite(X).all() & torch.isfinite(y).all())


@pytest.mark.parametrize("entry", every_generator())
@given(seed=st.integers(0, 2**63 - 1), n=st.integers(2, 50))
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    entry: Entry, seed: int, n: int
) -> None:
    dataset = dataset_of(entry.name, n=n)
    X, y = dataset.draw(generator(seed, "data"))
    same_X, same_y = dataset.draw(generator(seed, "data"))
    other_X, other_y = dataset.draw(generator(seed ^ 1, "data"))
    assert X.numpy().tobytes() == same_X.numpy().tobytes()
    assert y.numpy().tobytes() == same_y.numpy().tobytes()
    assert not torch.equal(X, other_X)
    assert not torch.equal(y, other_y)


@pytest.mark.parametrize("entry", every_generator())
@pytest.mark.parametrize("noise", [0.01, 0.5, 20.0])
def test_the_residuals_have_the_noise_that_was_asked_for(entry: Entry, noise: float) -> None:
    """The residual sd = σ ±10 %."""
    param = entry.param("noise", "noise")
    assert isinstance(param, Number)
    assert param.high is not None
    largest = param.high
    noise = min(noise, largest)
    dataset = dataset_of(entry.name, noise=noise, n=4000)
    X, y = dataset.draw(generator(7, "data"))
    left = array(y - truth_of(dataset).signal(X))
    assert left.std() == pytest.approx(noise, rel=0.1)
    assert abs(left.mean()) < 5 * noise / 4000**0.5


@given(
    w=st.lists(st.floats(-10, 10), min_size=1, max_size=6),
    b=st.floats(-10, 10),
    noise=st.floats(0.01, 10),
    n=st.integers(2000, 4000),
    seed=st.integers(0, 2**63 - 1),
)
@tries(40)
def test_any_w_b_n_and_noise(w: list[float], b: float, noise: float, n: int, seed: int) -> None:
    """Any w, b, n, σ; the noise is Gaussian: its fourth moment is 3σ⁴."""
    left = residual(dataset_of(w=tuple(w), b=b, noise=noise, n=n), seed)
    assert len(left) == n
    assert left.std() == pytest.approx(noise, rel=0.1)
    assert (left**4).mean() == pytest.approx(3 * noise**4, rel=0.5)


def test_without_noise_the_labels_are_the_truth() -> None:
    assert residual(dataset_of(noise=0.0)) == pytest.approx(0, abs=1e-5)


def test_the_features_of_standard_data_are_independent_standard_normals() -> None:
    X, _ = drawn(dataset_of(n=20_000))
    assert X.mean(axis=0) == pytest.approx(0, abs=0.03)
    assert np.cov(X.T) == pytest.approx(np.eye(2), abs=0.04)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9, 0.9999])
def test_every_two_features_have_the_correlation_that_was_asked_for(correlation: float) -> None:
    X, _ = drawn(dataset_of(w=(1.0, 2.0, 3.0), correlation=correlation, n=20_000))
    wanted = np.full((3, 3), correlation)
    np.fill_diagonal(wanted, 1)
    assert np.corrcoef(X.T) == pytest.approx(wanted, abs=0.03)
    assert X.std(axis=0) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("correlation", [0.0, 0.8])
@pytest.mark.parametrize("scale", [(3.0,), (1.0, 10.0), (0.01, 100.0)])
def test_the_features_have_the_scale_that_was_asked_for(
    scale: tuple[float, ...], correlation: float
) -> None:
    X, _ = drawn(dataset_of(scale=scale, correlation=correlation, n=20_000))
    assert X.std(axis=0) == pytest.approx(np.broadcast_to(scale, 2), rel=0.03)
    wanted = np.array([[1, correlation], [correlation, 1]])
    assert np.corrcoef(X.T) == pytest.approx(wanted, abs=0.03)


@given(
    n=st.integers(1, 3000),
    share=st.floats(0, 0.5),
    size=st.floats(50, 1000) | st.floats(-1000, -50),
)
def test_exactly_the_asked_share_of_labels_is_moved(n: int, share: float, size: float) -> None:
    dataset = dataset_of(n=n, outliers=share, outlier_size=size)
    left = residual(dataset)
    moved = np.abs(left) > 10
    assert moved.sum() == truth_of(dataset).outliers
    assert abs(moved.sum() - share * n) <= 0.5
    assert left[moved] == pytest.approx(size, abs=0.1)


def test_outliers_change_nothing_else() -> None:
    clean, dirty = dataset_of(n=500), dataset_of(n=500, outliers=0.1)
    (X, y), (same_X, other_y) = drawn(clean), drawn(dirty)
    assert np.array_equal(X, same_X)
    assert ((y != other_y).sum(), y.size) == (50, 500)


@given(current=st.floats(1e-3, 1e6), seed=st.integers(0, 2**63 - 1))
def test_currents_are_never_negative_nor_above_the_largest(current: float, seed: int) -> None:
    """A current is measured from zero up."""
    X, _ = drawn(dataset_of("ohm", current=current, n=2000), seed)
    assert X.min() >= 0
    assert X.max() <= current * (1 + 1e-6)
    assert X.mean() == pytest.approx(current / 2, rel=0.1)


def test_the_default_current_gives_the_curvature_of_standard_data() -> None:
    X, _ = drawn(dataset_of("ohm", n=50_000))
    assert (X**2).mean() == pytest.approx(1, abs=0.02)


def test_ohms_data_have_one_weight_no_bias_and_units() -> None:
    dataset = dataset_of("ohm", R=47.0)
    assert truth_of(dataset).constants == {"R": (47.0,), "w": (47.0,), "b": (0.0,)}
    assert truth_of(dataset).outliers == 0
    assert [column.label for column in dataset.columns] == ["I (A)"]
    assert dataset.target.label == "U (V)"


def test_the_names_of_the_data_sets_are_their_keys() -> None:
    assert [entry.name for entry in DATASETS] == list(DATASETS.entries)
