"""A run seen from another process while it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.experiment import Experiment
from engine.runs.keeper import Keeper
from engine.runs.store import Store
from engine.runs.watch import Watch, watched_run
from engine.support.user_files import PLACE_OF_RUNS
from engine.training.driver import Driver
from tests.support.commands import cli

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
