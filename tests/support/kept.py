"""Made-up runs in a store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.experiment import Experiment
from engine.runs.files import INFO, METRICS
from engine.runs.info import RunInfo, RunState


def put_run(
    store: Path,
    number: int,
    metrics: str,
    *,
    name: str = "",
    state: RunState = "finished",
    loss: float = 0.5,
    changes: Mapping[str, object] = {},
) -> RunInfo:
    """Put a run into a store; the larger its number, below 60, the later it began."""
    info = RunInfo(
        id=f"20261126-12{number:02}00-linear-{number:04x}",
        name=name,
        state=state,
        started=f"2026-11-26T12:{number:02}:00+00:00",
        experiment=Experiment().changed(changes).to_dict(),
        result={"epoch": 3, "step": 300, "loss": loss},
    )
    folder = store / info.id
    folder.mkdir(parents=True)
    (folder / INFO).write_text(info.to_json())
    (folder / METRICS).write_text(metrics)
    return info
