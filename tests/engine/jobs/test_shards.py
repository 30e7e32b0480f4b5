"""A sweep in parts, and the whole of its parts."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.jobs.axis import Axis, parse_axis
from engine.jobs.lanes import run_sweep
from engine.jobs.shards import Shard, line_of, merged, parse_shard, read_part, resume
from engine.jobs.sweep import Cell, Sweep
from tests.support.commands import cli, refusal_of

SMALL = Experiment().changed({"data.n": 60, "epochs": 2, "optimizer": "momentum"})
AXES = ("lr=log:1e-3:9:7", "batch_size=1,7,60")
OPTIONS = ("-s", "data.n=60", "-s", "epochs=2", "-s", "optimizer=momentum",
           "--axis", AXES[0], "--axis", AXES[1])  # fmt: skip


def grid(*axes: str) -> Sweep:
    return Sweep(SMALL, tuple(parse_axis(axis, SMALL) for axis in axes or AXES))


def whole() -> list[Cell]:
    return sorted(cell for cells in run_sweep(grid()) for cell in cells)


def digits(cells: list[Cell] | tuple[Cell, ...]) -> list[str]:
    """All digits of runs, also of those that are no number."""
    return list(map(repr, cells))


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_the_parts_are_the_whole_to_the_last_digit(tmp_path: Path, count: int) -> None:
    files = [tmp_path / f"{number}.jsonl" for number in range(1, count + 1)]
    for number, file in enumerate(files, 1):
        list(resume(grid(), Shard(number, count), file))
    random.Random(0).shuffle(files)
    sweep, cells = merged(files)
    assert (sweep.experiment, sweep.axes) == (SMALL, grid().axes)
    assert digits(cells) == digits(whole())
    assert {cell.status for cell in cells} == {"finished", "diverged"}


@given(
    keys=st.lists(
        st.sampled_from(("lr", "batch_size", "seed", "data.n", "epochs")),
        min_size=1, max_size=2, unique=True,
    ),
    sizes=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    count=st.integers(1, 30),
)  # fmt: skip
def test_shares_are_equal_and_tear_few_groups_apart(
    keys: list[str], sizes: tuple[int, int], count: int
) -> None:
    axes = [Axis(key, tuple(range(1, size + 1))) for key, size in zip(keys, sizes, strict=False)]
    sweep = Sweep(SMALL, tuple(axes))
    shares = [Shard(number, count).runs(sweep) for number in range(1, count + 1)]
    assert sorted(index for share in shares for index in share) == list(range(len(sweep)))

    def group(index: int) -> tuple[float, ...]:
        """What decides which samples a run sees, and in which loss."""
        named = sweep.named(index)
        return tuple(named[key] for key in keys if key not in ("lr", "batch_size"))

    owners: dict[tuple[float, ...], set[int]] = {}
    for number, share in enumerate(shares):
        for index in share:
            owners.setdefault(group(index), set()).add(number)
    assert sum(len(numbers) > 1 for numbers in owners.values()) <= len(owners) % count
    # Of each group that is torn apart, one share may have a run more than another.
    lengths = [len(share) for share in shares]
    assert max(lengths) - min(lengths) <= len(owners) % count


def test_a_part_goes_on_where_it_was_ended(tmp_path: Path) -> None:
    file, complete = tmp_path / "part.jsonl", tmp_path / "complete.jsonl"
    shard = Shard(1, 2)
    list(resume(grid(), shard, complete))
    data = complete.read_bytes()
    for end in (0, 9, data.index(b"\n") + 1, len(data) // 2, len(data) - 1, len(data)):
        file.write_bytes(data[:end])
        done = max(data[:end].count(b"\n") - 1, 0)
        first, *more = resume(grid(), shard, file)
        assert len(first) == done
        assert len(first) + sum(map(len, more)) == len(read_part(complete).cells)
        assert digits(list(read_part(file).cells.values())[:done]) == digits(
            list(read_part(complete).cells.values())[:done]
        )
        assert sorted(file.read_bytes().splitlines()) == sorted(data.splitlines())


def test_a_run_is_written_in_json_that_others_read() -> None:
    cell = Cell(3, float("inf"), None, "diverged", (1.5, float("nan")), 5e-5, None)
    row = json.loads(line_of(cell), parse_constant=pytest.fail)
    assert (row["loss"], row["losses"]) == ("inf", [1.5, "nan"])


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (text, "number/count, as in 3/16")
        for text in ("3", "/", "a/b", "-1/3", "1/0", "1/2/3", "", "1/" + "9" * 5000)
    ]
    + [("0/3", "from 1/3 to 3/3"), ("4/3", "from 1/3 to 3/3"), ("17/16", "from 1/16 to 16/16")],
)
def test_wrong_shards(text: str, allowed: str) -> None:
    refusal = refusal_of(lambda: parse_shard(text))
    assert refusal
    assert f"must be {allowed}" in str(refusal)


def test_what_does_not_belong_together_is_named(tmp_path: Path) -> None:
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    list(resume(grid(), Shard(1, 2), one))
    list(resume(grid(), Shard(2, 2), two))
    list(resume(grid("lr=0.1,0.2"), Shard(2, 2), other))
    (tmp_path / "text").write_text("hello\n")
    (tmp_path / "empty").write_text('{"sweep": {}, "shard": [1, 1]}\n')
    (tmp_path / "none").write_text('{"sweep": {}, "shard": [0, 0]}\n')
    two.write_bytes(two.read_bytes()[:-1])
    for files, words in (
        ((one, other), "is of another sweep than"),
        ((one,), "shard=2/2: is missing"),
        ((one, two), "lacks 1 run: go on with --shard 2/2"),
        ((one, tmp_path / "text"), "is no part of a sweep"),
        ((tmp_path / "empty",), "is no part of a sweep"),
        ((tmp_path / "none",), "is no part of a sweep"),
        ((one, tmp_path / "nothing"), "cannot be read"),
        ((one, Path("/dev/zero")), "cannot be read: not a regular file"),
    ):
        shown = cli("sweep-merge", *map(str, files))
        assert shown.code == 2
        assert words in shown.err
        assert shown.err.count("\n") == 1
    before = one.read_bytes()
    shown = cli("sweep", *OPTIONS, "--shard", "2/2", "-o", str(one))
    assert (shown.code, one.read_bytes()) == (2, before)
    assert "is of another sweep or shard" in shown.err


def test_on_the_command_line(tmp_path: Path) -> None:
    files = [str(tmp_path / f"{number}") for number in (1, 2, 3)]
    for number, file in enumerate(files, 1):
        shown = cli("sweep", *OPTIONS, "--shard", f"{number}/3", "-o", file)
        assert shown.code == 0
        assert shown.out.startswith(f"shard {number}/3: 7 of 7 runs in ")
    merged_rows = cli("sweep-merge", *files, "--json").out.splitlines()
    rows = cli("sweep", *OPTIONS, "--json").out.splitlines()
    assert merged_rows[-1] == rows[-1]
    assert sorted(merged_rows) == sorted(rows)
    for options in (("--shard", "1/2"), ("--shard", "1/2", "-o", str(tmp_path))):
        assert "needs --output FILE" in cli("sweep", *OPTIONS, *options).err
    assert "needs --shard I/N" in cli("sweep", *OPTIONS, "-o", files[0]).err
