"""A sweep in parts: each of several machines does a share of the runs, and a file holds each share.

Runs of a sweep do not disturb each other, so the shares together are the whole to the last digit.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.experiment import Experiment, flattened
from engine.jobs.axis import Axis
from engine.jobs.sweep import Cell, Sweep, is_lane
from engine.support.errors import BadInput
from engine.support.outside import open_regular, printable
from engine.support.translation import tr, trn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Shard:
    """One of `count` equal shares of the runs of a sweep, its `number` counted from 1."""

    number: int
    count: int

    def runs(self, sweep: Sweep) -> list[int]:
        """Its runs in their order."""
        runs: list[int] = (owners(sweep, self.count) == self.number - 1).nonzero()[0].tolist()
        return runs

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def owners(sweep: Sweep, count: int) -> NDArray[np.int64]:
    """Whose of so many shares each run of a sweep is, counted from 0.

    What runs over the same samples have in common costs more than many of them: each share has
    whole groups of such runs, and of each group that is left over every `count`-th run.
    """
    import numpy as np

    lengths = [len(axis.values) for axis in sweep.axes]
    group = lane = np.zeros(len(sweep), np.int64)
    groups = 1
    for axis, place in zip(sweep.axes, np.indices(lengths).reshape(len(lengths), -1), strict=True):
        if is_lane(axis.key):
            lane = lane * len(axis.values) + place
        else:
            group, groups = group * len(axis.values) + place, groups * len(axis.values)
    is_whole = group < groups - groups % count
    return np.asarray(np.where(is_whole, group, group + lane) % count)


_COUNT = re.compile(r"[0-9]{1,18}")


def parse_shard(text: str) -> Shard:
    """The shard that a person typed, `3/16`; raises BadInput."""
    number, _, count = text.partition("/")
    if not (_COUNT.fullmatch(number) and _COUNT.fullmatch(count) and int(count)):
        raise BadInput("--shard", text, tr("must be number/count, as in 3/16"))
    if not 1 <= int(number) <= int(count):
        raise BadInput(
            "--shard", text, tr("must be from 1/{count} to {count}/{count}", count=count)
        )
    return Shard(int(number), int(count))


def described(sweep: Sweep) -> dict[str, Any]:
    """A sweep as JSON has it; equal for equal sweeps."""
    axes = [{"key": axis.key, "values": list(axis.values)} for axis in sweep.axes]
    return {"experiment": sweep.experiment.to_dict(), "axes": axes}


@dataclass(frozen=True)
class ShardFile:
    """What a file holds: the shard of a sweep, and those of its runs that are done."""

    sweep: dict[str, Any]
    shard: Shard
    cells: dict[int, Cell]
    whole_bytes: int
    """Bytes of its whole lines; a process that was killed may have left half of one behind."""


def sweep_of(description: dict[str, Any], file: Path) -> Sweep:
    """The inverse of `described`; raises BadInput, which names the file where it is none."""
    try:
        values = flattened(description["experiment"])
        axes = tuple(Axis(axis["key"], tuple(axis["values"])) for axis in description["axes"])
    except (AttributeError, KeyError, TypeError):
        raise BadInput("file", printable(str(file)), tr("is no part of a sweep")) from None
    return Sweep(Experiment().changed(values), axes)


def read_part(file: Path) -> ShardFile:
    """The part in a file; raises BadInput, and OSError where there is no file."""
    return part_of(bytes_of(file), file)


def bytes_of(file: Path) -> bytes:
    """All that a regular file holds; raises OSError."""
    with open_regular(file) as opened:
        return opened.read()


def part_of(data: bytes, file: Path) -> ShardFile:
    """The part that the bytes of a file hold; raises BadInput, which names the file."""
    whole = data[: data.rfind(b"\n") + 1]
    try:
        head, *rows = (json.loads(line) for line in whole.splitlines())
        number, count = head["shard"]
        cells = {row["index"]: cell_of(row) for row in rows}
        return ShardFile(head["sweep"], parse_shard(f"{number}/{count}"), cells, len(whole))
    except (ValueError, KeyError, TypeError):
        raise BadInput("file", printable(str(file)), tr("is no part of a sweep")) from None


def cell_of(row: dict[str, Any]) -> Cell:
    """A run from a line of a file."""
    losses = tuple(map(float, row["losses"]))
    return Cell(**{**row, "loss": float(row["loss"]), "losses": losses})


def line_of(cell: Cell) -> str:
    """A run as a line of JSON, in all its digits; `inf` and `nan` as texts, which JSON lacks."""

    def exact(number: float) -> float | str:
        return number if math.isfinite(number) else str(number)

    row = cell._asdict()
    row |= {"loss": exact(cell.loss), "losses": [exact(loss) for loss in cell.losses]}
    return json.dumps(row, allow_nan=False)


def resume(
    sweep: Sweep, shard: Shard, file: Path, of_other_files: Iterable[Cell] = ()
) -> Iterator[list[Cell]]:
    """Do the runs of a shard that a file lacks, but for those that other files have; add all to it.

    Yields first the runs that it had, then those that it takes in, as they come. Raises BadInput
    where the file belongs to another sweep or shard, or cannot be written.
    """
    from engine.jobs.lanes import run_sweep

    description, done = described(sweep), dict[int, Cell]()
    head = {"sweep": description, "shard": [shard.number, shard.count]}
    first_line = (json.dumps(head, allow_nan=False) + "\n").encode()
    try:
        data = bytes_of(file) if file.exists() else b""
        # A process that was killed may have left no more than the beginning of the first line.
        if not first_line.startswith(data):
            part = part_of(data, file)
            if (part.sweep, part.shard) != (description, shard):
                raise BadInput("--output", printable(str(file)), tr("is of another sweep or shard"))
            done = part.cells
            os.truncate(file, part.whole_bytes)
        else:
            file.write_bytes(first_line)
        yield list(done.values())
        left = set(shard.runs(sweep)) - done.keys()
        taken_over = {cell.index: cell for cell in of_other_files if cell.index in left}
        with file.open("a") as output:
            wanted = sorted(left - taken_over.keys())
            for cells in chain([list(taken_over.values())], run_sweep(sweep, wanted)):
                output.writelines(line_of(cell) + "\n" for cell in cells)
                output.flush()
                yield cells
    except OSError as error:
        reason = error.strerror or str(error)
        allowed = tr("cannot be written: {reason}", reason=reason)
        raise BadInput("--output", printable(str(file)), allowed) from None


def merged(files: Iterable[Path]) -> tuple[Sweep, tuple[Cell, ...]]:
    """The sweep of which the files are the parts, and all its runs in their order.

    Raises BadInput for parts of different sweeps, and for a shard or runs that are missing.
    """
    parts: list[tuple[Path, ShardFile]] = []
    for file in files:
        try:
            parts.append((file, read_part(file)))
        except OSError as error:
            reason = error.strerror or str(error)
            allowed = tr("cannot be read: {reason}", reason=reason)
            raise BadInput("file", printable(str(file)), allowed) from None
    first = parts[0][1]
    for file, part in parts:
        if (part.sweep, part.shard.count) != (first.sweep, first.shard.count):
            allowed = tr("is of another sweep than {file}", file=printable(str(parts[0][0])))
            raise BadInput("file", printable(str(file)), allowed)
    numbers = {part.shard.number for _, part in parts}
    if absent := sorted(set(range(1, first.shard.count + 1)) - numbers):
        names = ", ".join(f"{number}/{first.shard.count}" for number in absent)
        raise BadInput("shard", names, tr("is missing"))
    sweep = sweep_of(first.sweep, parts[0][0])
    cells = {index: cell for _, part in parts for index, cell in part.cells.items()}
    for file, part in parts:
        left = [index for index in part.shard.runs(sweep) if index not in cells]
        if left:
            allowed = trn(
                "lacks {n} run: go on with --shard {shard}",
                "lacks {n} runs: go on with --shard {shard}",
                n=len(left),
                shard=part.shard,
            )
            raise BadInput("file", printable(str(file)), allowed)
    return sweep, tuple(cells[index] for index in range(len(sweep)))
