"""A run that is kept, as it would be on show had it been trained here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from engine.catalog.parameters import Values, flat
from engine.problem import build
from engine.runs.watch import Watch
from engine.support.translation import Message
from engine.theory.autopsy import Autopsy, Runaway
from engine.theory.gather import facts
from engine.training.fork import Fork
from engine.training.history import expected
from engine.training.series import Points, Series
from engine.training.snapshot import Snapshot, State, sample_residuals
from engine.training.trail import MOST_POINTS, Path, is_finite
from engine.training.trainer import cause_of, runaway_loss, why


class Recall:
    """Makes snapshots of a run in the store, also of one that goes on in another process.

    Its data are drawn once, on the CPU, whatever it was trained on.
    """

    def __init__(self, watch: Watch, number: int) -> None:
        """`number` tells it from other runs on show; raises BadInput where it cannot be made."""
        self.watch, self.number = watch, number
        self._experiment = watch.info.open_experiment()
        self._problem = build(self._experiment.changed({"device": "cpu"}))
        self._facts = facts(self._problem)
        self._named = self._problem.model.named
        self._expected = expected(self._facts, self._experiment)

    def snapshot(self) -> Snapshot:
        """The run as far as it is written down."""
        watch, metrics, result = self.watch, self.watch.metrics, self.watch.info.result
        is_diverged = watch.info.state == "diverged"
        epoch, step = watch.epoch, max(watch.step, whole(result, "step"))
        losses, end = self._series("loss"), number(result, "loss")
        if not is_diverged and end is not None and whole(result, "epoch") > epoch:
            epoch = whole(result, "epoch")  # it may have no line
            losses.add(epoch, end)
        epoch_losses, batch_losses = losses.points(), self._series("batch_loss").points()
        now = step / self._facts.steps_per_epoch
        path = self._path()
        params = self._values(result.get("params")) or self._named(path.theta[-1])
        if path.x[-1] < now and is_finite(flat(params)):
            path = Path((*path.x, now), (*path.theta, flat(params)))
        steps, ends = metrics.curve("loss", "step")
        by_x = {
            step / self._facts.steps_per_epoch: loss for step, loss in zip(steps, ends, strict=True)
        }
        path = replace(path, epoch_losses=tuple(by_x.get(x) for x in path.x))
        _, lrs = metrics.curve("lr", "epoch")
        cause = self._cause(step, params) if is_diverged else None
        seconds, fork = number(result, "seconds") or 0.0, self._fork()
        return Snapshot(
            self._experiment,
            self.number,
            self._state(),
            self._message(step),
            facts=self._facts,
            epoch=epoch,
            step=step,
            lr=cause.lr if cause else lrs[-1] if lrs else self._experiment.lr,
            loss=epoch_losses.low[-1] if epoch_losses.low else self._facts.start_loss,
            batch_loss=batch_losses.high[-1] if batch_losses.x else None,
            params=params,
            residuals=sample_residuals(self._experiment, self._facts, params),
            batch_losses=batch_losses,
            epoch_losses=epoch_losses,
            expected_losses=Points() if fork else self._expected,
            validation_losses=self._series("val").points(),
            path=path,
            r2=number(result, "r2"),
            validation_r2=number(result, "validation_r2"),
            autopsy=cause,
            seconds=seconds,
            steps_per_second=step / seconds if seconds else 0.0,
            id=watch.info.id,
            fork=fork,
            lrs=watch.info.lrs,
        )

    def _fork(self) -> Fork | None:
        """Where the run began, if it goes on from another one."""
        with suppress(KeyError, TypeError, ValueError):
            return Fork.from_dict(self.watch.info.fork)
        return None

    def _state(self) -> State:
        """A run that crashed has no name of its own on show."""
        state = self.watch.info.state
        return "stopped" if state == "crashed" else state

    def _message(self, step: int) -> Message | str:
        """Why the run ended where it did."""
        info = self.watch.info
        if info.state == "diverged":
            return why(self._last_loss(), runaway_loss(self._facts.start_loss))
        if info.state == "crashed":
            return Message("its process is gone since step {step}", step=step)
        if info.state == "failed":
            return Message("at step {step}", step=step)
        return str(info.result.get("reason") or "")

    def _last_loss(self) -> float:
        """The loss at which a run diverged."""
        loss = number(self.watch.info.result, "loss")
        return math.nan if loss is None else loss

    def _cause(self, step: int, params: Values) -> Autopsy:
        """Why the run diverged, worked out anew."""
        runaway = self.watch.info.result.get("runaway")
        kept = runaway if isinstance(runaway, Mapping) else {}
        first, lr = whole(kept, "first_bad_step") or step, number(kept, "lr")
        lr = self._experiment.lr if lr is None else lr
        end = Runaway(first, step, self._last_loss(), params, lr)
        return cause_of(self._problem, self._facts, end)

    def _series(self, column: str) -> Series:
        """A column of losses against epochs."""
        curve, per_epoch = Series(), self._facts.steps_per_epoch
        for step, loss in zip(*self.watch.metrics.curve(column, "step"), strict=True):
            curve.add(step / per_epoch, loss)
        return curve

    # Parameters --------------------------------------------------------------------------------

    def _path(self) -> Path:
        """Where the parameters went, by the lines that there are of them."""
        start = flat(self._facts.start)
        columns = {**self.watch.parameters.columns}
        steps, _ = columns.pop("step", []), columns.pop("epoch", [])
        if not steps or len(columns) != len(start):
            return Path((0.0,), (start,))
        stride = -(-len(steps) // MOST_POINTS)
        rows = zip(steps[::stride], *(column[::stride] for column in columns.values()), strict=True)
        places = [
            (step / self._facts.steps_per_epoch, theta)
            for step, *numbers in rows
            if is_finite(theta := flat(self._standard(self._named(numbers))))
        ]
        return Path(tuple(x for x, _ in places), tuple(theta for _, theta in places))

    def _values(self, plain: object) -> Values | None:
        """Parameters by name as JSON has them, as training had them; null stands for NaN."""
        start = self._facts.start
        if not isinstance(plain, Mapping) or plain.keys() != start.keys():
            return None
        numbers = [x for name in start for x in plain[name]]
        if len(numbers) != len(flat(start)):
            return None
        return self._standard(self._named([math.nan if x is None else float(x) for x in numbers]))

    def _standard(self, values: Values) -> Values:
        """Parameters over the data as they are, as training had them."""
        scaling = self._facts.scaling
        return scaling.standard(values) if scaling else values


def number(values: Mapping[str, object], name: str) -> float | None:
    """A number of a file that anybody may have written; None where there is none."""
    value = values.get(name)
    return float(value) if isinstance(value, int | float) else None


def whole(values: Mapping[str, object], name: str) -> int:
    """The same as a count, 0 where there is none."""
    return int(number(values, name) or 0)
