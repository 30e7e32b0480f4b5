"""How far a forecast may be off: `5 %`, `factor 2`, or a size."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.support.errors import shortened
from engine.support.translation import tr


@dataclass(frozen=True)
class Tolerance:
    """How far a forecast may be off."""

    factor: float = 1.0
    """Both ways, in proportion: 2 lets half and double pass."""
    share: float = 0.0
    """Of the measured number."""
    size: float = 0.0
    """In the number's own unit."""

    def allows(self, forecast: float, measured: float) -> bool:
        """Whether a forecast is near enough; none is where the run has run away."""
        if not math.isfinite(measured):
            return False
        if abs(forecast - measured) <= max(self.size, self.share * abs(measured)):
            return True
        return forecast * measured > 0 and 1 / self.factor <= forecast / measured <= self.factor

    def miss(self, forecast: float, measured: float) -> str:
        """How far a forecast is off, and how far it may be, in words."""
        if not math.isfinite(measured):
            return tr("the run has no finite number")
        if self.factor > 1 and forecast * measured > 0:
            off = max(forecast / measured, measured / forecast)
            return tr(
                "a factor {off:.3g} off, {factor:.3g} allowed",
                off=off,
                factor=self.factor,
            )
        off = abs(forecast - measured)
        if self.share and measured:
            return tr(
                "{off:.3g} % off, {share:.3g} % allowed",
                off=100 * off / abs(measured),
                share=100 * self.share,
            )
        return tr("{off:.3g} off, {size:.3g} allowed", off=off, size=self.size)


def parse_tolerance(text: str) -> Tolerance:
    """`5 %`, `factor 2` or a number in the unit of what is forecast; raises ValueError."""
    words = text.strip()
    try:
        if words.startswith("factor "):
            tolerance = Tolerance(factor=float(words.removeprefix("factor ")))
        elif words.endswith("%"):
            tolerance = Tolerance(share=float(words.removesuffix("%")) / 100)
        else:
            tolerance = Tolerance(size=float(words))
        if all(map(math.isfinite, (tolerance.factor, tolerance.share, tolerance.size))) and (
            tolerance.factor > 1 or tolerance.share > 0 or tolerance.size > 0
        ):
            return tolerance
    except ValueError:
        pass
    raise ValueError(
        tr(
            "{text!r} is no tolerance; write 5 %, factor 2 or a number above 0",
            text=shortened(words),
        )
    )
