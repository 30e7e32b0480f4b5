"""An experiment made concrete: tensors on a device, the same for every loop."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.datasets import Source
from engine.device import resolve
from engine.experiment import Choice, Experiment
from engine.inits import INITS
from engine.models import Model
from engine.shuffle import key_of, permutation

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
    source: Source
    model: Model
    device: torch.device
    X: Tensor
    """Features (n, d)."""
    y: Tensor
    """Labels (n, 1)."""
    start: dict[str, Tensor]
    """First value of each parameter."""

    def loss(self, residual: Tensor) -> Tensor:
        """The chosen loss of each residual, same shape."""
        experiment = self.experiment
        value: Tensor = experiment.entry("loss").function(residual, **experiment.loss.kwargs())
        return value

    @torch.no_grad()
    def mean_loss(self, params: Mapping[str, Tensor]) -> float:
        """Mean loss over the whole data set at the given parameters."""
        return float(self.loss(self.model.predict(params, self.X) - self.y).mean())

    def shuffles(self) -> Iterator[Tensor]:
        """A fresh permutation of the n samples for each epoch, the same for every loop."""
        for epoch in count():
            yield torch.from_numpy(order_of(key_of(self.experiment.seed, epoch), len(self.X)))


def order_of(key: int, n: int) -> NDArray[np.int64]:
    """The permutation of an epoch, compiled where that pays."""
    if n > SHUFFLED_IN_PYTHON:
        from engine.compiled import MISSING, shuffler

        if not MISSING:
            order = np.empty(n, np.int64)
            shuffler()(np.uint64(key), order)
            return order
    return permutation(key, n)


def first_values(init: Choice, seed: int, model: Model) -> dict[str, Tensor]:
    """The start of a run, on the CPU: weights from the init, biases 0."""
    start = {name: torch.zeros(shape) for name, shape in model.shapes.items()}
    for tensor in start.values():
        if tensor.ndim > 1:
            INITS[init.name].function(tensor, generator=generator(seed, "init"), **init.kwargs())
    return start


def build(experiment: Experiment) -> Problem:
    """Draw the data and the start of a run; raises BadInput when its device is not there.

    Everything is drawn on the CPU and then moved, so that every device sees the same bytes.
    """
    device = resolve(experiment.device)
    source, model = experiment.source(), experiment.architecture()
    X, y = source.draw(generator(experiment.seed, "data"))
    start = first_values(experiment.init, experiment.seed, model)
    return Problem(
        experiment,
        source,
        model,
        device,
        X.to(device),
        y.to(device),
        {name: tensor.to(device) for name, tensor in start.items()},
    )
