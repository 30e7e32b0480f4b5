"""Data sets: one entry for each truth that samples can be drawn from, and one for files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine.catalog.dataset import Dataset, Truth
from engine.catalog.generated import NOISE, TERMS, N, generated
from engine.catalog.light import RELATIVE, TEMPERATURE, drawn_wavelengths, wavelengths
from engine.catalog.param import Flag, Number, Numbers, Text, Value
from engine.catalog.radiation import C1, C2, log_peak, log_radiance, log_radiance_as_printed
from engine.catalog.registry import Entry, Registry
from engine.data.column import Column
from engine.data.inputs import inputs_of
from engine.support.errors import BadInput
from engine.support.translation import tr, trn

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class DataEntry(Entry):
    """Where samples come from."""

    suits: Mapping[str, Value] = field(default_factory=dict, hash=False)
    """Settings that come with it in place of the usual ones, unless others were chosen."""


DATASETS = Registry("data", "Where the samples come from: a truth, or a file.", DataEntry)


@DATASETS.add(
    "linear",
    label="linear",
    formula="y = Xw + b + N(0, σ²)",
    help="d2l §3.2's generator, with feature scale, correlation and outliers to turn.",
    params=(
        Numbers(
            "w",
            (2.0, -3.4),
            "The true weights, separated by commas; as many as there are features.",
            "Training should find these numbers again.",
            "Large weights mean a longer way from a start near zero.",
            low=-1e6,
            high=1e6,
        ),
        Number(
            "b",
            4.2,
            "The true bias: y where every feature is 0.",
            "Without a bias in the model it cannot be fitted.",
            "Large: the first epochs go into finding it.",
            low=-1e6,
            high=1e6,
        ),
        N,
        NOISE,
        Numbers(
            "scale",
            (1.0,),
            "Standard deviation of the features: one for all, or one for each.",
            "Unequal scales make the valley narrow and the steps small.",
            "One feature ×10: about 100 times slower along the other.",
            low=0.0,
            above=True,
            high=1e6,
        ),
        Number(
            "correlation",
            0.0,
            "Correlation between every two features.",
            "Correlated features are hard to tell apart.",
            "Near 1: the sum of the weights is learned fast, their difference slowly.",
            low=0.0,
            high=0.9999,
        ),
        Number(
            "outliers",
            0.0,
            "Share of the labels that are moved by outlier_size.",
            "Squared losses chase outliers, L1 and Huber hardly notice them.",
            "0.01 is one label in a hundred.",
            low=0.0,
            high=0.5,
        ),
        Number(
            "outlier_size",
            10.0,
            "How far an outlier's label is moved, in units of y.",
            "The squared loss feels its square.",
            "Large: one bad label can pull the whole line.",
            low=-1e6,
            high=1e6,
        ),
        Flag(
            "sorted",
            False,
            "Whether the samples lie in the order of their first feature.",
            "Much real data come sorted: by time, by size, by label.",
            "It matters only where training does not shuffle; held-out samples are the last ones.",
        ),
        TERMS,
    ),
)
def linear(
    w: tuple[float, ...],
    b: float,
    n: int,
    noise: float,
    scale: tuple[float, ...],
    correlation: float,
    outliers: float,
    outlier_size: float,
    sorted: bool,
    terms: str,
) -> Dataset:
    """Gaussian features of the given scale and mutual correlation (d2l §3.2, synthetic_data).

    Raises BadInput for another number of scales than one, or one for each weight.
    """
    if len(scale) not in (1, len(w)):
        allowed = tr("must be one number or {count}, one for each of data.w", count=len(w))
        raise BadInput("data.scale", scale, allowed)

    def features(generator: Generator) -> Tensor:
        import torch

        X = torch.randn(n, len(w), generator=generator)
        if correlation:
            common = torch.randn(n, 1, generator=generator)
            X = (1 - correlation) ** 0.5 * X + correlation**0.5 * common
        if scale != (1.0,):
            X = X * torch.tensor(scale)
        return X[X[:, 0].argsort()] if sorted else X

    def signal(X: Tensor) -> Tensor:
        return X @ X.new_tensor(w).reshape(-1, 1) + b

    names = ["x"] if len(w) == 1 else [f"x[{index}]" for index in range(len(w))]
    truth = Truth(
        {"w": w, "b": (b,)},
        signal,
        noise,
        outliers=round(outliers * n),
        outlier_size=outlier_size,
    )
    return generated(n, tuple(map(Column, names)), Column("y"), features, truth, terms)


@DATASETS.add(
    "ohm",
    label="Ohm's law",
    formula="U = R·I + N(0, σ²)",
    help="Currents through a resistor and the voltages measured: one weight, no bias.",
    params=(
        Number(
            "R",
            10.0,
            "The true resistance in ohm.",
            "The one number to be found.",
            "Large: a longer way from a start near zero.",
            low=-1e6,
            high=1e6,
        ),
        N,
        NOISE,
        Number(
            "current",
            1.732,
            "Largest current in ampere; currents are drawn evenly between 0 and it.",
            "At √3 the mean square is 1, so the curvature is that of standard data.",
            "Large: a steeper loss that bears only a smaller lr.",
            low=0.0,
            above=True,
            high=1e6,
        ),
        TERMS,
    ),
)
def ohm(R: float, n: int, noise: float, current: float, terms: str) -> Dataset:
    """U = R·I with currents I ~ U(0, current): positive, as an ammeter would be read."""

    def features(generator: Generator) -> Tensor:
        import torch

        return torch.rand(n, 1, generator=generator) * current

    truth = Truth({"R": (R,), "w": (R,), "b": (0.0,)}, lambda X: X * R, noise)
    return generated(n, (Column("I", "A"),), Column("U", "V"), features, truth, terms)


@DATASETS.add(
    "planck",
    label="Planck's law",
    formula="B(λ, T) = c₁/λ⁵/(exp(c₂/(λT)) − 1)",
    help="The light of a hot body at many wavelengths: its temperature is to be found.",
    params=(
        TEMPERATURE,
        replace(N, default=500),
        RELATIVE,
        *wavelengths(0.3, 3.0),
        Text(
            "label",
            "log",
            "What is fitted: ln B, B as a share of its peak, or B in SI units.",
            "The logarithm makes every wavelength count alike.",
            "peak and SI are there to see them fail.",
            choices=("log", "peak", "SI"),
            about=(
                "ln B: noise of the same size everywhere, gradients of order 1.",
                "B/B(peak): far from the truth the gradient dies, or the step overshoots.",
                "B in W·m⁻³·sr⁻¹: numbers of 1e13, and a limit of the lr of about 1e-20.",
            ),
        ),
        TERMS,
    ),
)
def planck(
    T: float, n: int, noise: float, shortest: float, longest: float, label: str, terms: str
) -> Dataset:
    """Spectral radiance of a black body (Planck 1900) at wavelengths λ ~ U(shortest, longest)."""
    to_metres = math.log(1e6)  # per µm to per m

    def law(X: Tensor, kelvin: Tensor, as_printed: bool) -> Tensor:
        log_B = (log_radiance_as_printed if as_printed else log_radiance)(X, kelvin)
        if label == "log":
            return log_B
        return (log_B - log_peak(T)).exp() if label == "peak" else (log_B + to_metres).exp()

    targets = {
        "log": Column("ln B"),
        "peak": Column("B/peak"),
        "SI": Column("B", "W/m³/sr"),
    }
    truth = Truth(
        {"T": (T,)},
        lambda X: law(X, X.new_tensor(T), False),
        noise,
        relative=label != "log",
        law=law,
    )
    draw = drawn_wavelengths(n, shortest, longest)
    return generated(n, (Column("λ", "µm"),), targets[label], draw, truth, terms)


@DATASETS.add(
    "wien",
    label="Wien's line",
    formula="ln(B·λ⁵/c₁) against 1/λ",
    help="The same light, plotted so that it is nearly a straight line with slope −c₂/T.",
    params=(TEMPERATURE, replace(N, default=500), RELATIVE, *wavelengths(0.3, 0.8), TERMS),
)
def wien(T: float, n: int, noise: float, shortest: float, longest: float, terms: str) -> Dataset:
    """Planck's light as y = ln(B·λ⁵/c₁) over x = 1/λ; a line only where exp(c₂/(λT)) ≫ 1."""
    draw = drawn_wavelengths(n, shortest, longest)

    def signal(X: Tensor) -> Tensor:
        return log_radiance(1 / X, X.new_tensor(T)) - 5 * X.log() - math.log(C1)

    truth = Truth({"T": (T,), "w": (-C2 / T,), "b": (0.0,)}, signal, noise)
    inverse = Column("1/λ", "1/µm")
    return generated(
        n, (inverse,), Column("ln(B·λ⁵/c₁)"), lambda generator: 1 / draw(generator), truth, terms
    )


@DATASETS.add(
    "points",
    label="points",
    formula="(x, y) by hand",
    help="A few points of your own, moved by hand on the chart; lr 0.3 and 20 epochs suit them.",
    # So few make one step an epoch: these bring every loss to its optimum.
    suits={"lr": 0.3, "epochs": 20},
    params=(
        Numbers(
            "x",
            (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0),
            "Where the points lie, separated by commas.",
            "A point far from the others has leverage: the line turns around them to meet it.",
            "All at one x: no slope is better than another.",
            low=-1e6,
            high=1e6,
            longest=30,
        ),
        Numbers(
            "y",
            (-1.2, -0.4, 0.1, 0.3, 1.2, 1.4, 2.1, 2.3, 3.2),
            "The label of each, as many as there are x.",
            "Nothing is known of a truth: the optimum is what can be reached.",
            "One far from the line of the others: squares follow it, Huber and L1 hardly.",
            low=-1e6,
            high=1e6,
            longest=30,
        ),
    ),
)
def points(x: tuple[float, ...], y: tuple[float, ...]) -> Dataset:
    """Points as they are given; raises BadInput where there are more of one kind of number."""
    if len(x) != len(y):
        allowed = trn("must be {n} number, as data.x", "must be {n} numbers, as data.x", n=len(x))
        raise BadInput("data.y", y, allowed)

    def features(generator: Generator) -> Tensor:
        import torch

        return torch.tensor(x).reshape(-1, 1)

    def draw(generator: Generator) -> tuple[Tensor, Tensor]:
        X = features(generator)
        return X, X.new_tensor(y).reshape(-1, 1)

    columns = (Column("x"),)
    return Dataset(
        n=len(x),
        columns=columns,
        target=Column("y"),
        draw=draw,
        truth=None,
        inputs=inputs_of(columns),
        draw_features=features,
        labels=y,
    )


# Files ------------------------------------------------------------------------------------------


@DATASETS.add(
    "file",
    label="a file",
    formula="y ~ x",
    help="Your own data: CSV, with the extra [files] also Parquet and JSON.",
    params=(
        Text(
            "path",
            "sample:cars",
            "The file; - is standard input, sample:NAME one that comes with the lab.",
            "Nothing is known of its truth: the optimum is what can be reached.",
            "It is read once; when it changes, the lab says so.",
        ),
        Text(
            "terms",
            "",
            "What is fitted to what: y ~ a + b + x^2 + a:b + log(x) - 1; . is all other columns.",
            "Empty: the last numeric column by all others that can be used.",
            "Many terms follow the noise; held-out rows tell.",
        ),
        Text(
            "split",
            "random",
            "The rows held out: random, ordered (the last ones), or a column that is 1 there.",
            "In time the future is held out, not a random part of the past.",
            "The share is validation_split, unless a column says it.",
        ),
        Text(
            "delimiter",
            "auto",
            "What stands between the cells; auto looks.",
            "A file that is split at the wrong character has one column, or far too many.",
        ),
        Text(
            "decimal",
            "auto",
            "What stands before the fraction of a number; auto looks.",
            "1.234 is a thousand and more in half of the world.",
            choices=("auto", ".", ","),
        ),
        Text(
            "encoding",
            "auto",
            "How characters are written: utf-8, utf-16, cp1252; auto looks.",
            "Read in another way, letters with accents come out as others.",
        ),
        Text(
            "header",
            "auto",
            "Whether the first row has names; auto looks.",
            "A first row of numbers alone is taken for data.",
            choices=("auto", "yes", "no"),
        ),
        Text(
            "missing",
            "auto",
            "What stands for no value, separated by commas; auto: empty, NA, N/A, nan, NULL, - ? .",
            "A row without a value in a column that is used is left out, and counted.",
        ),
        Text(
            "sha256",
            "",
            "The digest of the file when this was written down.",
            "Where the file has another one now, the lab says so.",
            is_shown=False,
            of="path",
        ),
    ),
)
def file(path: str, terms: str, split: str, sha256: str, **asked: str) -> Dataset:
    """The rows of a file in which no column in use is missing, in float64; raises BadInput."""
    from engine.catalog.from_file import read_file
    from engine.data.sensing import Asked

    return read_file(path, terms, split, sha256, Asked(**asked))
