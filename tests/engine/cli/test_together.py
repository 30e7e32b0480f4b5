"""`run` in the processes that a launcher starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.runs.store import Store
from tests.support.commands import cli
from tests.support.paths import ROOT

SHORT = ("sample:cars", "-s", "loop=concise", "-s", "epochs=2", "--in-parts")


def test_torchrun_trains_as_one_process_does(tmp_path: Path) -> None:
    """Each reads its part of a file; the first prints and keeps the run, with the losses of one."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = ["-m", "tui", "run", *SHORT, "--json", "--name", "together"]
    shown = subprocess.run(
        [sys.executable, *launcher, *command],
        cwd=ROOT,
        env={**os.environ, "LINREG_TUI_RUNS": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert shown.returncode == 0, shown.stderr
    together = [json.loads(line) for line in shown.stdout.splitlines()]
    alone = [json.loads(line) for line in cli("run", *SHORT, "--json").out.splitlines()]
    for here, there in zip(together, alone, strict=True):
        assert here["event"] == there["event"]
        if "loss" in here:
            assert here["loss"] == pytest.approx(there["loss"], rel=1e-6)
    assert [run.name for run in Store(tmp_path).runs()] == ["together"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (("-s", "loop=scratch"), "loop=scratch: 2 processes can only take the steps of loop=conc"),
        (("-s", "loop=fast"), "loop=fast: 2 processes can only take the steps of loop=concise"),
        (("-s", "loop=concise", "-s", "reshape=false"), "reshape=false: needs each estimate"),
    ],
)
def test_what_several_processes_cannot_do_is_refused(
    settings: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}.items():
        monkeypatch.setenv(name, value)
    shown = cli("run", *settings)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.startswith(f"linreg-tui: {words}")
    assert len(shown.err.splitlines()) == 1
