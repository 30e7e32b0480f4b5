"""The Reading panel: what the run comes to, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from textual.content import Content

from engine.alerts import standing
from engine.experiment import Experiment
from engine.history import Snapshot
from engine.models import direction
from engine.words import tr
from tui.numbers import loss_text
from tui.panels.gauge import percent, verdict
from tui.panels.words import Words

if TYPE_CHECKING:
    from engine.stability import Autopsy, Stability

GOOD, WARNING, BAD = "$text-success", "$text-warning", "$text-error"
SHOWN = 4
"""Most eigenvalues that are shown."""


class ReadingPanel(Words):
    """A few lines: loss, where it stands, what went wrong and what to try."""

    def show(self, snapshot: Snapshot) -> None:
        """Say what this snapshot means."""
        self.put(reading(snapshot))


def reading(snapshot: Snapshot) -> Content:
    """The lines for a snapshot, the most important first."""
    known, loss = snapshot.facts, snapshot.loss
    if snapshot.state == "failed":
        return Content.styled(f"failed: {snapshot.message}", BAD)
    if known is None or loss is None:
        return Content.styled(f"{snapshot.message or 'loading torch'} …", "dim")
    symbols = snapshot.experiment.entry("loss").floor
    limits = [(f"\nnoise floor {symbols} = {loss_text(known.noise_floor)}", "dim")]
    if known.closed_form:
        limits.append((f"\nclosed form reaches {loss_text(known.optimum)}", "dim"))
    limits += [(f"\n{line}", "") for line in quantities(snapshot)]
    if snapshot.step == 0:
        head = f"loss {loss_text(loss)} · press s to train"
        return Content.assemble(head, *prospects(known.stability, snapshot.lr), *limits)
    head = f"epoch {snapshot.epoch}, loss {loss_text(loss)}"
    if cause := snapshot.autopsy:
        first, *others = findings(cause)
        lines = [(f"\n{line}", "") for line in (*others, head, snapshot.message)]
        return Content.assemble((first, BAD), *lines)
    where: str = standing(loss, known.noise_floor, known.optimum, known.rounding)
    learning = where == "still learning"
    if learning and not is_falling(snapshot):
        where = "above the floor, and not falling"
    said = (f"\n{where}", WARNING if learning else GOOD)
    if not snapshot.experiment.reshape:
        limits.insert(0, (f"\n{shapes(snapshot.experiment)}", WARNING))
    alert = (f"\n{snapshot.message}", WARNING) if snapshot.message else ""
    return Content.assemble(head, said, alert, *limits)


def quantities(snapshot: Snapshot) -> list[str]:
    """Each physical quantity with its unit, beside the true value."""
    return [
        f"{name} = {quantity(value)} {unit}"
        + ("" if true is None else f", true {quantity(true)} ({value - true:+.3g})")
        for name, (value, true, unit) in snapshot.quantities().items()
    ]


def quantity(value: float) -> str:
    """A physical quantity with six significant digits."""
    return f"{value:.6g}"


def shapes(experiment: Experiment, size: int | None = None) -> str:
    """The shapes of ŷ, y and their difference for a minibatch of a size, or a whole one."""
    B = size or min(experiment.batch_size, experiment.train_size)
    if experiment.reshape:
        return tr("ŷ ({B}, 1) − y ({B}, 1) = ({B}, 1)", B=B)
    return tr("ŷ ({B}, 1) − y ({B},) = ({B}, {B}): every label against every estimate", B=B)


def is_falling(snapshot: Snapshot) -> bool:
    """Whether the last epoch has brought the loss down; so until there was one."""
    losses = snapshot.epoch_losses.low
    return len(losses) < 2 or losses[-1] < losses[-2]


def advice(snapshot: Snapshot) -> str:
    """What went wrong with a run and what to try, or nothing."""
    if snapshot.state == "failed":
        return f"{snapshot.message}. Change the setting that it names, or press r to try again."
    if cause := snapshot.autopsy:
        happened, remedy, limit, where = findings(cause)
        return f"{remedy.capitalize()}. It {happened}: {limit}. It {where}."
    return ""


def findings(cause: Autopsy) -> tuple[str, str, str, str]:
    """Since when a run diverged, what helps, how far beyond the limit it was, and where it ran."""
    limit = cause.limit.name
    if math.isfinite(cause.limit.lr):
        limit = f"limit {cause.limit.lr:.3g} ({limit})"
    return (
        f"diverged from step {cause.first_bad_step} on",
        f"press a to train with {cause.suggestion:.3g}",
        f"lr {cause.lr:.3g}, {limit}",
        f"ran away along {direction(cause.heading)} (λ {cause.eigenvalue:.3g})",
    )


def prospects(known: Stability, lr: float) -> list[tuple[str, str]]:
    """What the curvature says before the first step, most important first."""
    limit, curvature = known.limit, known.curvature
    if math.isinf(limit.lr):
        lines = [(f"\n{limit.name}", "dim")]
    else:
        share = lr / limit.lr
        word, color = verdict(share)
        said = f"\nlr {percent(share)} of limit {limit.lr:.3g}: {word}"
        lines = [(said, color)]
        if limit.name != "2/λmax":
            lines.append((f"\nlimit of {limit.name}", "dim"))
    if not curvature.rank:
        return lines
    values = [f"{value:.3g}" for value in curvature.eigenvalues.tolist()]
    if len(values) > SHOWN:
        values[SHOWN - 1 : -1] = ["…"]
    lines.append((f"\n2/λmax = {curvature.critical_lr:.3g}, κ {curvature.condition:.3g}", "dim"))
    return [*lines, (f"\nλ {' '.join(values)}", "dim")]
