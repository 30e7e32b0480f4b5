"""Data sets: columns and samples, and the truth behind them where it is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Generator, Tensor

from engine.data.column import Column
from engine.data.inputs import Inputs
from engine.support.translation import Message


@dataclass(frozen=True, eq=False)
class Truth:
    """The law behind labels: y = signal(X) + noise, some labels moved by outliers."""

    constants: Mapping[str, tuple[float, ...]]
    """True constants by name: w and b, R, T."""
    signal: Callable[[Tensor], Tensor]
    """Labels (n, 1) without noise, for X (n, features)."""
    noise: float
    """Standard deviation of the noise on each label."""
    relative: bool = False
    """Whether each label is multiplied by exp(noise·z) instead of noise·z being added."""
    outliers: int = 0
    """How many labels are moved."""
    outlier_size: float = 0.0
    """By how much, in the units of y."""
    law: Callable[[Tensor, Tensor, bool], Tensor] | None = None
    """Labels without noise for X and a temperature, where that is the law behind them; the flag
    asks for the form that overflows."""

    def labels(self, X: Tensor, generator: Generator) -> Tensor:
        """y (n, 1) for X (n, d), with noise and outliers."""
        import torch

        y = self.signal(X)
        noise = torch.randn(y.shape, generator=generator) * self.noise
        y = y * noise.exp() if self.relative else y + noise
        if self.outliers:
            moved = torch.randperm(len(X), generator=generator)[: self.outliers]
            y[moved] += self.outlier_size
        return y


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples of some features and one label each."""

    n: int
    """How many samples there are."""
    columns: tuple[Column, ...]
    """The features, in the order of X."""
    target: Column
    """What the labels are."""
    draw: Callable[[Generator], tuple[Tensor, Tensor]]
    """X (n, d) and y (n, 1) on the CPU: the same generator state, the same bytes.

    float32 where they are drawn, float64 where they are measured or made by terms.
    """
    truth: Truth | None
    """None where nothing is known but the samples."""
    inputs: Inputs
    """What a person gives of a row, and how X is made of it."""
    is_measured: bool = False
    """Whether they come from a file."""
    has_intercept: bool = True
    """Whether a linear model of them may have a bias."""
    references: Mapping[str, str] = field(default_factory=dict)
    """The level of each category that its other levels are compared with."""
    parts: tuple[int, ...] = ()
    """Samples of each part, where every process has only its own; then `draw` gives those alone."""
    held_out: NDArray[np.bool_] | None = None
    """(n,), the samples that training never sees, where the data say so themselves."""
    mixed: bool = True
    """Whether the last samples are the ones to hold out: neighbours have no more in common than
    others, or the last ones are meant; else some at random."""
    lines: NDArray[np.int64] | None = None
    """(n,), where each sample stands in the file that it comes from, counted from 1."""
    sha256: str = ""
    """Digest of that file."""
    notes: tuple[Message, ...] = ()
    """What a person should be told about the data."""
    draw_features: Callable[[Generator], Tensor] | None = None
    """Draws X alone, where the labels then follow the truth."""
    labels: tuple[float, ...] = ()
    """y, where it was given number by number."""
    before_terms: Dataset | None = None
    """What is drawn before terms make features of its columns; None where there are no terms."""

    @property
    def largest(self) -> int:
        """Samples that a process has at most."""
        return max(self.parts, default=self.n)

    @property
    def in_order(self) -> bool:
        """Whether neighbours among the samples have more in common than others."""
        return self.is_measured or not self.mixed

    @property
    def features(self) -> int:
        """How many numbers a sample has beside its label."""
        return len(self.columns)

    @property
    def has_terms(self) -> bool:
        """Whether terms say what the features are; weights are called by them then, not w[0], …."""
        return self.is_measured or self.before_terms is not None
