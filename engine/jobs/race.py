"""A race: the same start and the same minibatches for several optimizers.

Each racer is the experiment with another optimizer and perhaps another lr. torch is imported when
the race begins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from engine.catalog.choice import choose
from engine.catalog.optimizers import OPTIMIZERS
from engine.catalog.parameters import Values
from engine.experiment import Experiment
from engine.jobs.axis import parse_axis
from engine.jobs.job import JobState
from engine.jobs.memory import refuse_too_much
from engine.jobs.sweep import Sweep
from engine.settings import SETTINGS
from engine.support.errors import BadInput, show
from engine.support.translation import TRANSLATED, tr, trn
from engine.theory.facts import Facts

FEWEST, MOST = 2, 7
"""Racers of one race."""
POINTS = 100
"""So many of a racer's first losses and places are kept, and so many spread over its way."""
LRS = "lr=log:1e-4:10:41"
"""The learning rates that are tried for each optimizer where each runs at its best."""

Status = Annotated[Literal["waiting", "tuning", "running", "finished", "diverged"], TRANSLATED]


@dataclass(frozen=True)
class Racer:
    """An optimizer and its learning rate."""

    optimizer: str
    lr: float | None = None
    """None: the experiment's, or the optimizer's best where the race says so."""

    @property
    def name(self) -> str:
        """As a person types it: `adam`, `adam@0.1`."""
        return self.optimizer if self.lr is None else f"{self.optimizer}@{show(self.lr)}"


@dataclass(frozen=True)
class Race:
    """An experiment and who runs it; raises BadInput for what cannot be run."""

    experiment: Experiment
    racers: tuple[Racer, ...]
    tuned: bool = False
    """Whether racers without an lr run at their own best, not at the experiment's."""

    def __post_init__(self) -> None:
        names = [racer.name for racer in self.racers]
        if not FEWEST <= len(names) <= MOST:
            raise BadInput("optimizers", ",".join(names), racers_allowed())
        for racer in self.racers:
            if names.count(racer.name) > 1:
                allowed = tr("runs twice; give it another lr, as @0.1")
                raise BadInput("optimizers", racer.name, allowed)
            if self.tuned and racer.lr is None:
                tuning(self.at(racer))
            else:
                self.at(racer)
        # Beside the data, each run may keep them in a form of its own.
        dataset = self.experiment.dataset()
        needed = 8 * dataset.n * (dataset.features + 2) * (len(names) + 1)
        refuse_too_much(
            "optimizers",
            len(names),
            needed,
            "so many runs at once need {needed:.1f} GB of memory, "
            "at most {most:.1f} GB may be used",
        )

    def at(self, racer: Racer, lr: float | None = None) -> Experiment:
        """The experiment that a racer runs, at its own lr or at the one given.

        The experiment's own optimizer keeps its parameters, the others have their defaults.
        """
        own, rate = self.experiment.optimizer, racer.lr if lr is None else lr
        same = own.name == racer.optimizer
        return replace(
            self.experiment,
            optimizer=own if same else choose("optimizer", racer.optimizer),
            lr=self.experiment.lr if rate is None else rate,
        )


def racers_allowed() -> str:
    """How many racers there may be, and which, in words."""
    names = ", ".join(OPTIMIZERS.entries)
    return tr("choose {fewest} to {most} from {names}", fewest=FEWEST, most=MOST, names=names)


def parse_racers(text: str) -> tuple[Racer, ...]:
    """The racers that a person typed: `sgd,momentum,adam@0.1`; raises BadInput."""
    racers = []
    for part in text.split(","):
        name, at, lr = part.strip().partition("@")
        rate = SETTINGS["lr"].parse(lr, tr("lr of {name}", name=name)) if at else None
        assert rate is None or isinstance(rate, float)
        if name not in OPTIMIZERS.entries:
            raise BadInput("optimizers", name, racers_allowed())
        racers.append(Racer(name, rate))
    return tuple(racers)


def tuning(experiment: Experiment) -> Sweep:
    """The sweep in which an optimizer's best lr is looked for; raises BadInput."""
    return Sweep(experiment, (parse_axis(LRS, experiment),))


# How it stands -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Track:
    """A racer as it was at one moment, and its way until then."""

    racer: Racer
    lr: float | None
    """None until its best is found."""
    status: Status
    steps: tuple[int, ...] = ()
    """The steps after which there is a loss and a place, from 0."""
    losses: tuple[float, ...] = ()
    """Loss over all the data; the last one of a diverged racer is the minibatch's."""
    places: tuple[Values, ...] = ()
    """θ by name."""
    floor_step: int | None = None
    """The first step after which it was at the floor; None if it has not been there."""
    stay_step: int | None = None
    """The step from which on it stays at the floor; None if it is not there now."""

    @property
    def loss(self) -> float:
        """The last loss; NaN before the first."""
        return self.losses[-1] if self.losses else math.nan


@dataclass(frozen=True, eq=False)
class RaceProgress:
    """A race as it was at one moment."""

    race: Race
    state: JobState = "running"
    message: str = ""
    facts: Facts | None = None
    """What all racers share; None before the data are drawn."""
    tracks: tuple[Track, ...] = ()
    """One for each racer, in their order."""
    seconds: float = 0.0

    @property
    def share(self) -> float:
        """How much of the way all of them have behind them, 0 to 1."""
        experiment = self.race.experiment
        total = experiment.steps_per_epoch * experiment.epochs
        over = ("finished", "diverged")
        shares = [
            1.0 if track.status in over else track.steps[-1] / total if track.steps else 0.0
            for track in self.tracks
        ]
        return sum(shares) / len(shares) if shares else 0.0

    def ranking(self) -> list[Track]:
        """First who was first at the floor to stay, then who touched it first, then the lower loss.

        At the end who diverged.
        """

        def rank(track: Track) -> tuple[float, float, bool, float]:
            stay = math.inf if track.stay_step is None else track.stay_step
            floor = math.inf if track.floor_step is None else track.floor_step
            ended = track.status == "finished"
            loss = track.loss if ended and math.isfinite(track.loss) else math.inf
            return stay, floor, track.status == "diverged", loss

        return sorted(self.tracks, key=rank)

    def in_a_sentence(self) -> str:
        """Who was first at the floor, and after how many steps and samples."""
        first = self.ranking()[0]
        racer = f"{first.racer.optimizer}, lr {first.lr:.4g}" if first.lr else first.racer.name
        if first.status == "diverged":
            return tr("all diverged")
        step = first.floor_step if first.stay_step is None else first.stay_step
        if step is None:
            least, floor = first.loss, self.facts.floor.level if self.facts else 0.0
            times = least / floor if floor else math.inf
            return tr(
                "none at the floor; least loss: {racer} → {loss:.3g}, {times:.3g} times the floor",
                racer=racer, loss=least, times=times,
            )  # fmt: skip
        samples = self.race.experiment.samples_at(step)
        cost = {
            "steps": trn("{n} step", "{n} steps", n=step),
            "samples": trn("{n} sample", "{n} samples", n=samples),
        }
        if first.stay_step is None:
            return tr(
                "first: {racer} → at the floor after {steps}, {samples}, but not to stay",
                racer=racer, **cost,
            )  # fmt: skip
        return tr(
            "first: {racer} → at the floor to stay after {steps}, {samples}", racer=racer, **cost
        )
