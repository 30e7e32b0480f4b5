"""`run` in the processes that a launcher starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.together import check
from engine.experiment import Experiment
from engine.runs.store import Store
from engine.support.errors import BadInput
from engine.support.ranks import Ranks
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
    ("changes", "words"),
    [
        ({"loop": "scratch"}, "loop=scratch: 2 processes can only take the steps of loop=concise"),
        ({"loop": "fast"}, "loop=fast: 2 processes can only take the steps of loop=concise"),
        ({"loop": "concise", "reshape": False}, "reshape=false: needs each estimate"),
    ],
)
def test_what_several_processes_cannot_do_is_refused(
    changes: dict[str, object], words: str
) -> None:
    with pytest.raises(BadInput, match=f"^{words}"):
        check(Experiment().changed(changes), 2)


def test_what_one_process_refuses_is_said_once_by_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_rank: Ranks
) -> None:
    """Here a file is there, and not where the other process is."""
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    (here / "line.csv").write_text("x,y\n1,2\n2,4\n3,6\n")
    launched = {
        "WORLD_SIZE": "2", "MASTER_ADDR": one_rank.address, "MASTER_PORT": str(one_rank.port),
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = ("run", "line.csv", "-s", "loop=concise", "-s", "epochs=1")
    with subprocess.Popen(
        [sys.executable, "-m", "tui", *command],
        cwd=elsewhere,
        env={**os.environ, **launched, "RANK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as other:
        monkeypatch.chdir(here)
        for name, value in {**launched, "RANK": "0"}.items():
            monkeypatch.setenv(name, value)
        first = cli(*command)
        said, _ = other.communicate(timeout=60)
    assert (other.returncode, said) == (2, "")
    assert (first.code, first.out) == (2, "")
    assert first.err == (
        "linreg-tui: rank 1: data.path=line.csv: cannot be read: No such file or directory\n"
    )
