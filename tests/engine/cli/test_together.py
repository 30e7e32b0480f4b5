"""`run` in the processes that a launcher starts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli import common
from engine.cli.together import check
from engine.experiment import Experiment
from engine.runs.store import Store
from engine.support.errors import BadInput
from tests.support.commands import Shown, cli
from tests.support.launched import free_port, in_two_ranks

SHORT = ["run", "sample:cars", "-s", "loop=concise", "-s", "epochs=2", "--in-parts", "--json"]


def torchrun(port: int, **more: str) -> Callable[[int], dict[str, str]]:
    """What torchrun tells each of two ranks on this machine."""
    step = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), **more}
    return lambda rank: {**step, "RANK": str(rank)}


def test_two_ranks_train_as_one_process_does(tmp_path: Path) -> None:
    """Each reads its part of a file; the first prints and keeps the run, with the losses of one."""
    environment = torchrun(free_port(), LINREG_TUI_RUNS=str(tmp_path))
    first, silent = in_two_ranks([*SHORT, "--name", "together"], (tmp_path, tmp_path), environment)
    assert silent == Shown(0, "", "")
    assert first.code == 0, first.err
    together = [json.loads(line) for line in first.out.splitlines()]
    alone = [json.loads(line) for line in cli(*SHORT).out.splitlines()]
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here a file is there, and not where the other process is."""
    monkeypatch.setattr(common, "LATER", 0.0)  # no launcher is here that would end all
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    (here / "line.csv").write_text("x,y\n1,2\n2,4\n3,6\n")
    command = ["run", "line.csv", "-s", "loop=concise", "-s", "epochs=1"]
    first, silent = in_two_ranks(command, (here, elsewhere), torchrun(free_port()))
    assert silent == Shown(2, "", "")
    assert (first.code, first.out) == (2, "")
    assert first.err == (
        "linreg-tui: rank 1: data.path=line.csv: cannot be read: No such file or directory\n"
    )
