"""The files in the folder of a run; their form is what other programs may rely on.

    experiment.toml   the experiment, from which the run can be made again
    run.json          what the run is and what it came to; replaced as a whole by the run itself
    name.txt          what a person called it since, if anybody did; replaced as a whole by them
    metrics.csv       step, epoch, loss, val, batch_loss, lr: a line an epoch, and some minibatches
    parameters.csv    step, epoch and each parameter: a line an epoch, where they are few

Lines of long runs get rarer, so that no file grows beyond a megabyte; a line is whole where it
ends in a newline.
"""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass, field
from pathlib import Path

EXPERIMENT, INFO, NAME = "experiment.toml", "run.json", "name.txt"
METRICS, PARAMETERS = "metrics.csv", "parameters.csv"
FILES = (EXPERIMENT, INFO, NAME, METRICS, PARAMETERS)
METRICS_HEAD = ("step", "epoch", "loss", "val", "batch_loss", "lr")
PARAMETERS_HEAD = ("step", "epoch")
MOST_BYTES = 4 << 20
"""Of a file of metrics that is read, whoever wrote it."""


def replace_text(file: Path, text: str, is_last: bool = False) -> None:
    """Replace a file as a whole: who reads it meanwhile sees the old text or the new one.

    The last time, it outlasts a crash of the system too. Raises OSError.
    """
    beside = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    with beside.open("w", encoding="utf-8") as out:
        out.write(text)
        if is_last:  # else a crash of the system might leave an empty file
            out.flush()
            os.fsync(out.fileno())
    beside.replace(file)


@dataclass
class Table:
    """The columns of a CSV file of numbers; an empty cell is NaN."""

    columns: dict[str, list[float]] = field(default_factory=dict)
    rows: int = 0

    def curve(self, name: str, x: str) -> tuple[list[float], list[float]]:
        """The finite values of a column and where they stand in another; empty without them."""
        pairs = zip(self.columns.get(x, ()), self.columns.get(name, ()), strict=True)
        finite = [(at, value) for at, value in pairs if math.isfinite(at) and math.isfinite(value)]
        return [at for at, _ in finite], [value for _, value in finite]


class Tail:
    """Reads a CSV file of numbers that grows; a line that is not whole yet waits for its end."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.table = Table()
        self._read = 0
        """Bytes of the lines that were taken in."""

    def look(self) -> int:
        """Take in what was added since the last look; returns how many rows that are.

        Raises OSError where the file is gone or no regular file. Lines that are no numbers, or more
        or fewer than the head has, are left out.
        """
        if not self.file.is_file():
            raise FileNotFoundError(self.file)
        with self.file.open("rb") as opened:
            opened.seek(self._read)
            added = opened.read(MOST_BYTES - self._read)
        whole = added[: added.rfind(b"\n") + 1]
        self._read += len(whole)
        before = self.table.rows
        for cells in csv.reader(whole.decode("utf-8", "replace").splitlines()):
            if not self.table.columns:
                self.table.columns = {name: [] for name in cells}
            elif len(cells) == len(self.table.columns):
                self._add(cells)
        return self.table.rows - before

    def _add(self, cells: list[str]) -> None:
        try:
            numbers = [float(cell) if cell else math.nan for cell in cells]
        except ValueError:
            return
        for column, number in zip(self.table.columns.values(), numbers, strict=True):
            column.append(number)
        self.table.rows += 1


def read_table(file: Path) -> Table:
    """The whole lines of a CSV file of numbers; raises OSError."""
    tail = Tail(file)
    tail.look()
    return tail.table
