"""The Reading panel: what the run comes to, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from engine.catalog.parameters import direction
from engine.experiment import Experiment
from engine.support.translation import in_words, tr
from engine.training.directions import crawls
from engine.training.snapshot import Snapshot
from engine.training.verdicts import COURSES, r2_words
from tui.keys.in_use import key_of
from tui.panels.gauge import FAR_ABOVE, offer, percent, times, verdict
from tui.panels.words import Words
from tui.text.numbers import loss_text, rounded, significant

if TYPE_CHECKING:
    from engine.theory.autopsy import Autopsy
    from engine.theory.facts import Facts
    from engine.training.fork import Fork

GOOD, WARNING, BAD = "$text-success", "$text-warning", "$text-error"
MAX_EIGENVALUES = 4
"""Most eigenvalues that are shown."""


class ReadingPanel(Words):
    """A few lines: loss, where it stands, what went wrong and what to try."""

    def show(self, snapshot: Snapshot, ahead: Content | None = None) -> None:
        """Say what this snapshot means; a physical quantity has a line more where there are few."""
        self.set_class(bool(snapshot.facts and quantities(snapshot)), "-physical")
        self.put(reading(snapshot, ahead))


def reading(snapshot: Snapshot, ahead: Content | None = None) -> Content:
    """The lines for a snapshot, the most important first: `ahead`, what would follow it."""
    facts, loss = snapshot.facts, snapshot.loss
    if snapshot.state == "failed":
        return Content.styled(tr("failed: {message}", message=snapshot.message), BAD)
    if facts is None or (loss is None and not snapshot.step):
        return Content.styled(f"{in_words(snapshot.message) or tr('loading torch')} …", "dim")
    top = (ahead, "\n") if ahead else ()
    physical = [(f"\n{line}", "") for line in quantities(snapshot)]
    limits, floor = [], facts.floor
    if floor.noise is not None:
        noise = loss_text(floor.noise)
        text = tr("noise floor {symbols} = {value}", symbols=floor.symbol, value=noise)
        limits.append((f"\n{text}", "dim"))
    if floor.optimum is not None:
        least = loss_text(floor.optimum)
        reached = tr("the optimum is {loss}", loss=least)
        if facts.has_closed_form:
            reached = tr("closed form reaches {loss}", loss=least)
        limits.append((f"\n{reached}", "dim"))
    if loss is not None and snapshot.step == 0:
        head = at_the_start(snapshot, loss_text(loss))
        notes = [(f"\n{in_words(note)}", WARNING) for note in snapshot.experiment.dataset().notes]
        return Content.assemble(*top, head, *notes, *prospects(snapshot, facts), *physical, *limits)
    last = tr("not stored") if loss is None else loss_text(loss)
    head = tr("epoch {epoch}, loss {loss}", epoch=snapshot.epoch, loss=last)
    if fork := snapshot.fork:
        limits.insert(0, (f"\n{forked(fork)}", "dim"))
    if snapshot.step_in_epoch and snapshot.batch_loss is not None:
        batch = tr(
            "step {step} of {steps} · minibatch loss {loss}",
            step=snapshot.step_in_epoch,
            steps=facts.steps_per_epoch,
            loss=loss_text(snapshot.batch_loss),
        )
        head = f"{batch}\n{head}"
    if cause := snapshot.autopsy:
        first, *others = findings(cause, snapshot.experiment.parameter_names())
        ending = [in_words(snapshot.message)] if snapshot.message else []
        lines = [(f"\n{line}", "") for line in (*others, head, *ending)]
        return Content.assemble(*top, (first, BAD), *lines)
    where = snapshot.standing or ""
    learning, words = where in COURSES, tr(COURSES.get(where, where))
    verdict_lines = [(f"\n{words}", WARNING if learning else GOOD)]
    if not snapshot.experiment.reshape:
        verdict_lines.insert(0, (f"\n{shapes(snapshot.experiment)}", WARNING))
    if goodness := r2_words(snapshot.r2, snapshot.validation_r2, floor):
        is_bad = min(snapshot.r2 or 0.0, snapshot.validation_r2 or 0.0) < 0
        verdict_lines.append((f"\n{in_words(goodness)}", WARNING if is_bad else "dim"))
    alert = (f"\n{in_words(snapshot.message)}", WARNING) if snapshot.message else ""
    return Content.assemble(*top, head, *verdict_lines, *physical, alert, *limits)


def at_the_start(snapshot: Snapshot, loss: str) -> str:
    """The loss before the first step, and what is next."""
    if snapshot.state == "paused":
        return tr("loss {loss} · in the first minibatch", loss=loss)
    return tr("loss {loss} · press {start} to train", loss=loss, start=key_of("start"))


def forked(fork: Fork) -> str:
    """Where a run began that goes on from another one."""
    if fork.number <= 0:
        return tr("goes on from step {step} of another run", step=fork.step)
    return tr("goes on from step {step} of run {run}", run=fork.number, step=fork.step)


def quantities(snapshot: Snapshot) -> list[str]:
    """Each physical quantity with its unit, beside the true value."""
    return [
        f"{name} = {quantity(value)} {unit}"
        if true is None
        else tr(
            "{name} = {value} {unit}, true {true} ({off:+.3g})",
            name=name,
            value=quantity(value),
            unit=unit,
            true=quantity(true),
            off=rounded(value - true),
        )
        for name, (value, true, unit) in snapshot.quantities().items()
    ]


def quantity(value: float) -> str:
    """A physical quantity with six significant digits."""
    return significant(value, 6)


def shapes(experiment: Experiment, size: int | None = None) -> str:
    """The shapes of ŷ, y and their difference for a minibatch of a size, or a whole one."""
    B = size or min(experiment.batch_size, experiment.train_size)
    if experiment.reshape:
        return tr("ŷ ({B}, 1) − y ({B}, 1) = ({B}, 1)", B=B)
    return tr("ŷ ({B}, 1) − y ({B},) = ({B}, {B}): every label against every estimate", B=B)


def advice(snapshot: Snapshot) -> str:
    """What went wrong with a run and what to try, or nothing."""
    if snapshot.state == "failed":
        return tr(
            "{message}. Change the setting that it names, or press {reset} to try again.",
            message=snapshot.message,
            reset=key_of("reset"),
        )
    if cause := snapshot.autopsy:
        diverged = tr(
            "It diverged from step {step} on: lr {lr:.3g}, {limit}. It ran away along {direction} "
            "(λ {value:.3g}).",
            step=cause.first_bad_step,
            lr=cause.lr,
            limit=limit_of(cause),
            direction=direction(cause.heading, snapshot.experiment.parameter_names()),
            value=cause.eigenvalue,
        )
        if cause.suggestion is None:
            remedy = tr(
                "No smaller lr that was tried goes down: change the start, the data or the loss."
            )
        else:
            remedy = tr(
                "Press {retry} to train with {lr:.3g}.",
                retry=key_of("retry"),
                lr=rounded(cause.suggestion),
            )
        ways = f" {in_words(cause.remedy.words)}." if cause.remedy else ""
        return f"{remedy}{ways} {diverged}"
    return ""


def findings(cause: Autopsy, names: Sequence[str]) -> tuple[str, str, str, str]:
    """Since when a run diverged, what helps, how far beyond the limit it was, and where it ran."""
    return (
        tr("diverged from step {step} on", step=cause.first_bad_step),
        tr("no lr that was tried goes down")
        if cause.suggestion is None
        else tr(
            "press {retry} to train with {lr:.3g}",
            retry=key_of("retry"),
            lr=rounded(cause.suggestion),
        ),
        tr("lr {lr:.3g}, {limit}", lr=rounded(cause.lr), limit=limit_of(cause)),
        tr(
            "ran away along {direction} (λ {value:.3g})",
            direction=direction(cause.heading, names),
            value=rounded(cause.eigenvalue),
        ),
    )


def limit_of(cause: Autopsy) -> str:
    """The limit that a run went beyond, with whose it is; or why there is none."""
    limit = cause.limit
    if math.isinf(limit.lr):
        return in_words(limit.name)
    return tr("limit {limit:.3g} ({whose})", limit=rounded(limit.lr), whose=limit.name)


def prospects(snapshot: Snapshot, facts: Facts) -> list[tuple[str, str]]:
    """What the curvature says before the first step, most important first."""
    limit, curvature, lr = facts.stability.limit, facts.stability.curvature, snapshot.lr
    if math.isinf(limit.lr):
        lines = [(f"\n{in_words(limit.name)}", "dim")]
    else:
        share = lr / limit.lr
        word, color = verdict(share, crawls(facts, snapshot.experiment))
        if share >= FAR_ABOVE:
            sentence = tr(
                "lr {times} × its limit {limit:.3g}", times=times(share), limit=rounded(limit.lr)
            )
        else:
            sentence = tr(
                "lr {share} of limit {limit:.3g}: {word}",
                share=percent(share),
                limit=rounded(limit.lr),
                word=word,
            )
        lines = [(f"\n{sentence}", color)]
        if ways := offer(snapshot):
            lines.append((f"\n{ways}", color))
        if limit.kind != "critical":
            lines.append(("\n" + tr("limit of {whose}", whose=limit.name), "dim"))
    if not curvature.rank:
        return lines
    values = [significant(value, 3) for value in curvature.eigenvalues.tolist()]
    if len(values) > MAX_EIGENVALUES:
        values[MAX_EIGENVALUES - 1 : -1] = ["…"]
    critical, condition = (significant(x, 3) for x in (curvature.critical_lr, curvature.condition))
    lines.append((f"\n2/λmax = {critical}, κ {condition}", "dim"))
    return [*lines, (f"\nλ {' '.join(values)}", "dim")]
