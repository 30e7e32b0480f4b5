"""Two apps that write their runs into one store, three watchers that read them, and a kill."""

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


def test_two_apps_and_three_watchers_on_one_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINREG_TUI_RUNS", str(tmp_path / "runs"))
    store, homes = Store(tmp_path / "runs"), (tmp_path / "one", tmp_path / "two")
    for home in homes:
        home.mkdir()
    with (
        Terminal(HEARS_ALL + APP, str(homes[0])) as short,
        Terminal(HEARS_ALL + APP, str(homes[1]), *ENDLESS) as endless,
    ):

        def runs() -> dict[str, str]:
            """Name of each setting that tells the runs apart → state, while both apps paint."""
            for app in (short, endless):
                app.read(0.01)
            return {"endless" if run.settings()["lr"] == 0.01 else "short": run.state
                    for run in store.runs()}  # fmt: skip

        for app in (short, endless):
            app.until(b"closed form reaches")
            app.press(b"s")
        wait_until(lambda: runs() == {"short": "finished", "endless": "running"}, between=0.05)
        infos = {run.state: run for run in store.runs()}
        watchers = [Watch(store, infos[state]) for state in ("running", "running", "finished")]

        def looked() -> list[int]:
            """How many epochs each watcher has seen."""
            runs()
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
        assert watchers[0].metrics.columns["loss"] == watchers[1].metrics.columns["loss"]
        assert {file.name: file.read_bytes() for file in finished.iterdir()} == before
        listed = [json.loads(line) for line in cli("runs", "--json").out.splitlines()]
        assert sorted(run["state"] for run in listed) == ["crashed", "finished"]
