"""A race: the same start and the same minibatches for several optimizers.

Each racer is the experiment with another optimizer and perhaps another lr. torch is imported when
the race begins.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from engine import machine
from engine.alerts import NEAR, limit
from engine.controls import Controls
from engine.events import Diverged, EpochEnded, Facts, Finished, Started, Stepped
from engine.experiment import SETTINGS, Experiment, default_choice
from engine.models import Values, numbers
from engine.optimizers import OPTIMIZERS
from engine.registry import BadInput, show
from engine.sweep import SHARE, JobState, Sweep, parse_axis
from engine.words import tr

if TYPE_CHECKING:
    from engine.problem import Problem

FEWEST, MOST = 2, 7
"""Racers of one race."""
POINTS = 100
"""So many of a racer's first losses and places are kept, and so many spread over its way."""
LOOKS = 1000
"""Looks at the loss over all the data, at most, until a racer is at the floor."""
LRS = "lr=log:1e-4:10:41"
"""The learning rates that are tried for each optimizer where each runs at its best."""

Status = Literal["waiting", "tuning", "running", "finished", "diverged"]


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
        source = self.experiment.source()
        needed = 8 * source.n * (source.features + 2) * (len(names) + 1)
        there = machine.memory()
        if there and needed > SHARE * there:
            allowed = tr(
                "so many runs at once need {needed:.1f} GB of memory, "
                "at most {most:.1f} GB may be used",
                needed=needed / 1e9,
                most=SHARE * there / 1e9,
            )
            raise BadInput("optimizers", len(names), allowed)

    def at(self, racer: Racer, lr: float | None = None) -> Experiment:
        """The experiment that a racer runs, at its own lr or at the one given.

        The experiment's own optimizer keeps its parameters, the others have their defaults.
        """
        own, rate = self.experiment.optimizer, racer.lr if lr is None else lr
        same = own.name == racer.optimizer
        return replace(
            self.experiment,
            optimizer=own if same else default_choice("optimizer", racer.optimizer),
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
        """First who was first at the floor, then the lower loss; at the end who diverged."""

        def rank(track: Track) -> tuple[bool, float, bool, float]:
            floor = math.inf if track.floor_step is None else track.floor_step
            ended = track.status == "finished"
            loss = track.loss if ended and math.isfinite(track.loss) else math.inf
            return floor == math.inf, floor, track.status == "diverged", loss

        return sorted(self.tracks, key=rank)


# Running it ----------------------------------------------------------------------------------


class Runner:
    """One run on its way."""

    def __init__(self, racer: Racer, lr: float | None) -> None:
        self.racer = racer
        self.lr = lr
        self.status: Status = "waiting"
        self.step = 0
        self.floor_step: int | None = None
        self._way: list[tuple[int, float, Values]] = []

    def run(self, experiment: Experiment, problem: Problem, floor: float) -> Iterator[None]:
        """Train as `train` does, with a pause after each of its events.

        `problem` has the data on which the loss is measured. It is looked at so often that the
        first step at the floor is known to a thousandth of the run.
        """
        from engine.trainer import train

        self.status = "running"
        per_epoch = experiment.steps_per_epoch
        total = per_epoch * experiment.epochs
        fine = -(-total // LOOKS)
        coarse = fine * -(-total // (fine * POINTS))
        controls = Controls(experiment.lr, fine)

        def look(step: int, loss: float, params: Values) -> None:
            if self.floor_step is None and loss <= floor:
                self.floor_step = step
            ended = step % per_epoch == 0 and per_epoch > coarse
            if step % coarse == 0 or ended or step <= POINTS * fine:
                self._way.append((step, loss, params))

        for event in train(experiment, controls):
            every = fine if self.floor_step is None else coarse
            match event:
                case Started():
                    look(0, event.facts.start_loss, event.facts.start)
                case Stepped():
                    self.step = event.step
                    if self.step % every == 0 and self.step % per_epoch:
                        params = event.live.params()
                        look(self.step, problem.mean_loss(params), numbers(params))
                case EpochEnded():
                    if event.step == self.step:
                        look(event.step, event.loss, event.params)
                case Finished() | Diverged():
                    self.status = "finished" if isinstance(event, Finished) else "diverged"
                    if self._way[-1][0] != event.step:
                        self._way.append((event.step, event.loss, event.params))
            ahead = every - self.step % every
            # Epochs shorter than that pass between two looks.
            left = per_epoch - self.step % per_epoch
            controls.most = min(ahead, left) if per_epoch >= every else ahead
            yield

    def track(self) -> Track:
        """How it stands."""
        steps, losses, places = zip(*self._way, strict=True) if self._way else ((), (), ())
        return Track(self.racer, self.lr, self.status, steps, losses, places, self.floor_step)


class Racing:
    """A race on its way."""

    def __init__(self, race: Race) -> None:
        self.race = race
        self.facts: Facts | None = None
        self.runners = [
            Runner(racer, None if racer.lr is None and race.tuned else race.at(racer).lr)
            for racer in race.racers
        ]

    def run(self) -> Iterator[None]:
        """Run all racers, side by side, with a pause after each piece of it."""
        from engine.problem import build
        from engine.trainer import facts

        problem = build(self.race.experiment)
        known = self.facts = facts(problem)
        floor = NEAR * limit(known.noise_floor, known.optimum, known.rounding)
        for runner in self.runners:
            if runner.lr is None:
                runner.status = "tuning"
                yield
                runner.lr = yield from best_lr(self.race.at(runner.racer), problem, floor)
                runner.status = "waiting"
        running = {
            runner: runner.run(self.race.at(runner.racer, runner.lr), problem, floor)
            for runner in self.runners
        }
        while running:
            last = min(running, key=lambda runner: runner.step)
            try:
                yield next(running[last])
            except StopIteration:
                del running[last]

    def progress(self, state: JobState, message: str, seconds: float) -> RaceProgress:
        """How it stands."""
        tracks = tuple(runner.track() for runner in self.runners)
        return RaceProgress(self.race, state, message, self.facts, tracks, seconds)


def best_lr(experiment: Experiment, problem: Problem, floor: float) -> Generator[None, None, float]:
    """The best of the learning rates in `LRS` for an experiment, with pauses; returned at the end.

    Best is who is at the floor at the end and was there first, in epochs and then in steps; where
    none is, the lowest loss at the end. Of equals the smaller lr.
    """
    from engine.lanes import run_sweep

    sweep = tuning(experiment)
    cells = []
    for some in run_sweep(sweep):
        cells += some
        yield
    cells = sorted(cell for cell in cells if cell.status == "finished")
    runs = [sweep.at(values) for values in sweep.settings()]
    epochs = [cell.floor_epoch for cell in cells if cell.floor_epoch and cell.loss <= floor]
    if not epochs:
        best = min(cells, key=lambda cell: cell.loss, default=None)
        return runs[best.index if best else 0].lr
    steps: dict[float, float] = {}
    for cell in cells:
        if cell.floor_epoch == min(epochs) and cell.loss <= floor:
            run = replace(runs[cell.index], loop="fast")
            runner = Runner(Racer(run.optimizer.name), run.lr)
            for _ in runner.run(run, problem, floor):
                yield
                if runner.floor_step is not None:
                    break
            steps[run.lr] = math.inf if runner.floor_step is None else runner.floor_step
    return min(steps, key=lambda lr: steps[lr])
