"""What a model is, and the models that are linear in their parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from engine.catalog.dataset import Dataset, Truth
from engine.support.translation import tr

if TYPE_CHECKING:
    from torch import Tensor, nn

from engine.catalog.parameters import Values


@dataclass(frozen=True)
class Quantity:
    """A physical quantity that the parameters stand for."""

    name: str
    unit: str
    of: Callable[[Values], float]
    """Its value at some parameters."""


@dataclass(frozen=True)
class Model:
    """What is fitted: parameters by name, and what they predict."""

    shapes: Mapping[str, tuple[int, ...]]
    """Shape of each parameter by name."""
    weights: tuple[str, ...]
    """Names of those that the init draws and a penalty is on; the others are biases."""
    quantities: tuple[Quantity, ...] = ()
    bears_scaling: ClassVar[bool] = True
    """Whether it can be fitted to standardized data."""

    def predict(self, params: Mapping[str, Tensor], X: Tensor) -> Tensor:
        """ŷ of shape (n, 1) for X of shape (n, features)."""
        raise NotImplementedError

    def module(self) -> nn.Module:
        """The same model as PyTorch's module, its parameters, in order, still to be filled.

        A weight of nn.Linear is the transpose of ours. PyTorch's own start would be drawn from the
        global generator.
        """
        raise NotImplementedError

    def start(self, name: str, bias: float) -> float:
        """What each number of a bias begins at, where the init says `bias`."""
        return bias

    def true_values(self, truth: Truth) -> Values:
        """The true values of the parameters; empty where the truth has none for this model."""
        return {}

    def shaped(self, theta: Tensor) -> dict[str, Tensor]:
        """The parameters in their shapes from one flat tensor, in the order of `shapes`."""
        parts = theta.split([math.prod(shape) for shape in self.shapes.values()])
        return {
            name: part.reshape(shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    @cached_property
    def ends(self) -> tuple[tuple[str, int, int], ...]:
        """Where each parameter begins and ends in one flat vector, in the order of `shapes`."""
        ends = list(accumulate(map(math.prod, self.shapes.values()), initial=0))
        return tuple(zip(self.shapes, ends, ends[1:], strict=False))

    def named(self, theta: Sequence[float]) -> Values:
        """Numbers of the parameters by name from one flat vector, in the order of `shapes`."""
        values = {}
        for name, start, end in self.ends:  # asked for twice in an epoch of two microseconds
            values[name] = tuple(theta[start:end])
        return values


@dataclass(frozen=True)
class Linear(Model):
    """A model that is linear in its parameters, ŷ = X·weight (+ bias): theory knows all of it."""

    @property
    def weight(self) -> str:
        """Name of the weight, of shape (features, 1)."""
        return self.weights[0]

    @property
    def features(self) -> int:
        """Columns of X, which are the first ones of `design`."""
        return self.shapes[self.weight][0]

    @property
    def bias(self) -> str | None:
        """Name of the bias, of shape (1,), or None."""
        return next((name for name in self.shapes if name not in self.weights), None)

    def predict(self, params: Mapping[str, Tensor], X: Tensor) -> Tensor:
        """ŷ = X·weight (+ bias)."""
        if not self.bias:
            return X @ params[self.weight]
        return X @ params[self.weight] + params[self.bias]

    def design(self, X: Tensor) -> Tensor:
        """X̃ of shape (n, parameters): the matrix whose product with the parameters is ŷ."""
        if not self.bias:
            return X
        import torch

        return torch.cat([X, X.new_ones(len(X), 1)], dim=1)

    def true_values(self, truth: Truth) -> Values:
        """w and b of data that follow y = Xw + b."""
        w, b = truth.constants.get("w"), truth.constants.get("b")
        return self.named((*w, *b)) if w is not None and b is not None else {}

    def module(self) -> nn.Module:
        """nn.Linear."""
        from torch import nn

        layer: nn.Linear = nn.utils.skip_init(
            nn.Linear, self.features, 1, bias=self.bias is not None
        )
        return layer


def line(features: int, weight: str, bias: str | None, *quantities: Quantity) -> Linear:
    """The linear model of so many features with a weight and perhaps a bias of these names."""
    shapes: dict[str, tuple[int, ...]] = {weight: (features, 1)}
    if bias:
        shapes[bias] = (1,)
    return Linear(shapes, (weight,), quantities)


def needs_one_feature(dataset: Dataset) -> None:
    """Raise ValueError for data with several features."""
    if dataset.features != 1:
        raise ValueError(
            tr("needs data with one feature, these have {count}", count=dataset.features)
        )
