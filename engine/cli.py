"""The headless front end: the same trainer as the screen's, printing instead of drawing."""

from __future__ import annotations

import json
import math
import os
import platform
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from engine.alerts import standing
from engine.events import Diverged, EpochEnded, Facts, Finished, Started, Stepped
from engine.experiment import Experiment
from engine.folders import settings_file
from engine.history import error_of
from engine.optimizers import OPTIMIZERS
from engine.presets import PRESETS, preset
from engine.race import Race, Racing, Track, parse_racers
from engine.registry import BadInput, Value, show
from engine.sweep import Cell, Sweep, parse_axis

BAD_INPUT, DIVERGED, INTERRUPTED = 2, 3, 130
"""Exit codes besides 0 for a finished run and 1 for a bug."""


def read_experiment(name: str | None, file: Path | None, settings: tuple[str, ...]) -> Experiment:
    """The experiment that a command line describes; raises BadInput.

    `name` is a preset, `file` holds an experiment in TOML, `settings` are key=value.
    """
    if name and file:
        raise BadInput("preset", name, "give either a preset or --experiment, not both")
    experiment = preset(name or "scratch").experiment
    if file:
        try:
            experiment = Experiment.from_toml(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise BadInput("experiment", file, f"cannot be read: {reason}") from None
    changes = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise BadInput("-s", setting, "must be key=value, as in lr=0.1 or data.n=100")
        changes[key.strip()] = value
    return experiment.changed_by_text(changes)


def main(command: click.Command) -> None:
    """Run a command and exit: one line on stderr and exit 2 for bad input, 130 when interrupted."""
    try:
        code = command.main(prog_name="linreg-tui", standalone_mode=False)
    except BadInput as error:
        click.echo(f"linreg-tui: {error}", err=True)
        code = BAD_INPUT
    except click.ClickException as error:
        click.echo(f"linreg-tui: {' '.join(error.format_message().split())}", err=True)
        code = BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except SystemExit:
        # click ends so when whoever read the output has seen enough of it.
        code = 0
    sys.exit(code)


@click.command("run")
@click.argument("preset", required=False)
@click.option("--experiment", "file", type=click.Path(path_type=Path), help="A TOML file.")
@click.option("-s", "settings", multiple=True, metavar="KEY=VALUE", help="Change one setting.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def run(preset: str | None, file: Path | None, settings: tuple[str, ...], as_json: bool) -> int:
    """Train one experiment without a screen and print its numbers.

    PRESET is one of those that `linreg-tui presets` lists. Keys are data, model, loss, init,
    optimizer, loop, lr, batch_size, epochs, reduction, seed and device; an entry's own parameters
    have a dot: data.n=1000, data.w=2,-3.4, loss.delta=1.

    Exit code: 0 finished, 3 diverged, 2 bad input, 130 interrupted.
    """
    experiment = read_experiment(preset, file, settings)
    report: Plain | Json = Json() if as_json else Plain(sys.stderr.isatty())
    from engine.trainer import train

    begin = time.perf_counter()
    try:
        for event in train(experiment):
            match event:
                case Stepped():
                    report.step(event, time.perf_counter() - begin)
                case Started():
                    report.start(event)
                    if event.note:
                        click.echo(event.note, err=True)
                    begin = time.perf_counter()
                case EpochEnded():
                    report.epoch(event)
                case Finished() | Diverged():
                    report.end(event, time.perf_counter() - begin)
                    return DIVERGED if isinstance(event, Diverged) else 0
    except KeyboardInterrupt:
        click.echo("linreg-tui: interrupted", err=True)
    return INTERRUPTED


@click.command("sweep")
@click.argument("preset", required=False)
@click.option("--experiment", "file", type=click.Path(path_type=Path), help="A TOML file.")
@click.option("-s", "settings", multiple=True, metavar="KEY=VALUE", help="Change one setting.")
@click.option("--axis", "axes", multiple=True, metavar="KEY=VALUES", help="One or two; see above.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma separated, with a header.")
def sweep(
    preset: str | None,
    file: Path | None,
    settings: tuple[str, ...],
    axes: tuple[str, ...],
    form: str | None,
) -> int:
    """Train an experiment at every point of a grid and print a row for each run.

    An axis is a key with its values: lr=log:1e-3:1:64 (64 values by equal factors),
    data.noise=lin:0:1:11 (evenly spaced), or batch_size=1,2,5,10. Rows come as they are ready:
    the values, the final loss, the first epoch at the noise floor, and finished or diverged.
    """
    experiment = read_experiment(preset, file, settings)
    grid = Sweep(experiment, tuple(parse_axis(axis, experiment) for axis in axes))
    keys = [axis.key for axis in grid.axes]
    places = grid.settings()
    if form != "json":
        columns = [*keys, "loss", "floor_epoch", "status"]
        click.echo(",".join(columns) if form == "csv" else "".join(f"{c:>14}" for c in columns))
    from engine.lanes import run_sweep

    try:
        for cells in run_sweep(grid):
            lines = [row(form, keys, places[cell.index], cell) for cell in cells]
            if lines:
                click.echo("\n".join(lines))
    except KeyboardInterrupt:
        click.echo("linreg-tui: interrupted", err=True)
        return INTERRUPTED
    return 0


def row(form: str | None, keys: list[str], values: tuple[Value, ...], cell: Cell) -> str:
    """One run of a sweep as a line of JSON, CSV or a table."""
    if form == "json":
        named = dict(zip(keys, values, strict=True))
        result = {"loss": cell.loss, "floor_epoch": cell.floor_epoch, "status": cell.status}
        return json.dumps(finite({**named, **result}), allow_nan=False)
    if form == "csv":
        texts = [show(value) for value in values]
        texts += [f"{cell.loss!r}", "" if cell.floor_epoch is None else str(cell.floor_epoch)]
        return ",".join([*texts, cell.status])
    texts = [f"{value:.6g}" if isinstance(value, float) else show(value) for value in values]
    floor = "–" if cell.floor_epoch is None else str(cell.floor_epoch)
    return "".join(f"{text:>14}" for text in [*texts, f"{cell.loss:.6g}", floor, cell.status])


@click.command("race")
@click.argument("preset", required=False)
@click.option("--experiment", "file", type=click.Path(path_type=Path), help="A TOML file.")
@click.option("-s", "settings", multiple=True, metavar="KEY=VALUE", help="Change one setting.")
@click.option("--optimizers", metavar="NAMES", help="Two to seven, as in sgd,adam@0.1.")
@click.option("--tuned", is_flag=True, help="Each optimizer at its own best lr.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="Comma separated, with a header.")
def race(
    preset: str | None,
    file: Path | None,
    settings: tuple[str, ...],
    optimizers: str | None,
    tuned: bool,
    form: str | None,
) -> int:
    """Train an experiment with several optimizers and print who is first at the noise floor.

    All have the same data, start and minibatches, and the lr of the experiment unless it stands
    behind a name, as in adam@0.1. The same lr does not mean the same to all of them: SGD's step is
    lr times the gradient, Adam's is about lr long whatever the gradient is. With --tuned each runs
    at the best of 41 learning rates from 1e-4 to 10.
    """
    experiment = read_experiment(preset, file, settings)
    racers = parse_racers(",".join(OPTIMIZERS.entries) if optimizers is None else optimizers)
    racing = Racing(Race(experiment, racers, tuned))
    begin = time.perf_counter()
    try:
        for _ in racing.run():
            pass
    except KeyboardInterrupt:
        click.echo("linreg-tui: interrupted", err=True)
        return INTERRUPTED
    columns = ["optimizer", "lr", "loss", "floor_step", "status"]
    if form != "json":
        click.echo(",".join(columns) if form == "csv" else "".join(f"{c:>14}" for c in columns))
    for track in racing.progress("finished", "", time.perf_counter() - begin).ranking():
        click.echo(result(form, columns, track))
    return 0


def result(form: str | None, columns: list[str], track: Track) -> str:
    """One racer as a line of JSON, CSV or a table."""
    values = (track.racer.optimizer, track.lr, track.loss, track.floor_step, track.status)
    if form == "json":
        return json.dumps(finite(dict(zip(columns, values, strict=True))), allow_nan=False)
    if form == "csv":
        return ",".join("" if value is None else str(value) for value in values)
    texts = (f"{value:.6g}" if isinstance(value, float) else str(value) for value in values)
    return "".join(f"{'–' if text == 'None' else text:>14}" for text in texts)


@click.command("find-lr")
@click.argument("preset", required=False)
@click.option("--experiment", "file", type=click.Path(path_type=Path), help="A TOML file.")
@click.option("-s", "settings", multiple=True, metavar="KEY=VALUE", help="Change one setting.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def find_learning_rate(
    preset: str | None, file: Path | None, settings: tuple[str, ...], as_json: bool
) -> int:
    """Raise the lr minibatch by minibatch and suggest one from the middle of the loss's fall.

    Beside it stands 2/λmax, the exact limit of full-batch gradient descent.
    """
    experiment = read_experiment(preset, file, settings)
    from engine.finder import find_lr

    found = find_lr(experiment)
    if as_json:
        click.echo(json.dumps(finite(asdict(found)), allow_nan=False))
        return 0
    for lr, loss in zip(found.lrs, found.losses, strict=True):
        click.echo(f"lr {lr:<12.4g} smoothed loss {loss:.6g}")
    click.echo(f"suggestion {found.suggestion:.3g}, limit 2/λmax = {found.critical_lr:.3g}")
    return 0


@click.command("presets")
def presets() -> int:
    """List the ready experiments."""
    for known in PRESETS.values():
        click.echo(f"{known.name:<12}{known.title}")
    return 0


@click.command("doctor")
def doctor() -> int:
    """Print versions, devices, what the terminal can do, and where settings are kept."""
    from engine.device import available, describe

    for package in ("linreg-tui", "torch", "textual", "plotext", "numpy", "click"):
        click.echo(f"{package:<12}{installed(package)}")
    click.echo(f"{'python':<12}{platform.python_version()} on {platform.platform()}")
    for device in available():
        info = describe(device)
        click.echo(
            f"{'device':<12}{device}: {info.name}, {info.memory_gb} GB, {info.threads} threads"
        )
    size = shutil.get_terminal_size()
    names = ("TERM", "COLORTERM", "NO_COLOR")
    variables = ", ".join(f"{name}={os.environ.get(name, '(unset)')}" for name in names)
    kind = "a terminal" if sys.stdout.isatty() else "not a terminal"
    encoding = sys.stdout.encoding
    click.echo(f"{'terminal':<12}stdout is {kind}, {size.columns}×{size.lines}, {encoding}")
    click.echo(f"{'':<12}{variables}")
    file = settings_file()
    click.echo(f"{'settings':<12}{file} ({'present' if file.exists() else 'not there yet'})")
    return 0


COMMANDS = (run, sweep, race, find_learning_rate, presets, doctor)


def installed(package: str) -> str:
    """The version of an installed package, without importing it."""
    # Here, because the screen's first frame imports this file, and this takes a tenth of its time.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


class Plain:
    """Prints a line an epoch, then the errors; with a progress line where a person watches."""

    def __init__(self, watched: bool) -> None:
        self.watched = watched
        self.shown = 0.0
        self.facts: Facts | None = None
        self.experiment = Experiment()

    def start(self, event: Started) -> None:
        """Remember what is needed at the end."""
        self.facts = event.facts
        self.experiment = event.experiment

    def step(self, event: Stepped, seconds: float) -> None:
        """Renew the progress line, at most ten times a second."""
        if self.watched and seconds - self.shown > 0.1 and self.facts:
            self.shown = seconds
            steps = self.facts.steps_per_epoch * self.experiment.epochs
            eta = seconds * (steps - event.step) / event.step
            text = f"epoch {event.epoch}/{self.experiment.epochs}, {event.step / steps:.0%}"
            click.echo(f"\r\x1b[2K{text}, {eta:.0f} s left", nl=False, err=True)

    def epoch(self, event: EpochEnded) -> None:
        """Print the loss of an epoch."""
        self._clear()
        click.echo(f"epoch {event.epoch}, loss {event.loss:f}")
        if event.alert:
            click.echo(event.alert, err=True)

    def end(self, event: Finished | Diverged, seconds: float) -> None:
        """Print the errors and where the run stands."""
        self._clear()
        known = self.facts
        assert known
        for name, values in error_of(event.params, known.true).items():
            text = ", ".join(f"{value:.3g}" for value in values)
            click.echo(f"error of {name} (estimate − true): {text}")
        if isinstance(event, Diverged):
            click.echo(
                f"diverged at step {event.step} (epoch {event.epoch}): {event.reason}", err=True
            )
            return
        where = standing(event.loss, known.noise_floor, known.optimum, known.rounding)
        symbols = self.experiment.entry("loss").floor
        click.echo(f"{where}; noise floor {symbols} = {known.noise_floor:.3g}")

    def _clear(self) -> None:
        if self.watched:
            click.echo("\r\x1b[2K", nl=False, err=True)


class Json:
    """Prints one JSON object a line; a number that is not finite becomes null."""

    def __init__(self) -> None:
        self.facts: Facts | None = None

    def start(self, event: Started) -> None:
        """The experiment and its device."""
        self.facts = event.facts
        self._print(
            event="started",
            experiment=event.experiment.to_dict(),
            device=asdict(event.facts.device),
        )

    def step(self, event: Stepped, seconds: float) -> None:
        """Steps are not reported."""

    def epoch(self, event: EpochEnded) -> None:
        """An epoch's loss, parameters and gradients."""
        self._print(
            event="epoch",
            epoch=event.epoch,
            loss=event.loss,
            params=event.params,
            grads=event.grads,
        )
        if event.alert:
            click.echo(event.alert, err=True)

    def end(self, event: Finished | Diverged, seconds: float) -> None:
        """The outcome, beside what theory says."""
        known = self.facts
        assert known
        outcome: dict[str, Any] = {"event": "finished", "status": "finished"}
        if isinstance(event, Diverged):
            outcome |= {
                "status": "diverged",
                "epoch": event.epoch,
                "step": event.step,
                "reason": event.reason,
            }
        self._print(
            **outcome,
            loss=event.loss,
            error=error_of(event.params, known.true),
            closed_form=known.closed_form,
            optimum=known.optimum,
            noise_floor=known.noise_floor,
            standing=standing(event.loss, known.noise_floor, known.optimum, known.rounding),
            seconds=seconds,
        )

    def _print(self, **values: object) -> None:
        click.echo(json.dumps(finite(values), ensure_ascii=False, allow_nan=False))


def finite(value: object) -> object:
    """The same nested value with null in place of each number that is not finite."""
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
