"""Writes one run down while it goes on, line by line, so that no end of its process hurts."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from engine.catalog.parameters import flat
from engine.experiment import Experiment
from engine.runs.files import (
    EXPERIMENT,
    INFO,
    METRICS,
    METRICS_HEAD,
    PARAMETERS,
    PARAMETERS_HEAD,
    replace_text,
)
from engine.runs.info import RunInfo, this_process
from engine.runs.rhythm import Rhythm
from engine.runs.store import Store
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import Message
from engine.theory.facts import Facts
from engine.training.events import EpochEnded, Event, Started, Stepped
from engine.training.fork import Fork, lr_after
from engine.training.record import Recorder
from engine.training.run import Ending

FLUSHED = 0.1
"""Seconds that a line may wait for others: each alone on its way to the disk would cost a run of
short steps a tenth of its time."""
RENEWED = 2.0
"""Seconds after which `run.json` says again how far the run is."""
DENSE_EPOCHS, DENSE_STEPS, DENSE_PARAMETERS = 2000, 200, 400
"""So many lines come first before they get rarer: a file stays below a megabyte for 10⁹ of them."""
HIDDEN = "."
"""Before the name of a folder that is being made."""
MOST_PARAMETERS = 12
"""Most parameters that are written down an epoch."""


class Keeper:
    """Writes the events of one run into a folder of its own, which its first step makes.

    What goes wrong on disk ends the keeping, not the run: `trouble` says what it was.
    """

    def __init__(
        self,
        store: Path,
        experiment: Experiment,
        name: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.folder: Path | None = None
        """That of the run, once it has begun."""
        self.id = ""
        self.trouble: Message | None = None
        self._now = now
        self._renewed = 0.0
        self._experiment = experiment
        self._name = name
        self._facts: Facts | None = None
        self._fork: Fork | None = None
        self._lrs: tuple[tuple[int, float], ...] = ()
        """The steps after which another lr was set, each with that."""
        self._info: RunInfo | None = None
        self._is_over = False
        """Nothing is written any more."""
        self._metrics: TextIO | None = None
        self._parameters: TextIO | None = None
        self._epochs, self._steps = Rhythm(DENSE_EPOCHS), Rhythm(DENSE_STEPS)
        self._noted = Rhythm(DENSE_PARAMETERS)
        self._next_step = self._next_epoch = 0
        """Before them nothing is written down."""
        self._flushed = 0.0

    def take_lrs(self, lrs: Sequence[tuple[int, float]]) -> None:
        """Take in the steps after which another lr was set so far, each with that lr."""
        self._lrs = tuple(lrs)

    def fold(self, event: Event) -> None:
        """Write down one event."""
        if type(event) is Stepped:
            if event.step < self._next_step:
                return
        elif type(event) is EpochEnded:
            if event.epoch < self._next_epoch:
                return
        elif type(event) is Started:
            self._facts, self._fork = event.facts, event.fork
        if not self._is_over:
            try:
                self._write(event)
            except OSError as error:
                self._fail(error)

    def flush(self) -> None:
        """Have on disk what was written down."""
        try:
            self._flush()
        except OSError as error:
            self._fail(error)

    def end(self, state: Ending, recorder: Recorder, seconds: float) -> None:
        """Write down how the run ended, after so many seconds of training; then nothing more."""
        try:
            if self._info:
                self._flush()
                info = replace(self._info, state=state, ended=_iso(self._now()))
                self._put_info(replace(info, result=_result(recorder, seconds)), is_last=True)
        except OSError as error:
            self._fail(error)
        self.close()

    def _write(self, event: Event) -> None:
        match event:
            case Stepped():
                if self._metrics is None:
                    self._begin()
                assert self._facts
                assert self._metrics
                if self._steps.takes(event.step):
                    epoch = event.step / self._facts.steps_per_epoch
                    self._metrics.write(f"{event.step},{epoch:.7g},,,{event.loss:.9g},\n")
                    self._flush_in_time()
                self._next_step = self._steps.next_after(event.step)
            case EpochEnded():
                assert self._facts
                assert self._metrics
                if self._epochs.takes(event.epoch) or event.epoch == self._experiment.epochs:
                    factor = self._experiment.lr_factors(max(event.step - 1, 0), 1)[0]
                    lr = lr_after(self._lrs, event.step - 1, self._experiment) * float(factor)
                    val = "" if event.validation is None else f"{event.validation:.9g}"
                    self._metrics.write(
                        f"{event.step},{event.epoch},{event.loss:.9g},{val},,{lr:.9g}\n"
                    )
                    self._renew(event)
                if self._parameters and self._noted.takes(event.epoch):
                    numbers = ",".join(f"{x:.9g}" for x in flat(self._facts.original(event.params)))
                    self._parameters.write(f"{event.step},{event.epoch},{numbers}\n")
                self._flush_in_time()
                after = self._epochs.next_after(event.epoch), self._noted.next_after(event.epoch)
                self._next_epoch = min(*after, self._experiment.epochs)

    def _flush_in_time(self) -> None:
        """Have lines on disk before they are old."""
        if self._now() - self._flushed >= FLUSHED:
            self._flush()

    def _flush(self) -> None:
        self._flushed = self._now()
        for file in (self._metrics, self._parameters):
            if file:
                file.flush()

    def _begin(self) -> None:
        """Make the folder, which appears as a whole; the start of the run is its first line."""
        facts, fork, started = self._facts, self._fork, self._now()
        assert facts
        step = fork.step if fork else 0
        begin = f"{step},{step / facts.steps_per_epoch:.7g}"
        with suppress(BadInput):  # what is wrong there, making the folder says too
            Store(self.store).give_way()
        folder = self.folder = _hidden_folder(self.store, self._experiment, started)
        (folder / EXPERIMENT).write_text(self._experiment.to_toml(), encoding="utf-8")
        limit, floor = facts.stability.limit, facts.floor
        self._info = RunInfo(
            id=folder.name.removeprefix(HIDDEN),
            name=self._name,
            state="running",
            started=_iso(started),
            experiment=self._experiment.to_dict(),
            limit={"lr": limit.lr, "kind": limit.kind, "name": limit.name},
            floor={"level": floor.level, "noise": floor.noise, "optimum": floor.optimum},
            closed_form=facts.original(facts.optimum) if facts.has_closed_form else {},
            result={"epoch": step // facts.steps_per_epoch, "step": step, "loss": facts.start_loss},
            fork=fork.to_dict() if fork else {},
            **this_process(),
        )
        self._metrics = _appended(folder / METRICS)
        self._metrics.write(",".join(METRICS_HEAD) + "\n")
        self._metrics.write(
            f"{begin},{facts.start_loss:.9g},,,{lr_after(self._lrs, step, self._experiment):.9g}\n"
        )
        names = self._experiment.parameter_names()
        if len(names) <= MOST_PARAMETERS:
            self._parameters = _appended(folder / PARAMETERS)
            head = ",".join((*PARAMETERS_HEAD, *map(_cell, map(printable, names))))
            start = ",".join(f"{x:.9g}" for x in flat(facts.original(facts.start)))
            self._parameters.write(f"{head}\n{begin},{start}\n")
        self._flush()
        self._put_info(self._info)
        self.folder = folder.rename(self.store / self._info.id)
        self.id = self._info.id

    def _renew(self, event: EpochEnded) -> None:
        """Now and then say how far the run is, which is also a sign of life."""
        if self._info and self._now() - self._renewed >= RENEWED:
            result = {"epoch": event.epoch, "step": event.step, "loss": event.loss}
            self._put_info(replace(self._info, result=result))

    def _put_info(self, info: RunInfo, is_last: bool = False) -> None:
        """Replace `run.json` as a whole."""
        assert self.folder
        self._renewed = self._now()
        replace_text(self.folder / INFO, replace(info, lrs=self._lrs).to_json(), is_last)

    def _fail(self, error: OSError) -> None:
        reason = error.strerror or str(error)
        self.trouble = Message("this run is not kept: {reason}", reason=reason)
        self.close()

    def close(self) -> None:
        """Write nothing more, however far the run is."""
        for file in (self._metrics, self._parameters):
            if file:
                with suppress(OSError):
                    file.close()
        self._info = self._metrics = self._parameters = None
        self._is_over = True


def _result(recorder: Recorder, seconds: float) -> dict[str, object]:
    """Where a run ended: all that is known of one that the trainer has ended."""
    facts, record = recorder.facts, recorder.record(seconds) if recorder.ending else None
    assert facts
    if record is None:
        params = facts.original(recorder.params)
        ending = {"epoch": recorder.epoch, "step": recorder.step, "loss": recorder.loss}
        return {**ending, "params": params, "seconds": seconds}
    names = (
        "epoch", "step", "loss", "standing", "reason", "params", "error", "r2", "validation_r2",
        "seconds",
    )  # fmt: skip
    result = {name: getattr(record, name) for name in names}
    if cause := record.autopsy:
        result["runaway"] = {"first_bad_step": cause.first_bad_step, "lr": cause.lr}
    return result


def _hidden_folder(store: Path, experiment: Experiment, started: float) -> Path:
    """An empty folder that nobody looks for yet, named by time and data and a number by chance."""
    stamp = datetime.fromtimestamp(started, UTC).strftime("%Y%m%d-%H%M%S")
    while True:
        id = f"{stamp}-{experiment.data.name}-{secrets.token_hex(2)}"
        try:
            (store / f"{HIDDEN}{id}").mkdir(parents=True)
        except FileExistsError:
            continue
        if not (store / id).exists():
            return store / f"{HIDDEN}{id}"


def _appended(file: Path) -> TextIO:
    """A file that only grows."""
    return file.open("a", encoding="utf-8")


def _cell(text: str) -> str:
    """A text as a cell of CSV."""
    if any(mark in text for mark in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
