"""Models: which parameters there are, and what they predict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from engine.radiation import C2
from engine.registry import Param, Registry
from engine.source import Source
from engine.words import tr

if TYPE_CHECKING:
    from torch import Tensor, nn

Values = Mapping[str, tuple[float, ...]]
"""Numbers of each parameter (or its gradient, or its error) by name, flattened."""


def numbers(tensors: Mapping[str, Tensor]) -> Values:
    """Plain numbers of named tensors, flattened."""
    return {name: tuple(tensor.flatten().tolist()) for name, tensor in tensors.items()}


def flat(values: Values) -> tuple[float, ...]:
    """All the numbers in one row, in the order of `labels`."""
    return tuple(number for name in values for number in values[name])


def labels(values: Values) -> list[tuple[str, float]]:
    """Each number with its label: `w[0]`, `w[1]`, `b`; a lone number carries the bare name."""
    return [
        (name if len(values[name]) == 1 else f"{name}[{index}]", number)
        for name in values
        for index, number in enumerate(values[name])
    ]


def direction(heading: Values, most: int = 2) -> str:
    """A direction of parameter space in words, its largest parts: `0.81 w[1] − 0.57 w[0]`."""
    parts = sorted(labels(heading), key=lambda part: -abs(part[1]))
    large = [part for part in parts[:most] if part is parts[0] or abs(part[1]) >= 0.05]
    text = " ".join(f"{'−' if x < 0 else '+'} {abs(x):.2f} {label}" for label, x in large)
    return text.removeprefix("+ ")


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

    def predict(self, params: Mapping[str, Tensor], X: Tensor) -> Tensor:
        """ŷ of shape (n, 1) for X of shape (n, features)."""
        raise NotImplementedError

    def module(self) -> nn.Module:
        """The same model as PyTorch's module, its parameters, in order, still to be filled.

        A weight of nn.Linear is the transpose of ours. PyTorch's own start would be drawn from the
        global generator.
        """
        raise NotImplementedError

    def start(self, name: str) -> float:
        """What each number of a bias begins at."""
        return 0.0

    def truth(self, source: Source) -> Values:
        """The true values of the parameters; empty where the data have none for this model."""
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
        y_hat = X @ params[self.weight]
        return y_hat + params[self.bias] if self.bias else y_hat

    def design(self, X: Tensor) -> Tensor:
        """X̃ of shape (n, parameters): the matrix whose product with the parameters is ŷ."""
        if not self.bias:
            return X
        import torch

        return torch.cat([X, X.new_ones(len(X), 1)], dim=1)

    def truth(self, source: Source) -> Values:
        """w and b of data that follow y = Xw + b."""
        w, b = source.truth.get("w"), source.truth.get("b")
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


MODELS: Registry[Callable[..., Model]] = Registry("model", "What is fitted to the data.")


@MODELS.add(
    "linear",
    label="linear",
    formula="ŷ = Xw + b",
    help="One weight for each feature, and a bias.",
    params=(
        Param(
            "bias",
            True,
            "Whether the model has a bias b.",
            "Without it the line must pass through the origin.",
            "false on data with a bias: the loss cannot reach the noise floor.",
        ),
    ),
)
def linear(source: Source, bias: bool) -> Model:
    """ŷ = Xw + b, or ŷ = Xw without the bias."""
    return line(source.features, "w", "b" if bias else None)


@MODELS.add(
    "ohm",
    label="Ohm's law",
    formula="U = R·I",
    help="One resistance and no bias: no current, no voltage.",
)
def ohm(source: Source) -> Model:
    """U = R·I; raises ValueError for more than one feature."""
    needs_one_feature(source)
    return line(1, "R", None, Quantity("R", "Ω", lambda values: values["R"][0]))


@MODELS.add(
    "wien",
    label="Wien's line",
    formula="ŷ = s·(1/λ), T = −c₂/s",
    help="A line in 1/λ whose slope tells the temperature of what glows.",
    params=(
        Param(
            "intercept",
            False,
            "Whether the line may leave the origin: a body that is not quite black.",
            "Wien's law has none; where the law fails, an intercept hides it.",
            "true: another slope, so another temperature.",
        ),
    ),
)
def wien(source: Source, intercept: bool) -> Model:
    """ln(B·λ⁵/c₁) = ln ε − (c₂/T)(1/λ); raises ValueError for more than one feature."""
    needs_one_feature(source)

    def temperature(values: Values) -> float:
        slope = values["slope"][0]
        return -C2 / slope if slope else math.inf

    return line(1, "slope", "ln ε" if intercept else None, Quantity("T", "K", temperature))


def needs_one_feature(source: Source) -> None:
    """Raise ValueError for data with several features."""
    if source.features != 1:
        raise ValueError(
            tr("needs data with one feature, these have {count}", count=source.features)
        )


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
    """The temperature behind a spectrum, in the labels of its source."""

    source: Source | None = None
    scale: Scale = SCALES["ln_T"]
    begin: float = 3000.0
    """The first guess in kelvin."""
    as_printed: bool = False

    def predict(self, params: Mapping[str, Tensor], X: Tensor) -> Tensor:
        """The law behind the data at the present temperature."""
        assert self.source
        assert self.source.law
        return self.source.law(
            X, self.scale.to_kelvin(params[self.scale.parameter]), self.as_printed
        )

    def start(self, name: str) -> float:
        """The first guess."""
        return self.scale.from_kelvin(self.begin)

    def truth(self, source: Source) -> Values:
        """The true temperature as a parameter."""
        return {self.scale.parameter: (self.scale.from_kelvin(source.truth["T"][0]),)}

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
        Param(
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
        Param(
            "start",
            3000.0,
            "The first guess of the temperature in kelvin; the init has no say.",
            "A good label and parameter forgive a bad guess.",
            "300 or 12000: where the other labels and parameters fail.",
            low=10.0,
            high=100_000.0,
        ),
        Param(
            "as_printed",
            False,
            "Whether exp(x) − 1 is computed as the law is printed.",
            "In float32 exp overflows where λT is below 162 µm·K; the stable form does not.",
            "true with a start of 300: the first loss is infinite.",
        ),
    ),
)
def planck(source: Source, parameter: str, start: float, as_printed: bool) -> Model:
    """The black body of temperature T; raises ValueError for data that have no temperature."""
    if source.law is None:
        raise ValueError(tr("needs data=planck, whose labels are a law of the temperature"))
    scale = SCALES[parameter]

    quantity = Quantity("T", "K", lambda values: scale.kelvin(values[scale.parameter][0]))
    return Planck({scale.parameter: (1,)}, (), (quantity,), source, scale, start, as_printed)


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
        Param(
            "hidden",
            2,
            "Units of the hidden layer.",
            "Each is one more way to combine the features.",
            "Many: more to learn than these data can tell.",
            low=1,
            high=64,
        ),
        Param(
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
def two_layer(source: Source, hidden: int, activation: str) -> Model:
    """A net with one hidden layer (d2l §4.1); linear where there is no activation."""
    shapes: dict[str, tuple[int, ...]] = {"W1": (source.features, hidden)}
    if activation != "none":
        shapes["b1"] = (hidden,)
    shapes |= {"W2": (hidden, 1), "b": (1,)}
    return TwoLayer(shapes, ("W1", "W2"), (), activation)
