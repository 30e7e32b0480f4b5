"""The Training panel: how steps are taken, and how fast one wants to watch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.content import Content

from engine.catalog.param import Text
from engine.experiment import Experiment
from engine.support.translation import tr
from engine.training.directions import crawls
from engine.training.snapshot import Snapshot
from tui.forms.fields import Choice, Row
from tui.forms.form import Form
from tui.panels.gauge import WAITING, curve, gauge, knows, lr_in_force
from tui.text.numbers import rounded

PACES: tuple[float | None, ...] = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, None)
"""Epochs a second that can be chosen, slowest first; None is full speed."""

PACE = Text(
    "pace",
    "full speed",
    "How many epochs a second, so that one can watch.",
    "Slows the steps down, never changes them.",
    "Keys: [ slower, ] faster.",
)


def pace_text(pace: float | None) -> str:
    """A pace as it is chosen: `2 epochs/s` or `full speed`."""
    return tr("{pace:g} epochs/s", pace=pace) if pace else tr("full speed")


def pace_named(text: str) -> float | None:
    """The pace that `pace_text` writes so."""
    return next(pace for pace in PACES if pace_text(pace) == text)


def last_batch_words(experiment: Experiment) -> str:
    """How a short last minibatch is treated: its size, and the weight of each of its samples."""
    left, size = experiment.last_batch, experiment.batch_size
    if experiment.drop_last:
        return tr("last {left} dropped", left=left)
    whole, short = experiment.reduction.divisors(size, experiment.train_size)
    weight = whole / short
    # The column has 15 cells.
    return tr("{left} of {size}, ×{weight:.3g}", left=left, size=size, weight=rounded(weight))


class TrainingPanel(Form):
    """Loop, optimizer, learning rate and the other settings of a run."""

    heads = (
        "loop",
        "optimizer",
        "lr",
        "schedule",
        "batch_size",
        "epochs",
        "drop_last",
        "reduction",
        "reshape",
        "shuffle",
        "standardize",
        "validation_split",
        "patience",
        "seed",
        "device",
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.devices: tuple[str, ...] = ()
        """Names of the devices that are present, once they are known."""
        self.pace: float | None = None
        self.snapshot: Snapshot | None = None
        """The run that the gauge knows of."""
        self.preview: Snapshot | None = None
        """The run that would follow, which it knows of too."""

    def rows(self, experiment: Experiment) -> list[Row]:
        """The keys of a run, gauge and curve of the lr, the devices that are there, the pace."""
        rows = []
        for row in super().rows(experiment):
            if row.key == "device":
                names = dict.fromkeys(("auto", *self.devices, row.value))
                row = replace(row, choices=tuple(Choice(name, name) for name in names))
            rows.append(row)
            if row.key == "lr":
                rows.append(self.gauge(experiment))
            if row.key == "batch_size" and experiment.last_batch:
                words = Content.styled(last_batch_words(experiment), "dim")
                rows.append(Row("last_batch", " " + tr("short batch"), note=words))
            if row.key == "schedule" and row.value != "constant":
                rows.append(Row("curve", " " + tr("over the run"), note=curve(experiment)))
        paces = tuple(Choice(pace_text(pace), pace_text(pace)) for pace in PACES)
        return [*rows, Row("pace", tr("pace"), pace_text(self.pace), paces)]

    def gauge(self, experiment: Experiment) -> Row:
        """The lr in force as a share of its limit, once that is known of this experiment."""
        runs = (run for run in (self.snapshot, self.preview) if run and knows(run, experiment))
        now = next(runs, None)
        if now is None or now.facts is None:
            return Row("gauge", " " + tr("of its limit"), note=WAITING)
        slow = crawls(now.facts, experiment)
        label, bar = gauge(lr_in_force(now, experiment), now.facts.stability.limit, slow)
        return Row("gauge", f" {label}", note=bar)

    def weigh(self, experiment: Experiment, preview: Snapshot | None) -> None:
        """Have the gauge follow what is being typed, and know of the run that would follow."""
        self.preview = preview
        if "gauge" in self.parts:
            self.put(self.gauge(experiment))

    def pace_beside(self, by: int) -> float | None:
        """The next faster (1) or slower (-1) pace, as far as there is one."""
        index = PACES.index(self.pace) + by
        return PACES[min(max(index, 0), len(PACES) - 1)]

    def show_pace(self, pace: float | None, experiment: Experiment) -> None:
        """Show another pace beside the settings of an experiment."""
        self.pace = pace
        self.show(experiment)

    def follow(self, snapshot: Snapshot, experiment: Experiment) -> None:
        """Show how the lr stands to its limit now; costs little where nothing has changed."""
        before, self.snapshot = self.snapshot, snapshot
        if snapshot.facts:
            self.devices = snapshot.facts.devices
        moves = not snapshot.experiment.schedule.entry.is_constant
        news = moves or before is None or before.facts is not snapshot.facts
        if self.parts and news:  # the fields come after the first frame
            self.show(experiment)
