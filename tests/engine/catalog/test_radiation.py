"""Planck's law and the temperature behind a spectrum, with numbers worked out apart."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.radiation import C1, C2, WIEN, log_peak, log_radiance, log_radiance_as_printed
from engine.experiment import Experiment
from engine.lessons.attempt import outcome
from engine.problem import build
from engine.support.errors import BadInput
from engine.theory.gather import facts
from engine.training.snapshot import Snapshot
from tests.support.runs import Array, array

RECIPE = Experiment(batch_size=50, epochs=30, lr=0.03).changed(
    {"data": "planck", "model": "planck", "data.n": 500}
)
"""ln T, log residual, λ uniform in 0.3–3 µm, 2 % noise, from 3000 K."""
LINE = Experiment().changed({"data": "wien", "model": "wien"})

h, c, k = 6.62607015e-34, 2.99792458e8, 1.380649e-23
"""The SI's exact constants, from which the others follow."""


def by_numpy(wavelength: Array, T: float) -> Array:
    """B in W·m⁻²·sr⁻¹·µm⁻¹ from the SI's constants; λ in µm."""
    metres = wavelength * 1e-6
    with np.errstate(over="ignore"):
        B: Array = 2 * h * c**2 / metres**5 / np.expm1(h * c / (metres * k * T)) * 1e-6
    return B


@cache
def run(**changes: object) -> Snapshot:
    return outcome(RECIPE.changed({key.replace("__", "."): v for key, v in changes.items()}))


def temperature(snapshot: Snapshot) -> float:
    value, true, unit = snapshot.quantities()["T"]
    assert true == pytest.approx(5000)
    assert unit == "K"
    return value


# The law -------------------------------------------------------------------------------------


@given(st.floats(0.05, 100), st.floats(100, 50_000))
def test_the_law_is_that_of_the_si(wavelength: float, T: float) -> None:
    wanted = by_numpy(np.array([wavelength]), T)[0]
    found = log_radiance(torch.tensor([wavelength], dtype=torch.float64), torch.tensor(T))
    if wanted > 1e-300:
        assert found.item() == pytest.approx(math.log(wanted), rel=1e-6, abs=1e-5)
    else:
        assert math.isfinite(found.item())


def test_peak_and_constants_at_5000_kelvin() -> None:
    assert pytest.approx(1.191042972e8, rel=1e-9) == C1
    assert pytest.approx(h * c / k * 1e6, rel=1e-8) == C2
    wavelengths = np.linspace(0.3, 3, 270_001)
    B = by_numpy(wavelengths, 5000.0)
    assert wavelengths[B.argmax()] == pytest.approx(0.5796, abs=1e-4)
    assert pytest.approx(0.5796, abs=1e-4) == WIEN / 5000
    assert B.max() == pytest.approx(1.280e7, rel=1e-3)
    assert math.exp(log_peak(5000)) == pytest.approx(B.max(), rel=1e-6)


def test_the_law_as_printed_overflows_where_the_stable_form_does_not() -> None:
    for wavelength, T in ((0.3, 300.0), (0.3, 500.0)):
        x = torch.tensor([wavelength])
        assert not log_radiance_as_printed(x, torch.tensor(T)).isfinite()
        assert log_radiance(x, torch.tensor(T)).isfinite()
    warm = torch.tensor([0.3]), torch.tensor(3000.0)
    assert log_radiance_as_printed(*warm).item() == pytest.approx(
        log_radiance(*warm).item(), rel=1e-5
    )


def test_the_ends_of_the_range_must_be_in_order() -> None:
    with pytest.raises(BadInput, match=r"^data.shortest=2: must be below data.longest, 1$"):
        RECIPE.changed({"data.shortest": 2.0, "data.longest": 1.0})
    with pytest.raises(BadInput, match=r"^model=planck: needs data=planck"):
        Experiment().changed({"model": "planck"})


# The recipe ----------------------------------------------------------------------------------


def test_ten_kelvin_with_nearly_every_seed() -> None:
    """Three standard deviations of what fifteen seeds find."""
    errors = np.array([temperature(run(seed=seed)) - 5000 for seed in range(15)])
    assert abs(errors.mean()) + 3 * errors.std(ddof=1) < 10
    assert np.abs(errors).max() < 10


@pytest.mark.parametrize("start", [1500.0, 8000.0, 12000.0])
def test_from_other_guesses(start: float) -> None:
    for seed in range(3):
        assert temperature(run(model__start=start, seed=seed)) == pytest.approx(5000, abs=10)


def test_the_concise_loop_finds_the_same() -> None:
    one, other = run(), run(loop="concise")
    assert temperature(one) == pytest.approx(temperature(other), rel=1e-5)
    assert one.loss == pytest.approx(other.loss, rel=1e-4)


def test_the_recipe_ends_at_the_noise_floor() -> None:
    known = run().facts
    assert known is not None
    assert known.floor.noise == pytest.approx(0.02**2 / 2, rel=1e-6)
    assert run().loss == pytest.approx(known.floor.noise, rel=0.2)


def test_noise_that_grows_with_the_label_has_a_floor_of_its_own() -> None:
    """The floor is not ½σ² then: at label peak it is that of the labels' own size."""
    peak = RECIPE.changed({"data.label": "peak"})
    problem = build(peak)
    truth = peak.dataset().truth
    assert truth
    y = array(truth.signal(problem.X))
    assert facts(problem).floor.symbol == "E ℓ(yσz)"
    assert facts(build(RECIPE)).floor.symbol == "½σ²"
    assert facts(problem).floor.noise == pytest.approx((0.02**2 * y**2).mean() / 2, rel=0.15)


# What fails ----------------------------------------------------------------------------------


def test_raw_si_units_have_a_hopeless_limit() -> None:
    known = facts(build(RECIPE.changed({"data.label": "SI", "model.parameter": "kelvin"})))
    assert known.stability.limit.lr == pytest.approx(7e-20, rel=0.3)
    assert run(data__label="SI", model__parameter="kelvin").state == "diverged"


def test_a_share_of_the_peak_dies_from_300_and_overflows_from_12000() -> None:
    bad = {"data__label": "peak", "model__parameter": "tau", "lr": 0.5}
    dead = run(**bad, model__start=300.0)
    assert dead.state == "finished"
    assert temperature(dead) == pytest.approx(300, abs=1e-3)
    assert run(**bad, model__start=12000.0).state == "diverged"


def test_the_printed_form_is_no_number_from_300() -> None:
    assert run(model__as_printed=True, model__start=300.0).state == "diverged"


@pytest.mark.parametrize("label", ["log", "peak", "SI"])
@pytest.mark.parametrize("parameter", ["ln_T", "tau", "kelvin"])
def test_the_limit_at_start_or_truth_is_two_over_the_second_difference(
    label: str, parameter: str
) -> None:
    """The mean loss is a function of one number: its curvature by central differences."""
    changes = {"data.label": label, "model.parameter": parameter}
    problem = build(RECIPE.changed(changes))
    known = facts(problem)
    X, y = problem.X.double(), problem.y.double()

    def loss(theta: float) -> float:
        named = {name: torch.tensor([theta], dtype=torch.float64) for name in problem.model.shapes}
        return float((problem.model.predict(named, X) - y).square().mean() / 2)

    bends = []
    for values in (known.start, known.true):
        (theta,) = next(iter(values.values()))
        step = 1e-4 * abs(theta)
        bends.append((loss(theta + step) - 2 * loss(theta) + loss(theta - step)) / step**2)
    assert known.stability.limit.lr == pytest.approx(2 / max(bends), rel=1e-3)


# The Wien line -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shortest", "longest", "wanted", "within"), [(0.3, 0.8, 5005, 1), (0.3, 3.0, 5159, 10)]
)
def test_the_wien_line_is_right_for_short_waves_only(
    shortest: float, longest: float, wanted: float, within: float
) -> None:
    found = []
    for seed in range(20):
        chosen = {"data.shortest": shortest, "data.longest": longest, "seed": seed}
        problem = build(LINE.changed(chosen))
        X, y = array(problem.X)[:, 0], array(problem.y)[:, 0]
        slope = float(X @ y / (X @ X))
        known = facts(problem)
        assert known.optimum["slope"][0] == pytest.approx(slope, rel=1e-5)
        found.append(-C2 / slope)
    assert np.mean(found) == pytest.approx(wanted, abs=within)


def test_labels_of_the_wien_line_are_the_law() -> None:
    dataset = LINE.changed({"data.noise": 0.0}).dataset()
    X, y = dataset.draw(torch.Generator().manual_seed(1))
    wavelength = 1 / array(X)
    wanted = np.log(by_numpy(wavelength, 5000.0) * wavelength**5 / C1)
    assert array(y) == pytest.approx(wanted, abs=1e-4)
