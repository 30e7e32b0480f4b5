"""Models: which parameters there are, and what they predict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.registry import Param, Registry

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
class Model:
    """A model that is linear in its parameters: ŷ = X·weight (+ bias)."""

    features: int
    weight: str
    """Name of the weight, of shape (features, 1)."""
    bias: str | None
    """Name of the bias, of shape (1,), or None."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter by name."""
        shapes: dict[str, tuple[int, ...]] = {self.weight: (self.features, 1)}
        if self.bias:
            shapes[self.bias] = (1,)
        return shapes

    def predict(self, params: Mapping[str, Tensor], X: Tensor) -> Tensor:
        """ŷ of shape (n, 1) for X of shape (n, features)."""
        y_hat = X @ params[self.weight]
        return y_hat + params[self.bias] if self.bias else y_hat

    def design(self, X: Tensor) -> Tensor:
        """X̃ of shape (n, parameters): the matrix whose product with the parameters is ŷ."""
        if not self.bias:
            return X
        import torch

        return torch.cat([X, X.new_ones(len(X), 1)], dim=1)

    def named(self, theta: Sequence[float]) -> Values:
        """Parameters by name from one flat vector in the order of the columns of `design`."""
        values = {self.weight: tuple(theta[: self.features])}
        if self.bias:
            values[self.bias] = (theta[self.features],)
        return values

    def truth(self, w: tuple[float, ...], b: float) -> Values:
        """The true values of this model's parameters where the data follow y = Xw + b."""
        return self.named((*w, b))

    def module(self) -> nn.Linear:
        """The same model as PyTorch's layer, its parameters still to be filled.

        PyTorch's own start would be drawn from the global generator.
        """
        from torch import nn

        layer: nn.Linear = nn.utils.skip_init(
            nn.Linear, self.features, 1, bias=self.bias is not None
        )
        return layer


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
def linear(features: int, bias: bool) -> Model:
    """ŷ = Xw + b, or ŷ = Xw without the bias."""
    return Model(features, "w", "b" if bias else None)


@MODELS.add(
    "ohm",
    label="Ohm's law",
    formula="U = R·I",
    help="One resistance and no bias: no current, no voltage.",
)
def ohm(features: int) -> Model:
    """U = R·I; raises ValueError for more than one feature."""
    if features != 1:
        raise ValueError(f"needs data with one feature, these have {features}")
    return Model(1, "R", None)
