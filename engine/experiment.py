"""One run, written down: frozen, always valid, the same in TOML, on the command line, on screen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

import tomli_w

from engine.catalog.choice import REGISTRIES, Choice, checked, choose
from engine.catalog.dataset import Dataset
from engine.catalog.datasets import DataEntry
from engine.catalog.inits import InitEntry
from engine.catalog.losses import LossEntry
from engine.catalog.model import Linear, Model
from engine.catalog.optimizers import OptimizerEntry
from engine.catalog.param import Param, Value
from engine.catalog.parameters import labels
from engine.catalog.penalties import PenaltyEntry
from engine.catalog.registry import Entry, Registry
from engine.catalog.schedules import ScheduleEntry
from engine.settings import SETTINGS, Reduction
from engine.support.errors import BadInput, show
from engine.support.outside import read_toml
from engine.support.translation import tr, trn
from engine.support.visitor import most_numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_NUMBERS = most_numbers()
"""Most numbers of the features, and of what a hidden layer makes of them."""
MOST_PARAMETERS = 1000
"""Most parameters of a model that is not linear: autograd's Hessian takes a pass for each."""


@dataclass(frozen=True)
class Experiment:
    """Everything that determines a run; the default is the book's baseline from scratch."""

    data: Choice[DataEntry] = choose("data", "linear")
    model: Choice[Entry] = choose("model", "linear")
    loss: Choice[LossEntry] = choose("loss", "half_squared")
    penalty: Choice[PenaltyEntry] = choose("penalty", "none")
    init: Choice[InitEntry] = choose("init", "normal")
    loop: str = "scratch"
    optimizer: Choice[OptimizerEntry] = choose("optimizer", "sgd")
    lr: float = 0.03
    schedule: Choice[ScheduleEntry] = choose("schedule", "constant")
    batch_size: int = 10
    epochs: int = 3
    drop_last: bool = False
    reduction: Reduction = Reduction.SUM
    reshape: bool = True
    shuffle: bool = True
    standardize: str = "auto"
    validation_split: float = 0.0
    patience: int = 0
    seed: int = 7
    device: str = "auto"

    def __post_init__(self) -> None:
        for key, param in SETTINGS.items():
            object.__setattr__(self, key, param.check(getattr(self, key)))
        object.__setattr__(self, "reduction", Reduction(self.reduction))
        for key in REGISTRIES:
            object.__setattr__(self, key, checked(key, getattr(self, key)))
        self._check_sizes(self.dataset(), self.architecture())
        self._check_start(self.architecture())
        self._check_loop(self.architecture())
        if self.is_standardized and not self.architecture().bears_scaling:
            allowed = tr("the law of {model} needs its numbers as they are", model=self.model.name)
            raise BadInput("standardize", self.standardize, allowed)
        if self.drop_last and self.train_size < self.batch_size:
            allowed = tr(
                "no minibatch is left: batch_size {size}, {rows} rows",
                size=self.batch_size,
                rows=self.train_size,
            )
            raise BadInput("drop_last", self.drop_last, allowed)

    def _check_sizes(self, dataset: Dataset, model: Model) -> None:
        """Raise BadInput for more numbers than memory, or more parameters than theory, can take."""
        numbers = max(each.features for each in (dataset, dataset.before_terms) if each)
        if dataset.largest * numbers > MOST_NUMBERS:
            allowed = trn(
                "n times {n} feature must be at most {most:,}",
                "n times {n} features must be at most {most:,}",
                n=numbers,
                most=MOST_NUMBERS,
            )
            raise BadInput(self._size_key, dataset.n, allowed)
        size = sum(map(math.prod, model.shapes.values()))
        if size > MOST_PARAMETERS and not isinstance(model, Linear):
            allowed = tr(
                "has {size} parameters here, at most {most}", size=size, most=MOST_PARAMETERS
            )
            raise BadInput("model", self.model.name, allowed)
        widest = max(shape[-1] for shape in model.shapes.values())
        if dataset.largest * widest > MOST_NUMBERS:
            allowed = trn(
                "n times {n} hidden unit must be at most {most:,}",
                "n times {n} hidden units must be at most {most:,}",
                n=widest,
                most=MOST_NUMBERS,
            )
            raise BadInput(self._size_key, dataset.n, allowed)

    def _check_start(self, model: Model) -> None:
        """Raise BadInput where the init has another number of weights than the model."""
        name = self.init.entry.weights
        given = self.init.options.get(name, (0.0,))
        for count in (model.shapes[weight][0] for weight in model.weights):
            if len(given) not in (1, count):
                allowed = trn(
                    "must be {n} number, as the model has weights",
                    "must be one number or {n}, one for each weight",
                    n=count,
                )
                raise BadInput(f"init.{name}", given, allowed)

    def _check_loop(self, model: Model) -> None:
        """Raise BadInput where the fast loop does not go with the rest."""
        if self.loop != "fast":
            return
        if not isinstance(model, Linear):
            allowed = tr(
                "{model} is not linear in its parameters; use scratch or concise",
                model=self.model.name,
            )
            raise BadInput("loop", self.loop, allowed)
        if not self.reshape:
            allowed = tr("always has y in shape; use scratch or concise")
            raise BadInput("loop", self.loop, allowed)
        if self.loss.entry.derivative is None:
            allowed = tr("loss {loss} has no derivative to compile", loss=self.loss.name)
            raise BadInput("loop", self.loop, allowed)

    def choice(self, key: str) -> Choice[Entry]:
        """What was chosen under a key of REGISTRIES."""
        choice: Choice[Entry] = getattr(self, key)
        return choice

    def param(self, key: str) -> Param | Registry[Any]:
        """What may stand under a key of this experiment: a registry's entries or a parameter."""
        head, _, name = key.partition(".")
        if name:
            return self.choice(head).entry.param(name, key)
        return REGISTRIES.get(key) or SETTINGS[key]

    def dataset(self) -> Dataset:
        """This experiment's data, not yet drawn."""
        return self._dataset

    @cached_property
    def _dataset(self) -> Dataset:
        dataset: Dataset = self.data()
        return dataset

    def architecture(self) -> Model:
        """This experiment's model; raises BadInput when it does not go with the data."""
        return self._architecture

    @cached_property
    def _architecture(self) -> Model:
        try:
            model: Model = self.model(self.dataset())
        except ValueError as error:
            raise BadInput("model", self.model.name, str(error)) from None
        return model

    def parameter_names(self) -> tuple[str, ...]:
        """A name for each parameter: the columns where terms make them, else `w[0]`, …, `b`."""
        dataset, model = self.dataset(), self.architecture()
        if not (dataset.has_terms and isinstance(model, Linear)):
            zeros = {name: (0.0,) * math.prod(shape) for name, shape in model.shapes.items()}
            return tuple(label for label, _ in labels(zeros))
        columns = tuple(column.name for column in dataset.columns)
        return (*columns, "(intercept)") if model.bias else columns

    def linear_model(self, demand: str) -> Linear:
        """This experiment's model; raises BadInput with the demand if it is not linear."""
        model = self.architecture()
        if not isinstance(model, Linear):
            raise BadInput("model", self.model.name, demand)
        return model

    @property
    def _size_key(self) -> str:
        """The key that says how many samples there are."""
        return "data.n" if "n" in self.data.options else "data"

    @property
    def is_standardized(self) -> bool:
        """Whether training sees standardized columns: where it is asked for, and of files."""
        if self.standardize == "auto":
            return self.dataset().is_measured and self.architecture().bears_scaling
        return self.standardize == "yes"

    @property
    def train_size(self) -> int:
        """Samples that training sees; at least one, whatever the validation_split."""
        n, held_out = self.dataset().n, self.dataset().held_out
        if held_out is not None:
            return n - int(held_out.sum())
        return n - min(round(self.validation_split * n), n - 1)

    @property
    def steps_per_epoch(self) -> int:
        """Minibatches in an epoch."""
        whole, rest = divmod(self.train_size, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    @property
    def last_batch(self) -> int:
        """Samples left over for the last minibatch of an epoch; 0 where none is short."""
        return self.train_size % self.batch_size

    @property
    def used_per_epoch(self) -> int:
        """Samples that an epoch uses."""
        return self.train_size - (self.last_batch if self.drop_last else 0)

    def samples_at(self, step: int) -> int:
        """Samples that have been used after so many steps."""
        epochs, steps = divmod(step, self.steps_per_epoch)
        return epochs * self.used_per_epoch + steps * self.batch_size

    def times_mean(self, samples: int) -> float:
        """How many times the gradient of the mean loss over so many samples a step follows."""
        samples = min(samples, self.train_size)
        times = samples / self.reduction.divisor(self.batch_size, samples)
        if self.reduction is Reduction.MEAN or self.reshape:
            return times
        return times * samples  # a sum over pairs

    @property
    def mean_weight(self) -> float:
        """How many times the gradient of the mean loss the steps of an epoch follow on average.

        1 for whole minibatches that are averaged. The gradient of a penalty counts once a step.
        """
        times, steps = self.times_mean(self.batch_size), self.steps_per_epoch
        if not self.last_batch or self.drop_last:
            return times
        return ((steps - 1) * times + self.times_mean(self.last_batch)) / steps

    def lr_factors(self, first: int, count: int) -> NDArray[np.float64]:
        """The schedule's factor on the lr for `count` steps from the `first` one on, from 0."""
        import numpy as np

        if self.schedule.entry.is_constant:
            return np.ones(count)  # asked for in the fast loop, where it must cost nothing
        epoch, step = np.divmod(np.arange(first, first + count), self.steps_per_epoch)
        return self.lr_factors_at(epoch + step * (self.batch_size / self.train_size))

    def lr_factors_at(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """The schedule's factor on the lr after t epochs, shape of t."""
        factors: NDArray[np.float64] = self.schedule(t, self.epochs)
        return factors

    def flat(self) -> dict[str, Value]:
        """Every key with its value: `lr`, `data`, `data.n`, …, in the order of the fields."""
        values: dict[str, Value] = {}
        for name in KEYS:
            value = getattr(self, name)
            if isinstance(value, Choice):
                values[name] = value.name
                values.update({f"{name}.{param}": number for param, number in value.params})
            else:
                values[name] = value
        return values

    def changes_from(self, other: Experiment) -> dict[str, Value]:
        """The fewest changes that make this experiment of another one: see `changed`."""
        changes: dict[str, Value] = {}
        unchanged = other.flat()
        if self.data.name != other.data.name:
            unchanged |= other._suited(self.data.entry)
        for key, value in self.flat().items():
            head, dot, name = key.partition(".")
            if not dot:
                before = unchanged[key]
            elif head in changes:  # another entry begins with its defaults
                before = self.choice(head).entry.param(name, key).default
            else:
                before = other.choice(head).options[name]
            if value != before:
                changes[key] = value
        return changes

    def is_same_but_lr(self, other: Experiment) -> bool:
        """Whether another experiment is this one, or has only another lr."""
        return replace(self, lr=other.lr) == other

    def typed(self) -> dict[str, str]:
        """What differs from the baseline, as a person types it; a text with all its blanks."""
        changes = self.changes_from(Experiment()).items()
        return {key: value if isinstance(value, str) else show(value) for key, value in changes}

    def changed(self, changes: Mapping[str, object]) -> Experiment:
        """A copy with some keys changed, entries before their parameters; raises BadInput."""
        return self._changed(changes, lambda param, value, key: param.check(value, key))

    def changed_by_text(self, changes: Mapping[str, str]) -> Experiment:
        """As `changed`, with the values as a person types them: `data.w` as `2,-3.4`."""
        return self._changed(changes, lambda param, text, key: param.parse(text, key))

    def _changed(
        self, changes: Mapping[str, Any], read: Callable[[Param, Any, str], Value]
    ) -> Experiment:
        new: dict[str, Any] = {}
        for key, value in sorted(changes.items(), key=lambda item: "." in item[0]):
            head, dot, name = key.partition(".")
            if head in REGISTRIES and not dot:
                new[head] = choose(head, value.strip() if isinstance(value, str) else value)
            elif head in REGISTRIES:
                choice = new.get(head, self.choice(head))
                param = choice.entry.param(name, key, value)
                new[head] = choice.replaced({name: read(param, value, key)})
            elif key in SETTINGS:
                new[key] = read(SETTINGS[key], value, key)
            else:
                allowed = nearest_key(key, self.flat())
                raise BadInput(key, value, allowed)
        if "data" in new:
            new = {**self._suited(new["data"].entry), **new}
        for head in new.keys() & REGISTRIES.keys():
            before, now = self.choice(head).options, new[head]
            forgotten = {
                param.name: param.default
                for param in now.entry.params
                if param.of and before.get(param.of) != now.options[param.of]
            }
            noted = {name for name in forgotten if f"{head}.{name}" in changes}
            new[head] = now.replaced({name: forgotten[name] for name in forgotten.keys() - noted})
        return replace(self, **new)

    def _suited(self, entry: DataEntry) -> dict[str, Value]:
        """The settings that other data bring with them, where they are those that suit the present.

        What suits no data in particular is the default.
        """
        before, now = self.data.entry.suits, entry.suits
        usual = {key: SETTINGS[key].default for key in (*before, *now)}
        return {
            key: now.get(key, default)
            for key, default in usual.items()
            if getattr(self, key) == before.get(key, default)
        }

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values, as in TOML and JSON: an entry is a table with its `name`."""
        return {
            name: value.to_dict() if isinstance(value, Choice) else value
            for name in KEYS
            for value in [getattr(self, name)]
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Experiment:
        """The inverse of `to_dict`; what is left out keeps its default; raises BadInput."""
        return cls().changed(flattened(values))

    def to_toml(self) -> str:
        """The experiment as TOML; `from_toml` gives the same experiment back exactly."""
        return tomli_w.dumps(self.to_dict())

    @classmethod
    def from_toml(cls, text: str) -> Experiment:
        """The experiment written as TOML; raises BadInput for what cannot be read or is refused."""
        try:
            values = read_toml(text)
        except ValueError as error:
            raise BadInput("experiment", "", tr("not TOML: {error}", error=error)) from None
        return cls.from_dict(values)


KEYS: tuple[str, ...] = tuple(field.name for field in fields(Experiment))
"""The top-level keys of an experiment, in order."""


def nearest_key(key: str, keys: Iterable[str]) -> str:
    """What is allowed in place of an unknown key: the one most like it, or those that there are.

    The parameter of an entry is found without what it belongs to.
    """
    names = {name.rpartition(".")[2].casefold(): name for name in keys}
    names |= {name.casefold(): name for name in keys}
    if close := get_close_matches(key.casefold(), names, n=1):
        return tr("unknown key; the nearest is {name}", name=names[close[0]])
    return tr("unknown key; the keys are {keys}", keys=", ".join(KEYS))


def flattened(values: Mapping[str, Any]) -> dict[str, object]:
    """Nested values as the keys that `Experiment.changed` takes: `data.n` for n in a table data."""
    changes: dict[str, object] = {}
    for key, value in values.items():
        if key in REGISTRIES and isinstance(value, Mapping):
            for name, inner in value.items():
                changes[key if name == "name" else f"{key}.{name}"] = inner
        else:
            changes[key] = value
    return changes
