"""What a chart is made of: curves, levels, titles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tui.drawing.relief import Relief


@dataclass(frozen=True)
class Curve:
    """One line or cloud of points; later curves of a chart lie over earlier ones.

    Raises ValueError where xs, ys and highs do not have the same length.
    """

    xs: Sequence[float]
    ys: Sequence[float]
    kind: Literal["line", "points", "marks"] = "line"
    """Marks are points large enough to be counted, left out where they would not stand apart."""
    color: str | int = "now"
    """A role of the palette ("now", "before", …), the number of a series colour, or a colour."""
    label: str = ""
    dashed: bool = False
    dotted: bool = False
    """Finer than dashed."""
    marker: str = ""
    """The character drawn in ASCII mode; empty: chosen by position."""
    highs: Sequence[float] = ()
    """Per-bucket maxima, where ys holds the minima of buckets, of a cloud any value of each."""
    shares: bool = False
    """Where it meets a curve below it, every other cell is left to that."""
    mark: str = "•"
    """The character of marks, and of points in the legend."""

    def __post_init__(self) -> None:
        if len(self.xs) != len(self.ys):
            raise ValueError(f"{len(self.xs)} xs do not go with {len(self.ys)} ys")
        if self.highs and len(self.highs) != len(self.ys):
            raise ValueError(f"{len(self.highs)} highs do not go with {len(self.ys)} ys")


@dataclass(frozen=True)
class Level:
    """A horizontal reference line at y, named at its right end; it widens the automatic range."""

    y: float
    label: str = ""


@dataclass(frozen=True)
class Chart:
    """Everything there is to know about one picture; ranges are in the units of the data."""

    curves: tuple[Curve, ...] = ()
    levels: tuple[Level, ...] = ()
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    """What y is called; the axis is told apart by the title, and has no room for a name."""
    log_x: bool = False
    """Whether each x is the log10 of what it stands for, which the ticks then name."""
    log_y: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    cursor: float | None = None
    marked: tuple[float, float] | None = None
    """The part of the x axis that the mouse marks, its ends in any order."""
    empty: str = ""
    """Shown when there is nothing to draw."""
    heat: Relief | None = None
    """Behind everything else; where no range is asked for, the chart shows its rectangle."""
