"""Inputs made from the registries: every entry, every parameter, any experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import reject
from hypothesis import strategies as st

from engine.catalog.choice import REGISTRIES
from engine.catalog.param import Flag, Number, Numbers, Param, Text, Value, Whole
from engine.catalog.registry import Entry
from engine.experiment import Experiment
from engine.settings import SETTINGS
from engine.support.errors import BadInput

PLAIN: dict[str, object] = {
    "optimizer": "sgd",
    "penalty": "none",
    "schedule": "constant",
    "patience": 0,
}
"""Steps that are lr times the gradient of the loss, for tests that work them out by hand."""


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


def every_generator() -> list[Any]:
    """Each data set that is drawn from a truth, for parametrize."""
    return [each for each in every_entry("data") if "n" in {p.name for p in each.values[0].params}]


def values_of(param: Param, size: int | None = None) -> st.SearchStrategy[Value]:
    """Every value a parameter allows; a list holds `size` numbers where that is given."""
    if isinstance(param, Flag):
        return st.booleans()
    if isinstance(param, Text):
        if param.name == "device":
            return st.sampled_from(("auto", "cpu", "cuda", "cuda:1", "mps"))
        return st.sampled_from(param.choices or (param.default,))
    if isinstance(param, Whole):
        assert param.low is not None
        assert param.high is not None
        return st.integers(int(param.low), int(param.high))
    assert isinstance(param, Number | Numbers)
    one = st.floats(
        param.low, param.high, exclude_min=param.above, allow_nan=False, allow_infinity=False
    )
    if isinstance(param, Number):
        return one
    return st.lists(one, min_size=size or 1, max_size=size or 5).map(tuple)


def tame_values_of(param: Param, size: int) -> st.SearchStrategy[Value]:
    """Allowed values that a run of a few steps bears: neither tiny, huge nor unstable."""
    if isinstance(param, Flag | Text):
        return values_of(param)
    if isinstance(param, Whole):
        return st.integers(int(max(param.low or 0, 1)), int(min(param.high or 40, 40)))
    assert isinstance(param, Number | Numbers)
    low = 0.5 if param.above else max(-2.0, -2.0 if param.low is None else param.low)
    high = min(2.0, 2.0 if param.high is None else 0.9 * param.high)
    one = st.floats(low, high, allow_subnormal=False)
    return one if isinstance(param, Number) else st.tuples(*[one] * size)


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
        entry: Entry = draw(st.sampled_from(entries))
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
