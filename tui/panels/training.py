"""The Training panel: how steps are taken, and how fast one wants to watch."""

from __future__ import annotations

from typing import Any

from engine.experiment import Experiment
from engine.registry import Param
from tui.fields import Choice, Form, Row

PACES: tuple[float | None, ...] = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, None)
"""Epochs a second that can be chosen, slowest first; None is full speed."""

PACE = Param(
    "pace",
    "full speed",
    "How many epochs a second, so that one can watch.",
    "Slows the steps down, never changes them.",
    "Keys: [ slower, ] faster.",
)


def pace_text(pace: float | None) -> str:
    """A pace as it is chosen: `2 epochs/s` or `full speed`."""
    return f"{pace:g} epochs/s" if pace else "full speed"


class TrainingPanel(Form):
    """Loop, optimizer, learning rate and the other settings of a run."""

    heads = ("loop", "optimizer", "lr", "batch_size", "epochs", "reduction", "seed", "device")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.devices: tuple[str, ...] = ()
        """Names of the devices that are present, once they are known."""
        self.pace: float | None = None

    def rows(self, experiment: Experiment) -> list[Row]:
        """The keys of a run, the devices that are there, and the pace."""
        rows = super().rows(experiment)
        for place, row in enumerate(rows):
            if row.key == "device":
                names = dict.fromkeys(("auto", *self.devices, row.value))
                choices = tuple(Choice(name, name) for name in names)
                rows[place] = Row(row.key, row.label, row.value, choices)
        paces = tuple(Choice(pace_text(pace), pace_text(pace)) for pace in PACES)
        return [*rows, Row("pace", "pace", pace_text(self.pace), paces)]
