"""What theory expects of a run, dotted beside its losses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.experiment import Experiment
from engine.lessons.reading import parse_lesson
from engine.training.snapshot import Snapshot
from tests.support.pilots import app_for, main_of, settled, training_lab, until
from tests.support.quiz import STEP
from tests.support.sessions import FakeSession
from tests.support.snapshots import finished, points, ready
from tui.charts.loss import Beside, loss_chart
from tui.drawing.chart import Chart, Curve

EXPECTED = points(16.2, 0.04, 1.5e-4, 5e-5)


def run() -> Snapshot:
    return replace(finished(), expected_losses=EXPECTED)


def expected(chart: Chart) -> list[Curve]:
    return [curve for curve in chart.curves if curve.label == "expected"]


def test_it_is_dotted_below_the_run_and_told_at_the_cursor() -> None:
    chart = loss_chart(run())
    (curve,) = expected(chart)
    assert (curve.xs, curve.ys, curve.dotted) == (EXPECTED.x, EXPECTED.low, True)
    assert chart.curves.index(curve) < [each.label for each in chart.curves].index("epoch")
    assert "expected 0.04" in loss_chart(run(), cursor=1.0).title


def test_it_ends_where_another_lr_was_set() -> None:
    (curve,) = expected(loss_chart(replace(run(), lrs=((250, 0.1), (260, 0.2)))))
    assert (curve.xs, curve.ys) == (EXPECTED.x[:3], EXPECTED.low[:3])
    assert expected(loss_chart(replace(run(), lrs=((50, 0.1),)))) == []


def test_without_a_step_or_where_it_is_not_known_there_is_none() -> None:
    assert expected(loss_chart(replace(ready(), expected_losses=EXPECTED))) == []
    assert expected(loss_chart(finished())) == []
    assert expected(loss_chart(run(), Beside(expects=False))) == []


@pytest.mark.parametrize("hides", [False, True])
async def test_a_lesson_hides_it_and_so_does_a_question_that_waits(hides: bool) -> None:
    hidden = 'hide_tools = ["theory"]\n' if hides else ""
    text = STEP.replace('chapter = "Mine"\n', f'chapter = "Mine"\n{hidden}')
    lesson = parse_lesson(text, "step", "step.md")
    app = app_for(FakeSession(replace(run(), experiment=lesson.experiment)), lesson=lesson)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        main = main_of(pilot)
        panel = main.classroom.panel
        assert panel
        assert expected(main.lab.loss.chart()) == []
        panel.attempt.predict(0, "0.00005")
        panel.attempt.predict(1, "2")
        await pilot.press("y")
        main.show_run()
        assert len(expected(main.lab.loss.chart())) == (not hides)


async def test_a_run_by_keys_has_it_and_a_fork_has_not() -> None:
    async with training_lab(Experiment().changed({"device": "cpu"})) as pilot:
        desk, loss = main_of(pilot).desk, main_of(pilot).lab.loss
        assert expected(loss.chart()) == []
        await pilot.press("s")
        await until(pilot, lambda: desk.snapshot.state == "finished")
        (curve,) = expected(loss.chart())
        assert curve.xs == (0, 1, 2, 3)
        assert curve.ys == pytest.approx(desk.snapshot.epoch_losses.low, rel=1.0)
        await pilot.press("shift+left", "F", "enter")
        await until(pilot, lambda: desk.snapshot.fork is not None)
        await until(pilot, lambda: desk.snapshot.state == "finished")
        assert expected(loss.chart()) == []
