"""What a screen shows as text to paste elsewhere: tables for spreadsheets, lines for letters."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.strip import Strip

from engine.catalog.parameters import flat
from engine.training.snapshot import Snapshot


def values_table(snapshot: Snapshot) -> str:
    """A line a parameter, cells between tabs, each number in all its digits; empty without data.

    Columns: `name value true error grad best`, those of which there are any.
    """
    facts = snapshot.facts
    if facts is None:
        return ""
    columns = {
        "value": snapshot.original_params,
        "true": facts.original(facts.true),
        "error": snapshot.errors(),
        "grad": snapshot.original_grads,
        "best": facts.original(facts.optimum) if facts.optimum else {},
    }
    shown = {name: [f"{x:.15g}" for x in flat(values)] for name, values in columns.items()}
    shown = {"name": list(snapshot.experiment.parameter_names())} | {
        name: cells for name, cells in shown.items() if cells
    }
    rows = zip(*shown.values(), strict=True)
    return "\n".join("\t".join(cells) for cells in (tuple(shown), *rows))


def losses_table(snapshot: Snapshot) -> str:
    """A line an epoch, `epoch,loss`, and `val` where rows are held out; empty without losses.

    Of more than 1024 epochs, neighbours have the lowest of their losses.
    """
    losses, held_out = snapshot.epoch_losses, snapshot.validation_losses
    if not losses.x:
        return ""
    val = dict(zip(held_out.x, held_out.low, strict=True))
    head = ("epoch", "loss", "val") if val else ("epoch", "loss")
    rows = (
        (f"{x:.15g}", f"{loss:.15g}", *([f"{val[x]:.15g}" if x in val else ""] if val else []))
        for x, loss in zip(losses.x, losses.low, strict=True)
    )
    return "\n".join(",".join(cells) for cells in (head, *rows))


def lines_of(strips: Sequence[Strip], region: Region) -> str:
    """A part of the lines of a screen as text, without blanks at the right end."""
    part = strips[region.y : region.bottom]
    return "\n".join(strip.crop(region.x, region.right).text.rstrip() for strip in part)
