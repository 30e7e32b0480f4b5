"""A run as it was at an earlier moment, from what its snapshot has stored: nothing in between."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from functools import lru_cache

from engine.training.fork import Fork, lr_after
from engine.training.series import Points
from engine.training.snapshot import Snapshot


def steps_of(run: Snapshot) -> tuple[int, ...]:
    """The steps after which a run has stored where it was, the start first."""
    per_epoch = run.facts.steps_per_epoch if run.facts else 1
    return tuple(round(x * per_epoch) for x in run.path.x)


@lru_cache(maxsize=1)  # everything on a screen asks for the same moment
def snapshot_at(run: Snapshot, step: int) -> Snapshot:
    """A run as it was after so many steps, or after the last ones before them that it has stored.

    What was not stored of that moment is not there: a gradient, the residuals of its minibatch. A
    run at its own last step is as it is.
    """
    steps = steps_of(run)
    if run.facts is None or not steps or step >= run.step:
        return run
    index = max(bisect_right(steps, step) - 1, 0)
    step, per_epoch = steps[index], run.facts.steps_per_epoch
    epoch, path, named = step // per_epoch, run.path, run.experiment.architecture().named
    grads = path.grads[index] if path.grads else ()
    factor = float(run.experiment.lr_factors(max(step - 1, 0), 1)[0])
    has_run_away = run.autopsy is not None and step >= run.autopsy.first_bad_step
    return replace(
        run,
        state="running" if step else "ready",
        message="",
        epoch=epoch,
        step=step,
        lr=lr_after(run.lrs, step - 1, run.experiment) * factor,
        loss=path.epoch_losses[index] if path.epoch_losses else None,
        batch_loss=path.losses[index] if path.losses else None,
        params=named(path.theta[index]),
        grads=named(grads) if grads else {},
        residuals=(),
        batch_losses=until(run.batch_losses, path.x[index]),
        epoch_losses=until(run.epoch_losses, path.x[index]),
        validation_losses=until(run.validation_losses, epoch),
        r2=None,
        validation_r2=None,
        autopsy=run.autopsy if has_run_away else None,
        statements=(),
        seconds=0.0,
        steps_per_second=0.0,
    )


def last_sound(run: Snapshot) -> int:
    """The last step of a run, of one that diverged the last stored one from before it did."""
    if run.autopsy is None:
        return run.step
    # The loss of a step is that before it.
    return max((step for step in steps_of(run) if step < run.autopsy.first_bad_step - 1), default=0)


def fork_of(run: Snapshot, step: int) -> Fork:
    """Where another run goes on from this one, after so many of its steps.

    From where a fork begins, that is where itself goes on.
    """
    if run.fork and step <= run.fork.step:
        return run.fork
    lrs = tuple(change for change in run.lrs if change[0] < step)
    return Fork(run.experiment, step, lrs, run.fork, run.number, run.id)


def until(points: Points, x: float) -> Points:
    """A curve up to x, without a last point into which later values may have been merged."""
    count = bisect_right(points.x, x)
    if count and points.low[count - 1] != points.high[count - 1]:
        count -= 1
    return Points(*(numbers[:count] for numbers in vars(points).values()))
