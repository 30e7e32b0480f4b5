"""Runs that are kept: what keeping costs a run, and what many of them cost a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.experiment import Experiment
from engine.runs.files import INFO
from engine.runs.info import RunInfo
from engine.runs.keeper import Keeper
from engine.runs.store import Store
from engine.training.trainer import train
from tests.bench.loops import ms
from tests.bench.report import Row, at_most
from tests.bench.timing import Rounds, apart, in_turns, timed

MANY = 10_000
FIRST = 100
"""Runs that the screen reads before its first frame."""


def runs(rounds: int) -> Iterator[Row]:
    """A run that is kept against one that is not, and a list of many runs against one of few."""
    for loop, epochs in (("scratch", 20), ("fast", 200_000)):
        result = apart(keeping, loop, epochs, rounds)
        yield at_most(
            f"{loop}, {epochs:,} epochs, kept against not kept",
            result.ratio("kept", "not kept"), 1.05,
        )  # fmt: skip
    with TemporaryDirectory() as folder:
        few, many = Path(folder, "few"), Path(folder, "many")
        fill(few, FIRST)
        fill(many, MANY)
        result = apart(listing, few, many, rounds)
        seconds = result.median("many")
        yield Row(
            f"the first {FIRST} of {MANY:,} runs", ms(seconds), "< 50 ms", seconds < 0.05,
            f"{ms(result.median('few'))} of {FIRST}; all of them {result.median('all'):.1f} s",
            rounds,
        )  # fmt: skip


def keeping(loop: str, epochs: int, rounds: int) -> Rounds:
    """Seconds of a run, written down and not."""
    experiment = Experiment(loop=loop, epochs=epochs, lr=0.001)

    def plain() -> None:
        for _ in train(experiment):
            pass

    def kept() -> None:
        with TemporaryDirectory() as folder:
            keeper = Keeper(Path(folder), experiment)
            for event in train(experiment):
                keeper.fold(event)
            keeper.close()

    return in_turns({"kept": timed(kept), "not kept": timed(plain)}, rounds)


def listing(few: Path, many: Path, rounds: int) -> Rounds:
    """Seconds of reading the first runs of two stores, and all of the larger one."""

    def first(folder: Path) -> None:
        list(islice(Store(folder).runs(), FIRST))

    contenders = {
        "few": timed(lambda: first(few)),
        "many": timed(lambda: first(many)),
        "all": timed(lambda: list(Store(many).runs())),
    }
    return in_turns(contenders, rounds)


def fill(folder: Path, count: int) -> None:
    """A store of made-up runs."""
    info = RunInfo("", "", "finished", "2026-11-26T12:00:00+00:00", Experiment().to_dict())
    for number in range(count):
        id = f"20261126-{number:06}-linear-{number:04x}"
        path = folder / id
        path.mkdir(parents=True)
        (path / INFO).write_text(replace(info, id=id).to_json())
