"""A data set from a file: its rows as tensors, and what a person should be told of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from engine.catalog.dataset import Dataset
from engine.data.encoding import FALLBACK
from engine.data.opened import design_of, marked_rows, open_table
from engine.data.parts import are_several, exchange
from engine.data.sensing import Asked
from engine.support.translation import Message

if TYPE_CHECKING:
    from torch import Generator, Tensor


def read_file(path: str, terms: str, split: str, sha256: str, asked: Asked) -> Dataset:
    """The rows of a file in which no column in use is missing, in float64; raises BadInput."""
    table, note = open_table(path, asked, sha256)
    design = design_of(table, terms)

    def draw(generator: Generator) -> tuple[Tensor, Tensor]:
        import torch

        return torch.from_numpy(design.X), torch.from_numpy(design.y)[:, None]

    parts = exchange(len(design.rows))
    complete, rows, dropped = sum(parts), sum(exchange(table.rows)), sum(exchange(table.dropped))
    notes = [note] if note else []
    if table.dialect.encoding == FALLBACK and asked.encoding == "auto":
        notes.append(Message("not UTF-8, so read as {encoding}", encoding=FALLBACK))
    if complete < rows:
        gaps: Counter[str] = Counter()
        for each in exchange(dict(design.dropped)):
            gaps.update(each)
        columns = ", ".join(f"{name} {count:,}" for name, count in gaps.items())
        notes.append(
            Message(
                "n = {n:,} of {rows:,}; without a value: {columns}",
                n=complete,
                rows=rows,
                columns=columns,
            )
        )
    if dropped:
        notes.append(
            Message("1 row could not be read")
            if dropped == 1
            else Message("{count:,} rows could not be read", count=dropped)
        )
    has_no_column = split in ("random", "ordered")
    return Dataset(
        n=complete,
        columns=design.columns,
        target=design.target,
        draw=draw,
        truth=None,
        inputs=design.inputs,
        is_measured=True,
        has_intercept=design.intercept,
        references=design.references,
        parts=tuple(parts) if are_several() else (),
        held_out=None if has_no_column else marked_rows(table, split, design.rows),
        mixed=split == "ordered",
        lines=None if are_several() else table.lines[design.rows],
        sha256=table.sha256,
        notes=tuple(notes),
    )
