"""How weights start; biases start at zero, as in the book, unless a start is given.

Each function fills a weight tensor of shape (fan_in, fan_out) in place from an explicit generator.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.catalog.param import Number, Numbers
from engine.catalog.registry import Entry, Registry

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class InitEntry(Entry):
    """A way to start; the function fills a weight."""

    weights: str = ""
    """The parameter that has a number for each weight, or one for all; empty: none has."""
    biases: str = ""
    """The parameter that says where biases start; empty: at 0."""

    def bias(self, options: Mapping[str, Any]) -> float:
        """Where biases start at these values of the parameters."""
        return float(options[self.biases]) if self.biases else 0.0


INITS = Registry("init", "Where the weights start.", InitEntry)

GAIN = Number(
    "gain",
    1.0,
    "Factor on the spread that Glorot and Bengio's rule gives.",
    "1 keeps the variance of the output near that of the input.",
    "Large: a far start and a high first loss. Small: close to zeros.",
    low=0.0,
    high=1e6,
)


@INITS.add(
    "zeros",
    label="zeros",
    formula="w = 0",
    help="Fine here: one linear layer has one minimum. Deeper nets would never break symmetry.",
)
def zeros(weight: Tensor, generator: Generator) -> Tensor:
    """Every weight 0."""
    return weight.zero_()


@INITS.add(
    "normal",
    label="normal",
    formula="w ~ N(0, std²)",
    help="The book's start: small random numbers around zero.",
    params=(
        Number(
            "std",
            0.01,
            "Standard deviation of the first weights.",
            "Says how far from zero the run starts.",
            "Large: a far start and a high first loss. 0: the same as zeros.",
            low=0.0,
            high=1e6,
        ),
    ),
)
def normal(weight: Tensor, generator: Generator, std: float) -> Tensor:
    """Independent draws from N(0, std²)."""
    return weight.normal_(0.0, std, generator=generator)


@INITS.add(
    "uniform",
    label="uniform",
    formula="w ~ U(−bound, bound)",
    help="Every weight in the interval is as likely as any other.",
    params=(
        Number(
            "bound",
            0.1,
            "Half width of the interval the first weights are drawn from.",
            "Says how far from zero the run can start.",
            "Large: a far start and a high first loss. 0: the same as zeros.",
            low=0.0,
            high=1e6,
        ),
    ),
)
def uniform(weight: Tensor, generator: Generator, bound: float) -> Tensor:
    """Independent draws from U(−bound, bound)."""
    return weight.uniform_(-bound, bound, generator=generator)


@INITS.add(
    "constant",
    label="constant",
    formula="w = value",
    help="All weights alike: put the start where you want to see it.",
    params=(
        Number(
            "value",
            1.0,
            "The number every weight starts at.",
            "Choose a start and follow the same road twice.",
            "Far from the true weights: a high first loss and a longer way.",
            low=-1e6,
            high=1e6,
        ),
    ),
)
def constant(weight: Tensor, generator: Generator, value: float) -> Tensor:
    """Every weight `value`."""
    return weight.fill_(value)


@INITS.add(
    "xavier_uniform",
    label="Xavier uniform",
    formula="w ~ U(−a, a), a = gain·√(6/(d+1))",
    help="Spread by the number of inputs and outputs (Glorot and Bengio 2010).",
    params=(GAIN,),
)
def xavier_uniform(weight: Tensor, generator: Generator, gain: float) -> Tensor:
    """U(−a, a) with a = gain·√(6/(fan_in + fan_out)) (torch.nn.init.xavier_uniform_)."""
    bound = gain * math.sqrt(6 / sum(weight.shape))
    return weight.uniform_(-bound, bound, generator=generator)


@INITS.add(
    "xavier_normal",
    label="Xavier normal",
    formula="w ~ N(0, gain²·2/(d+1))",
    help="Spread by the number of inputs and outputs (Glorot and Bengio 2010).",
    params=(GAIN,),
)
def xavier_normal(weight: Tensor, generator: Generator, gain: float) -> Tensor:
    """N(0, s²) with s = gain·√(2/(fan_in + fan_out)) (torch.nn.init.xavier_normal_)."""
    return weight.normal_(0.0, gain * math.sqrt(2 / sum(weight.shape)), generator=generator)


@INITS.add(
    "given",
    label="given",
    formula="w = w₀, b = b₀",
    help="The start that you say, number by number.",
    params=(
        Numbers(
            "w",
            (0.0,),
            "The first weights: one number for all, or one for each.",
            "Start where you think the answer is, and let training go on from there.",
            "Over standardized columns, where training sees those.",
            low=-1e6,
            high=1e6,
        ),
        Number(
            "b",
            0.0,
            "The first bias, where the model has one.",
            "Every other init leaves it at 0.",
            "Far from the true bias: the first steps go into finding it.",
            low=-1e6,
            high=1e6,
        ),
    ),
    weights="w",
    biases="b",
)
def given(weight: Tensor, generator: Generator, w: tuple[float, ...], b: float) -> Tensor:
    """Each row of the weight at its number."""
    return weight.copy_(weight.new_tensor(w).reshape(-1, 1))
