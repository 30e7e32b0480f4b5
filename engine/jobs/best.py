"""The best run of a sweep, and the sentence that says which it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.jobs.sweep import Cell, SweepProgress
from engine.support.errors import show
from engine.support.translation import in_words, tr, trn

if TYPE_CHECKING:
    from engine.theory.stability import Limit

STEADY = 2.0
"""So many times its lr a run must bear that does not swing."""


@dataclass(frozen=True)
class Best:
    """The best run of a sweep."""

    cell: Cell
    values: dict[str, float]
    """What its axes have there, by key."""
    limit: Limit | None
    """The largest stable lr for all the rest that it has; None where lr is not swept."""


@lru_cache(maxsize=1)  # a screen asks again whenever it shows another measure or size
def best(progress: SweepProgress) -> Best | None:
    """The best run of those that are done; None where all of them have diverged.

    That is who was at the floor after the fewest samples, counted in whole epochs, and is there at
    the end. Of several the one with the largest batch whose lr is at most half its limit: a step
    takes about the same time for one sample and for many, so that it is there soonest, and above
    half of its limit a run swings. Of several once more the one whose lr is furthest below its
    limit, in times: it bears most, and trembles least. Where none is at the floor it is that of the
    least loss. Runs at or beyond their limit, whose errors have but had no time to grow, count only
    where there are no others.
    """
    finished = [cell for cell in progress.cells if cell and cell.status == "finished"]
    if not finished:
        return None
    cells = [cell for cell in finished if margin(progress, cell) > 1] or finished
    settled = [cell for cell in cells if cell.floor_samples and cell.is_settled]
    if settled:
        fewest = min(cell.floor_samples or 0 for cell in settled)
        first = [cell for cell in settled if cell.floor_samples == fewest]
        cell = max(first, key=lambda cell: ease(progress, cell))
    else:
        cell = min(cells, key=lambda cell: cell.loss)
    return Best(cell, progress.sweep.named(cell.index), progress.limit(cell.index))


def ease(progress: SweepProgress, cell: Cell) -> tuple[bool, float, float, float]:
    """What tells runs apart that need as many samples: the greater, the better."""
    times = margin(progress, cell)
    is_steady = times >= STEADY
    batch = progress.sweep.named(cell.index).get("batch_size", 0.0)
    return is_steady, batch if is_steady else 0.0, times, -cell.loss


def margin(progress: SweepProgress, cell: Cell) -> float:
    """How many times its lr a run bears; ∞ where there is no limit, or lr is not swept."""
    limit = progress.limit(cell.index)
    return limit.lr / progress.sweep.named(cell.index)["lr"] if limit else math.inf


def in_a_sentence(best: Best) -> str:
    """Which run is the best, what it came to, and what its lr may be."""
    cell = best.cell
    run = ", ".join(f"{key} {axis_value(value)}" for key, value in best.values.items())
    if not cell.is_settled or cell.floor_samples is None:
        return tr(
            "best: {run} → loss {loss:.3g}, {times:.3g} times the floor",
            run=run, loss=cell.loss, times=1 + cell.excess,
        )  # fmt: skip
    sentence = tr(
        "best: {run} → {epochs}, {samples}",
        run=run,
        epochs=trn("floor after {n} epoch", "floor after {n} epochs", n=cell.floor_epoch or 0),
        samples=trn("{n} sample", "{n} samples", n=cell.floor_samples),
    )
    if best.limit is None:
        return sentence
    limit = best.limit.lr
    bound = tr("its limit is lr {limit:.3g}", limit=limit)
    return f"{sentence}; {bound if math.isfinite(limit) else in_words(best.limit.name)}"


def axis_value(value: float) -> str:
    """A value of an axis, with four digits where it has a fraction."""
    return f"{value:.4g}" if isinstance(value, float) else show(value)
