"""An experiment made concrete: tensors on a device, the same for every loop."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed

from engine.catalog.choice import Choice
from engine.catalog.dataset import Dataset
from engine.catalog.inits import InitEntry
from engine.catalog.model import Linear, Model
from engine.catalog.parameters import Values
from engine.catalog.scaling import Scaling, scaling_of
from engine.data.parts import exchange, part
from engine.experiment import Experiment
from engine.kernels.shuffle import key_of, permutation
from engine.support.device import resolve
from engine.support.translation import tr

MOST_FOR_THEORY = 2_000_000
"""Numbers of the rows that theory looks at, where no process has all of them."""

SHUFFLED_IN_PYTHON = 20_000
"""Up to so many samples Python shuffles before numba would have been imported."""


def generator(seed: int, purpose: str) -> torch.Generator:
    """A generator for one purpose of a run, independent of those for its other purposes.

    torch's CPU generator only takes in 32 bits of its seed, hence the hash.
    """
    digest = hashlib.blake2b(f"{seed} {purpose}".encode(), digest_size=4).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big"))


@dataclass(frozen=True, eq=False)
class Part:
    """The rows that this process has, where no process has all."""

    X: Tensor
    y: Tensor
    held_out: tuple[Tensor, Tensor]
    first: int
    """Rows to train on that stand before these."""
    n: int
    """Rows to train on of all processes."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Data, model, loss and start of one run."""

    experiment: Experiment
    dataset: Dataset
    model: Model
    device: torch.device
    X: Tensor
    """Features (n, d) to train on; where no process has all rows, those of a sample."""
    y: Tensor
    """Labels (n, 1)."""
    held_out: tuple[Tensor, Tensor]
    """Features and labels that training never sees; mostly none."""
    start: dict[str, Tensor]
    """First value of each parameter."""
    scaling: Scaling | None = None
    """How X, y and the parameters become those of the data again; None where they are."""
    processes: int = 1
    """How many take the steps together."""
    part: Part | None = None
    """The rows of this process; None where it has all of them."""

    @property
    def n(self) -> int:
        """Rows to train on."""
        return self.part.n if self.part else len(self.X)

    @property
    def loop(self) -> str:
        """The name of the loop that takes the steps."""
        return self.experiment.loop if self.processes == 1 else "parallel"

    @property
    def original_features(self) -> Tensor:
        """X (n, d) in the units of the data."""
        return self.scaling.original_features(self.X) if self.scaling else self.X

    @property
    def lines(self) -> NDArray[np.int64] | None:
        """(n,), where each row to train on stands in its file, from 1; None where no one knows."""
        lines = self.dataset.lines
        if lines is None or not lines.any():
            return None
        (training, _), _ = parted(self.experiment, *[torch.from_numpy(lines)] * 2)
        kept: NDArray[np.int64] = training.numpy()
        return kept

    @property
    def true_values(self) -> Values:
        """The true values of the parameters; empty where the data have none for this model."""
        truth = self.dataset.truth
        true = self.model.true_values(truth) if truth else {}
        return self.scaling.standard(true) if self.scaling else true

    @property
    def linear(self) -> Linear:
        """The model, where it is linear in its parameters; raises BadInput where it is not."""
        return self.experiment.linear_model(
            tr("this needs a model that is linear in its parameters")
        )

    def loss(self, residual: Tensor) -> Tensor:
        """The chosen loss of each residual, same shape."""
        value: Tensor = self.experiment.loss(residual)
        return value

    @property
    def is_penalized(self) -> bool:
        """Whether a penalty is added to the loss: there is one, and weights that it is on."""
        return bool(self.model.weights) and not self.experiment.penalty.entry.is_zero

    def penalty_of(self, w: Tensor) -> Tensor:
        """The chosen penalty on each weight, same shape."""
        value: Tensor = self.experiment.penalty(w)
        return value

    def penalty(self, params: Mapping[str, Tensor]) -> Tensor:
        """The chosen penalty on all the weights, one number; the bias is free of it."""
        parts = [self.penalty_of(params[name]).sum() for name in self.model.weights]
        return torch.stack(parts).sum() if parts else torch.zeros((), device=self.device)

    @torch.no_grad()
    def mean_loss(self, params: Mapping[str, Tensor]) -> float:
        """Mean loss over all the training data at the given parameters, without the penalty."""
        own = self.part or self
        return self._mean(self.loss(self.model.predict(params, own.X) - own.y), self.n)

    @torch.no_grad()
    def validation_loss(self, values: Values) -> float | None:
        """Mean loss over the held-out data at the given numbers; None where none are held out."""
        if not len(self.held_out[0]):
            return None
        X, y = (self.part or self).held_out
        losses = self.loss(self.model.predict(self.tensors(values), X) - y)
        return self._mean(losses, self.dataset.n - self.n)

    @torch.no_grad()
    def r2(self, values: Values) -> tuple[float | None, float | None]:
        """R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)² at the given numbers, of the rows to train on and of those
        held out, each around their own mean; None where labels are all one, or none are held out.
        """
        params, own = self.tensors(values), self.part or self

        def share(X: Tensor, y: Tensor, n: int) -> float | None:
            if not n:
                return None
            labels = y.cpu().double()
            mean = self._summed(labels.sum()) / n
            around = float(self._summed((labels - mean).square().sum()))
            errors = (self.model.predict(params, X) - y).cpu().double()
            left = float(self._summed(errors.square().sum()))
            return 1 - left / around if around else None

        return share(own.X, own.y, self.n), share(*own.held_out, self.dataset.n - self.n)

    def _mean(self, losses: Tensor, n: int) -> float:
        """The mean of the losses of n rows: one number in all processes, which decide by it."""
        if self.part:
            return float(summed(losses.sum()) / n)
        mean = losses.mean()
        if self.processes > 1:  # another machine may round otherwise
            distributed.broadcast(mean, 0)
        return float(mean)

    def _summed(self, own: Tensor) -> Tensor:
        """A sum over the rows of all processes, of those over the rows of each."""
        return summed(own) if self.part else own

    def tensors(self, values: Values) -> dict[str, Tensor]:
        """Numbers by name as parameters of this problem."""
        return {
            name: torch.tensor(values[name], dtype=self.y.dtype, device=self.device).reshape(shape)
            for name, shape in self.model.shapes.items()
        }

    def order(self, epoch: int) -> Tensor:
        """The order of the n samples in an epoch, from 0, the same for every loop.

        A fresh permutation; without `shuffle` that of the data, each time.
        """
        if not self.experiment.shuffle:
            return torch.arange(self.n)
        return torch.from_numpy(order_of(key_of(self.experiment.seed, epoch), self.n))

    def minibatch(self, step: int) -> tuple[Tensor, Tensor]:
        """X (B, d) and y (B, 1) that a step uses; the first one is step 1."""
        experiment = self.experiment
        epoch, index = divmod(step - 1, experiment.steps_per_epoch)
        used = self.order(epoch)[: experiment.used_per_epoch]
        rows = used.split(experiment.batch_size)[index].to(self.device)
        return self.X[rows], self.y[rows]


def order_of(key: int, n: int) -> NDArray[np.int64]:
    """The permutation of an epoch, compiled where that pays."""
    if n > SHUFFLED_IN_PYTHON:
        from engine.kernels.compiled import MISSING, shuffler

        if not MISSING:
            order = np.empty(n, np.int64)
            shuffler()(np.uint64(key), order)
            return order
    return permutation(key, n)


def first_values(init: Choice[InitEntry], seed: int, model: Model) -> dict[str, Tensor]:
    """The start of a run, on the CPU: weights from the init, biases mostly 0."""
    bias = init.entry.bias(init.options)
    start = {
        name: torch.full(shape, model.start(name, bias)) for name, shape in model.shapes.items()
    }
    random = generator(seed, "init")
    for name in model.weights:
        init(start[name], random)
    return start


def build(experiment: Experiment) -> Problem:
    """Draw the data and the start of a run; raises BadInput when its device is not there.

    Everything is drawn on the CPU and then moved, so that every device sees the same bytes.
    """
    device = resolve(experiment.device)
    dataset, model = experiment.dataset(), experiment.architecture()
    X, y = dataset.draw(generator(experiment.seed, "data"))
    (X, y), rest = parted(experiment, X, y)
    scaling = None
    if experiment.is_standardized:
        scaling = scaling_of(X, y, *names_of(model), *[summed] * bool(dataset.parts))
        X, y = scaling.features(X), scaling.labels(y)
        rest = scaling.features(rest[0]), scaling.labels(rest[1])
    # The only kind of device that has no float64.
    precision = torch.float32 if device.type == "mps" else y.dtype

    def placed(X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return X.to(device, precision), y.to(device, precision)

    own = None
    if dataset.parts:
        before = sum(exchange(len(X))[: part()[0]])
        own = Part(*placed(X, y), placed(*rest), before, experiment.train_size)
        (X, y), rest = sample_of_all(X, y, dataset.n), sample_of_all(*rest, dataset.n)
    start = begin(experiment, device, precision)
    return Problem(
        experiment, dataset, model, device, *placed(X, y), placed(*rest), start, scaling, part=own
    )


def sample_of_all(X: Tensor, y: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Rows of all n that the processes have, evenly spaced; all of them where they are few."""
    most = max(1, MOST_FOR_THEORY // (X.shape[1] + 1))
    every = -(-n // most)
    parts = exchange((X[::every].clone(), y[::every].clone()))  # a view takes all its rows along
    return torch.cat([X for X, _ in parts]), torch.cat([y for _, y in parts])


def summed(own: Tensor) -> Tensor:
    """The sum of what all processes have."""
    distributed.all_reduce(own)
    return own


def begin(experiment: Experiment, device: torch.device, dtype: torch.dtype) -> dict[str, Tensor]:
    """The first value of each parameter of an experiment."""
    start = first_values(experiment.init, experiment.seed, experiment.architecture())
    return {name: tensor.to(device, dtype) for name, tensor in start.items()}


def parted(
    experiment: Experiment, X: Tensor, y: Tensor
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The samples X (n, d), y (n, 1) to train on, in their order, and those that are held out."""
    dataset, n = experiment.dataset(), experiment.train_size
    if dataset.held_out is not None:
        held_out = torch.from_numpy(dataset.held_out)
    elif dataset.mixed or n == dataset.n:
        if not dataset.parts:
            return (X[:n], y[:n]), (X[n:], y[n:])
        held_out = torch.arange(dataset.n) >= n
    else:
        held_out = torch.ones(dataset.n, dtype=torch.bool)
        order = torch.randperm(dataset.n, generator=generator(experiment.seed, "split"))
        held_out[order[:n]] = False
    if dataset.parts:
        held_out = held_out.split(dataset.parts)[part()[0]]
    return (X[~held_out], y[~held_out]), (X[held_out], y[held_out])


def names_of(model: Model) -> tuple[str, str | None]:
    """Weight and bias of a linear model; names that no parameter has for any other."""
    return (model.weight, model.bias) if isinstance(model, Linear) else ("", "")
