"""The live view of a run that another process writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.catalog.parameters import flat
from engine.experiment import Experiment
from engine.runs.files import INFO
from engine.runs.keeper import Keeper
from engine.runs.store import Store
from engine.runs.watch import Watch, watched_run
from engine.training.driver import Driver
from tui.text.numbers import loss_text, number
from tui.watch import WatchApp
from tui.watched import values

SHORT = Experiment(epochs=2).changed({"data.n": 60})


@pytest.mark.parametrize("size", [(80, 24), (30, 10)])
async def test_it_follows_the_run_and_is_left_by_q(tmp_path: Path, size: tuple[int, int]) -> None:
    driver = Driver(SHORT, lambda: 0.0, lambda each: Keeper(tmp_path, each))
    driver.minibatch(SHORT)
    store = Store(tmp_path)
    app = WatchApp(Watch(store, watched_run(store, "")), "linreg-dark", ascii=False)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert "waiting" in str(app.query_one("#head").render())
        driver.resume()
        while driver.running:
            driver.advance()
        app.look()
        await pilot.pause()
        assert "finished at epoch 2 of 2" in str(app.query_one("#head").render())
        assert "loss" in str(app.query_one("#watched-values").render())
        await pilot.press("q")
    assert app.return_code == 0


def test_of_a_run_that_diverged_the_last_numbers_are_shown_as_in_the_lab(tmp_path: Path) -> None:
    experiment = SHORT.changed({"lr": 50.0})
    driver = Driver(experiment, lambda: 0.0, lambda each: Keeper(tmp_path, each))
    driver.start(experiment)
    while driver.running:
        driver.advance()
    run = driver.shown.latest
    assert (run.state, run.epoch) == ("diverged", 0)  # no epoch has a line
    watch = Watch(Store(tmp_path), watched_run(Store(tmp_path), ""))
    watch.look()
    assert [*watch.params.values()] == pytest.approx(flat(run.params))
    assert watch.loss == pytest.approx(run.batch_loss)
    shown = values(watch)
    assert f"loss {loss_text(run.batch_loss or 0)}" in shown
    assert all(number(x) in shown for x in flat(run.params))


@pytest.mark.parametrize("params", [None, 3, {"w": 1}, {"w": ["a", 1], "b": [2]}, {"w": [1.0]}])
def test_what_is_no_end_of_a_run_leaves_the_last_line(tmp_path: Path, params: object) -> None:
    driver = Driver(SHORT, lambda: 0.0, lambda each: Keeper(tmp_path, each))
    driver.start(SHORT)
    while driver.running:
        driver.advance()
    (file,) = tmp_path.glob(f"*/{INFO}")
    info = json.loads(file.read_text())
    info["result"] = {"params": params, "loss": "no number"}
    file.write_text(json.dumps(info))
    watch = Watch(Store(tmp_path), watched_run(Store(tmp_path), ""))
    watch.look()
    run = driver.shown.latest
    assert [*watch.params.values()] == pytest.approx(flat(run.params), rel=1e-6)
    assert watch.loss == pytest.approx(run.loss, rel=1e-6)
