"""Tables that are in use: they stay as they were read, whatever becomes of their files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.data.design import Design, design
from engine.data.keeping import keep
from engine.data.parts import exchange
from engine.data.reading import numbers, read_table
from engine.data.sensing import Asked
from engine.data.table import Table
from engine.support.errors import BadInput
from engine.support.translation import Message, tr
from engine.support.visitor import file_at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLES = Path(__file__).with_name("samples")
"""Files NAME.csv that come with the lab; their first lines say where they are from."""
SAMPLE = "sample:"
"""What the path of such a file begins with."""
HELD_OUT = ("test", "validation", "val", "holdout", "held out", "held_out")
"""Levels of a column that say that a row is to be held out."""
_in_use: dict[tuple[str, Asked, str], Table] = {}
"""By path, what was asked, and the digest that was asked for, if any; the last one last."""
_designs: dict[tuple[Table, str], Design] = {}


def open_table(path: str, asked: Asked, sha256: str = "") -> tuple[Table, Message | None]:
    """The table of a file, and what a person should be told about it.

    Where the file has changed since or cannot be read any more, it is the table of then. `sha256`
    is the digest that the file should have. Raises BadInput where there is none.
    """
    key = (path, asked, sha256)
    before = _in_use.get(key)
    note = None
    try:
        table = read_table(file_of(path), asked)
    except BadInput as error:
        if before is None:
            raise
        return before, Message("the data are those read before: {error}", error=str(error))
    if sha256 and table.sha256 and table.sha256 != sha256:
        if before:
            return before, Message(
                "{path} has changed since it was read; the data are those of then", path=path
            )
        note = Message("{path} has changed since this experiment was written down", path=path)
    return keep(_in_use, key, table, numbers), note


def design_of(table: Table, terms: str) -> Design:
    """See `design`; made once."""
    key = table, terms
    made = _designs.get(key) or design(table, terms)
    return keep(_designs, key, made, lambda design: int(design.X.size))


def file_of(path: str) -> str:
    """The file that a path stands for; raises BadInput for a sample that does not exist.

    So it does for a file that a visitor may not read.
    """
    if not path.startswith(SAMPLE):
        if not path.strip():
            raise BadInput("data.path", path, tr("must name a file"))
        return str(file_at(path, "data.path"))
    files = {file.stem: file for file in sorted(SAMPLES.glob("*.csv"))}
    name = path.removeprefix(SAMPLE)
    if name not in files:
        raise BadInput("data.path", path, tr("choose from {names}", names=", ".join(files)))
    return str(files[name])


def marked_rows(table: Table, name: str, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of some rows a column holds out, by 1 or by a word like `test`; raises BadInput.

    Where a file is read in parts, those of all parts.
    """
    import numpy as np

    try:
        column = table.column(name)
    except BadInput as error:
        words = tr("random, ordered, or a column; {error}", error=error)
        raise BadInput("data.split", name, words) from None
    numbers = column.numbers[rows] if len(column.numbers) else np.zeros(len(rows))
    if column.kind == "category":
        marks = [index for index, level in enumerate(column.levels) if level.casefold() in HELD_OUT]
        marked, is_plain = np.isin(numbers, marks), True
    else:
        marked, is_plain = numbers == 1, bool(np.isin(numbers, (0, 1)).all())
    if not all(exchange(is_plain)):
        raise BadInput("data.split", name, tr("must hold 0 and 1, or words like test"))
    held_out = np.concatenate(exchange(marked))
    if not 0 < held_out.sum() < len(held_out):
        allowed = tr("marks {count} of {rows} rows", count=int(held_out.sum()), rows=len(held_out))
        raise BadInput("data.split", name, allowed)
    return held_out
