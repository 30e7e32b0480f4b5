"""The summary screen: asked for by key, predictions typed, rows written, looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.support.translation import set_language
from engine.theory.bootstrap import Bootstrap, Resampled
from engine.theory.summary import Reached, Summary, Written, summary
from tests.support.pictures import Look
from tests.support.pilots import (
    app_for,
    app_of,
    main_of,
    resize,
    says,
    session_of,
    settled,
    text_of,
    training_lab,
    until,
)
from tests.support.sessions import FakeSession
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import finished, ready
from tui.screens.dialogs import ConfirmScreen
from tui.screens.summary import MOST_COEFFICIENTS, SummaryScreen, page
from tui.settings import Settings

ROWS = """area,rooms,kind,price
10,1,flat,105
20,2,house,210
,3,flat,250
40,4,house,430
50,5,house,520
60,6,flat,590
70,7,flat,690
80,8,house,850
90,9,flat,900
"""
AREA = np.array([10.0, 20, 40, 50, 60, 70, 80, 90])
HOUSE = np.array([0.0, 1, 1, 1, 0, 0, 1, 0])
PRICE = np.array([105.0, 210, 430, 520, 590, 690, 850, 900])


@pytest.fixture
def houses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """A file with a row that has a gap, and a formula of it."""
    monkeypatch.chdir(tmp_path)
    Path("houses.csv").write_text(ROWS)
    settings = {"data": "file", "data.path": "houses.csv", "data.terms": "price ~ area + kind"}
    return Experiment().changed(settings)


def of(experiment: Experiment) -> Summary:
    """Its summary, beside a training that has reached round numbers."""
    dataset = experiment.dataset()
    values = {"w": (10.0,) * dataset.features, "b": (2.0,)}
    return summary(experiment, Reached(300, 3, "at the optimum", values))


async def asked(pilot: Pilot[None], answer: Summary | str) -> SummaryScreen:
    """Press S, and let the session answer."""
    await settled(pilot)
    session = main_of(pilot).session
    assert isinstance(session, FakeSession)
    await pilot.press("S")
    await until(pilot, lambda: session.asked[-1:] == [("summarize",)])
    await says(pilot, "working …")
    session.answer = answer
    screen = pilot.app.screen
    assert isinstance(screen, SummaryScreen)
    await until(pilot, lambda: screen.answer is answer)
    await pilot.pause()
    return screen


async def test_a_row_is_predicted_and_rows_are_written_by_keys(
    shared_lab: SharedLab, houses: Experiment
) -> None:
    async with shared_lab(ready(houses), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        screen = await asked(pilot, of(houses))
        await pilot.press("p", *"area=45 kind=hut", "enter")
        await says(pilot, "kind=hut: must be one of flat, house")
        await pilot.press(*["backspace"] * 3, *"house", "enter")
        await until(pilot, lambda: len(screen.predictions) == 1)
        design = np.column_stack([np.ones(8), AREA, HOUSE])
        frame = sm.OLS(PRICE, design).fit().get_prediction([[1, 45, 1]]).summary_frame(0.05)
        theirs = frame.iloc[0]
        ours = screen.predictions[0][1]
        assert (ours.estimate, ours.mean_low, ours.high) == pytest.approx(
            (theirs["mean"], theirs["mean_ci_lower"], theirs["obs_ci_upper"])
        )
        await says(pilot, f"{theirs['mean']:.1f}")

        await pilot.press("escape", "w", *"rows.csv", "enter")
        await until(pilot, lambda: session.asked[-1][0] == "write_rows")
        assert session.asked[-1] == ("write_rows", screen.summary, Path("rows.csv"), False)
        session.answer = Written(Path("rows.csv"), 8)
        await says(pilot, "8 rows written to rows.csv")
        session.answer = "path=rows.csv: cannot be written: No space left on device"
        await says(pilot, "No space left on device")

        await pilot.press(*["backspace"] * 8, *"houses.csv", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert session.asked[-1][2] == Path("rows.csv")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: pilot.app.screen is main_of(pilot))


async def test_where_there_is_no_regression_one_line_says_why(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        await asked(pilot, "model=planck: this needs a model that is linear in its parameters")
        await says(pilot, "model=planck: this needs a model that is linear in its parameters")
        await pilot.press("p", "w", "S")
        await until(pilot, lambda: pilot.app.screen is main_of(pilot))
        await pilot.pause()
        assert not any("planck" in line for line in text_of(app))


async def test_the_engine_answers_and_writes(houses: Experiment, tmp_path: Path) -> None:
    experiment = houses.changed({"device": "cpu", "epochs": 1})
    async with training_lab(experiment) as pilot:
        await pilot.press("s")
        await until(pilot, lambda: main_of(pilot).desk.snapshot.state == "finished")
        await pilot.press("S")
        await says(pilot, "Trained for 1 epoch")
        await says(pilot, "n = 8 of 9; without a value: area 1")
        await pilot.press("w", *"rows.csv", "enter")
        await says(pilot, "rows written to rows.csv")
        saved = np.genfromtxt(tmp_path / "rows.csv", delimiter=",", names=True)
        assert saved["line"].tolist() == [2, 3, 5, 6, 7, 8, 9, 10]


async def test_a_bootstrap_is_asked_for_by_key_and_stands_below(
    shared_lab: SharedLab, houses: Experiment
) -> None:
    robust = houses.changed({"loss": "huber"})
    async with shared_lab(ready(robust), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        await asked(pilot, of(robust))
        await pilot.press("b")
        await until(pilot, lambda: session.asked[-1] == ("bootstrap", robust))
        rows = tuple(Resampled(name, 2.5, 0.25, 2.0, 3.0) for name in ("(intercept)", "area"))
        session.answer = Bootstrap("huber", 200, 7, rows)
        await says(pilot, "Optimum of the loss huber: bootstrap, 200 resamples of the rows, seed 7")
        await says(pilot, "area           2.500       0.25     2.000    3.000")


def test_many_coefficients_are_cut_short_and_the_truth_stands_beside() -> None:
    many = of(Experiment().changed({"data.w": (1.0,) * 60}))
    said = [block.content.plain for block in page(many, None, 100)]
    assert f"{61 - MOST_COEFFICIENTS} more; linreg-tui summary has them all" in said
    assert any("true" in line and "trained" in line for line in said)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_picture(accepted: Look, houses: Experiment, language: str) -> None:
    set_language(language)
    app = app_for(FakeSession(replace(finished(), experiment=houses)), Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("S")
        await pilot.pause()
        session = app.session
        assert isinstance(session, FakeSession)
        session.answer = of(houses)
        screen = app.screen
        assert isinstance(screen, SummaryScreen)
        await until(pilot, lambda: screen.summary is not None)
        await pilot.press("p", *"area=45 kind=house", "enter")
        await until(pilot, lambda: bool(screen.predictions))
        await accepted(pilot, f"80x24-{language}")
        await resize(pilot, (120, 34))
        await accepted(pilot, f"120x34-{language}")
