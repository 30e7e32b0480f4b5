"""A run seen from another process while it goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.experiment import Experiment
from engine.runs.files import METRICS
from engine.runs.info import SILENT
from engine.runs.keeper import Keeper
from engine.runs.store import Store
from engine.runs.watch import Watch, watched_run
from engine.support.user_files import PLACE_OF_RUNS
from engine.training.driver import Driver
from tests.support.commands import cli
from tests.support.paths import ROOT
from tests.support.runs import wait_until

SHORT = Experiment(epochs=2).changed({"data.n": 60})


def driven(store: Path) -> Driver:
    return Driver(SHORT, lambda: 0.0, lambda each: Keeper(store, each))


def test_what_is_written_is_seen_until_the_end(tmp_path: Path) -> None:
    driver, store = driven(tmp_path), Store(tmp_path)
    driver.minibatch(SHORT)
    watch = Watch(store, watched_run(store, ""))
    assert watch.look()
    assert not watch.look()
    assert watch.words() == "waiting for the first epoch"
    assert watch.params.keys() == {"w[0]", "w[1]", "b"}
    driver.epoch(SHORT)
    while driver.running:
        driver.advance()
    assert watch.look()
    assert watch.words() == "epoch 1 of 2"
    driver.resume()
    while driver.running:
        driver.advance()
    assert watch.look()
    assert watch.words() == "finished at epoch 2 of 2"
    (run,) = driver.shown.runs
    assert watch.metrics.curve("loss", "epoch")[1] == pytest.approx(list(run.epoch_losses.low))
    assert list(watch.params.values()) == pytest.approx([*run.params["w"], *run.params["b"]])
    Store(tmp_path).remove(watch.info)
    watch.look()
    assert watch.words() == "the run was removed"


def test_the_run_that_goes_on_is_watched_before_a_later_one_that_is_over(tmp_path: Path) -> None:
    first, second, store = driven(tmp_path), driven(tmp_path), Store(tmp_path)
    first.minibatch(SHORT)
    live = store.run("latest")
    second.start(SHORT)
    while second.running:
        second.advance()
    assert watched_run(store, "") == live
    first.close()
    assert watched_run(store, "") == store.run("latest")


def test_a_run_of_another_process_that_is_killed_has_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE_OF_RUNS, str(tmp_path))
    store = Store(tmp_path)
    arguments = ("run", "--keep", "-s", "epochs=1000000", "-s", "data.n=60")
    with subprocess.Popen(
        [sys.executable, "-m", "tui", *arguments],
        cwd=ROOT,
        env={**os.environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: bool([*tmp_path.glob(f"*/{METRICS}")] and [*store.runs()]), between=0.02)
        watch = Watch(store, watched_run(store, ""))
        wait_until(lambda: watch.look() and watch.epoch > 3, between=0.02)
        assert watch.words().startswith("epoch ")
        process.kill()
    now = time.time()
    monkeypatch.setattr("engine.runs.info.time.time", lambda: now + SILENT + 1)
    watch.look()
    words = f"the other side is gone: crashed at step {watch.step}"
    assert watch.words() == words
    assert words in cli("watch", "--once").out


def test_once_prints_a_frame_and_without_a_terminal_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE_OF_RUNS, str(tmp_path))
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("LINES", "20")
    assert cli("watch").code == 2
    driver = driven(tmp_path)
    driver.start(SHORT)
    while driver.running:
        driver.advance()
    assert "--once" in cli("watch").err
    lines = cli("watch", "--once", "--ascii").out.splitlines()
    assert len(lines) == 19  # and one for the prompt
    assert "finished at epoch 2 of 2" in lines[0]
    assert lines[-1].startswith(" loss ")
    assert max(map(len, lines)) <= 70
