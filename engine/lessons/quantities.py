"""The numbers of a run by their words, and the keys of its experiment."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress

from engine.catalog.choice import REGISTRIES
from engine.catalog.param import Number, Param, Whole
from engine.catalog.parameters import Values, labels
from engine.experiment import Experiment
from engine.settings import SETTINGS
from engine.support.errors import BadInput, shortened, show
from engine.support.translation import Translatable, tr
from engine.theory.facts import Facts
from engine.training.snapshot import Snapshot, norm

Measure = Callable[[Snapshot], float | None]
"""A number read off a run; None where it has none."""


def _of_facts(read: Callable[[Facts], float | None]) -> Measure:
    return lambda run: None if run.facts is None else read(run.facts)


QUANTITIES: Mapping[Translatable, Measure] = {
    "final loss": lambda run: run.loss if run.over else None,
    "loss": lambda run: run.loss,
    "batch loss": lambda run: run.batch_loss,
    "validation loss": lambda run: (run.validation_losses.low or (None,))[-1],
    "start loss": _of_facts(lambda facts: facts.start_loss),
    "noise floor": _of_facts(lambda facts: facts.floor.noise),
    "closed form loss": _of_facts(lambda facts: facts.floor.optimum),
    "critical lr": _of_facts(lambda facts: facts.stability.curvature.critical_lr),
    "condition number": _of_facts(lambda facts: facts.stability.curvature.condition),
    "best momentum": _of_facts(lambda facts: facts.stability.curvature.best_momentum),
    "limit": _of_facts(lambda facts: facts.stability.limit.lr),
    "epoch": lambda run: float(run.epoch),
    "step": lambda run: float(run.step),
    "error": lambda run: norm(run.errors()) if run.errors() else None,
    "grad": lambda run: norm(run.original_grads) if run.original_grads else None,
}
"""Numbers of any run."""
NAMED: Mapping[Translatable, Callable[[Snapshot], Values]] = {
    "error of": lambda run: {**_physical_error(run), **run.errors()},
    "value of": lambda run: {**_physical(run), **run.original_params},
    "grad of": lambda run: run.original_grads,
}
"""Numbers of one parameter or physical quantity over the data as they are: the value itself, or the
size of an error or gradient; of several numbers the largest size."""


def spoken(text: str) -> str:
    """A quantity, or one divided by another, in the language in use."""
    return " / ".join(map(_spoken, text.split(" / ")))


def _spoken(text: str) -> str:
    if text.endswith(" before"):
        return tr("{quantity} of the run before", quantity=_spoken(text.removesuffix(" before")))
    prefix = next((name for name in NAMED if text.startswith(f"{name} ")), None)
    return f"{tr(prefix)} {text.removeprefix(prefix).strip()}" if prefix else tr(text)


def parse_quantity(text: str, experiment: Experiment) -> Measure:
    """How to read a number off a run like `experiment`'s; raises ValueError."""
    if text in QUANTITIES:
        return QUANTITIES[text]
    for prefix, read in NAMED.items():
        if text.startswith(f"{prefix} "):
            name = text.removeprefix(f"{prefix} ")
            return _named(name, read, experiment, signed=prefix == "value of")
    try:
        params = params_of(text)
    except ValueError:
        names = ", ".join([*QUANTITIES, *(f"{prefix} NAME" for prefix in NAMED)])
        raise ValueError(
            tr(
                "{text!r} is no quantity; there are {known}, and the keys",
                text=shortened(text),
                known=names,
            )
        ) from None
    if not any(isinstance(param, Number | Whole) for param in params):
        raise ValueError(tr("{key} is not one number; write `{key} is VALUE`", key=text))

    def setting(run: Snapshot) -> float | None:
        value = run.experiment.flat().get(text)
        return float(value) if isinstance(value, int | float) else None

    return setting


def _physical(run: Snapshot) -> Values:
    return {name: (value,) for name, (value, _, _) in run.quantities().items()}


def _physical_error(run: Snapshot) -> Values:
    return {
        name: (value - true,)
        for name, (value, true, _) in run.quantities().items()
        if true is not None
    }


def _named(
    name: str, read: Callable[[Snapshot], Values], experiment: Experiment, signed: bool
) -> Measure:
    model = experiment.architecture()
    zeros = {part: (0.0,) * math.prod(shape) for part, shape in model.shapes.items()}
    parts = (*zeros, *(label for label, _ in labels(zeros)))
    names = list(dict.fromkeys([*parts, *(quantity.name for quantity in model.quantities)]))
    if name not in names:
        raise ValueError(
            tr(
                "{name!r} is no parameter here; there are {names}",
                name=shortened(name),
                names=", ".join(names),
            )
        )

    def measure(run: Snapshot) -> float | None:
        values = read(run)
        single = dict(labels(values))
        numbers = values.get(name) or ((single[name],) if name in single else ())
        if signed and len(numbers) == 1:
            return numbers[0]
        return max(map(abs, numbers), default=None)

    return measure


def params_of(key: str) -> list[Param]:
    """What the key of an experiment may stand for: `lr`, or `data.n` of one data set or another.

    Empty for `data` and the like. Raises ValueError for what is no key.
    """
    head, dot, name = key.partition(".")
    if key in SETTINGS:
        return [SETTINGS[key]]
    if key in REGISTRIES:
        return []
    entries = REGISTRIES[head] if dot and head in REGISTRIES else ()
    params = [param for entry in entries for param in entry.params if param.name == name]
    if not params:
        raise ValueError(tr("{key!r} is no key of an experiment", key=shortened(key)))
    return params


def read_value(key: str, text: str) -> str:
    """A value of a key as `show` writes it, `0.03` for 3e-2; raises ValueError."""
    params = params_of(key)
    if not params:
        return str(REGISTRIES[key][text].name)
    for param in params[:-1]:
        with suppress(BadInput):
            return show(param.parse(text, key))
    return show(params[-1].parse(text, key))
