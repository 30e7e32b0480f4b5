"""Sessions without an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

from engine.experiment import Experiment
from engine.jobs.finder import Finding
from engine.jobs.race import Race, RaceProgress
from engine.jobs.sweep import Sweep, SweepProgress
from engine.opening import Reading, Request, read
from engine.runs.code import Code, Dress
from engine.runs.code.script import code_of
from engine.runs.following import Following, Kept, Wanted
from engine.runs.store import Store
from engine.support.errors import BadInput
from engine.support.user_files import runs_folder
from engine.theory.bootstrap import Bootstrap
from engine.theory.facts import Sample
from engine.theory.landscape import Landscape, Plane, Range, survey
from engine.theory.study import Study
from engine.theory.summary import Summary, Written
from engine.training.fork import Fork
from engine.training.snapshot import Shown, Snapshot
from tests.support.jobs import found, posed, raced, seed_band, swept
from tests.support.snapshots import (
    diverged,
    failed,
    finished,
    many_features,
    paused,
    ready,
    running,
    stopped,
    zeros,
)


class FakeSession:
    """Notes what it is asked for; `latest` and `runs` are what the test sets them to."""

    def __init__(self, latest: Snapshot, runs: tuple[Snapshot, ...] = ()) -> None:
        self.shown = Shown(latest, runs)
        self.preview: Snapshot | None = None
        self.tried: list[Experiment | None] = []
        """What was asked to be tried; not among the calls, for it is asked for unasked."""
        self.sweep: SweepProgress | None = None
        self.race: RaceProgress | None = None
        self.answer: Finding | Study | Summary | Written | Bootstrap | str | None = None
        self.landscapes: Mapping[str, Landscape] = {}
        self.code: Code | None = None
        self.reading: Reading | None = None
        self.following = Following(Store(runs_folder()))
        self.kept = Kept()
        self.calls: list[tuple[object, ...]] = []

    @property
    def latest(self) -> Snapshot:
        return self.shown.latest

    @latest.setter
    def latest(self, latest: Snapshot) -> None:
        self.shown = replace(self.shown, latest=latest)

    @property
    def runs(self) -> tuple[Snapshot, ...]:
        return self.shown.runs

    @runs.setter
    def runs(self, runs: tuple[Snapshot, ...]) -> None:
        self.shown = replace(self.shown, runs=runs)

    def open(self) -> None:
        self.calls.append(("open",))

    def close(self, timeout: float = 5.0) -> None:
        self.calls.append(("close",))

    gives_way = False

    def give_way(self, seconds: float) -> None:
        """There is nothing that would."""

    def prepare(self, experiment: Experiment) -> None:
        self.calls.append(("prepare", experiment))

    def start(self, experiment: Experiment) -> None:
        self.calls.append(("start", experiment))

    def statement(self, experiment: Experiment) -> None:
        self.calls.append(("statement", experiment))

    def minibatch(self, experiment: Experiment) -> None:
        self.calls.append(("minibatch", experiment))

    def epoch(self, experiment: Experiment) -> None:
        self.calls.append(("epoch", experiment))

    def fork(self, experiment: Experiment, fork: Fork) -> None:
        self.calls.append(("fork", experiment, fork))

    def pause(self) -> None:
        self.calls.append(("pause",))

    def resume(self) -> None:
        self.calls.append(("resume",))

    def stop(self) -> None:
        self.calls.append(("stop",))

    def set_lr(self, lr: float) -> None:
        self.calls.append(("set_lr", lr))

    def set_pace(self, epochs_per_second: float | None) -> None:
        self.calls.append(("set_pace", epochs_per_second))

    def start_preview(self, experiment: Experiment | None) -> None:
        self.tried.append(experiment)

    def start_sweep(self, sweep: Sweep) -> None:
        self.calls.append(("start_sweep", sweep))

    def start_race(self, race: Race) -> None:
        self.calls.append(("start_race", race))

    def stop_job(self) -> None:
        self.calls.append(("stop_job",))

    def find_lr(self, experiment: Experiment) -> None:
        self.calls.append(("find_lr", experiment))

    def study(self, at: Snapshot) -> None:
        self.calls.append(("study", at))

    def summarize(self) -> None:
        self.calls.append(("summarize",))

    def bootstrap(self, experiment: Experiment) -> None:
        self.calls.append(("bootstrap", experiment))

    def write_rows(self, summary: Summary, file: Path, replace: bool) -> None:
        self.calls.append(("write_rows", summary, file, replace))

    def survey(
        self,
        asker: str,
        experiment: Experiment,
        sample: Sample,
        plane: Plane,
        x_range: Range,
        y_range: Range,
    ) -> None:
        landscape = survey(experiment, sample, plane, x_range, y_range)
        self.landscapes = {**self.landscapes, asker: landscape}

    def write_code(self, experiment: Experiment, dress: Dress) -> None:
        try:
            self.code = code_of(experiment, dress)
        except BadInput as error:
            self.code = Code(experiment, dress, trouble=str(error))

    def read(self, request: Request) -> None:
        def show(reading: Reading) -> None:
            self.reading = reading

        read(request, show, stop=lambda: False)

    def follow(self, wanted: Wanted) -> None:
        self.kept = self.following.look(wanted)

    def stop_reading(self) -> None:
        self.calls.append(("stop_reading",))

    @property
    def asked(self) -> list[tuple[object, ...]]:
        """The calls after the opening."""
        return [call for call in self.calls if call != ("open",)]


class LivelySession(FakeSession):
    """Answers every command with a snapshot of the state that the command leads to."""

    def __init__(self, random: Random) -> None:
        super().__init__(ready())
        self.random = random

    def become(self, *makers: Callable[[], Snapshot], experiment: Experiment | None = None) -> None:
        """Come up with one of these states."""
        snapshot = self.random.choice(makers)()
        if snapshot.experiment == Experiment() and snapshot.facts and experiment:
            # What the forms say and what is shown agree only where the shapes do.
            same = experiment.dataset().features == 2 and experiment.model.name == "linear"
            if same and "b" in experiment.architecture().shapes:
                snapshot = replace(snapshot, experiment=experiment)
        self.latest = replace(snapshot, number=self.latest.number + 1)
        if self.latest.over and self.latest.facts:
            self.runs = (*self.runs, self.latest)

    def prepare(self, experiment: Experiment) -> None:
        self.become(ready, ready, failed, experiment=experiment)

    def start(self, experiment: Experiment) -> None:
        self.become(running, finished, diverged, zeros, many_features, experiment=experiment)

    def statement(self, experiment: Experiment) -> None:
        self.become(paused, experiment=experiment)

    def minibatch(self, experiment: Experiment) -> None:
        self.become(paused, experiment=experiment)

    def epoch(self, experiment: Experiment) -> None:
        self.become(paused, finished, experiment=experiment)

    def pause(self) -> None:
        self.become(paused)

    def resume(self) -> None:
        self.become(running, finished)

    def stop(self) -> None:
        self.become(stopped)

    def start_sweep(self, sweep: Sweep) -> None:
        self.sweep = self.random.choice((swept("running", 0.4), swept("finished"), seed_band()))

    def start_race(self, race: Race) -> None:
        self.race = self.random.choice((raced("running", 0.4), raced("finished")))

    def stop_job(self) -> None:
        self.sweep = swept("stopped", 0.4)
        self.race = raced("stopped", 0.4)

    def find_lr(self, experiment: Experiment) -> None:
        self.answer = self.random.choice((found(), "the loss is no longer a finite number"))

    def study(self, at: Snapshot) -> None:
        self.answer = posed()
