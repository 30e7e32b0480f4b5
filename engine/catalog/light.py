"""What the data sets of a hot body's light have in common: temperature, noise, wavelengths."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.catalog.param import Number, Param
from engine.support.errors import BadInput
from engine.support.translation import Translatable, tr

if TYPE_CHECKING:
    from torch import Generator, Tensor

TEMPERATURE = Number(
    "T",
    5000.0,
    "The true temperature in kelvin.",
    "The one number to be found.",
    "Hot: bright, with the peak at short wavelengths. The sun has about 5800.",
    low=100.0,
    high=50_000.0,
)
RELATIVE = Number(
    "noise",
    0.02,
    "Relative noise: each intensity is multiplied by exp(noise·z), z ~ N(0, 1).",
    "0.02 is two percent, the same at every brightness.",
    "0: the loss falls to rounding error. Large: the curve is hard to see.",
    low=0.0,
    high=1.0,
)


def wavelengths(low: float, high: float) -> tuple[Param, Param]:
    """The two ends of the range of wavelengths, with these defaults."""
    return (
        wavelength("shortest", low, "Shortest wavelength in micrometres."),
        wavelength("longest", high, "Longest wavelength in micrometres."),
    )


def wavelength(name: str, default: float, what: Translatable) -> Param:
    """One end of the range of wavelengths."""
    return Number(
        name,
        default,
        what,
        "Short waves tell temperatures apart best; long ones hardly.",
        "Visible light is 0.38 to 0.75.",
        low=0.05,
        high=100.0,
    )


def drawn_wavelengths(n: int, shortest: float, longest: float) -> Callable[[Generator], Tensor]:
    """λ ~ U(shortest, longest) of shape (n, 1); raises BadInput where the ends are turned."""
    if shortest >= longest:
        allowed = tr("must be below data.longest, {longest:g}", longest=longest)
        raise BadInput("data.shortest", shortest, allowed)

    def features(generator: Generator) -> Tensor:
        import torch

        return shortest + (longest - shortest) * torch.rand(n, 1, generator=generator)

    return features
