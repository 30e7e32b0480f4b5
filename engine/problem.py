"""An experiment made concrete: tensors on a device, the same for every loop."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.catalog.choice import Choice
from engine.catalog.dataset import Dataset
from engine.catalog.inits import InitEntry
from engine.catalog.model import Linear, Model
from engine.catalog.parameters import Values
from engine.catalog.scaling import Scaling, scaling_of
from engine.experiment import Experiment
from engine.kernels.shuffle import key_of, permutation
from engine.support.device import resolve
from engine.support.translation import tr

SHUFFLED_IN_PYTHON = 20_000
"""Up to so many samples Python shuffles before numba would have been imported."""


def generator(seed: int, purpose: str) -> torch.Generator:
    """A generator for one purpose of a run, independent of those for its other purposes.

    torch's CPU generator only takes in 32 bits of its seed, hence the hash.
    """
    digest = hashlib.blake2b(f"{seed} {purpose}".encode(), digest_size=4).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big"))


@dataclass(frozen=True, eq=False)
class Problem:
    """Data, model, loss and start of one run."""

    experiment: Experiment
    dataset: Dataset
    model: Model
    device: torch.device
    X: Tensor
    """Features (n, d) to train on."""
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
        return float(self.loss(self.model.predict(params, self.X) - self.y).mean())

    @torch.no_grad()
    def validation_loss(self, values: Values) -> float | None:
        """Mean loss over the held-out data at the given numbers; None where none are held out."""
        X, y = self.held_out
        if not len(X):
            return None
        return float(self.loss(self.model.predict(self.tensors(values), X) - y).mean())

    @torch.no_grad()
    def r2(self, values: Values) -> tuple[float | None, float | None]:
        """R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)² at the given numbers, of the rows to train on and of those
        held out, each around their own mean; None where labels are all one, or none are held out.
        """
        params = self.tensors(values)

        def share(X: Tensor, y: Tensor) -> float | None:
            if not len(y):
                return None
            labels = y.cpu().double()
            around = float((labels - labels.mean()).square().sum())
            left = float((self.model.predict(params, X) - y).cpu().double().square().sum())
            return 1 - left / around if around else None

        return share(self.X, self.y), share(*self.held_out)

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
        n = len(self.X)
        if not self.experiment.shuffle:
            return torch.arange(n)
        return torch.from_numpy(order_of(key_of(self.experiment.seed, epoch), n))

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
        scaling = scaling_of(X, y, *names_of(model))
        X, y = scaling.features(X), scaling.labels(y)
        rest = scaling.features(rest[0]), scaling.labels(rest[1])
    # The only kind of device that has no float64.
    precision = torch.float32 if device.type == "mps" else y.dtype
    return Problem(
        experiment,
        dataset,
        model,
        device,
        X.to(device, precision),
        y.to(device, precision),
        (rest[0].to(device, precision), rest[1].to(device, precision)),
        begin(experiment, device, precision),
        scaling,
    )


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
    elif dataset.mixed or n == len(X):
        return (X[:n], y[:n]), (X[n:], y[n:])
    else:
        held_out = torch.ones(len(X), dtype=torch.bool)
        order = torch.randperm(len(X), generator=generator(experiment.seed, "split"))
        held_out[order[:n]] = False
    return (X[~held_out], y[~held_out]), (X[held_out], y[held_out])


def names_of(model: Model) -> tuple[str, str | None]:
    """Weight and bias of a linear model; names that no parameter has for any other."""
    return (model.weight, model.bias) if isinstance(model, Linear) else ("", "")
