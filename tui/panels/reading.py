"""The Reading panel: what the run comes to, in words."""

from __future__ import annotations

from textual.content import Content

from engine.alerts import standing
from engine.history import Snapshot
from tui.numbers import loss_text
from tui.panels.words import Words

GOOD, WARNING, BAD = "$text-success", "$text-warning", "$text-error"


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
    limits = [
        (f"\nnoise floor {symbols} = {loss_text(known.noise_floor)}", "dim"),
        (f"\nclosed form reaches {loss_text(known.optimum)}", "dim"),
    ]
    if snapshot.step == 0:
        head = f"at the start, loss {loss_text(loss)}"
        return Content.assemble(head, "\npress s to train", *limits)
    head = f"epoch {snapshot.epoch}, loss {loss_text(loss)}"
    if snapshot.state == "diverged":
        return Content.assemble(head, (f"\ndiverged at step {snapshot.step}", BAD), *limits)
    where = standing(loss, known.noise_floor, known.optimum, known.rounding)
    said = (f"\n{where}", WARNING if where == "still learning" else GOOD)
    alert = (f"\n{snapshot.message}", WARNING) if snapshot.message else ""
    return Content.assemble(head, said, alert, *limits)


def advice(snapshot: Snapshot) -> str:
    """What went wrong with a run and what to try, or nothing."""
    if snapshot.state == "failed":
        return f"{snapshot.message}. Change the setting that it names, or press r to try again."
    if snapshot.state == "diverged":
        return (
            f"Diverged: press l, type a smaller lr such as {snapshot.lr / 10:.2g}, enter, s. "
            f"At step {snapshot.step} {snapshot.message}."
        )
    return ""
