"""The losses of this run and of others, with their levels, as a chart."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from engine.jobs.band import band
from engine.jobs.sweep import SweepProgress
from engine.runs.losses import KeptLosses
from engine.support.translation import tr
from engine.theory.floor import NEAR
from engine.training.moments import snapshot_at
from engine.training.snapshot import Snapshot
from tui.charts.ahead import ahead
from tui.charts.empty import absent
from tui.charts.runs import kept_curves
from tui.drawing.chart import Chart, Curve, Level
from tui.text.numbers import loss_text


class Band(tuple[tuple[float, float, float, float, float], ...]):
    """Least, quartiles and greatest loss over several seeds after each epoch."""

    words = ""
    """How many of the seeds were at the floor."""


NO_BAND = Band()


@dataclass(frozen=True)
class Beside:
    """What the losses of a run are compared with."""

    previous: Snapshot | None = None
    pinned: Snapshot | None = None
    band: Band = NO_BAND
    """Of other seeds."""
    kept: tuple[KeptLosses, ...] = ()
    """Runs of other days."""
    preview: Snapshot | None = None
    """The run that the experiment on the desk would be."""
    expects: bool = True
    """Whether what theory expects of a run is shown."""

    def last_epoch(self, now: Snapshot) -> float:
        """Where the x axis ends: with the run on show, or the one that would follow."""
        runs = (now, self.preview) if self.preview else (now,)
        return float(max(run.experiment.epochs for run in runs))


def loss_chart(
    now: Snapshot,
    beside: Beside = Beside(),
    log_y: bool = True,
    x_range: tuple[float, float] | None = None,
    cursor: float | None = None,
) -> Chart:
    """Epoch losses of a run and of others over its minibatch losses, with both limits.

    The title says what had been reached at the cursor, in epochs. Where data are held out, their
    loss after each epoch stands beside it. A band of seeds lies over the run, and the legend says
    what became of them. What theory expects of the run lies below it.
    """
    curves = kept_curves(beside.kept, now.experiment.flat())
    for other, color, label in (
        (beside.pinned, "reference", tr("pinned")),
        (beside.previous, "before", tr("before")),
    ):
        if other is not None:
            losses = other.epoch_losses
            curves.append(Curve(losses.x, losses.low, color=color, label=label, dashed=True))
    batches, epochs = now.batch_losses, now.epoch_losses
    if batches.x:
        curves.append(
            Curve(
                batches.x,
                batches.sample,
                "points",
                "faint",
                tr("minibatch"),
                highs=batches.high,
                marker=".",
            )
        )
    curves += preview_curves(beside.preview)
    if beside.expects:
        curves += expected_curves(now)
    main = Curve(
        epochs.x, epochs.low, color="now", label=tr("epoch"), highs=epochs.high, marker="*"
    )
    held_out = now.validation_losses
    if held_out.x:
        curves.append(
            Curve(
                held_out.x,
                held_out.low,
                color=2,
                label=tr("validation"),
                highs=held_out.high,
                marker="v",
            )
        )
    curves += [main, *band_curves(beside.band)]
    curves.append(Curve(epochs.x, epochs.low, "marks", "now", marker="*"))
    axis = tr("log y") if log_y else tr("linear y")
    title = f"{tr(now.experiment.loss.entry.label)}, {axis}"
    if cursor is not None:
        # The values take the place of the legend.
        title = moment_title(now, cursor)
        for curve in curves:
            if not (curve.dashed or curve.dotted or curve.marker == "v"):
                continue
            reached = [y for x, y in zip(curve.xs, curve.ys, strict=True) if x <= cursor]
            if curve.label and reached:
                title += f"  {curve.label} {loss_text(reached[-1])}"
        curves = [replace(curve, label="") for curve in curves]
    return Chart(
        tuple(curves),
        levels(now),
        title,
        x_label=tr("epochs"),
        log_y=log_y,
        x_range=x_range or (0.0, beside.last_epoch(now)),
        cursor=cursor,
        empty=absent(now, tr("loading torch …")),
    )


def moment_title(now: Snapshot, x: float) -> str:
    """After x epochs: the loss of the last minibatch, and that of the last whole epoch."""
    assert now.facts
    moment = snapshot_at(now, round(x * now.facts.steps_per_epoch))
    losses = {
        tr("minibatch"): moment.batch_loss,
        tr("epoch {epoch}", epoch=moment.epoch): moment.loss,
    }
    return "  ".join(
        f"{name} {loss_text(loss)}" for name, loss in losses.items() if loss is not None
    )


def expected_curves(now: Snapshot) -> list[Curve]:
    """What theory expects of a run that has begun, for as long as it has the lr of its start."""
    if not (now.step and now.facts):
        return []
    losses, last = now.expected_losses, now.experiment.epochs
    if now.lrs:
        last = now.lrs[0][0] // now.facts.steps_per_epoch
    count = bisect_right(losses.x, last)
    if count < 2:
        return []
    xs, ys = losses.x[:count], losses.low[:count]
    return [Curve(xs, ys, color="axis", label=tr("expected"), dotted=True, marker="-")]


def preview_curves(run: Snapshot | None) -> list[Curve]:
    """The losses of the run that would follow; of one that diverges those of its minibatches."""
    if run is None or run.facts is None:
        return []
    losses = run.batch_losses if run.state == "diverged" else run.epoch_losses
    return [ahead(losses.x, losses.low, losses.high)]


def band_curves(seeds: Band) -> list[Curve]:
    """The five curves of a band; its ends are dashed, quartiles and median drawn through."""
    xs = range(1, len(seeds) + 1)
    labels = ("", "", seeds.words, "", "")
    return [
        Curve(
            xs,
            [numbers[index] for numbers in seeds],
            color="data",
            label=label,
            dashed=index in (0, 4),
            marker="o",
            shares=True,
        )
        for index, label in enumerate(labels)
        if seeds
    ]


def levels(now: Snapshot) -> tuple[Level, ...]:
    """The noise floor and the loss of the closed form θ*; one level where they are close."""
    if now.facts is None:
        return ()
    floor = now.facts.floor
    noise, optimum = floor.noise, floor.optimum
    if noise is None or optimum is None:
        levels = ((noise, floor.symbol), (optimum, "θ*"))
        return tuple(Level(loss, name) for loss, name in levels if loss is not None)
    if noise > 0 and 1 / NEAR < optimum / noise < NEAR:
        return (Level(noise, f"{floor.symbol} θ*"),)
    return Level(noise, floor.symbol), Level(optimum, "θ*")


def band_of(now: Snapshot, sweep: SweepProgress | None) -> Band:
    """The band of a finished sweep over seeds, if it was over the experiment on show."""
    if sweep is None or sweep.state != "finished":
        return NO_BAND
    same = sweep.sweep.experiment.changed({"seed": 0}) == now.experiment.changed({"seed": 0})
    cells = [cell for cell in sweep.cells if cell is not None]
    if not same or [axis.key for axis in sweep.sweep.axes] != ["seed"]:
        return NO_BAND
    numbers = Band(band(cells))
    reached = sum(cell.floor_epoch is not None for cell in cells)
    numbers.words = tr("{reached} of {seeds} at the floor", reached=reached, seeds=len(cells))
    return numbers
