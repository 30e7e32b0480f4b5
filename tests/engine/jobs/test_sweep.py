"""A grid of experiments: what an axis may say, and in which order the runs come."""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.jobs.axis import MOST_VALUES, Axis, numeric_keys, parse_axis, zoomed
from engine.jobs.band import band, fan
from engine.jobs.memory import MAX_MEMORY_SHARE
from engine.jobs.sweep import MOST_RUNS, Cell, Sweep, SweepProgress
from engine.support import machine
from engine.support.errors import BadInput
from tests.support.commands import refusal_of
from tests.support.examples import tries

PLAIN = Experiment()
HUBER = PLAIN.changed({"loss": "huber"})


# Axes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "values"),
    [
        ("lr=0.1,0.2", "lr", (0.1, 0.2)),
        ("lr=0.3", "lr", (0.3,)),
        (" lr = 0.2 , 0.1 , 0.2 ", "lr", (0.2, 0.1)),
        ("lr=log:0.001:1:4", "lr", (0.001, 0.01, 0.1, 1.0)),
        ("lr=lin:0.1:0.5:3", "lr", (0.1, 0.3, 0.5)),
        ("seed=lin:0:9:10", "seed", tuple(range(10))),
        ("seed=lin:0:2:9", "seed", (0, 1, 2)),
        ("batch_size=log:1:1000:4", "batch_size", (1, 10, 100, 1000)),
        ("batch_size=1,2,5,10", "batch_size", (1, 2, 5, 10)),
        ("epochs=1,3", "epochs", (1, 3)),
        ("data.noise=0,1e-3", "data.noise", (0.0, 0.001)),
        ("data.noise=lin:0:1:2", "data.noise", (0.0, 1.0)),
        ("data.n=10,100", "data.n", (10, 100)),
        ("init.std=log:0.01:1:3", "init.std", (0.01, 0.1, 1.0)),
        ("loss.delta=1,2", "loss.delta", (1.0, 2.0)),
        ("data.b=lin:-1:1:3", "data.b", (-1.0, 0.0, 1.0)),
    ],
)
def test_an_axis_is_read(text: str, key: str, values: tuple[float, ...]) -> None:
    axis = parse_axis(text, HUBER)
    assert axis.key == key
    assert axis.values == pytest.approx(values)
    assert len(set(axis.values)) == len(axis.values)
    kinds = {type(value) for value in axis.values}
    assert kinds == {type(HUBER.flat()[key])}


@pytest.mark.parametrize(
    "text",
    [
        # Not an axis at all.
        "", "lr", "=", "=1,2", "lr:1:2",
        # No such key, or none that holds a number.
        "LR=1", "learning_rate=1,2", "data.lr=1", "lr.x=1", "loss.beta=1,2", "optimizer.lr=1",
        "data=1", "data.=1", ".n=1", "init=zeros,normal", "loop=fast,scratch", "device=cpu",
        "reduction=sum,mean", "model.bias=true,false", "data.w=1,2", "data.scale=1,2",
        # Empty.
        "lr=", "lr= ", "lr=,", "lr=0.1,", "lr=0.1,,0.2", "lr=log:", "lr=log:::", "seed=",
        # Not a number, or not of this kind.
        "lr=fast", "lr=nan", "lr=0.1,nan", "lr=inf", "lr=log:nan:1:3", "lr=lin:0.1:inf:3",
        "seed=1.5", "batch_size=2.5", "batch_size=1,2.0", "epochs=1e3", "lr=log:a:b:c",
        # Out of bounds.
        "lr=0,0.1", "lr=-0.1", "lr=1e7", "batch_size=0", "seed=-1", "epochs=lin:0:5:6",
        "data.noise=lin:-1:1:3", "data.n=1,100000000",
        # Ranges that are none.
        "lr=lin:1:0.1:5", "lr=log:1:0.1:5", "lr=lin:1:1:2", "lr=log:0:1:5", "lr=log:-1:1:5",
        "data.noise=log:0:1:3", "data.b=log:-2:-1:3", "lr=lin:0.1:1", "lr=lin:0.1:1:5:6",
        "lr=LOG:0.1:1:5", "lr=geom:0.1:1:5", ":0.1:1:5", "lr=:0.1:1:5",
        # Counts.
        "lr=lin:0.1:1:1", "lr=lin:0.1:1:0", "lr=lin:0.1:1:-3", "lr=lin:0.1:1:2.5",
        "lr=lin:0.1:1:nan", "lr=lin:0.1:1:1000000000", f"lr=lin:0.1:1:{MOST_VALUES + 1}",
        # Too wide for a float.
        "data.b=lin:-1e308:1e308:3", "batch_size=log:1e-310:1e308:3", "seed=lin:-1e308:1e308:3",
        "seed=log:1:1e300:4", "lr=log:1e-310:1:3", "batch_size=" + "9" * 5000,
        "lr=lin:0.1:1:" + "9" * 5000,
    ],
)  # fmt: skip
def test_an_axis_that_cannot_be_run_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_axis(text, PLAIN)
    message = str(refusal.value)
    assert len(message.splitlines()) == 1
    assert len(message) < 400


@pytest.mark.parametrize("text", ["nothing=1,2", "data.w=1,2", "model.bias=true", "loop=fast"])
def test_a_refused_key_names_those_that_can_be_chosen(text: str) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_axis(text, HUBER)
    for key in ("lr", "batch_size", "epochs", "seed", "data.n", "data.noise", "init.std"):
        assert f"{key}" in str(refusal.value)
    assert "loss.delta" in str(refusal.value)


@pytest.mark.parametrize("experiment", [PLAIN, HUBER, PLAIN.changed({"data": "ohm"})])
def test_an_axis_can_run_along_every_key_that_is_offered(experiment: Experiment) -> None:
    for key in numeric_keys(experiment):
        value = experiment.flat()[key]
        assert isinstance(value, int | float)
        assert parse_axis(f"{key}={value}", experiment) == Axis(key, (value,))


@given(
    low=st.floats(1e-6, 1e5), factor=st.floats(1.0001, 1e6), count=st.integers(2, 200),
    scale=st.sampled_from(["lin", "log"]),
)  # fmt: skip
def test_a_range_has_its_ends_its_count_and_even_steps(
    low: float, factor: float, count: int, scale: str
) -> None:
    high = low * factor
    values = parse_axis(f"data.noise={scale}:{low!r}:{min(high, 1e6)!r}:{count}", PLAIN).values
    numbers = [value for value in values if isinstance(value, float)]
    assert len(numbers) == count
    assert (numbers[0], numbers[-1]) == (low, min(high, 1e6))
    assert all(one < other for one, other in pairwise(numbers))
    even = np.geomspace if scale == "log" else np.linspace
    # A value may be written shorter, with four digits.
    assert numbers == pytest.approx(even(low, numbers[-1], count).tolist(), rel=6e-4)


@pytest.mark.parametrize("ends", ["1.00001:1.00009", "0.99999:1.00001", "123.4567:123.4568"])
@pytest.mark.parametrize("scale", ["lin", "log"])
def test_a_narrow_range_stays_in_its_bounds(scale: str, ends: str) -> None:
    low, high = map(float, ends.split(":"))
    values = parse_axis(f"lr={scale}:{ends}:7", PLAIN).values
    numbers = [value for value in values if isinstance(value, float)]
    assert len(numbers) == 7
    assert all(one < other for one, other in pairwise(numbers))
    assert (numbers[0], numbers[-1]) == (low, high)


@given(
    low=st.floats(1e-5, 10), factor=st.floats(1.1, 1e4), share=st.floats(0, 1),
    scale=st.sampled_from(["lin", "log"]), closer=st.booleans(),
)  # fmt: skip
def test_zoom_halves_or_doubles_a_range_around_one_of_its_values(
    low: float, factor: float, share: float, scale: str, closer: bool
) -> None:
    high = low * factor
    at = low * factor**share
    zoom = parse_axis(f"lr={zoomed('lr', f'{scale}:{low}:{high}:9', at, closer, PLAIN)}", PLAIN)
    unit = np.log if scale == "log" else np.asarray
    ends = unit([zoom.values[0], zoom.values[-1]])
    times = 0.5 if closer else 2.0
    wanted = unit(at) + np.array([-0.5, 0.5]) * times * (unit(high) - unit(low))
    least = zoom.values[-1] / 1000 if scale == "lin" else -np.inf  # an lr is above 0
    wanted = np.clip(wanted, least, unit(1e6))
    assert len(zoom.values) == 9
    assert ends == pytest.approx(wanted, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(
    ("key", "spec", "at", "closer", "expected"),
    [
        ("batch_size", "log:1:100:16", 5, True, "log:1:16:16"),
        ("batch_size", "log:1:100:16", 10, False, "log:1:1000:16"),
        ("batch_size", "1,2,5,10", 2, True, "lin:1:5:4"),
        ("batch_size", "lin:3:4:2", 3, True, "lin:2:4:2"),
        ("lr", "1e-3,1e-2,1e-1", 1e-2, True, "log:0.003162:0.03162:3"),
        ("lr", "0.1", 0.1, True, "0.1"),
        ("epochs", "lin:1:10:10", 1, False, "lin:1:10:10"),
        ("data.correlation", "lin:0:0.9:10", 0.9, False, "lin:0:0.9999:10"),
    ],
)
def test_zoom_keeps_to_what_a_key_allows(
    key: str, spec: str, at: float, closer: bool, expected: str
) -> None:
    assert zoomed(key, spec, at, closer, PLAIN) == expected


PIECES = st.sampled_from(
    [*"=:,. -", "lr", "seed", "data.n", "batch_size", "log", "lin", "0", "1", "7", "1e-3", "1e308",
     "1e-310", "-1", "inf", "nan", "true", "init.std", "data.w", "é", "\n", "x"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=12).map("".join)))
@tries(400)
def test_whatever_is_typed_is_an_axis_or_refused_in_one_line(text: str) -> None:
    refusal = refusal_of(lambda: parse_axis(text, PLAIN))
    if refusal:
        assert len(str(refusal).splitlines()) == 1
    else:
        axis = parse_axis(text, PLAIN)
        assert axis.values
        assert axis.key in numeric_keys(PLAIN)
        assert all(
            isinstance(value, int | float) and abs(value) < math.inf for value in axis.values
        )
        PLAIN.changed({axis.key: axis.values[0]})


# Sweeps --------------------------------------------------------------------------------------


@given(counts=st.lists(st.integers(1, 7), min_size=1, max_size=2))
def test_the_order_of_the_runs_and_their_index(counts: list[int]) -> None:
    axes = tuple(
        Axis(key, tuple(range(1, count + 1)))
        for key, count in zip(("batch_size", "seed"), counts, strict=False)
    )
    sweep = Sweep(PLAIN, axes)
    expected = list(product(*(axis.values for axis in axes)))
    assert sweep.settings() == expected
    assert len(sweep) == len(expected) == math.prod(counts)
    for index, place in enumerate(product(*(range(count) for count in counts))):
        assert sweep.index(place) == index
        assert sweep.values(place) == expected[index]
        assert sweep.at(expected[index]) == PLAIN.changed(
            {axis.key: value for axis, value in zip(axes, expected[index], strict=True)}
        )


LR, SEED = Axis("lr", (0.1, 0.2)), Axis("seed", (1, 2, 3))


@pytest.mark.parametrize(
    "axes",
    [
        (),
        (LR, LR),
        (LR, Axis("lr", (0.3,))),
        (LR, SEED, Axis("batch_size", (1, 2))),
        (Axis("seed", tuple(range(MOST_RUNS + 1))),),
        (Axis("lr", tuple(np.linspace(0.1, 1, 400).tolist())), Axis("seed", tuple(range(2501)))),
    ],
    ids=["none", "twice", "twice with other values", "three", "too many", "too many together"],
)
def test_a_sweep_that_cannot_be_run_is_refused_in_one_line(axes: tuple[Axis, ...]) -> None:
    with pytest.raises(BadInput, match=r"^axis=") as refusal:
        Sweep(PLAIN, axes)
    assert len(str(refusal.value).splitlines()) == 1


def test_as_many_runs_as_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "memory", lambda: 0)
    many = Axis("seed", tuple(range(MOST_RUNS // 1000)))
    lrs = Axis("lr", tuple(np.linspace(0.1, 1, 1000).tolist()))
    assert len(Sweep(PLAIN, (many, lrs))) == MOST_RUNS


@pytest.mark.parametrize(
    ("experiment", "axes", "needed"),
    [
        (PLAIN, (Axis("data.n", (10, 5_000_000)),), 5_000_000 * 4 * 4),
        (PLAIN, (Axis("data.n", (10, 5_000_000, 20)),), 5_000_000 * 4 * 4),
        (PLAIN.changed({"data.n": 5_000_000}), (LR,), 5_000_000 * 4 * 4),
        (PLAIN.changed({"epochs": 1_000_000}), (SEED,), 3 * 1_000_000 * 8),
        (PLAIN, (Axis("epochs", (1, 1_000_000)), SEED), 3 * 1_000_000 * 8),
        (PLAIN, (Axis("epochs", (1, 1_000_000, 2)), SEED), 3 * 1_000_000 * 8),
        (PLAIN, (Axis("seed", tuple(range(100_000))),), 100_000 * 8),
    ],
)
def test_a_sweep_that_needs_too_much_memory_is_refused(
    experiment: Experiment, axes: tuple[Axis, ...], needed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`needed` is what the numbers take that it cannot do without."""
    monkeypatch.setattr(machine, "memory", lambda: int(needed / MAX_MEMORY_SHARE) - 1)
    with pytest.raises(BadInput, match=r"GB of memory") as refusal:
        Sweep(experiment, axes)
    assert len(str(refusal.value).splitlines()) == 1
    monkeypatch.setattr(machine, "memory", lambda: 100 * needed)
    Sweep(experiment, axes)
    monkeypatch.setattr(machine, "memory", lambda: 0)  # the system does not tell
    Sweep(experiment, axes)


@pytest.mark.parametrize("values", [(10, 5_000_000), (5_000_000, 10), (10, 5_000_000, 20)], ids=str)
def test_a_setting_that_does_not_fit_the_others_is_refused_before_the_first_run(
    values: tuple[int, ...],
) -> None:
    wide = PLAIN.changed({"data.w": (1.0,) * 100})
    with pytest.raises(BadInput, match=r"^data\.n"):
        Sweep(wide, (Axis("data.n", values),))


def test_a_key_that_the_experiment_does_not_have_is_refused() -> None:
    with pytest.raises(BadInput):
        Sweep(PLAIN, (Axis("loss.delta", (1.0, 2.0)),))


# Seeds ---------------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**63 - 1), seeds=st.integers(1, 50))
def test_a_fan_is_so_many_seeds_with_the_experiments_own(seed: int, seeds: int) -> None:
    sweep = fan(PLAIN.changed({"seed": seed}), seeds)
    (axis,) = sweep.axes
    assert axis.key == "seed"
    assert len(set(axis.values)) == len(sweep) == seeds
    assert seed in axis.values
    assert axis.values[0] == seed or seed > 2**63 - 1 - seeds
    for values in sweep.settings():
        sweep.at(values)


LOSSES = st.lists(st.floats(0, 1e9) | st.sampled_from([math.inf, math.nan]), min_size=3, max_size=3)


@given(st.lists(LOSSES, min_size=1, max_size=30))
def test_a_band_holds_the_runs(runs: list[list[float]]) -> None:
    cells = [
        Cell(i, run[-1], None, "finished", tuple(run), 5e-5, None) for i, run in enumerate(runs)
    ]
    for numbers, losses in zip(band(cells), zip(*runs, strict=True), strict=True):
        known = sorted(math.inf if math.isnan(loss) else loss for loss in losses)
        assert list(numbers) == sorted(numbers)
        assert (numbers[0], numbers[-1]) == (known[0], known[-1])
        assert set(numbers) <= set(known)
        below = [sum(loss <= number for loss in known) / len(known) for number in numbers]
        assert all(
            share >= quarter / 4 - 1e-9 - 0.5 / len(known) for quarter, share in enumerate(below)
        )


def test_time_left_of_a_sweep() -> None:
    sweep = Sweep(PLAIN, (SEED,))
    assert SweepProgress(sweep).eta is None
    cell = Cell(0, 1.0, None, "finished", (1.0,), 5e-5, None)
    assert SweepProgress(sweep, cells=(cell, None, None), done=1, seconds=2.0).eta == 4
