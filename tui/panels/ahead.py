"""What would follow, in a line: what the run comes to that the key would start."""

from __future__ import annotations

from textual.content import Content

from engine.support.translation import tr, trn
from engine.training.snapshot import Snapshot
from tui.keys.in_use import key_of
from tui.text.numbers import loss_text

GOOD, BAD = "$text-success", "$text-error"


def ahead(run: Snapshot | None, before: float | None) -> Content | None:
    """What a run that was tried comes to, from the loss `before` on; nothing without one."""
    if run is None:
        return None
    start = key_of("start")
    if run.facts is None or run.loss is None or before is None:
        return Content.styled(tr("no trial: {why}", why=run.message), "dim")
    if run.state == "diverged":
        words = tr("if you press {start}: it diverges at step {step}", start=start, step=run.step)
        return Content.styled(words, BAD)
    losses = {"start": start, "before": loss_text(before), "after": loss_text(run.loss)}
    epochs = run.experiment.epochs
    if run.epoch < epochs and run.state == "stopped":
        return Content(
            tr(
                "if you press {start}: {before} → {after} in the first {epochs} of {all} epochs",
                **losses,
                epochs=run.epoch,
                all=epochs,
            )
        )
    reached = floor_epoch(run)
    if reached is None:
        standing = tr(run.standing or "still learning")
        return Content(
            tr("if you press {start}: {standing} · {before} → {after}", **losses, standing=standing)
        )
    words = trn(
        "if you press {start}: the floor in {n} epoch · {before} → {after}",
        "if you press {start}: the floor in {n} epochs · {before} → {after}",
        n=reached,
        **losses,
    )
    return Content.styled(words, GOOD)


def floor_epoch(run: Snapshot) -> int | None:
    """After how many epochs a run is at the floor, if it ends there."""
    assert run.facts
    floor, losses = run.facts.floor, run.epoch_losses
    if run.loss is None or not floor.reached(run.loss):
        return None
    return next(int(x) for x, y in zip(losses.x, losses.low, strict=True) if floor.reached(y))
