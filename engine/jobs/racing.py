"""A race on its way: every racer takes its steps in turn."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.catalog.parameters import Values, numbers
from engine.experiment import Experiment
from engine.jobs.job import JobState
from engine.theory.facts import Facts
from engine.theory.floor import Floor
from engine.training.controls import Controls
from engine.training.events import Diverged, EpochEnded, Finished, Started, Stepped

if TYPE_CHECKING:
    from engine.problem import Problem

from engine.jobs.race import POINTS, Race, RaceProgress, Racer, Status, Track, tuning

LOOKS = 1000
"""Looks at the loss over all the data, at most, until a racer is at the floor."""


# Running it ----------------------------------------------------------------------------------


class Runner:
    """One run on its way."""

    def __init__(self, racer: Racer, lr: float | None) -> None:
        self.racer = racer
        self.lr = lr
        self.status: Status = "waiting"
        self.step = 0
        self.floor_step: int | None = None
        self.stay_step: int | None = None
        self._looks: list[tuple[int, float, Values]] = []

    def run(self, experiment: Experiment, problem: Problem, floor: Floor) -> Iterator[None]:
        """Train as `train` does, with a pause after each of its events.

        `problem` has the data on which the loss is measured. It is looked at so often that the
        first step at the floor is known to a thousandth of the run.
        """
        from engine.training.trainer import train

        self.status = "running"
        per_epoch = experiment.steps_per_epoch
        total = per_epoch * experiment.epochs
        fine = -(-total // LOOKS)
        coarse = fine * -(-total // (fine * POINTS))
        controls = Controls(experiment.lr, fine)

        def look(step: int, loss: float, params: Values) -> None:
            self._judge(step, floor.reached(loss))
            ended = step % per_epoch == 0 and per_epoch > coarse
            if step % coarse == 0 or ended or step <= POINTS * fine:
                self._looks.append((step, loss, params))

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
                    if self._looks[-1][0] != event.step:
                        self._looks.append((event.step, event.loss, event.params))
            ahead = every - self.step % every
            # Epochs shorter than that pass between two looks.
            left = per_epoch - self.step % per_epoch
            controls.most = min(ahead, left) if per_epoch >= every else ahead
            yield

    def _judge(self, step: int, reached: bool) -> None:
        if not reached:
            self.stay_step = None
            return
        if self.floor_step is None:
            self.floor_step = step
        if self.stay_step is None:
            self.stay_step = step

    def track(self) -> Track:
        """How it stands."""
        steps, losses, places = zip(*self._looks, strict=True) if self._looks else ((), (), ())
        return Track(
            self.racer,
            self.lr,
            self.status,
            steps,
            losses,
            places,
            self.floor_step,
            self.stay_step,
        )


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
        from engine.theory.gather import facts

        problem = build(self.race.experiment)
        self.facts = facts(problem)
        floor = self.facts.floor
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


def best_lr(experiment: Experiment, problem: Problem, floor: Floor) -> Generator[None, None, float]:
    """The best of the learning rates in `LRS` for an experiment, with pauses; returned at the end.

    Best is who is at the floor at the end and was there first, in epochs and then in steps; where
    none is, the lowest loss at the end. Of equals the smaller lr.
    """
    from engine.jobs.lanes import run_sweep

    sweep = tuning(experiment)
    cells = []
    for arrived in run_sweep(sweep):
        cells += arrived
        yield
    cells = sorted(cell for cell in cells if cell.status == "finished")
    runs = [sweep.at(values) for values in sweep.settings()]
    epochs = [cell.floor_epoch for cell in cells if cell.floor_epoch and floor.reached(cell.loss)]
    if not epochs:
        best = min(cells, key=lambda cell: cell.loss, default=None)
        return runs[best.index if best else 0].lr
    steps: dict[float, float] = {}
    for cell in cells:
        if cell.floor_epoch == min(epochs) and floor.reached(cell.loss):
            run = replace(runs[cell.index], loop="fast")
            runner = Runner(Racer(run.optimizer.name), run.lr)
            for _ in runner.run(run, problem, floor):
                yield
                if runner.floor_step is not None:
                    break
            steps[run.lr] = math.inf if runner.floor_step is None else runner.floor_step
    return min(steps, key=lambda lr: steps[lr])
