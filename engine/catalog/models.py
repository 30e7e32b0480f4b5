"""Models: which parameters there are, and what they predict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.catalog.dataset import Dataset, Truth
from engine.catalog.param import Flag, Number, Text, Whole
from engine.catalog.radiation import C2
from engine.catalog.registry import Entry, Registry
from engine.support.translation import tr

if TYPE_CHECKING:
    from torch import Tensor, nn

from engine.catalog.model import Model, Quantity, line, needs_one_feature
from engine.catalog.parameters import Values

MODELS = Registry("model", "What is fitted to the data.", Entry)


@MODELS.add(
    "linear",
    label="linear",
    formula="ŷ = Xw + b",
    help="One weight for each feature, and a bias.",
    params=(
        Flag(
            "bias",
            True,
            "Whether the model has a bias b.",
            "Without it the line must pass through the origin.",
            "false on data with a bias: the loss cannot reach the noise floor.",
        ),
    ),
)
def linear(dataset: Dataset, bias: bool) -> Model:
    """ŷ = Xw + b, or ŷ = Xw where the model or the terms of the data have no bias."""
    return line(dataset.features, "w", "b" if bias and dataset.has_intercept else None)


@MODELS.add(
    "ohm",
    label="Ohm's law",
    formula="U = R·I",
    help="One resistance and no bias: no current, no voltage.",
)
def ohm(dataset: Dataset) -> Model:
    """U = R·I; raises ValueError for more than one feature."""
    needs_one_feature(dataset)
    return line(1, "R", None, Quantity("R", "Ω", lambda values: values["R"][0]))


@MODELS.add(
    "wien",
    label="Wien's line",
    formula="ŷ = s·(1/λ), T = −c₂/s",
    help="A line in 1/λ whose slope tells the temperature of what glows.",
    params=(
        Flag(
            "intercept",
            False,
            "Whether the line may leave the origin: a body that is not quite black.",
            "Wien's law has none; where the law fails, an intercept hides it.",
            "true: another slope, so another temperature.",
        ),
    ),
)
def wien(dataset: Dataset, intercept: bool) -> Model:
    """ln(B·λ⁵/c₁) = ln ε − (c₂/T)(1/λ); raises ValueError for more than one feature."""
    needs_one_feature(dataset)

    def temperature(values: Values) -> float:
        slope = values["slope"][0]
        return -C2 / slope if slope else math.inf

    return line(1, "slope", "ln ε" if intercept else None, Quantity("T", "K", temperature))


# Models that are not linear in their parameters ----------------------------------------------


@dataclass(frozen=True)
class Scale:
    """A way to write a temperature as a parameter."""

    parameter: str
    to_kelvin: Callable[[Tensor], Tensor]
    kelvin: Callable[[float], float]
    """The same for a plain number."""
    from_kelvin: Callable[[float], float]


def exp(x: float) -> float:
    """eˣ, infinite where a float cannot hold it."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


SCALES = {
    "ln_T": Scale("ln T", lambda theta: theta.exp(), exp, math.log),
    "tau": Scale("T/1000", lambda tau: 1000 * tau, lambda tau: 1000 * tau, lambda T: T / 1000),
    "kelvin": Scale("T", lambda T: T, lambda T: T, lambda T: T),
}


@dataclass(frozen=True)
class Planck(Model):
    """The temperature behind a spectrum, in the labels of its data set."""

    bears_scaling = False
    law: Callable[[Tensor, Tensor, bool], Tensor] | None = None
    """Labels for wavelengths and a temperature, as of `Truth`."""
    scale: Scale = SCALES["ln_T"]
    begin: float = 3000.0
    """The first guess in kelvin."""
    as_printed: bool = False

    def predict(self, params: Mapping[str, Tensor], X: Tensor) -> Tensor:
        """The law behind the data at the present temperature."""
        assert self.law
        return self.law(X, self.scale.to_kelvin(params[self.scale.parameter]), self.as_printed)

    def start(self, name: str, bias: float) -> float:
        """The first guess; the init has no say."""
        return self.scale.from_kelvin(self.begin)

    def true_values(self, truth: Truth) -> Values:
        """The true temperature as a parameter."""
        return {self.scale.parameter: (self.scale.from_kelvin(truth.constants["T"][0]),)}

    def module(self) -> nn.Module:
        """A module with the one parameter."""
        import torch
        from torch import nn

        model = self

        class Law(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.theta = nn.Parameter(torch.empty(1))

            def forward(self, X: Tensor) -> Tensor:
                return model.predict({model.scale.parameter: self.theta}, X)

        return Law()


@MODELS.add(
    "planck",
    label="Planck's law",
    formula="ŷ = B(λ, T)",
    help="One temperature behind a whole spectrum; not linear in its parameter.",
    params=(
        Text(
            "parameter",
            "ln_T",
            "How the temperature is written as a parameter: ln T, T/1000 or T in kelvin.",
            "The same law, but another slope and so another road for gradient descent.",
            "ln_T: a step is a share of T, so it can never become negative.",
            choices=tuple(SCALES),
            about=(
                "θ = ln T: every step is a percentage of T.",
                "θ = T/1000: numbers of order 1, but a step may pass zero.",
                "θ = T in kelvin: the gradient is tiny or huge, depending on the label.",
            ),
        ),
        Number(
            "start",
            3000.0,
            "The first guess of the temperature in kelvin; the init has no say.",
            "A good label and parameter forgive a bad guess.",
            "300 or 12000: where the other labels and parameters fail.",
            low=10.0,
            high=100_000.0,
        ),
        Flag(
            "as_printed",
            False,
            "Whether exp(x) − 1 is computed as the law is printed.",
            "In float32 exp overflows where λT is below 162 µm·K; the stable form does not.",
            "true with a start of 300: the first loss is infinite.",
        ),
    ),
)
def planck(dataset: Dataset, parameter: str, start: float, as_printed: bool) -> Model:
    """The black body of temperature T; raises ValueError for data that have no temperature."""
    law = dataset.truth.law if dataset.truth else None
    if law is None:
        raise ValueError(
            tr("needs data=planck without terms, whose labels are a law of the temperature")
        )
    scale = SCALES[parameter]

    quantity = Quantity("T", "K", lambda values: scale.kelvin(values[scale.parameter][0]))
    return Planck({scale.parameter: (1,)}, (), (quantity,), law, scale, start, as_printed)


ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "none": lambda z: z,
    "tanh": lambda z: z.tanh(),
    "relu": lambda z: z.relu(),
}


@dataclass(frozen=True)
class TwoLayer(Model):
    """ŷ = a(X·W1 + b1)·W2 + b; without an activation a there is no b1, which b could replace."""

    activation: str = "none"

    def predict(self, params: Mapping[str, Tensor], X: Tensor) -> Tensor:
        """Both layers, one after the other."""
        hidden = X @ params["W1"]
        if "b1" in params:
            hidden = ACTIVATIONS[self.activation](hidden + params["b1"])
        return hidden @ params["W2"] + params["b"]

    def module(self) -> nn.Module:
        """nn.Sequential of nn.Linear, the activation and nn.Linear."""
        from torch import nn

        features, hidden = self.shapes["W1"]
        between = {"none": nn.Identity, "tanh": nn.Tanh, "relu": nn.ReLU}[self.activation]
        first = nn.utils.skip_init(nn.Linear, features, hidden, bias="b1" in self.shapes)
        return nn.Sequential(first, between(), nn.utils.skip_init(nn.Linear, hidden, 1))


@MODELS.add(
    "two_layer",
    label="two layers",
    formula="ŷ = a(X·W1 + b1)·W2 + b",
    help="A hidden layer between: where all weights begin at zero, no weight ever moves.",
    params=(
        Whole(
            "hidden",
            2,
            "Units of the hidden layer.",
            "Each is one more way to combine the features.",
            "Many: more to learn than these data can tell.",
            low=1,
            high=64,
        ),
        Text(
            "activation",
            "none",
            "What bends the hidden units; none leaves a linear net.",
            "Without it two layers can say no more than one.",
            "relu and tanh can follow what is not a line.",
            choices=tuple(ACTIVATIONS),
            about=(
                "Two matrices in a row: still a line in x, but no longer one in the parameters.",
                "tanh: smooth, flat far from zero.",
                "ReLU: zero below zero.",
            ),
        ),
    ),
)
def two_layer(dataset: Dataset, hidden: int, activation: str) -> Model:
    """A net with one hidden layer (d2l §4.1); linear where there is no activation."""
    shapes: dict[str, tuple[int, ...]] = {"W1": (dataset.features, hidden)}
    if activation != "none":
        shapes["b1"] = (hidden,)
    shapes |= {"W2": (hidden, 1), "b": (1,)}
    return TwoLayer(shapes, ("W1", "W2"), (), activation)
