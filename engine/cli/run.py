"""`linreg-tui run`: one experiment, as lines for people or as JSON."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import click

from engine.catalog.parameters import direction
from engine.cli.common import DIVERGED, pairs_of, reads_experiment
from engine.cli.interrupts import before_interruption
from engine.cli.output import busy_with, say, show_progress
from engine.cli.together import together
from engine.experiment import Experiment
from engine.runs.keeper import Keeper
from engine.support.errors import BadInput
from engine.support.plain_json import finite
from engine.support.ranks import speaks
from engine.support.translation import Message, in_words, tr
from engine.support.user_files import runs_folder
from engine.training.events import (
    Diverged,
    EpochEnded,
    Event,
    Finished,
    Preparing,
    Started,
    Stepped,
)
from engine.training.fork import Fork
from engine.training.record import Record, Recorder
from engine.training.run import Ending
from engine.training.verdicts import COURSES, r2_words

if TYPE_CHECKING:
    from engine.theory.autopsy import Autopsy

FAR = 2
"""How many times the optimum a loss is that is said to be so at the end."""


@click.command("run")
@reads_experiment
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--keep", is_flag=True, help="Keep the run where `linreg-tui runs` finds it.")
@click.option("--name", "called", default="", help="Keep it under a name.")
@click.option("--fork-at", "step", type=click.IntRange(0), help="Begin after so many steps of it.")
@click.option("--then", multiple=True, metavar="KEY=VALUE", help="A setting from there on.")
@click.option("--in-parts", is_flag=True, help="Each process reads its part of a file only.")
def run(
    read: Callable[[], Experiment],
    as_json: bool,
    keep: bool,
    called: str,
    step: int | None,
    then: tuple[str, ...],
    in_parts: bool,
) -> int:
    """Train one experiment without a screen and print its numbers.

    LESSON is one of those that `linreg-tui lessons` lists; FILE holds data of your own, - is
    standard input. Keys are data, model, loss, penalty, init, loop, optimizer, lr, schedule,
    batch_size, epochs, drop_last, reduction, reshape, shuffle, standardize, validation_split,
    patience, seed and device; an entry's own parameters have a dot: data.n=1000, data.w=2,-3.4,
    loss.delta=1. With --fork-at the run begins where this one is after so many steps, and goes on
    with the settings of --then: optimizer, lr, schedule, penalty, epochs or patience. The processes
    that torchrun or srun starts take the steps of loop=concise together; with --in-parts each of
    them reads only its part of a file.

    Exit code: 0 finished, 3 diverged, 2 bad input, 130 interrupted.
    """
    with together(partial(chosen, read, step, then), in_parts) as ((experiment, fork), processes):
        report: Plain | Json = Json() if as_json else Plain(experiment, sys.stderr.isatty())
        return trained(experiment, fork, report, keep or bool(called), called, processes)


def chosen(
    read: Callable[[], Experiment], step: int | None, then: tuple[str, ...]
) -> tuple[Experiment, Fork | None]:
    """The experiment, and the fork of another one that it is, if it begins at a step."""
    experiment = read()
    if step is None:
        if then:
            raise BadInput("--then", then[0], tr("needs --fork-at and a step"))
        return experiment, None
    fork = Fork(experiment, step)
    experiment = experiment.changed_by_text(pairs_of(then))
    fork.check(experiment)
    return experiment, fork


def trained(
    experiment: Experiment,
    fork: Fork | None,
    report: Plain | Json,
    keep: bool,
    called: str,
    processes: int,
) -> int:
    """Train and report; returns the exit code."""
    from engine.training.trainer import train

    recorder, begin, code = Recorder(experiment), time.perf_counter(), 0
    events = train(experiment, fork=fork, processes=processes)
    with busy_with(tr("drawing the data and working out the theory")) as renew:
        started = begun(events, renew)
    events = chain([started], events)
    for event in kept(events, experiment, called) if keep and speaks() else events:
        recorder.fold(event)
        match event:
            case Stepped():
                report.step(event, time.perf_counter() - begin)
            case Started():
                report.start(event)
                for note in event.notes:
                    say(in_words(note), err=True)
                begin = time.perf_counter()
            case EpochEnded():
                report.epoch(event)
            case Finished() | Diverged():
                report.end(recorder.record(time.perf_counter() - begin))
                code = DIVERGED if isinstance(event, Diverged) else 0
    return code


def begun(events: Iterator[Event], renew: Callable[[Message], None]) -> Event:
    """The first event that is not before the start; how far that is goes into the progress line."""
    while isinstance(event := next(events), Preparing):
        renew(event.message)
    return event


def kept(events: Iterator[Event], experiment: Experiment, name: str) -> Iterator[Event]:
    """The events of a run, each written down before it is handed on."""
    keeper, recorder = Keeper(runs_folder(), experiment, name), Recorder(experiment)
    begin = time.perf_counter()

    def end(state: Ending) -> str:
        keeper.end(state, recorder, time.perf_counter() - begin)
        return where_kept(keeper)

    with before_interruption(partial(end, "stopped")) as undisturbed:
        try:
            for event in events:
                with undisturbed:
                    recorder.fold(event)
                    keeper.fold(event)
                    if isinstance(event, Finished | Diverged):
                        end("diverged" if isinstance(event, Diverged) else "finished")
                yield event
        except Exception:
            end("failed")
            raise
        finally:
            if words := end("stopped"):
                say(words, err=True)


def where_kept(keeper: Keeper) -> str:
    """Under which id a run is kept, or why it is not; empty before its first step."""
    if keeper.trouble:
        return in_words(keeper.trouble)
    return tr("kept as {run}", run=keeper.folder.name) if keeper.folder else ""


def standing_text(record: Record) -> str:
    """Where a run stands at its end, beside the noise floor, or far above the optimum."""
    floor, where = record.floor, tr(COURSES.get(record.standing, record.standing))
    if floor.noise is None:
        if not floor.optimum or not record.loss >= FAR * floor.optimum:
            return where
        times = record.loss / floor.optimum
        return tr(
            "{where}; {times:,.3g} times the optimum {value:.3g}",
            where=where,
            times=times,
            value=floor.optimum,
        )
    noise = tr("noise floor {symbols} = {value:.3g}", symbols=floor.symbol, value=floor.noise)
    return tr("{where}; {floor}", where=where, floor=noise)


def explained(cause: Autopsy, names: Sequence[str]) -> list[str]:
    """Why a run diverged, and what to do, a line each; the parameters have names."""
    limit, whose = cause.limit.lr, cause.limit.name
    bound: Message | str = whose
    if math.isfinite(limit):
        bound = tr("the limit is {limit:.3g} ({whose})", limit=limit, whose=whose)
    return [
        tr("from step {step} on no loss was as low as at the start", step=cause.first_bad_step),
        tr(
            "it ran away along {direction}, curvature {value:.3g}",
            direction=direction(cause.heading, names),
            value=cause.eigenvalue,
        ),
        tr(
            "lr was {lr:.3g}; {limit}",
            lr=cause.lr,
            limit=bound,
        ),
        tr("no smaller lr that was tried goes down: change the start, the data or the loss")
        if cause.suggestion is None
        else tr("try -s lr={lr:.3g}", lr=cause.suggestion),
        *([in_words(cause.remedy.words)] if cause.remedy else []),
    ]


class Plain:
    """Prints a line an epoch, then the errors; with a progress line where a person watches."""

    def __init__(self, experiment: Experiment, watched: bool) -> None:
        self.experiment = experiment
        self.watched = watched
        self.shown = 0.0

    def start(self, event: Started) -> None:
        """Only that of a fork is reported."""
        if event.fork:
            step, loss = event.fork.step, event.facts.start_loss
            say(tr("goes on after step {step}, loss {loss:.6g}", step=step, loss=loss))

    def step(self, event: Stepped, seconds: float) -> None:
        """Renew the progress line, at most ten times a second."""
        if self.watched and seconds - self.shown > 0.1:
            self.shown = seconds
            steps = self.experiment.steps_per_epoch * self.experiment.epochs
            eta = seconds * (steps - event.step) / event.step
            text = tr(
                "epoch {epoch}/{epochs}, {share:.0%}, {seconds:.0f} s left",
                epoch=event.epoch,
                epochs=self.experiment.epochs,
                share=event.step / steps,
                seconds=eta,
            )
            show_progress(text)

    def epoch(self, event: EpochEnded) -> None:
        """Print the loss of an epoch."""
        self._clear()
        text = tr(
            "epoch {epoch}, loss {loss:.6g}"
            if event.validation is None
            else "epoch {epoch}, loss {loss:.6g}, validation loss {validation:.6g}",
            epoch=event.epoch,
            loss=event.loss,
            validation=event.validation,
        )
        say(text)
        if event.alert:
            say(in_words(event.alert), err=True)

    def end(self, record: Record) -> None:
        """Print the errors and where the run stands."""
        self._clear()
        for name, values in record.error.items():
            text = ", ".join(f"{value:.3g}" for value in values)
            say(tr("error of {name} (estimate − true): {values}", name=name, values=text))
        for name, (value, true, unit) in record.quantities.items():
            text = f"{name} = {value:.6g} {unit}"
            if true is not None:
                text = tr(
                    "{name} = {value:.6g} {unit}, true {true:.6g}",
                    name=name,
                    value=value,
                    unit=unit,
                    true=true,
                )
            say(text)
        if record.autopsy:
            summary = tr(
                "diverged at step {step} (epoch {epoch}): {reason}",
                step=record.step,
                epoch=record.epoch,
                reason=record.reason,
            )
            names = record.experiment.parameter_names()
            for line in (summary, *explained(record.autopsy, names)):
                say(line, err=True)
            return
        if record.reason:
            say(in_words(record.reason))
        if words := r2_words(record.r2, record.validation_r2, record.floor):
            say(in_words(words))
        say(standing_text(record))

    def _clear(self) -> None:
        if self.watched:
            show_progress()


class Json:
    """Prints one JSON object a line; a number that is not finite becomes null."""

    def start(self, event: Started) -> None:
        """The experiment and its device."""
        self.facts = event.facts
        self._print(
            event="started",
            experiment=event.experiment.to_dict(),
            device=asdict(event.facts.device),
            **({"fork": event.fork.to_dict()} if event.fork else {}),
        )

    def step(self, event: Stepped, seconds: float) -> None:
        """Steps are not reported."""

    def epoch(self, event: EpochEnded) -> None:
        """An epoch's loss, parameters and gradients."""
        self._print(
            event="epoch",
            epoch=event.epoch,
            loss=event.loss,
            validation_loss=event.validation,
            params=self.facts.original(event.params),
            grads=self.facts.original_grads(event.grads),
        )
        if event.alert:
            say(in_words(event.alert), err=True)

    def end(self, record: Record) -> None:
        """The outcome, beside what theory says."""
        cause = record.autopsy
        self._print(
            event="finished",
            status=record.state,
            epoch=record.epoch,
            **({"step": record.step} if cause else {}),
            reason=record.reason,
            **({"autopsy": asdict(cause)} if cause else {}),
            loss=record.loss,
            r2=record.r2,
            validation_r2=record.validation_r2,
            error=record.error,
            quantities={
                name: {"value": value, "true": true, "unit": unit}
                for name, (value, true, unit) in record.quantities.items()
            },
            closed_form=record.optimum if record.has_closed_form else {},
            best=record.optimum,
            optimum=record.floor.optimum,
            noise_floor=record.floor.noise,
            standing=record.standing,
            seconds=record.seconds,
        )

    def _print(self, **values: object) -> None:
        say(json.dumps(finite(values), ensure_ascii=False, allow_nan=False))
