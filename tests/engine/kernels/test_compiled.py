"""Compiled kernels: the same loss from the same text, kept on disk, and what is refused."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.catalog.losses import LOSSES, LossEntry
from engine.catalog.optimizers import OPTIMIZERS
from engine.catalog.param import Number
from engine.catalog.penalties import PENALTIES
from engine.experiment import Experiment
from engine.jobs.axis import Axis
from engine.jobs.sweep import Sweep
from engine.kernels.compiled import FASTMATH, Kernels, kernels
from engine.kernels.scalars import SCALAR_METHODS
from engine.kernels.shuffle import permutation
from engine.settings import LOOPS
from engine.support.errors import BadInput
from engine.support.translation import Message
from engine.training.loops import fast
from engine.training.trainer import train
from tests.support.examples import tries
from tests.support.oracles import assert_same, trace
from tests.support.paths import ROOT
from tests.support.runs import epochs_of, started
from tests.support.strategies import every_entry

numba = pytest.importorskip("numba")

WITH_DERIVATIVE = [case for case in every_entry("loss") if case.values[0].derivative]
SIZES = [
    0.0, 1e-45, 1e-38, 1e-30, 1e-10, 1e-6, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.9, 0.999999, 1.0, 1.000001,
    1.5, 2.0, 3.0, 5.0, 10.0, 50.0, 88.0, 89.0, 100.0, 1e3, 1e6, 1e15, 1e18, 1e25, 3e38,
]  # fmt: skip
GRID = [sign * size for size in SIZES for sign in (1.0, -1.0)]
SPECIAL = [math.inf, -math.inf, math.nan]


def settings_of(entry: LossEntry) -> list[dict[str, float]]:
    """The defaults of a loss's parameters, and smaller and larger ones."""
    return [
        {param.name: float(param.default) * factor for param in entry.params}  # type: ignore[arg-type]
        for factor in ((1.0, 0.01, 30.0) if entry.params else (1.0,))
    ]


def scalars(params: dict[str, float]) -> tuple[np.float32, ...]:
    """Parameters as the loop hands them to a kernel."""
    return tuple(np.float32(value) for value in params.values())


def kernels_for(entry: LossEntry) -> Kernels:
    """The kernels of a loss under plain SGD without a penalty."""
    return kernels(entry, PENALTIES["none"], OPTIMIZERS["sgd"])


def compiled_loss(entry: LossEntry, r: float, params: dict[str, float]) -> float:
    """The loss of one residual, from the kernel that the loop calls."""
    data, theta = np.array([[0.0, r]], np.float32), np.array([0.0, 1.0], np.float32)
    return kernels_for(entry).mean_loss(data, theta, scalars(params))


def compiled_slope(entry: LossEntry, r: float, params: dict[str, float]) -> float:
    """The derivative at one residual: a step of rate 1 with the bias, from 0, over one sample."""
    data, (theta, grad) = np.array([[1.0, -r]], np.float32), np.zeros((2, 1, 1), np.float32)
    order, first, sizes, taken = np.array([0]), np.array([0, 1]), np.array([1]), np.array([0])
    one, slots = np.ones(1, np.float32), np.zeros((0, 2, 1), np.float32)
    kernels_for(entry).lanes(
        data, order, first, sizes, 0, theta, grad, slots, one.copy(), one, one, taken,
        np.ones((1, 2), np.int64), False,
        (scalars(params), (), ()),
    )  # fmt: skip
    return -float(theta[0, 0])


# Derivatives ---------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", WITH_DERIVATIVE)
@given(data=st.data())
def test_the_derivative_is_autograds(entry: LossEntry, data: st.DataObject) -> None:
    params = {
        param.name: data.draw(st.floats(max(param.low or 0.0, 1e-3), 1e3))
        for param in entry.params
        if isinstance(param, Number)
    }
    drawn = data.draw(st.lists(st.floats(-1e6, 1e6), max_size=10))
    r = torch.tensor(drawn + GRID, dtype=torch.float64, requires_grad=True)
    (wanted,) = torch.autograd.grad(entry.function(r, **params).sum(), r)
    assert entry.derivative is not None
    with torch.no_grad():
        slope = entry.derivative(r, **params)
    assert (slope.shape, slope.dtype) == (r.shape, r.dtype)
    # Below a denormal's precision nothing can be asked for.
    torch.testing.assert_close(slope, wanted, rtol=1e-9, atol=1e-40)


@pytest.mark.parametrize("entry", WITH_DERIVATIVE)
def test_the_compiled_loss_and_derivative_are_the_tensors(entry: LossEntry) -> None:
    assert entry.derivative is not None
    for params in settings_of(entry):
        for r in GRID:
            tensor = torch.tensor([r])
            loss = entry.function(tensor, **params).item()
            slope = entry.derivative(tensor, **params).item()
            # Where float32 overflows or underflows, compiled code may hold on for longer.
            exact = entry.function(tensor.double(), **params).item()
            found = compiled_loss(entry, r, params)
            assert found == pytest.approx(loss, rel=2e-6, abs=1e-37) or found == pytest.approx(
                exact, rel=2e-6
            ), (r, params)
            assert compiled_slope(entry, r, params) == pytest.approx(slope, rel=2e-6, abs=1e-37)


@pytest.mark.parametrize("entry", WITH_DERIVATIVE)
def test_a_compiled_loss_keeps_infinity_and_nan(entry: LossEntry) -> None:
    """A run that runs away must be seen to: no optimization may assume finite numbers."""
    (params, *_) = settings_of(entry)
    assert compiled_loss(entry, math.inf, params) == math.inf
    assert compiled_loss(entry, -math.inf, params) == math.inf
    assert math.isnan(compiled_loss(entry, math.nan, params))


ARGUMENTS: dict[str, list[Callable[[Any], Any]]] = {
    "clamp": [
        lambda x: x.clamp(max=1.5),
        lambda x: x.clamp(min=-1.5),
        lambda x: x.clamp(-1.5, 1.5),
        lambda x: x.clamp(min=-1.5, max=0.5),
    ],
    "where": [lambda x: x.where(x > 1, x * 2), lambda x: x.where(abs(x) < 1, x / 4)],
    "abs": [lambda x: x.abs()],
    "cosh": [lambda x: x.cosh()],
    "exp": [lambda x: x.exp()],
    "log": [lambda x: x.log()],
    "log1p": [lambda x: x.log1p()],
    "sign": [lambda x: x.sign()],
    "sinh": [lambda x: x.sinh()],
    "sqrt": [lambda x: x.sqrt()],
    "square": [lambda x: x.square()],
    "tanh": [lambda x: x.tanh()],
}


@pytest.mark.parametrize("name", SCALAR_METHODS)
def test_a_scalar_method_is_torchs(name: str) -> None:
    for function in ARGUMENTS[name]:
        compiled = numba.njit(fastmath=FASTMATH)(function)
        for x in GRID + SPECIAL:
            wanted = function(torch.tensor(x)).item()
            # float32 overflows where a wider number of the compiler's need not.
            wider = function(torch.tensor(x, dtype=torch.float64)).item()
            found = compiled(np.float32(x))
            assert found == pytest.approx(wanted, rel=1e-6, abs=1e-37, nan_ok=True) or (
                found == pytest.approx(wider, rel=1e-6, nan_ok=True)
            ), (name, x, found, wanted)


def test_every_scalar_method_is_one_of_torchs() -> None:
    assert set(ARGUMENTS) == set(SCALAR_METHODS)
    assert all(hasattr(Tensor, name) for name in SCALAR_METHODS)


# A loss made up for a test -------------------------------------------------------------------


@pytest.fixture
def toys(own_kernels: None) -> Iterator[None]:
    """Three losses more, registered as a contributor would; gone when the test is over."""

    @LOSSES.add(
        "toy_quartic", label="quartic", formula="¼r⁴", help="", derivative=lambda r: r * r * r
    )
    def quartic(r: Tensor) -> Tensor:
        return r**4 / 4

    @LOSSES.add(
        "toy_pseudo_huber",
        label="pseudo-Huber",
        formula="δ²(√(1+(r/δ)²)−1)",
        help="",
        params=(Number("delta", 1.5, "", low=1e-3, high=1e3),),
        derivative=lambda r, delta: r / (1 + (r / delta).square()).sqrt(),
    )
    def pseudo_huber(r: Tensor, delta: float) -> Tensor:
        return delta * delta * ((1 + (r / delta).square()).sqrt() - 1)

    @LOSSES.add("toy_underived", label="underived", formula="½r²", help="")
    def underived(r: Tensor) -> Tensor:
        return r * r / 2

    yield
    for name in ("toy_quartic", "toy_pseudo_huber", "toy_underived"):
        del LOSSES.entries[name]


@pytest.mark.parametrize(
    ("loss", "changes"),
    [("toy_quartic", [{}]), ("toy_pseudo_huber", [{}, {"loss.delta": 0.3}])],
)
def test_a_new_loss_runs_in_every_loop_without_further_edit(
    loss: str, changes: list[dict[str, float]], toys: None
) -> None:
    """With its own parameters, and whatever they are set to."""
    small = {"loss": loss, "data.n": 60, "data.w": (1.0, -0.4), "data.b": 0.5}
    ends = set()
    for change in changes:
        run = Experiment(lr=0.003, epochs=2, batch_size=7).changed({**small, **change})
        expected = trace(run)
        assert expected.epochs[1].value < expected.epochs[0].value
        for loop in LOOPS:
            assert_same(list(train(run.changed({"loop": loop}))), expected)
        ends.add(expected.end.loss)
    assert len(ends) == len(changes)


def test_a_loss_without_derivative_is_refused_by_name_where_it_is_needed(toys: None) -> None:
    with pytest.raises(BadInput, match=r"^loop=fast: .*toy_underived") as refusal:
        Experiment(loop="fast").changed({"loss": "toy_underived"})
    assert len(str(refusal.value).splitlines()) == 1
    with pytest.raises(BadInput, match=r"toy_underived") as refusal:
        Sweep(Experiment().changed({"loss": "toy_underived"}), (Axis("lr", (0.1, 0.2)),))
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("loop", ["scratch", "concise"])
def test_a_loss_without_derivative_runs_in_the_other_loops(loop: str, toys: None) -> None:
    experiment = Experiment(loop=loop).changed({"data.n": 60})
    same = epochs_of(train(experiment))
    for epoch, known in zip(
        epochs_of(train(experiment.changed({"loss": "toy_underived"}))), same, strict=True
    ):
        assert epoch.loss == pytest.approx(known.loss, rel=1e-6)


# Kept on disk --------------------------------------------------------------------------------

REPORT = """
import json, sys
import numpy as np
from engine.kernels.compiled import kernels
from engine.catalog.losses import LOSSES
from engine.catalog.optimizers import OPTIMIZERS
from engine.catalog.penalties import PENALTIES
known = kernels(LOSSES[sys.argv[1]], PENALTIES["none"], OPTIMIZERS["sgd"])
loss = known.mean_loss(np.array([[1, 2]], np.float32), np.array([6, -1], np.float32), ())
order = np.empty(5, np.int64)
known.shuffle(np.uint64(1), order)
stats = [part.stats for part in (known.mean_loss, known.shuffle)]
print(json.dumps({
    "loss": loss,
    "order": order.tolist(),
    "hits": [sum(one.cache_hits.values()) for one in stats],
    "misses": [sum(one.cache_misses.values()) for one in stats],
    "note": known.note and str(known.note),
}))
"""


def report(root: Path, code: str, *arguments: str, **variables: str) -> Any:
    """What a fresh process prints about the kernels, as JSON."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA")}
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, *arguments],
        cwd=root,
        env=environment | {"PYTHONPATH": str(root)} | variables,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the engine that a test may break."""
    root = tmp_path / "copy"
    copytree(ROOT / "engine", root / "engine", ignore=ignore_patterns("__pycache__"))
    return root


def test_kernels_are_kept_for_the_next_process_until_their_loss_is_edited(
    copied: Path, tmp_path: Path
) -> None:
    """Also where the edit lies in a constant that it uses."""
    file = copied / "engine" / "catalog" / "losses.py"
    text = file.read_text(encoding="utf-8").replace("import math\n", "import math\nWEIGHT = 1.0\n")
    found = []
    for weight in (1.0, 1.0, 3.0):
        edited = text.replace("WEIGHT = 1.0", f"WEIGHT = {weight}")
        file.write_text(edited.replace("return r * r\n", "return r * r * WEIGHT\n"), "utf-8")
        cache = str(tmp_path / "kernels")
        found.append(report(copied, REPORT, "squared", NUMBA_CACHE_DIR=cache))
    assert [one["hits"] for one in found] == [[0, 0], [1, 1], [0, 1]]
    assert [one["misses"] for one in found] == [[1, 1], [0, 0], [1, 0]]
    assert [one["loss"] for one in found] == [16, 16, 48]
    assert found[0]["order"] == found[1]["order"]
    assert {one["note"] for one in found} == {None}


def test_where_nothing_can_be_kept_it_is_said_and_the_numbers_are_right(
    copied: Path, tmp_path: Path
) -> None:
    """No folder can be written: each place where numba would keep kernels is taken by a file."""
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    for folder in ("kernels", "catalog"):
        (copied / "engine" / folder / "__pycache__").write_text("")
    variables = dict.fromkeys(("NUMBA_CACHE_DIR", "HOME", "XDG_CACHE_HOME"), str(nowhere))
    found = report(copied, REPORT, "squared", **variables)
    assert "kernels are compiled anew" in found["note"]
    assert len(found["note"].splitlines()) == 1
    assert found["loss"] == 16
    assert found["order"] == permutation(1, 5).tolist()


def test_a_run_says_that_its_kernels_could_not_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    note = Message("kernels are compiled anew in each process: a test")
    monkeypatch.setattr(fast, "kernels", lambda *entries: kernels(*entries)._replace(note=note))
    assert started(train(Experiment(loop="fast", device="cpu"))).notes == (note,)


@pytest.mark.parametrize("loop", LOOPS)
def test_mostly_there_is_nothing_to_note(loop: str) -> None:
    assert started(train(Experiment(loop=loop, device="cpu"))).notes == ()


# The other kernels ---------------------------------------------------------------------------


@pytest.mark.parametrize("entry", WITH_DERIVATIVE)
@given(data=st.data())
@tries(15)
def test_the_losses_of_lanes_are_the_mean_loss_of_each(
    entry: LossEntry, data: st.DataObject
) -> None:
    d, n, width = (data.draw(st.integers(1, most)) for most in (4, 30, 40))
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    rows = random.normal(size=(n, d + 1)).astype(np.float32)
    theta = random.normal(size=(d, width)).astype(np.float32)
    (params, *_) = settings_of(entry)
    out, room = np.empty(width), np.empty(7, np.float32)
    columns = np.ascontiguousarray(rows.T)
    kernels_for(entry).lane_losses(columns, theta, room, scalars(params), out)
    for lane in range(width):
        column = np.append(theta[:, lane], np.float32(-1))
        one = kernels_for(entry).mean_loss(rows, column, scalars(params))
        r = torch.tensor(rows.astype(float) @ column)
        wanted = entry.function(r, **params).mean()
        # A residual near 0 is the difference of products of size 1, each rounded to 1e-7.
        assert out[lane] == pytest.approx(one, rel=1e-5, abs=1e-6)
        assert one == pytest.approx(wanted.item(), rel=1e-5, abs=1e-6)
