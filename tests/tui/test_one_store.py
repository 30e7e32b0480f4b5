"""An app and a command that write their runs into one store, three watchers, and a kill."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from engine.runs.info import SILENT
from engine.runs.store import Store
from engine.runs.watch import Watch
from tests.support.commands import cli
from tests.support.runs import wait_until
from tests.support.terminal import APP, HEARS_ALL, Terminal

ENDLESS = ("-s", "epochs=100000000", "-s", "lr=0.01")


@pytest.mark.usefixtures("drawn", "forks")
def test_an_app_a_command_and_three_watchers_on_one_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINREG_TUI_RUNS", str(tmp_path / "runs"))
    store = Store(tmp_path / "runs")
    with Terminal(HEARS_ALL + APP, str(tmp_path), *ENDLESS) as endless:

        def states() -> list[str]:
            """The state of each run, while the app paints."""
            endless.read(0.01)
            return sorted(run.state for run in store.runs())

        endless.until(b"closed form reaches")
        endless.press(b"s")
        wait_until(lambda: states() == ["running"], between=0.05)
        assert cli("run", "--keep").code == 0
        assert states() == ["finished", "running"]
        infos = {run.state: run for run in store.runs()}
        watchers = [Watch(store, infos[state]) for state in ("running", "running", "finished")]

        def looked() -> list[int]:
            """How many epochs each watcher has seen."""
            endless.read(0.01)
            for watcher in watchers:
                watcher.look()
            return [watcher.epoch for watcher in watchers]

        wait_until(lambda: min(looked()) >= 3, between=0.05)
        finished = store.path(infos["finished"])
        before = {file.name: file.read_bytes() for file in finished.iterdir()}
        endless.process.kill()
        endless.process.wait()
        for file in store.path(infos["running"]).iterdir():
            os.utime(file, times=(time.time() - 2 * SILENT,) * 2)
        for watcher in watchers:
            watcher.look()
        words = [watcher.words() for watcher in watchers]
        assert words[0] == words[1]
        assert words[0].startswith("the other side is gone: crashed at step ")
        assert words[2].startswith("finished at epoch 3 of 3")
        assert words[0] in cli("watch", infos["running"].id, "--once").out
        assert watchers[0].metrics.columns["loss"] == watchers[1].metrics.columns["loss"]
        assert {file.name: file.read_bytes() for file in finished.iterdir()} == before
        listed = [json.loads(line) for line in cli("runs", "--json").out.splitlines()]
        assert sorted(run["state"] for run in listed) == ["crashed", "finished"]
