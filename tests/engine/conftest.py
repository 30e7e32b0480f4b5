"""What the engine's tests share: strategies made from the registries, and short ways to run."""

from __future__ import annotations

import contextlib
import io
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import reject, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from engine.catalog.choice import REGISTRIES
from engine.catalog.registry import Entry, Param, Value
from engine.experiment import Experiment
from engine.session import Session
from engine.settings import SETTINGS
from engine.support.errors import BadInput
from engine.theory.facts import Facts
from engine.training.controls import Controls
from engine.training.events import Diverged, EpochEnded, Event, Finished, Started, Stepped

ROOT = Path(__file__).resolve().parents[2]

settings.register_profile("engine", deadline=None, derandomize=True, max_examples=30)
settings.load_profile("engine")

# As the session has it; two pools of threads on few cores would wait for each other.
torch.set_num_threads(1)

Array = NDArray[np.float64]

PLAIN: dict[str, object] = {
    "optimizer": "sgd",
    "penalty": "none",
    "schedule": "constant",
    "patience": 0,
}
"""Steps that are lr times the gradient of the loss, for tests that work them out by hand."""


# Parameters ----------------------------------------------------------------------------------


def every_param() -> list[Any]:
    """Each parameter of the lab under its full key, for parametrize."""
    of_entries = [
        pytest.param(param, f"{key}.{param.name}", id=f"{key}.{entry.name}.{param.name}")
        for key, registry in REGISTRIES.items()
        for entry in registry
        for param in entry.params
    ]
    return of_entries + [pytest.param(param, key, id=key) for key, param in SETTINGS.items()]


def every_entry(*keys: str) -> list[Any]:
    """Each entry of the registries under `keys` (of all of them by default), for parametrize."""
    return [
        pytest.param(entry, id=f"{key}.{entry.name}")
        for key in keys or tuple(REGISTRIES)
        for entry in REGISTRIES[key]
    ]


def values_of(param: Param, size: int | None = None) -> st.SearchStrategy[Value]:
    """Every value a parameter allows; a list holds `size` numbers where that is given."""
    if isinstance(param.default, bool):
        return st.booleans()
    if isinstance(param.default, str):
        # Free text is a device's name.
        return st.sampled_from(param.choices or ("auto", "cpu", "cuda", "cuda:1", "mps"))
    if isinstance(param.default, int):
        assert param.low is not None
        assert param.high is not None
        return st.integers(int(param.low), int(param.high))
    one = st.floats(
        param.low, param.high, exclude_min=param.above, allow_nan=False, allow_infinity=False
    )
    if isinstance(param.default, float):
        return one
    return st.lists(one, min_size=size or 1, max_size=size or 5).map(tuple)


def tame_values_of(param: Param, size: int) -> st.SearchStrategy[Value]:
    """Allowed values that a run of a few steps bears: neither tiny, huge nor unstable."""
    if isinstance(param.default, bool | str):
        return values_of(param)
    if isinstance(param.default, int):
        return st.integers(int(max(param.low or 0, 1)), int(min(param.high or 40, 40)))
    low = 0.5 if param.above else max(-2.0, -2.0 if param.low is None else param.low)
    high = min(2.0, 2.0 if param.high is None else 0.9 * param.high)
    one = st.floats(low, high, allow_subnormal=False)
    return one if isinstance(param.default, float) else st.tuples(*[one] * size)


def changes_with(
    draw: st.DrawFn,
    values: Callable[[Param, int], st.SearchStrategy[Value]],
    fixed: Mapping[str, object],
    among: Mapping[str, tuple[str, ...]] = {},
) -> dict[str, object]:
    """A value for every key that is not fixed, lists of one length so that most fit together."""
    size = draw(st.integers(1, 3))
    changes: dict[str, object] = {}
    for key, registry in REGISTRIES.items():
        entries = [
            entry
            for entry in registry
            if fixed.get(key, entry.name) == entry.name
            and (key in fixed or entry.name in among.get(key, registry.entries))
        ]
        entry: Entry[Any] = draw(st.sampled_from(entries))
        changes[key] = entry.name
        for param in entry.params:
            changes[f"{key}.{param.name}"] = draw(values(param, size))
    for key, param in SETTINGS.items():
        changes[key] = draw(values(param, size))
    return {**changes, **fixed}


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """Any experiment at all."""
    changes = changes_with(draw, values_of, {})
    try:
        return Experiment().changed(changes)
    except BadInput:
        # A model of one feature met data with several.
        reject()


LINEAR = {"data": ("linear", "ohm"), "model": ("linear", "ohm")}
"""Lines whose slopes are of order 1, so that small steps are stable; every loop takes them."""


@st.composite
def tame_experiments(draw: st.DrawFn, /, **fixed: object) -> Experiment:
    """An experiment on the CPU that finishes at once and does not diverge.

    Kernels are compiled for each loss, penalty and optimizer: only one of them is another than the
    default, or compiling would take minutes.
    """
    default = Experiment().flat()
    compiled: dict[str, object] = {key: default[key] for key in ("loss", "penalty", "optimizer")}
    if all(fixed.get(key, name) == name for key, name in compiled.items()):
        del compiled[draw(st.sampled_from(sorted(compiled.keys() - fixed.keys()) or ["loss"]))]
    tame = compiled | {
        "lr": draw(st.floats(1e-3, 1e-2)),
        "epochs": draw(st.integers(1, 3)),
        "device": "cpu",
        "reshape": True,
        **fixed,
    }
    changes = changes_with(draw, tame_values_of, tame, LINEAR)
    size = changes["batch_size"]
    assert isinstance(size, int)
    if changes["reduction"] == "total" and "lr" not in fixed:
        changes["lr"] = draw(st.floats(1e-3, 1e-2)) / size
    try:
        one = Experiment().changed({**changes, "drop_last": False})
        dropped = bool(changes["drop_last"]) and ("drop_last" in fixed or size <= one.train_size)
        return one.changed({"drop_last": dropped})
    except BadInput:
        reject()


# Runs ----------------------------------------------------------------------------------------


def singly(experiment: Experiment) -> Iterator[Event]:
    """A run whose every minibatch is an event of its own, whichever loop takes the steps."""
    from engine.training.trainer import train

    return train(experiment, Controls(experiment.lr, most=1))


def started(events: Iterable[Event]) -> Started:
    """The first event of a run."""
    first = next(iter(events))
    assert isinstance(first, Started)
    return first


def facts_of(experiment: Experiment) -> Facts:
    """What is known of an experiment before its first step."""
    from engine.training.trainer import train

    return started(train(experiment)).facts


def epochs_of(events: Iterable[Event]) -> list[EpochEnded]:
    """The ends of the epochs."""
    return [event for event in events if isinstance(event, EpochEnded)]


def steps_of(events: Iterable[Event]) -> list[Stepped]:
    """The steps; what their loop shows is that of the last one."""
    return [event for event in events if isinstance(event, Stepped)]


def batch_losses_of(events: Iterable[Event]) -> list[float]:
    """The loss of every minibatch, however many come in one event."""
    return [float(loss) for step in steps_of(events) for loss in step.losses]


def outcome(events: Iterable[Event]) -> Finished | Diverged:
    """How a run ended."""
    *_, last = events
    assert isinstance(last, Finished | Diverged)
    return last


def array(tensor: Tensor) -> Array:
    """A tensor in numpy's float64."""
    return tensor.detach().cpu().numpy().astype(np.float64)


# Kernels -------------------------------------------------------------------------------------


@pytest.fixture
def own_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the kernels of a loss made up for a test out of the folder of the real ones."""
    import numba

    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "kernels"))


# Threads -------------------------------------------------------------------------------------


def wait_until(predicate: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return once the predicate holds; the bound only ends a test that would hang."""
    pause = threading.Event()
    for _ in range(int(seconds * 1000)):
        if predicate():
            return
        pause.wait(0.001)
    raise AssertionError("waited in vain")


@pytest.fixture
def open_session() -> Iterator[Callable[[Experiment], Session]]:
    """Opens a session whose start is ready; every session is closed when the test is over."""
    sessions: list[Session] = []

    def opened(experiment: Experiment) -> Session:
        session = Session(experiment)
        sessions.append(session)
        session.open()
        wait_until(lambda: session.latest.state in ("ready", "failed"))
        return session

    yield opened
    for session in sessions:
        session.close()


# The command line ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """What a command left behind."""

    code: int
    out: str
    err: str


def cli(*arguments: str) -> Shown:
    """Run `linreg-tui` in this process, without a terminal."""
    from engine.cli import main
    from tui.__main__ import command

    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["linreg-tui", *arguments])
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            main(command)
    assert isinstance(end.value.code, int)
    return Shown(end.value.code, out.getvalue(), err.getvalue())


def refusal_of(read: Callable[[], object]) -> BadInput | None:
    """What a reader has against its input, or None; anything but BadInput is a bug."""
    try:
        read()
    except BadInput as refusal:
        return refusal
    return None
