"""A run of a sweep, in words."""

from __future__ import annotations

import math

from textual.content import Content

from engine.jobs.best import axis_value
from engine.jobs.sweep import SweepProgress
from engine.support.translation import Translatable, tr
from tui.text.numbers import loss_text, rounded

EMPTY: Translatable = "press s to run the sweep"


def describe(progress: SweepProgress | None, index: int | None) -> Content:
    """A run of the grid, in words."""
    if progress is not None and progress.state == "failed":
        return Content.styled(progress.message, "$text-error")
    if progress is None:
        return Content.styled(tr(EMPTY), "dim")
    if index is None:
        return Content.styled(tr("no run with a finite loss yet"), "dim")
    named = progress.sweep.named(index).items()
    lines = [f"{key} = {axis_value(value)}" for key, value in named]
    cell, limit = progress.cells[index], progress.limit(index)
    if cell is None:
        lines.append(tr("not done yet"))
    elif cell.status == "diverged":
        lines.append(tr("diverged"))
    else:
        lines.append(tr("loss {loss}", loss=loss_text(cell.loss)))
        reached = tr("floor after epoch {epoch}", epoch=cell.floor_epoch)
        lines.append(reached if cell.floor_epoch else tr("floor not reached"))
    if limit and math.isfinite(limit.lr):
        lines.append(tr("its limit is lr {limit:.3g}", limit=rounded(limit.lr)))
    return Content("\n".join(lines))
