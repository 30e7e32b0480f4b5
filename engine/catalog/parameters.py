"""Values of parameters by name: as plain numbers, in one row, with labels, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


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


def direction(heading: Values, names: Sequence[str] = ()) -> str:
    """A direction of parameter space in words, its largest parts: `0.81 w[1] − 0.57 w[0]`.

    Without names the parameters are called as in `labels`.
    """
    names = names or [label for label, _ in labels(heading)]
    parts = sorted(zip(names, flat(heading), strict=True), key=lambda part: -abs(part[1]))
    large = [part for part in parts[:2] if part is parts[0] or abs(part[1]) >= 0.05]
    text = " ".join(f"{'−' if x < 0 else '+'} {abs(x):.2f} {label}" for label, x in large)
    return text.removeprefix("+ ")
