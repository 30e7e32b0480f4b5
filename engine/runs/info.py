"""What `run.json` tells of a run, and whether its process is still there."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from engine.experiment import Experiment, flattened
from engine.runs.files import INFO, METRICS, NAME
from engine.support.machine import process_mark
from engine.support.outside import read_text
from engine.support.plain_json import finite
from engine.support.translation import TRANSLATED

VERSION = 1
"""The version of the format of `run.json`."""
SILENT, SILENT_ELSEWHERE = 60.0, 3600.0
"""Seconds without a sign after which a run has crashed if its process is gone; and on another
machine, whose processes cannot be seen."""

RunState = Annotated[
    Literal["running", "finished", "stopped", "diverged", "failed", "crashed"], TRANSLATED
]


@dataclass(frozen=True)
class RunInfo:
    """A run in plain values, as JSON holds them."""

    id: str
    """The name of its folder."""
    name: str
    """What a person called it; mostly empty."""
    state: RunState
    started: str
    """Date and time, ISO 8601 in UTC."""
    experiment: Mapping[str, Any]
    """As `Experiment.to_dict` makes it."""
    ended: str = ""
    host: str = ""
    pid: int = 0
    process: str = ""
    """What tells the process from a later one of the same number."""
    limit: Mapping[str, Any] = field(default_factory=dict)
    """The largest stable learning rate: `lr`, `kind`, `name`."""
    floor: Mapping[str, Any] = field(default_factory=dict)
    """The loss below which there is nothing left to learn: `level`, `noise`, `optimum`."""
    closed_form: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    """Where it is, or ended: `epoch`, `step`, `loss`, `params`, `standing` and what else there is,
    over the data as they are."""
    fork: Mapping[str, Any] = field(default_factory=dict)
    """Where it began, as `Fork.to_dict` makes it, if it goes on from another run."""
    lrs: tuple[tuple[int, float], ...] = ()
    """The steps after which another lr was set, each with that lr."""
    version: int = VERSION

    def to_json(self) -> str:
        """One line; numbers that are not finite are null."""
        return json.dumps(finite(asdict(self)), ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> RunInfo:
        """The run that `to_json` wrote; raises ValueError for anything else.

        Keys of later versions are passed over.
        """
        try:
            values = json.loads(text)
            names = [each.name for each in fields(cls) if each.name in values]
            info = cls(**{name: values[name] for name in names})
            info = replace(info, lrs=tuple((int(step), float(lr)) for step, lr in info.lrs))
        except (TypeError, AttributeError, KeyError, RecursionError) as error:
            raise ValueError(str(error)) from None
        texts = (info.id, info.name, info.started, info.ended, info.host, info.process)
        tables = (info.experiment, info.limit, info.floor, info.closed_form, info.result, info.fork)
        if (
            not all(isinstance(text, str) for text in texts)
            or not all(isinstance(table, dict) for table in tables)
            or type(info.pid) is not int
            or info.state not in get_args(get_args(RunState)[0])
        ):
            raise ValueError("not a run")
        return info

    @property
    def loss(self) -> float | None:
        """The last loss over all the data, if it was a number."""
        loss = self.result.get("loss")
        return float(loss) if isinstance(loss, int | float) else None

    def settings(self) -> dict[str, object]:
        """Every key of the experiment with its value: `lr`, `data`, `data.n`, …"""
        return flattened(self.experiment)

    def open_experiment(self) -> Experiment:
        """The experiment; raises BadInput where this version, or what is on disk, refuses it."""
        return Experiment.from_dict(self.experiment)


def read_info(folder: Path, now: float | None = None) -> RunInfo:
    """The run in a folder, at a time (seconds since 1970, by default now).

    Raises OSError or ValueError where there is none. A run that was silent for a minute and whose
    process is gone has crashed.
    """
    info = RunInfo.from_json(read_text(folder / INFO))
    info = replace(info, id=folder.name, name=_name(folder, info.name))
    if info.state == "running" and not _lives(info, folder, time.time() if now is None else now):
        return replace(info, state="crashed")
    return info


def _name(folder: Path, first: str) -> str:
    """What a person has called the run since it began under its first name."""
    try:
        return read_text(folder / NAME).strip()
    except OSError:
        return first


def _lives(info: RunInfo, folder: Path, now: float) -> bool:
    """Whether there may still be a process that takes the run further."""
    silence = now - max(_changed(folder / INFO), _changed(folder / METRICS))
    if info.host != socket.gethostname():
        return silence < SILENT_ELSEWHERE
    return silence < SILENT or process_mark(info.pid) in (info.process, "?")


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def this_process() -> dict[str, Any]:
    """The fields of a run that this process writes."""
    pid = os.getpid()
    return {"host": socket.gethostname(), "pid": pid, "process": process_mark(pid)}
