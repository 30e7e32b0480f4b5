"""The floor of a loss: where nothing is left to learn, and where a loss stands above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from engine.support.translation import TRANSLATED

Standing = Annotated[
    Literal[
        "still learning",
        "at the best this model can do",
        "at the optimum",
        "at the noise floor",
        "at rounding error",
    ],
    TRANSLATED,
]
"""Where a loss stands; these are names, and translated only where they are shown."""

NEAR = 1.1
"""A loss within this factor of a level counts as having reached it."""


@dataclass(frozen=True)
class Floor:
    """What keeps the mean loss over all the data from falling further: noise, model, float32."""

    noise: float | None
    """Expected loss of the true model, moved to where the loss aims; None where the noise of the
    data is unknown."""
    optimum: float | None
    """Mean loss where loss and penalty together are smallest; None for a model that is not linear
    in its parameters."""
    rounding: float
    """Loss below which float32 cannot resolve anything."""
    symbol: str
    """What the noise comes to, in symbols; z ~ N(0, 1)."""

    @property
    def level(self) -> float:
        """The loss below which there is nothing left to learn on these data."""
        return max(self.noise or 0.0, self.optimum or 0.0, self.rounding)

    @property
    def reach(self) -> float:
        """The largest loss that counts as having reached the level."""
        return NEAR * self.level

    def reached(self, loss: float) -> bool:
        """Whether a loss over all the data is at the floor; NaN never is."""
        return loss <= self.reach

    def standing(self, loss: float) -> Standing:
        """Where a loss over all the data stands, in words: at the floor, or still learning."""
        if not self.reached(loss):
            return "still learning"
        if self.noise is None and (self.optimum or 0.0) > self.rounding:
            return "at the optimum"
        noise = self.noise or 0.0
        if (self.optimum or 0.0) > 2 * max(noise, self.rounding):
            return "at the best this model can do"
        return "at the noise floor" if noise > self.rounding else "at rounding error"
