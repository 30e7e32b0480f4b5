"""Data sets that are drawn: what their entries have in common, and features made by terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.catalog.dataset import Dataset, Truth
from engine.catalog.param import Number, Text, Whole
from engine.data.column import Column
from engine.data.inputs import inputs_of
from engine.support.errors import BadInput

if TYPE_CHECKING:
    from torch import Generator, Tensor

N = Whole(
    "n",
    1000,
    "How many samples are drawn.",
    "The estimate's error falls with √n.",
    "Few: the noise is learned too. Many: each epoch takes longer.",
    low=1,
    high=10_000_000,
)
NOISE = Number(
    "noise",
    0.01,
    "Standard deviation σ of the noise on the labels.",
    "No model can bring the half loss below about ½σ²: the noise floor.",
    "0: the loss falls to rounding error. Large: the points hide the line.",
    low=0.0,
    high=1e6,
)
TERMS = Text(
    "terms",
    "",
    "What is fitted: x[0] + x[0]^2 + x[0]:x[1] - 1, by the names at the axes; . is all columns.",
    "Empty: the columns as they are. What is added has the true weight 0.",
    "High powers make the valley narrow. Without one of the columns nothing is known of the truth.",
)


def generated(
    n: int,
    columns: tuple[Column, ...],
    target: Column,
    draw_features: Callable[[Generator], Tensor],
    truth: Truth,
    terms: str,
) -> Dataset:
    """The data set whose X `draw_features` draws, float32, with labels that follow the truth.

    Terms make features of its columns after that, in float64; raises BadInput where they cannot.
    """

    def draw(generator: Generator) -> tuple[Tensor, Tensor]:
        X = draw_features(generator)
        return X, truth.labels(X, generator)

    inputs = inputs_of(columns)
    plain = Dataset(n, columns, target, draw, truth, inputs, draw_features=draw_features)
    return by_terms(plain, truth, terms) if terms.strip() else plain


def by_terms(before_terms: Dataset, truth: Truth, terms: str) -> Dataset:
    """A data set with the features that terms make of its columns; raises BadInput.

    Where all its columns are among them, the truth stays what it is, and what was added has the
    true weight 0. Else nothing is known of it.
    """
    from engine.data.drawn import inputs_by
    from engine.data.formula import KEY

    inputs, has_intercept = inputs_by(terms, before_terms.columns, before_terms.target)
    columns = tuple(feature.column for feature in inputs.features)

    def draw(generator: Generator) -> tuple[Tensor, Tensor]:
        import torch

        X, y = before_terms.draw(generator)
        names = (column.name for column in before_terms.columns)
        numbers = dict(zip(names, X.double().numpy().T, strict=True))
        try:
            return torch.from_numpy(inputs.made_of(numbers)), y.double()
        except BadInput as error:
            raise BadInput(KEY, terms, str(error)) from None

    return replace(
        before_terms,
        columns=columns,
        draw=draw,
        truth=truth_among(columns, before_terms.columns, truth),
        inputs=inputs,
        has_intercept=has_intercept,
        draw_features=None,
        before_terms=before_terms,
    )


def truth_among(columns: Sequence[Column], own: Sequence[Column], truth: Truth) -> Truth | None:
    """The truth over columns among which its own ones are; None where one of these is missing."""
    if not set(own) <= set(columns):
        return None
    places = [columns.index(column) for column in own]
    constants = dict(truth.constants)
    if "w" in constants:
        weights = dict(zip(own, constants["w"], strict=True))
        constants["w"] = tuple(weights.get(column, 0.0) for column in columns)
    return replace(
        truth, constants=constants, signal=lambda X: truth.signal(X[:, places]), law=None
    )
