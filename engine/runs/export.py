"""The metrics of a run for other programs: CSV, JSON lines, TensorBoard's events."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from engine.runs.files import METRICS, Table, read_table
from engine.runs.info import RunInfo
from engine.runs.store import Store
from engine.runs.tensorboard import Scalar, events
from engine.support.errors import BadInput
from engine.support.translation import tr
from engine.support.user_files import write_beside

EVENTS = "events.out.tfevents"
"""With what the name of a file of events begins."""


def export_run(store: Store, info: RunInfo, form: str, output: Path | None) -> str:
    """Write the metrics of a run in one of EXPORTS; returns what was written, if it is text.

    Raises BadInput where the run has no metrics, or the output cannot be made or exists.
    """
    try:
        table = read_table(store.path(info) / METRICS)
    except OSError as error:
        raise BadInput("run", info.id, error.strerror or str(error)) from None
    content = EXPORTS[form](info, table)
    if isinstance(content, bytes):
        if output is None:
            raise BadInput("--output", "", tr("is needed: TensorBoard reads a folder"))
        output = output / f"{EVENTS}.{info.id}"
    if output is not None:
        write_new(output, content)
    return content if isinstance(content, str) else ""


def write_metrics(store: Store, info: RunInfo) -> Path:
    """The new CSV file in the present folder that holds the metrics of a run; raises BadInput."""
    content = export_run(store, info, "csv", None)
    try:
        return write_beside(content.encode(), info.id, ".csv")
    except OSError as error:
        allowed = tr("cannot be written: {reason}", reason=error.strerror)
        raise BadInput("run", info.id, allowed) from None


def write_new(file: Path, content: str | bytes) -> None:
    """Write a file that does not exist yet; raises BadInput."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as out:
            out.write(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        allowed = tr("cannot be written: {reason}", reason=error.strerror)
        raise BadInput("--output", file, allowed) from None


def as_csv(info: RunInfo, table: Table) -> str:
    """Columns as in `metrics.csv`, the shortest exact form of each number."""
    lines = [",".join(table.columns)]
    for numbers in zip(*table.columns.values(), strict=True):
        lines.append(",".join("" if math.isnan(x) else f"{x:.15g}" for x in numbers))
    return "\n".join(lines) + "\n"


def as_json_lines(info: RunInfo, table: Table) -> str:
    """An object a line, without what is empty; what is infinite is null."""
    lines = []
    for numbers in zip(*table.columns.values(), strict=True):
        values = dict(zip(table.columns, numbers, strict=True))
        plain = {
            name: x if math.isfinite(x) else None for name, x in values.items() if not math.isnan(x)
        }
        lines.append(json.dumps(plain))
    return "\n".join(lines) + "\n"


def as_events(info: RunInfo, table: Table) -> bytes:
    """The file of events of a run, its curves by their names in `metrics.csv`."""
    begun = datetime.fromisoformat(info.started).timestamp()
    return b"".join(events(_scalars(table, begun), begun))


def _scalars(table: Table, time: float) -> Iterator[Scalar]:
    for name in table.columns:
        if name not in ("step", "epoch"):
            for step, value in zip(*table.curve(name, "step"), strict=True):
                yield Scalar(name, int(step), time, value)


EXPORTS: dict[str, Callable[[RunInfo, Table], str | bytes]] = {
    "csv": as_csv,
    "jsonl": as_json_lines,
    "tensorboard": as_events,
}
"""What a run can be exported as."""
