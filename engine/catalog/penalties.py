"""Penalties: what large weights cost beside the loss; the bias is free of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.catalog.param import Number
from engine.catalog.registry import CostEntry, Registry

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class PenaltyEntry(CostEntry):
    """A penalty on one weight."""

    is_zero: bool = False
    """Whether it costs nothing, so that loops may leave it out."""
    is_parabola: bool = False
    """Whether its second derivative is one number: beside a squared loss there is a closed form."""


PENALTIES = Registry("penalty", "What large weights cost beside the loss.", PenaltyEntry)

STRENGTH = Number(
    "strength",
    0.01,
    "How much the penalty λ counts beside the loss.",
    "It trades a worse fit for smaller weights; the bias is free of it.",
    "0: no penalty. Large: the weights are pulled to 0, whatever the data say.",
    low=0.0,
    high=1e6,
)


@PENALTIES.add(
    "none",
    label="none",
    formula="0",
    help="Only the loss counts.",
    derivative=lambda w: 0 * w,
    is_zero=True,
    is_parabola=True,
)
def none(w: Tensor) -> Tensor:
    """0, shape of w."""
    return 0 * w * w


@PENALTIES.add(
    "l2",
    label="L2 (ridge)",
    formula="½λw²",
    help="Shrinks all weights towards 0, large ones most: ridge regression, weight decay.",
    params=(STRENGTH,),
    derivative=lambda w, strength: strength * w,
    is_parabola=True,
)
def l2(w: Tensor, strength: float) -> Tensor:
    """½λw², shape of w (d2l §3.7; what torch.optim calls weight_decay)."""
    return strength * w * w / 2


@PENALTIES.add(
    "l1",
    label="L1",
    formula="λ|w|",
    help="Pulls every weight with the same force, small ones to 0; the lasso.",
    params=(STRENGTH,),
    derivative=lambda w, strength: strength * w.sign(),
    kinks=True,
)
def l1(w: Tensor, strength: float) -> Tensor:
    """λ|w|, shape of w (Tibshirani 1996)."""
    return strength * w.abs()
