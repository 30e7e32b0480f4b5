"""Losses that another program has written, as a curve to compare with."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from engine.runs.files import MOST_BYTES, Table, read_table
from engine.runs.tensorboard import read_scalars
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import tr

EVENTS = "*tfevents*"
"""The names of files of events."""
Losses = tuple[tuple[float, ...], tuple[float, ...]]
"""Epochs and the loss at each."""


def foreign_losses(path: Path) -> Losses:
    """The losses in a CSV file of metrics, or in a file or folder of TensorBoard's events.

    The first column or tag named `loss`, else the first whose name has that word in it; against
    `epoch`, or else `step`, of which the smallest gap is taken for an epoch. Raises BadInput where
    there are none.
    """
    key = printable(str(path))
    try:
        if path.is_dir() or "tfevents" in path.name:
            curves = event_curves(path)
        else:
            curves = csv_curves(read_table(path))
    except OSError as error:
        allowed = tr("cannot be read: {reason}", reason=error.strerror or str(error))
        raise BadInput("metrics", key, allowed) from None
    except ValueError as error:
        raise BadInput("metrics", key, str(error)) from None
    names = sorted(curves, key=lambda name: (name != "loss", "loss" not in name.casefold()))
    if not names or "loss" not in names[0].casefold():
        raise BadInput("metrics", key, tr("has no column or curve named loss"))
    xs, losses = curves[names[0]]
    return tuple(xs), tuple(losses)


def csv_curves(table: Table) -> dict[str, Losses]:
    """Each column with numbers in it against the epochs."""
    curves: dict[str, Losses] = {}
    for name in table.columns:
        has_epochs = "epoch" in table.columns
        xs, values = table.curve(name, "epoch" if has_epochs else "step")
        if values:
            curves[name] = tuple(xs) if has_epochs else by_gaps(xs), tuple(values)
    return curves


def event_curves(path: Path) -> dict[str, Losses]:
    """Each curve in files of events against its steps; raises OSError and ValueError."""
    files = sorted(path.glob(EVENTS)) if path.is_dir() else [path]
    points: dict[str, list[tuple[float, float]]] = {}
    for file in files:
        with file.open("rb") as opened:
            for scalar in read_scalars(opened.read(MOST_BYTES)):
                points.setdefault(scalar.tag, []).append((scalar.step, scalar.value))
    return {
        tag: (by_gaps([step for step, _ in pairs]), tuple(value for _, value in pairs))
        for tag, pairs in points.items()
    }


def by_gaps(steps: list[float]) -> tuple[float, ...]:
    """Steps in units of the smallest gap between two of them."""
    gaps = [late - early for early, late in pairwise(steps) if late > early]
    unit = min(gaps, default=1.0)
    return tuple(step / unit for step in steps)
