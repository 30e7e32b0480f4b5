"""A run that goes on from a moment of another one, with other settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.experiment import Experiment
from engine.support.errors import BadInput
from engine.support.translation import tr

FREE = ("optimizer", "lr", "schedule", "penalty", "epochs", "patience")
"""Keys that may be other ones from there on: with the rest, data and minibatches stay the same."""


@dataclass(frozen=True)
class Fork:
    """Where a run begins that goes on from another one."""

    origin: Experiment
    """That of the other run."""
    step: int
    """Steps that it had taken."""
    lrs: tuple[tuple[int, float], ...] = ()
    """The steps after which another lr was set in it, each with that lr."""
    before: Fork | None = None
    """Where the other run began, if it was a fork itself."""
    number: int = 0
    """Which run of the session that is."""
    run: str = ""
    """Under which id it is kept."""

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values; `from_dict` is the inverse."""
        return {
            "run": self.run,
            "step": self.step,
            "experiment": self.origin.to_dict(),
            "lrs": [list(change) for change in self.lrs],
            "before": self.before.to_dict() if self.before else None,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Fork:
        """The fork of which these are the values; raises BadInput, KeyError or TypeError."""
        before = values["before"]
        return cls(
            Experiment.from_dict(values["experiment"]),
            int(values["step"]),
            tuple((int(step), float(lr)) for step, lr in values["lrs"]),
            cls.from_dict(before) if before else None,
            run=str(values["run"]),
        )

    def check(self, experiment: Experiment) -> None:
        """Raise BadInput where an experiment cannot go on from here."""
        for key, value in experiment.changes_from(self.origin).items():
            if key.partition(".")[0] not in FREE:
                allowed = tr("a fork goes on with other {keys} only", keys=", ".join(FREE))
                raise BadInput(key, value, allowed)
        last = self.origin.steps_per_epoch * self.origin.epochs
        if self.step > last:
            raise BadInput("step", self.step, tr("the other run ends with step {last}", last=last))
        if self.step >= experiment.steps_per_epoch * experiment.epochs:
            allowed = tr(
                "nothing is left to train after step {step}: take more epochs, or an earlier step",
                step=self.step,
            )
            raise BadInput("epochs", experiment.epochs, allowed)

    @property
    def lineage(self) -> tuple[Fork, ...]:
        """The forks on the way here, the first one first, and last this one."""
        return (*(self.before.lineage if self.before else ()), self)

    def lr_at(self, step: int) -> float:
        """The lr that was set in the other run after so many steps, without the schedule."""
        return lr_after(self.lrs, step, self.origin)

    def lasts(self, step: int) -> int:
        """How many steps that lr was used from there on, up to the fork."""
        return min([first for first, _ in self.lrs if first > step] + [self.step]) - step


def lr_after(lrs: tuple[tuple[int, float], ...], step: int, experiment: Experiment) -> float:
    """The lr that was in force after so many steps of a run, by the changes of it in their order.

    Without the factor of the schedule.
    """
    set_before = [lr for first, lr in lrs if first <= step]
    return set_before[-1] if set_before else experiment.lr
