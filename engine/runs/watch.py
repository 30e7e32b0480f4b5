"""A run that another process writes, seen as it grows; read-only, by its files alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress

from engine.runs.files import METRICS, PARAMETERS, PARAMETERS_HEAD, Table, Tail
from engine.runs.info import RunInfo, read_info
from engine.runs.losses import KeptLosses
from engine.runs.store import Store
from engine.runs.words import title
from engine.support.errors import BadInput
from engine.support.translation import tr

RECENT = 100
"""Runs among which one that goes on is looked for."""


class Watch:
    """What is known of one run; `look` takes in what was added."""

    def __init__(self, store: Store, info: RunInfo) -> None:
        self.info = info
        self.is_gone = False
        """Whether its folder was removed."""
        self._folder = store.path(info)
        self._metrics = Tail(self._folder / METRICS)
        self._parameters = Tail(self._folder / PARAMETERS)

    def look(self) -> bool:
        """Take in what was written since the last look; whether anything is new."""
        before = self.info, self.is_gone
        rows = 0
        for tail in (self._metrics, self._parameters):
            with suppress(OSError):
                rows += tail.look()
        try:
            self.info, self.is_gone = read_info(self._folder), False
        except ValueError:
            pass
        except OSError:
            self.is_gone = True
        return rows > 0 or (self.info, self.is_gone) != before

    @property
    def metrics(self) -> Table:
        """The metrics so far."""
        return self._metrics.table

    @property
    def parameters(self) -> Table:
        """The parameters so far; nothing where they are too many."""
        return self._parameters.table

    @property
    def params(self) -> dict[str, float]:
        """The parameters that were written down last; empty where they are too many.

        Of a run that is over, those of its last step: it may have diverged within an epoch.
        """
        columns = self.parameters.columns
        last = {
            name: column[-1]
            for name, column in columns.items()
            if name not in PARAMETERS_HEAD and column
        }
        ends = numbers_of(self.info.result.get("params"))
        return dict(zip(last, ends, strict=True)) if len(ends) == len(last) else last

    @property
    def loss(self) -> float | None:
        """The loss that was written down last: of a run that is over that of its end, if any."""
        loss = self.info.result.get("loss")
        if self.info.state != "running" and isinstance(loss, int | float):
            return float(loss)
        _, losses = self.metrics.curve("loss", "epoch")
        return losses[-1] if losses else None

    @property
    def losses(self) -> KeptLosses:
        """The loss after each epoch, for charts."""
        epochs, losses = self.metrics.curve("loss", "epoch")
        settings = self.info.settings()
        return KeptLosses(self.info.id, title(self.info), settings, tuple(epochs), tuple(losses))

    @property
    def epoch(self) -> int:
        """The last epoch that was written down."""
        epochs, _ = self.metrics.curve("loss", "epoch")
        return int(epochs[-1]) if epochs else 0

    @property
    def step(self) -> int:
        """The last step that was written down."""
        steps = self.metrics.columns.get("step") or [0.0]
        return int(steps[-1])

    @property
    def epochs(self) -> int:
        """How many epochs the run is to have; 0 where that is not known."""
        epochs = self.info.experiment.get("epochs")
        return epochs if type(epochs) is int else 0

    def words(self) -> str:
        """How the run stands."""
        if self.is_gone:
            return tr("the run was removed")
        state = self.info.state
        if state == "crashed":
            return tr("the other side is gone: crashed at step {step}", step=self.step)
        if state == "running":
            if not self.epoch:
                return tr("waiting for the first epoch")
            return tr("epoch {epoch} of {epochs}", epoch=self.epoch, epochs=self.epochs)
        return tr(
            "{state} at epoch {epoch} of {epochs}",
            state=tr(state),
            epoch=self.epoch,
            epochs=self.epochs,
        )


def numbers_of(params: object) -> list[float]:
    """The numbers of parameters by name, as JSON has them; none where they are anything else."""
    if not isinstance(params, Mapping):
        return []
    try:
        return [math.nan if x is None else float(x) for values in params.values() for x in values]
    except (TypeError, ValueError):  # anybody may have written the file
        return []


def watched_run(store: Store, name: str) -> RunInfo:
    """The run to watch: that of a name, or the one that began last and still goes on.

    Where none goes on, it is the last. Raises BadInput where there is none.
    """
    if name:
        return store.run(name)
    last: RunInfo | None = None
    for number, info in enumerate(store.runs()):
        last = last or info
        if info.state == "running":
            return info
        if number >= RECENT:
            break
    if last is None:
        allowed = tr("no run is kept in {folder}", folder=store.folder)
        raise BadInput("run", name, allowed)
    return last
