"""The live view of a run that another process writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.experiment import Experiment
from engine.runs.keeper import Keeper
from engine.runs.store import Store
from engine.runs.watch import Watch, watched_run
from engine.training.driver import Driver
from tui.watch import WatchApp

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
