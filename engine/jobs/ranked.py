"""A sweep over the ranks of a launcher: each does a shard, and the first one gathers them all.

A block of runs is on its way while the next one is computed, without the losses of the epochs:
nobody asks the first rank for them, and it would hold those of all ranks. With a folder, each rank
keeps its shard in a file there, so that after a restart only what is unfinished is done again.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

from engine.jobs.shards import Shard, bytes_of, described, owners, part_of, resume
from engine.jobs.sweep import Cell, Sweep
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.ranks import Ranks, talking
from engine.support.translation import tr

if TYPE_CHECKING:
    from torch import Tensor
    from torch.distributed import Work

    from engine.theory.stability import Limit

BLOCK = 512
"""Runs that a rank sends at once: as many as a kernel trains at once."""

COLUMNS = 6
"""Numbers of a run in a block."""


class Gathering:
    """Blocks of runs on their way to the first rank; inside `joined`."""

    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks
        self._sent: deque[tuple[Work, list[Tensor]]] = deque()

    def send(self, cells: Sequence[Cell]) -> None:
        """Give the next block to the first rank; all ranks must send as many."""
        import torch
        from torch import distributed

        # The first rank has its own runs already.
        block = table([] if self.ranks.is_first else cells)
        blocks = [torch.empty_like(block) for _ in range(self.ranks.size)]
        with talking(self.ranks):
            work = distributed.gather(block, blocks if self.ranks.is_first else None, async_op=True)
        self._sent.append((work, blocks[1:] if self.ranks.is_first else []))

    def arrived(self, wait: bool = False) -> list[Cell]:
        """The runs of other ranks that have come since; waits for those that are on their way."""
        cells: list[Cell] = []
        while self._sent and (wait or self._sent[0][0].is_completed()):
            work, blocks = self._sent.popleft()
            with talking(self.ranks):
                work.wait()
            cells += chain.from_iterable(map(cells_of, blocks))
        return cells


def gathered(sweep: Sweep, ranks: Ranks, folder: Path | None) -> Iterator[list[Cell]]:
    """On the first rank all runs as they come, on the others empty lists; inside `joined`.

    They come without the losses of their epochs.
    Raises BadInput where a rank is lost, or a file of the folder is of another sweep.
    """
    import numpy as np

    left = math.ceil(np.bincount(owners(sweep, ranks.size)).max() / BLOCK)
    gathering, done = Gathering(ranks), list[Cell]()
    for runs in own_runs(sweep, Shard(ranks.rank + 1, ranks.size), folder):
        cells = [cell._replace(losses=()) for cell in runs]
        done += cells
        while len(done) >= BLOCK:
            gathering.send(done[:BLOCK])
            del done[:BLOCK]
            left -= 1
        yield gathering.arrived() + (cells if ranks.is_first else [])
    for _ in range(left):
        gathering.send(done)
        done.clear()
    yield gathering.arrived(wait=True)


def own_runs(sweep: Sweep, shard: Shard, folder: Path | None) -> Iterator[list[Cell]]:
    """The runs of a rank, kept in its file of a folder if there is one."""
    from engine.jobs.lanes import run_sweep

    if folder is None:
        yield from run_sweep(sweep, shard.runs(sweep))
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        allowed = tr("cannot be written: {reason}", reason=error.strerror or str(error))
        raise BadInput("--output", printable(str(folder)), allowed) from None
    file = folder / f"{shard.number}-of-{shard.count}.jsonl"
    yield from resume(sweep, shard, file, of_other_counts(sweep, shard, folder))


def of_other_counts(sweep: Sweep, shard: Shard, folder: Path) -> Iterator[Cell]:
    """The runs that a folder has of the same sweep from when there were more ranks, or fewer.

    Raises BadInput for a file that cannot be read.
    """
    for file in sorted(folder.glob("*-of-*.jsonl")):
        # Of as many ranks as now, others are being written.
        if not file.stem.endswith(f"-of-{shard.count}"):
            try:
                data = bytes_of(file)
            except OSError as error:
                allowed = tr("cannot be read: {reason}", reason=error.strerror or str(error))
                raise BadInput("--output", printable(str(file)), allowed) from None
            # A process that was killed may have left no more than the beginning of the first line.
            if b"\n" in data and (part := part_of(data, file)).sweep == described(sweep):
                yield from part.cells.values()


def shared_limits(sweep: Sweep, ranks: Ranks) -> tuple[Limit, ...]:
    """On the first rank the limits of the lr at all places of the axis beside it; inside `joined`.

    Each rank works out its share; on the others there are none.
    """
    from torch import distributed

    from engine.jobs.limits import limit_at

    own = [limit_at(sweep, place) for place in range(ranks.rank, sweep.limits, ranks.size)]
    taken: list[list[Limit]] = [[]] * ranks.size
    with talking(ranks):
        distributed.gather_object(own, taken if ranks.is_first else None, dst=0)
    places = range(sweep.limits if ranks.is_first else 0)
    return tuple(taken[place % ranks.size][place // ranks.size] for place in places)


def table(cells: Sequence[Cell]) -> Tensor:
    """Runs as a block (BLOCK, COLUMNS) of float64, which holds them exactly; NaN below."""
    import numpy as np
    import torch

    block = torch.full((BLOCK, COLUMNS), math.nan, dtype=torch.float64)
    rows = [
        (
            cell.index, cell.status == "finished", cell.floor_epoch or 0, cell.floor_samples or 0,
            cell.floor, cell.loss,
        )
        for cell in cells
    ]  # fmt: skip
    if rows:
        block[: len(rows)] = torch.from_numpy(np.array(rows, np.float64))
    return block


def cells_of(block: Tensor) -> list[Cell]:
    """The inverse of `table`; column by column, for the first rank does it for all the others."""
    rows = block[~block[:, 0].isnan()]
    indices, finished, floor_epochs, floor_samples = rows[:, :4].long().T.tolist()
    floors, losses = rows[:, 4:].T.tolist()
    columns = zip(
        indices,
        losses,
        [epoch or None for epoch in floor_epochs],
        ["finished" if is_finished else "diverged" for is_finished in finished],
        repeat(()),
        floors,
        [samples or None for samples in floor_samples],
        strict=False,
    )
    return list(map(Cell._make, columns))
