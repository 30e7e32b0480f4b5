"""The commands that the README has for many machines, run as they stand there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from engine.jobs.shards import read_part
from tests.support.commands import Shown, cli
from tests.support.forked import python
from tests.support.launched import free_port, in_two_ranks
from tests.support.paths import ROOT

SECTION = re.search(
    r"^### A sweep, shared out$(.+?)^##",
    (ROOT / "README.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)
BLOCKS = re.findall(r"```sh\n(.+?)```", SECTION[1] if SECTION else "", re.DOTALL)
LINES = [
    shlex.split(line, comments=True)
    for block in BLOCKS
    for line in block.replace("\\\n", "").splitlines()
]

MORTAL = """
import os, signal, sys
from pathlib import Path
from engine.jobs import shards
from tui.__main__ import main

left, line_of = 100, shards.line_of

def mortal(cell):
    global left
    left -= 1
    if not left:
        file = Path("parts/2-of-2.jsonl")
        file.with_suffix(".before").write_bytes(file.read_bytes())
        os.kill(os.getpid(), signal.SIGKILL)
    return line_of(cell)

if (os.environ["RANK"], os.environ["TORCHELASTIC_RESTART_COUNT"]) == ("1", "0"):
    shards.line_of = mortal
main()
"""
"""The command line, in which the second rank is killed in its hundredth run, once."""

LAUNCHER = """
import sys
from torch.distributed.elastic.multiprocessing.subprocess_handler import subprocess_handler
from torch.distributed.run import main
from tests.support.forked import python

subprocess_handler.Popen = lambda args, **options: python(*args[2:], **options)
main()
"""
"""torchrun, whose ranks are forks: `python -u FILE …` in its own words."""


def command(*words: str) -> list[str]:
    """The line of the README that has all these words."""
    (line,) = (line for line in LINES if set(words) <= set(line))
    return line


def of_one_process(words: list[str]) -> list[str]:
    """What one process prints for the axes of a command, in the order of the grid."""
    axes = [word for word in words if word.startswith(("lr=", "batch_size="))]
    shown = cli("sweep", *(word for axis in axes for word in ("--axis", axis)))
    head, *rows, best = shown.out.splitlines()
    return [head, *sorted(rows, key=lambda row: tuple(map(float, row.split()[:2]))), best]


def in_order(shown: Shown) -> list[str]:
    assert shown.code == 0, shown.err
    return shown.out.splitlines()


def test_torchrun_starts_a_rank_that_died_again_and_only_what_is_unfinished_is_done(
    tmp_path: Path,
) -> None:
    (tmp_path / "mortal.py").write_text(MORTAL)
    (tmp_path / "launcher.py").write_text(LAUNCHER)
    words = command("torchrun", "sweep")
    place = words.index("-m")
    assert words[place : place + 2] == ["-m", "tui"]
    launched = [*words[1:place], "mortal.py", *words[place + 2 :]]
    with python(
        "launcher.py", *launched,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as torchrun:  # fmt: skip
        out, err = torchrun.communicate(timeout=300)
    assert in_order(Shown(torchrun.returncode, out, err)) == of_one_process(words)
    file = tmp_path / "parts" / "2-of-2.jsonl"
    before = file.with_suffix(".before").read_bytes()
    kept = before[: before.rfind(b"\n") + 1]
    assert kept.count(b"\n") > 1
    assert file.read_bytes().startswith(kept)
    # A run that had been done again would stand there twice.
    assert file.read_bytes().count(b"\n") == 1 + len(read_part(file).cells)


def test_srun_starts_ranks_too(tmp_path: Path) -> None:
    words = command("srun", "sweep")
    arguments = words[words.index("linreg-tui") + 1 :]
    step = {
        "SLURM_JOB_ID": "7", "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NUM_NODES": "1",
        "SLURM_STEP_TASKS_PER_NODE": "2", "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
    }  # fmt: skip

    def environment(rank: int) -> dict[str, str]:
        return {**step, "SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank)}

    first, silent = in_two_ranks(arguments, (tmp_path, tmp_path), environment)
    assert silent == Shown(0, "", "")
    assert in_order(first) == of_one_process(arguments)


def test_a_job_of_an_array_does_a_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = command("linreg-tui", "--shard")
    for number in range(1, 17):
        shown = cli(*(word.replace("$SLURM_ARRAY_TASK_ID", str(number)) for word in words[1:]))
        assert shown.code == 0, shown.err
    name, merge, pattern = command("sweep-merge")
    files = sorted(map(str, tmp_path.glob(pattern)))
    assert (name, len(files)) == ("linreg-tui", 16)
    assert in_order(cli(merge, *files)) == of_one_process(words)
