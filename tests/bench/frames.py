"""F5 and F7: the first frame of the app, and a chart frame of a long history."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace
from typing import cast

import numpy as np

from engine.catalog.parameters import Values
from engine.experiment import Experiment
from engine.theory.facts import Facts
from engine.theory.floor import Floor
from engine.training.events import EpochEnded, Live, Started, Stepped
from engine.training.history import History
from engine.training.snapshot import Snapshot
from tests.bench.report import Row, at_most
from tests.bench.timing import Contender, in_turns, timed

ROOT = Path(__file__).parents[2]
WIDTH, HEIGHT = 120, 34
PATIENCE = 60.0
"""Seconds after which an app without a frame counts as broken."""

EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("first frame")

Empty().run()
"""
APP = "from tui.__main__ import main; main()"
EMPTY_IMPORTS = "import textual.app, textual.widgets; textual.widgets.Static"
APP_IMPORTS = "import tui.__main__, tui.app"


def first_frame(rounds: int) -> Iterator[Row]:
    """F5: from the start of the process to the first frame in the terminal."""
    if sys.platform == "win32":
        yield Row("F5", "first frame", "not told here", note="needs a pseudo terminal")
        return
    with tempfile.TemporaryDirectory() as home:
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
        "F5", "first frame against an empty Textual app's", result.ratio("app", "empty"), 1.3,
        f"{result.median('app'):.2f} s against {result.median('empty'):.2f} s, from the start of "
        f"the process to the text in a terminal of {WIDTH}×{HEIGHT}",
    )  # fmt: skip
    yield at_most(
        "F5", "— Python with the imports alone", result.ratio("app imports", "empty imports"),
        note=f"{result.median('app imports'):.2f} s against "
        f"{result.median('empty imports'):.2f} s",
    )  # fmt: skip


def painting(code: str, sign: bytes, home: str) -> Contender:
    """Run a program in a terminal until it has written `sign`, and end it."""
    import fcntl
    import pty
    import struct
    import termios

    env = {**os.environ, "TERM": "xterm-256color", "HOME": home, "XDG_CONFIG_HOME": home}

    def contender() -> float:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        begin, seen = perf_counter(), b""
        with (
            closing(os.fdopen(ours, "rb", 0)) as terminal,
            subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=env,
                start_new_session=True,
            ) as process,
        ):  # fmt: skip
            os.close(theirs)
            try:
                while sign not in seen:
                    ready, _, _ = select.select([terminal], [], [], PATIENCE)
                    assert ready, f"no first frame in {PATIENCE} s: {seen!r}"
                    seen += terminal.read(65536)
                return perf_counter() - begin
            finally:
                process.kill()

    return contender


def running(code: str) -> Contender:
    """Run a program to its end."""
    return timed(lambda: subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True))


def long_history(rounds: int) -> Iterator[Row]:
    """F7: one frame of the loss chart, from the snapshot to lines of text."""
    result = in_turns({"long": drawing(1_000_000), "short": drawing(100)}, 4 * rounds + 1)
    yield at_most(
        "F7", "loss chart after a million steps against after a hundred",
        result.ratio("long", "short"), 1.2,
        f"{result.median('long') * 1e3:.2f} ms against {result.median('short') * 1e3:.2f} ms, "
        "70×18 cells, nothing cached",
    )  # fmt: skip


def drawing(steps: int) -> Contender:
    """Frames of the loss chart of runs of so many steps, each drawn for the first time."""
    from tui.charts.loss import loss_chart
    from tui.drawing.paint import paint, sprinkle
    from tui.drawing.picture import draw

    snapshots = [history(steps, seed) for seed in range(4)]

    def frames() -> None:
        for snapshot in snapshots:
            paint.cache_clear()
            sprinkle.cache_clear()
            draw(loss_chart(snapshot), 70, 18)

    return timed(frames, len(snapshots))


def history(steps: int, seed: int) -> Snapshot:
    """The last snapshot of a run of so many steps, fifty in an epoch."""
    random = np.random.default_rng(seed)
    losses = np.exp(random.normal(0, 0.5, steps) - 6 * np.linspace(0, 1, steps))
    params: Values = {"w": (1.0, 2.0), "b": (3.0,)}
    facts = SimpleNamespace(
        steps_per_epoch=50, start=params, start_loss=1.0, floor=Floor(1e-3, 1e-3, 0.0, "½σ²")
    )
    experiment = Experiment().changed({"epochs": steps // 50})
    run = History(experiment)
    run.fold(Started(experiment, cast(Facts, facts), ""))
    live = cast(Live, SimpleNamespace(params=dict, grads=dict))
    for epoch, part in enumerate(losses.reshape(-1, 50).astype(np.float32), 1):
        loss = float(part[-1])
        run.fold(Stepped(epoch, 50 * epoch, loss, part, live))
        run.fold(EpochEnded(epoch, 50 * epoch, loss, params, params, None, None))
    return run.snapshot("running", experiment.lr, 1.0)
