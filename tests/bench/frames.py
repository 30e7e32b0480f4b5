"""The first frame of the app, and a frame of the loss chart of a long run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from engine.experiment import Experiment
from engine.training.events import EpochEnded, Started, Stepped
from engine.training.history import History
from engine.training.snapshot import Snapshot
from engine.training.trainer import train
from tests.bench.report import Row, at_most
from tests.bench.timing import Contender, in_turns, timed
from tests.support.paths import ROOT
from tests.support.terminal import APP, COLUMNS, LINES, Terminal

EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("first frame")

Empty().run()
"""
EMPTY_IMPORTS = "import textual.app, textual.widgets; textual.widgets.Static"
APP_IMPORTS = "import tui.command, tui.app"


def first_frame(rounds: int) -> Iterator[Row]:
    """From the start of the process to the first frame, against an empty Textual app."""
    with TemporaryDirectory() as home:
        result = in_turns(
            {
                "empty": painting(EMPTY, b"first frame", home),
                "app": painting(APP, b"loading", home),
                "empty imports": running(EMPTY_IMPORTS),
                "app imports": running(APP_IMPORTS),
            },
            rounds + 2,
        )
    yield at_most(
        "first frame against an empty Textual app's", result.ratio("app", "empty"), 1.3,
        f"{result.median('app'):.2f} s against {result.median('empty'):.2f} s, from the start of "
        f"the process to the text in a terminal of {COLUMNS}×{LINES}",
    )  # fmt: skip
    yield at_most(
        "— Python with the imports alone", result.ratio("app imports", "empty imports"),
        note=f"{result.median('app imports'):.2f} s against "
        f"{result.median('empty imports'):.2f} s",
    )  # fmt: skip


def painting(code: str, sign: bytes, home: str) -> Contender:
    """Run a program in a terminal until it has written `sign`, and end it."""

    def contender() -> float:
        begin = perf_counter()
        with Terminal(code, home) as terminal:
            terminal.until(sign)
            return perf_counter() - begin

    return contender


def running(code: str) -> Contender:
    """Run a program to its end."""
    return timed(lambda: subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True))


def long_history(rounds: int) -> Iterator[Row]:
    """A frame of the loss chart after many steps, from the snapshot to lines of text."""
    lengths = {"long": 1_000_000, "full": 20_000, "short": 100}
    result = in_turns({name: drawing(steps) for name, steps in lengths.items()}, 4 * rounds + 1)
    yield at_most(
        "loss chart after a million steps against after a hundred",
        result.ratio("long", "short"), 1.2,
        f"{result.median('long') * 1e3:.2f} ms against {result.median('short') * 1e3:.2f} ms, "
        "70×18 cells, nothing cached",
    )  # fmt: skip
    yield at_most(
        "— against after 20,000, which leave no column empty either", result.ratio("long", "full"),
    )  # fmt: skip


def drawing(steps: int) -> Contender:
    """Frames of the loss chart of runs of so many steps, each drawn for the first time."""
    from tui.charts.loss import loss_chart
    from tui.drawing.paint import paint
    from tui.drawing.picture import draw

    snapshots = [history(steps, seed) for seed in range(4)]

    def frames() -> None:
        for snapshot in snapshots:
            paint.cache_clear()
            draw(loss_chart(snapshot), 70, 18)

    return timed(frames, len(snapshots))


def history(steps: int, seed: int) -> Snapshot:
    """The last snapshot of a run of so many steps, fifty in an epoch, with losses made up."""
    random = np.random.default_rng(seed)
    losses = np.exp(random.normal(0, 0.5, steps) - 6 * np.linspace(0, 1, steps))
    experiment = Experiment().changed({"epochs": steps // 50, "batch_size": 20, "device": "cpu"})
    run, events = History(experiment), train(experiment)
    started = next(events)
    assert isinstance(started, Started)
    run.fold(started)
    params = started.facts.start
    live = next(event.live for event in events if isinstance(event, Stepped))
    for epoch, part in enumerate(losses.reshape(-1, 50).astype(np.float32), 1):
        loss = float(part[-1])
        run.fold(Stepped(epoch, 50 * epoch, loss, part, live))
        run.fold(EpochEnded(epoch, 50 * epoch, loss, params, params, None, None))
    return run.snapshot("running", experiment.lr, 1.0)
