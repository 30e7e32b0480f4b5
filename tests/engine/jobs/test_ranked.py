"""A sweep over the ranks of a launcher, as far as one process shows it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.jobs import ranked
from engine.jobs.axis import parse_axis
from engine.jobs.lanes import run_sweep
from engine.jobs.limits import limit_at
from engine.jobs.ranked import BLOCK, cells_of, gathered, own_runs, shared_limits, table
from engine.jobs.shards import Shard, read_part
from engine.jobs.sweep import Cell, Sweep
from engine.support.errors import BadInput
from engine.support.ranks import Ranks, joined
from tests.support.commands import cli, refusal_of

SMALL = Experiment().changed({"data.n": 60})
AXES = ("lr=log:1e-3:9:7", "epochs=1,3,2")


def grid(*axes: str) -> Sweep:
    return Sweep(SMALL, tuple(parse_axis(axis, SMALL) for axis in axes or AXES))


def whole(sweep: Sweep) -> list[str]:
    """All runs of a sweep by one process, with all digits, also of those that are no number."""
    return sorted(repr(cell) for cells in run_sweep(sweep) for cell in cells)


def without_losses(cell: Cell) -> Cell:
    """A run as the first rank has it."""
    return cell._replace(losses=())


LOSS = st.floats(width=32) | st.floats(0, 1e300) | st.sampled_from([math.inf, math.nan])


@st.composite
def runs(draw: st.DrawFn) -> Cell:
    epoch = draw(st.none() | st.integers(1, 5))
    status: Literal["finished", "diverged"] = draw(st.sampled_from(("finished", "diverged")))
    index = draw(st.integers(0, 10**6))
    samples = None if epoch is None else epoch * draw(st.integers(1, 10**8))
    return Cell(index, draw(LOSS), epoch, status, (), draw(st.floats(0, 1e9)), samples)


@given(st.lists(runs(), max_size=20))
def test_a_block_holds_runs_to_the_last_digit(cells: list[Cell]) -> None:
    block = table(cells)
    assert block.shape == table([]).shape
    assert list(map(repr, cells_of(block))) == list(map(repr, cells))


def test_a_block_may_be_full() -> None:
    cells = [Cell(index, 0.5, 1, "finished", (), 0.5, 60) for index in range(BLOCK)]
    assert cells_of(table(cells)) == cells


@pytest.mark.parametrize("block", [1, 4, 7, BLOCK])
def test_blocks_together_are_the_whole(
    one_rank: Ranks, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(ranked, "BLOCK", block)
    with joined(one_rank):
        parts = list(gathered(grid(), one_rank, None))
        limits = shared_limits(grid(), one_rank)
    expected = [without_losses(cell) for cells in run_sweep(grid()) for cell in cells]
    gathered_runs = [cell for cells in parts for cell in cells]
    assert sorted(map(repr, gathered_runs)) == sorted(map(repr, expected))
    assert limits == tuple(limit_at(grid(), place) for place in range(3))


def test_what_other_numbers_of_ranks_have_done_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 3):
        list(own_runs(grid(), Shard(number, 3), tmp_path))
    left = set(Shard(2, 3).runs(grid()))
    list(own_runs(grid("lr=0.1,0.2"), Shard(1, 1), tmp_path))  # of another sweep: has no say
    head = (tmp_path / "1-of-3.jsonl").read_bytes().partition(b"\n")[0]
    for count, left_behind in ((4, b""), (5, head[:30]), (6, head)):  # by a process that was killed
        (tmp_path / f"1-of-{count}.jsonl").write_bytes(left_behind)
    wanted: list[int] = []

    def some(sweep: Sweep, runs: list[int]) -> object:
        wanted.extend(runs)
        return run_sweep(sweep, runs)

    monkeypatch.setattr("engine.jobs.lanes.run_sweep", some)
    for number in (1, 2):
        list(own_runs(grid(), Shard(number, 2), tmp_path))
    assert sorted(wanted) == sorted(left)
    files = [tmp_path / "1-of-2.jsonl", tmp_path / "2-of-2.jsonl"]
    cells = [repr(cell) for file in files for cell in read_part(file).cells.values()]
    assert sorted(cells) == whole(grid())


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"^--output=.*cannot be written: "):
        next(own_runs(grid(), Shard(1, 1), tmp_path / "file"))
    list(own_runs(grid(), Shard(1, 1), tmp_path))
    refusal = refusal_of(lambda: next(own_runs(grid("lr=1"), Shard(1, 1), tmp_path)))
    assert "is of another sweep or shard" in str(refusal)


def test_a_file_of_another_count_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "1-of-2.jsonl").mkdir()
    runs = own_runs(grid(), Shard(1, 1), Path())
    assert next(runs) == []
    with pytest.raises(BadInput, match=r"^--output=1-of-2\.jsonl: cannot be read: "):
        next(runs)


def test_a_share_is_not_shared_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}.items():
        monkeypatch.setenv(name, value)
    shown = cli("sweep", "--axis", "lr=0.1,0.2", "--shard", "1/2", "-o", "x")
    assert (shown.code, shown.out) == (2, "")
    assert shown.err == (
        "linreg-tui: --shard=1/2: each process has a share already: leave it out\n"
    )
