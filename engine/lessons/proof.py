"""The runs by which a goal was reached or a forecast settled, in plain values that are kept.

A run is told by its settings, as a person types them, and by what was done while it went on.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from engine.data.opened import SAMPLE
from engine.experiment import Experiment
from engine.support.errors import BadInput
from engine.support.translation import tr
from engine.training.snapshot import Snapshot

Rest = Literal["finished", "diverged", "stopped", "paused"]
"""How a run stood when it was looked at."""
LONGEST_SETTINGS = 16_384
"""Characters of the settings of a run that is kept: a file of proofs is to be read again."""
MOST_LRS = 1_000
"""Changes of the lr within a run that is kept."""


@dataclass(frozen=True)
class Recipe:
    """How a run is made again: what it is, and what was done in it."""

    settings: str
    """What differs from the baseline: `lr=0.1 data.n=100`, quoted as for a shell."""
    state: Rest
    step: int
    """Steps that it had taken."""
    lrs: tuple[tuple[int, float], ...] = ()
    """The steps after which another lr was set in it, each with that lr."""

    @classmethod
    def of(cls, run: Snapshot) -> Recipe | None:
        """How a run came to where it is; None for one that cannot be told in few words.

        A fork is none either: it needs the run before it.
        """
        lrs = tuple(dict(run.lrs).items())
        settings = settings_of(run.experiment)
        if run.fork or run.state not in get_args(Rest) or len(lrs) > MOST_LRS:
            return None
        if len(settings) > LONGEST_SETTINGS:
            return None
        return cls(settings, run.state, run.step, lrs)  # type: ignore[arg-type]

    def changes(self) -> dict[str, str]:
        """The settings by key; raises BadInput for what is no key=value."""
        try:
            pairs = [word.partition("=") for word in shlex.split(self.settings)]
        except ValueError:
            raise BadInput("run", self.settings, tr("has a quote without its end")) from None
        for key, equals, _ in pairs:
            if not equals:
                raise BadInput("run", key, tr("must be key=value, as in lr=0.1 or data.n=100"))
        return {key: text for key, _, text in pairs}

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` is the inverse."""
        lrs = {"lrs": {str(step): lr for step, lr in self.lrs}} if self.lrs else {}
        return {"run": self.settings, "state": self.state, "step": self.step, **lrs}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """The run of which these are the values; raises ValueError, TypeError or OverflowError."""
        lrs = values.get("lrs", {})
        if (
            isinstance(values.get("run"), str)
            and len(values["run"]) <= LONGEST_SETTINGS
            and values.get("state") in get_args(Rest)
            and type(values.get("step")) is int
            and values["step"] >= 0
            and isinstance(lrs, Mapping)
            and len(lrs) <= MOST_LRS
        ):
            changes = tuple((int(step), float(lr)) for step, lr in lrs.items())
            if list(changes) == sorted(changes, key=lambda change: change[0]):
                return cls(values["run"], values["state"], values["step"], changes)
        raise ValueError("no run")


@dataclass(frozen=True)
class Proof:
    """By which runs, and of which lesson and version of the app, something was reached."""

    run: Recipe
    before: Recipe | None = None
    """The run before it in the same lesson, where that is asked for."""
    answer: float | None = None
    """Of a forecast: what was said."""
    forecasts: tuple[tuple[str, Proof], ...] = ()
    """Of a goal that asks for right forecasts: each by its question."""
    lesson: str = ""
    """The digest of the lesson's text."""
    app: str = ""
    """The version of the app."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` is the inverse."""
        values: dict[str, Any] = {} if self.answer is None else {"said": shortest(self.answer)}
        values |= self.run.to_dict()
        if self.before:
            values["before"] = self.before.to_dict()
        if self.forecasts:
            values["forecasts"] = [{"of": of, **proof.to_dict()} for of, proof in self.forecasts]
        notes = {"lesson": self.lesson, "app": self.app}
        return values | {key: text for key, text in notes.items() if text}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Proof:
        """The proof of which these are the values.

        Raises ValueError, KeyError, TypeError, AttributeError or OverflowError.
        """
        before, said = values.get("before"), values.get("said")
        return cls(
            Recipe.from_dict(values),
            None if before is None else Recipe.from_dict(before),
            None if said is None else float(said),
            tuple((str(each["of"]), cls.from_dict(each)) for each in values.get("forecasts", ())),
            str(values.get("lesson", "")),
            str(values.get("app", "")),
        )


def shortest(number: float) -> float | int:
    """A number as a file has it, whole where it is."""
    return int(number) if number.is_integer() else number


def settings_of(experiment: Experiment) -> str:
    """What differs from the baseline, in one line; of a file of one's own no more than its name."""
    pairs = experiment.typed()
    if (path := pairs.get("data.path", SAMPLE)) and not path.startswith(SAMPLE):
        pairs["data.path"] = Path(path).name
    return " ".join(shlex.quote(f"{key}={text}") for key, text in pairs.items())
