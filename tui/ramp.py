"""The ramp of colours from dark to light, in which values are drawn."""

from __future__ import annotations

RAMP = ("#00224e", "#1a386f", "#434e6c", "#61656f", "#7d7c78", "#9b9476", "#bcae6c", "#ddc95a")
"""Dark to light, even to the eye and told apart with any colour vision (after cividis)."""


def mixed(other: str, share: float) -> tuple[str, ...]:
    """The ramp with so much of another colour in it, as #rrggbb: behind curves it must be quiet."""
    parts = [[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in (*RAMP, other)]
    blend = [
        [round(part * (1 - share) + end * share) for part, end in zip(step, parts[-1], strict=True)]
        for step in parts[:-1]
    ]
    return tuple("#" + "".join(f"{part:02x}" for part in step) for step in blend)


def step_of(value: float, low: float, high: float) -> int:
    """The step of the ramp for a value from low to high."""
    share = (value - low) / (high - low) if high > low else 0.0
    return min(int(share * len(RAMP)), len(RAMP) - 1)
