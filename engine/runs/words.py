"""A run in words, for lists of any kind."""

from __future__ import annotations

from datetime import datetime

from engine.runs.info import RunInfo
from engine.support.outside import printable
from engine.support.translation import tr


def when(info: RunInfo) -> str:
    """When a run began, in the time of this place."""
    try:
        return datetime.fromisoformat(info.started).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return printable(info.started)


def title(info: RunInfo) -> str:
    """The name of a run, or the end of its id, which tells it from others."""
    return printable(info.name) if info.name else info.id.partition("-")[2].partition("-")[2]


def forked(info: RunInfo) -> str:
    """Which run it goes on from, and where; empty where it has a start of its own."""
    if not info.fork:
        return ""
    run, step = printable(str(info.fork.get("run") or "–")), info.fork.get("step")
    return tr("forked from {run} at step {step}", run=run, step=step)


def loss_of(info: RunInfo) -> str:
    """The last loss, if there is one."""
    return "–" if info.loss is None else f"{info.loss:.4g}"
