"""Memory over a million epochs, through the session and its history."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path

from engine.experiment import Experiment
from engine.session import Session
from tests.bench.report import Row, at_most
from tests.bench.timing import apart, ratio_of

EPOCHS = 1_000_000
SHARES = (0.1, 0.5, 1.0)
"""Parts of the run after which the memory is looked at."""


def flat(rounds: int) -> Iterator[Row]:
    """Memory of the process at half and at the end of a run, against that after a tenth."""
    first, half, end = apart(sizes, EPOCHS)
    if not first:  # where the system does not tell
        yield Row("memory of a million epochs", "not told here", note="no /proc")
        return
    for what, size in (("half a million", half), ("a million", end)):
        yield at_most(
            f"memory after {what} epochs against after {EPOCHS // 10:,}",
            ratio_of([size / first]),
            1.01,
            f"{first / 2**20:.1f} MiB, then {size / 2**20:.1f} MiB; fast loop, n 100, B 10",
        )


def sizes(epochs: int) -> tuple[float, ...]:
    """Bytes that this process takes after each share of a run of so many epochs."""
    changes = {"loop": "fast", "data.n": 100, "epochs": epochs, "device": "cpu"}
    experiment = Experiment().changed(changes)
    session = Session(experiment)
    session.open()
    session.start(experiment)
    seen = []
    for share in SHARES:
        while session.latest.epoch < share * epochs:
            assert session.latest.state in ("loading", "ready", "running"), session.latest.message
            time.sleep(0.005)
        gc.collect()
        seen.append(resident())
    session.close()
    return tuple(seen)


def resident() -> float:
    """Bytes of memory that this process takes, 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("Rss"))
