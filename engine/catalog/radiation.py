"""Planck's law of thermal radiation, wavelengths in micrometres and temperatures in kelvin.

B(λ, T) = c₁/λ⁵/(exp(c₂/(λT)) − 1), with the CODATA values of the constants.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

C1 = 1.191042972e8
"""First radiation constant 2hc² in W·µm⁴·m⁻²·sr⁻¹."""
C2 = 14387.7688
"""Second radiation constant hc/k in µm·K."""
WIEN = 2897.771955
"""Wien's displacement: the peak is at WIEN/T µm."""


def log_radiance(wavelength: Tensor, T: Tensor) -> Tensor:
    """ln B in ln(W·m⁻²·sr⁻¹·µm⁻¹), shape of `wavelength`; no overflow at any λT."""
    x = C2 / (wavelength * T)
    return math.log(C1) - 5 * wavelength.log() - x - (-(-x).exp()).log1p()


def log_radiance_as_printed(wavelength: Tensor, T: Tensor) -> Tensor:
    """ln B with exp(x) − 1 as the law is printed: in float32 it overflows where λT < 162 µm·K."""
    x = C2 / (wavelength * T)
    return (C1 / wavelength**5 / (x.exp() - 1)).log()


def log_peak(T: float) -> float:
    """ln B at its peak."""
    wavelength = WIEN / T
    x = C2 / (wavelength * T)
    return math.log(C1) - 5 * math.log(wavelength) - x - math.log1p(-math.exp(-x))
