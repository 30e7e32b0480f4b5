"""A sweep by two processes against one, and what starting them costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import distributed

from engine.experiment import Experiment
from engine.jobs.axis import parse_axis
from engine.jobs.lanes import run_sweep
from engine.jobs.ranked import gathered
from engine.jobs.sweep import Sweep
from engine.support.ranks import Ranks
from tests.bench.report import Row, at_least, at_most
from tests.bench.timing import Rounds, apart, in_turns, timed
from tests.support.pairs import pair

AXES = "lr=log:1e-3:1:1000", "batch_size=lin:1:100:100"
SMALLEST = "-m", "tui", "sweep", "--axis", "lr=0.03"
TORCHRUN = "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"


def sweeps(rounds: int) -> Iterator[Row]:
    """Two processes that share out a sweep, on a core each, against one, and their start."""
    for epochs in (3, 30):
        result = apart(shared_out, AXES, epochs, rounds)
        yield at_least(
            f"two processes against one, 100,000 runs, n 1,000, d 2, {epochs} epochs",
            result.ratio("one", "two"),
            1.8 if epochs == 30 else None,
            f"{result.median('one') * 1e6:.3g} µs a run by one, "
            f"{result.median('two') * 1e6:.3g} µs by two; the results of both are gathered",
        )
    result = starts(max(2, rounds // 2))
    yield at_most(
        "— a single run by torchrun and two processes against one", result.ratio("two", "one"),
        note=f"{result.median('two'):.2g} s and {result.median('one'):.2g} s: the start of Python, "
        "torch, the launcher, and a group",
    )  # fmt: skip


def sweep(axes: tuple[str, ...], epochs: int, seed: int) -> Sweep:
    """A grid over the book's baseline, drawn from a seed."""
    experiment = Experiment().changed({"device": "cpu", "epochs": epochs, "seed": seed})
    return Sweep(experiment, tuple(parse_axis(axis, experiment) for axis in axes))


def share(axes: tuple[str, ...], epochs: int, seed: int) -> int:
    """Do the share of this process; returns how many runs it has gathered."""
    rank, size = distributed.get_rank(), distributed.get_world_size()
    ranks = Ranks(rank, size, rank, size, "", 0)
    return sum(map(len, gathered(sweep(axes, epochs, seed), ranks, None)))


def shared_out(axes: tuple[str, ...], epochs: int, rounds: int) -> Rounds:
    """Seconds for a run of a sweep."""
    torch.set_num_threads(1)
    seeds, runs = count(), len(sweep(axes, epochs, 0))

    def alone() -> None:
        # Another seed every time: nothing is left over from the sweep before.
        assert sum(map(len, run_sweep(sweep(axes, epochs, next(seeds))))) == runs

    with TemporaryDirectory() as folder, pair(Path(folder)) as processes:

        def together() -> None:
            assert processes.both(share, axes, epochs, next(seeds)) == (runs, 0)

        return in_turns({"one": timed(alone, runs), "two": timed(together, runs)}, rounds)


def starts(rounds: int) -> Rounds:
    """Seconds from the start of a sweep of a single run to its end."""

    def run(*words: str) -> None:
        subprocess.run([sys.executable, *words], check=True, capture_output=True)

    return in_turns(
        {
            "one": timed(lambda: run(*SMALLEST)),
            "two": timed(lambda: run(*TORCHRUN, *SMALLEST)),
        },
        rounds,
    )
