"""A column of the numbers that are fitted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """What one number of each sample is."""

    name: str
    unit: str = ""

    @property
    def label(self) -> str:
        """Name and unit, as they stand at an axis."""
        return f"{self.name} ({self.unit})" if self.unit else self.name
