"""What is set or typed is tried at once, and drawn beside the run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.lessons.reading import parse_lesson
from engine.support.translation import Message, set_language
from engine.training.snapshot import Snapshot
from tests.support.pictures import Compare, Look, named
from tests.support.pilots import (
    app_for,
    app_of,
    main_of,
    resize,
    says,
    session_of,
    settled,
    show,
    text_of,
    until,
)
from tests.support.quiz import STEP
from tests.support.sessions import FakeSession
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import diverged, facts, finished, paused, ready, running
from tui.charts.ahead import MARKER
from tui.charts.fit import draw_fit, fit_chart
from tui.charts.landscape import landscape_chart
from tui.charts.loss import Beside, loss_chart
from tui.charts.view import Scene
from tui.drawing.chart import Chart, Curve
from tui.drawing.picture import draw
from tui.panels.ahead import ahead
from tui.screens.live import GRACE
from tui.settings import Settings
from tui.themes import DARK, MONO

LARGER = Experiment(lr=0.1)


def tried(experiment: Experiment = LARGER, base: Snapshot | None = None) -> Snapshot:
    """A trial of an experiment, with the numbers of a made-up run."""
    return replace(base or finished(0), experiment=experiment, lr=experiment.lr, number=0)


def dotted(chart: Chart) -> list[Curve]:
    """The curves of what would follow."""
    return [curve for curve in chart.curves if curve.dotted]


async def test_every_valid_keystroke_is_tried_and_shown_until_it_is_undone(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(finished(1)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        main = main_of(pilot)
        assert session.tried == []
        await pilot.press("l", *"0.1")
        # 0 and 0. are no learning rates: what was wanted before them stays.
        assert session.tried == [LARGER]
        session.preview = tried()
        await says(pilot, "if you press s: the floor in 3")
        assert main.lab.loss.beside.preview is session.preview
        assert main.lab.fit.preview is session.preview
        assert [len(dotted(panel.chart())) for panel in (main.lab.loss, main.lab.fit)] == [1, 1]
        gauge = main.lab.training.parts["gauge"]
        assert "7.4 % of" in main.lab.training.labels.texts["gauge"]
        await pilot.press("2")
        assert session.tried[1:] == [Experiment(lr=0.12)]
        assert "8.9 % of" in main.lab.training.labels.texts["gauge"]
        await pilot.press("escape")
        await until(pilot, lambda: main.desk.preview is None)
        assert session.tried[2:] == [None]
        assert "2.2 % of" in main.lab.training.labels.texts["gauge"]
        assert gauge.is_attached
        assert not any("if you press" in line for line in text_of(app))


async def test_of_a_batch_size_that_is_typed_the_gauge_has_the_limit_of_the_trial(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(ready()) as pilot:
        session = session_of(pilot.app)
        main = main_of(pilot)
        field = main.lab.training.fields["batch_size"]
        main.set_focus(field)
        await pilot.press("1")
        labels = main.lab.training.labels
        assert "of its limit" in labels.texts["gauge"]
        one = Experiment(batch_size=1)
        known = facts()
        limit = replace(known.stability.limit, lr=0.3)
        stability = replace(known.stability, limit=limit)
        trial = tried(one)
        session.preview = replace(trial, facts=replace(known, stability=stability))
        await until(pilot, lambda: main.desk.preview is session.preview)
        assert "10 % of 0.3" in labels.texts["gauge"]
        await pilot.press("escape")
        assert "2.2 % of 1.35" in labels.texts["gauge"]


async def test_before_the_first_run_it_shows_what_s_would_bring_and_goes_with_the_run(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(ready()) as pilot:
        session = session_of(pilot.app)
        main = main_of(pilot)
        await until(pilot, lambda: session.tried == [Experiment()])
        session.preview = tried(Experiment())
        await until(pilot, lambda: main.desk.preview is session.preview)
        for state in (running(2), paused(2), finished(2)):
            await show(pilot, state)
            assert main.desk.preview is None
        assert session.tried == [Experiment(), None]
        main.desk.change({"lr": "0.1"})
        await until(pilot, lambda: session.tried[2:] == [LARGER])
        main.desk.look_at(finished(1))
        await until(pilot, lambda: session.tried[3:] == [None])


async def test_a_trial_of_the_value_before_stays_for_a_moment_only(shared_lab: SharedLab) -> None:
    async with shared_lab(finished(1)) as pilot:
        session = session_of(pilot.app)
        main = main_of(pilot)
        live, desk = main.live, main.desk
        desk.change({"lr": "0.1"})
        session.preview = tried()
        live.look()
        assert desk.preview is session.preview
        desk.change({"lr": "0.2"})
        stays = []
        while desk.preview:
            live.look()
            stays.append(desk.preview is not None)
        assert stays[:-1] == [True] * (len(stays) - 1)
        assert len(stays) <= GRACE + 1


async def test_a_key_turns_it_off_and_on_again(shared_lab: SharedLab) -> None:
    async with shared_lab(ready()) as pilot:
        session = session_of(pilot.app)
        session.preview = tried(Experiment())
        main = main_of(pilot)
        await until(pilot, lambda: main.desk.preview is not None)
        await pilot.press("i")
        await says(pilot, "live: off")
        await until(pilot, lambda: main.desk.preview is None)
        assert not main.live.on
        await pilot.press("i")
        await says(pilot, "live: on")
        await until(pilot, lambda: main.desk.preview is session.preview)
    settings = Settings(live=False)
    session = FakeSession(ready())
    async with app_for(session, settings).run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        main_of(pilot).look()
        assert session.tried == []


async def test_where_nothing_can_be_tried_that_is_said_once(shared_lab: SharedLab) -> None:
    async with shared_lab(ready()) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        why = Message("no compiled kernels: {error}", error="No module named 'numba'")
        session.preview = Snapshot(Experiment(), state="failed", message=why)
        await says(pilot, "nothing is tried beforehand: no compiled kernels")
        main = main_of(pilot)
        app.clear_notifications()
        main.desk.change({"lr": "0.1"})
        for _ in range(3):
            main.look()
        assert session.tried == [Experiment(), None]
        assert main.live.on  # that is what people want, and what is remembered
        assert main.desk.preview is None


@pytest.mark.parametrize("hides", [False, True])
async def test_in_a_lesson_nothing_is_given_away(shared_lab: SharedLab, hides: bool) -> None:
    hidden = 'hide_tools = ["live"]\n' if hides else ""
    text = STEP.replace('chapter = "Mine"\n', f'chapter = "Mine"\n{hidden}')
    lesson = parse_lesson(text, "step", "step.md")
    async with shared_lab(ready(lesson.experiment), lesson=lesson) as pilot:
        session = session_of(pilot.app)
        main = main_of(pilot)
        main.look()
        assert set(session.tried) <= {None}
        assert main.can("live") == (not hides)
        if not hides:
            await pilot.press("i", "i")
            await says(pilot, "live: on, once the questions of the lesson are answered")
        panel = main.classroom.panel
        assert panel
        panel.attempt.predict(0, "0.00005")
        main.look()
        assert set(session.tried) <= {None}
        panel.attempt.predict(1, "2")
        main.look()
        assert session.tried[-1:] == ([] if hides else [lesson.experiment])


# What is said ----------------------------------------------------------------------------------


def words(run: Snapshot | None, before: float | None = 1.1e-4) -> str:
    """The line about a trial, as text."""
    content = ahead(run, before)
    return content.plain if content else ""


def test_a_line_says_what_the_run_would_come_to() -> None:
    assert words(None) == ""
    assert words(tried()) == "if you press s: the floor in 3 epochs · 1.10e-04 → 4.98e-05"
    slow = replace(tried(), loss=0.3)
    assert words(slow, 16.2) == "if you press s: still learning · 16.2 → 0.3"
    first = replace(tried(LARGER.changed({"epochs": 50})), state="stopped", epoch=2)
    assert words(first) == "if you press s: 1.10e-04 → 4.98e-05 in the first 2 of 50 epochs"
    assert words(tried(base=diverged(1))) == "if you press s: it diverges at step 17"
    large = Snapshot(LARGER, state="stopped", message=Message("the data are too large"))
    assert words(large) == "no trial: the data are too large"
    set_language("zh")
    assert words(tried()) == "若按 s：3 轮到底 · 1.10e-04 → 4.98e-05"
    assert words(large) == "不试跑：数据太大"


# What is drawn ---------------------------------------------------------------------------------


def test_the_loss_chart_has_the_losses_of_the_trial_and_room_for_its_epochs() -> None:
    run = tried(LARGER.changed({"epochs": 8}))
    chart = loss_chart(ready(), Beside(preview=run))
    (curve,) = dotted(chart)
    assert (curve.xs, curve.ys) == (run.epoch_losses.x, run.epoch_losses.low)
    assert (curve.label, curve.color, curve.marker) == ("if you press s", "preview", MARKER)
    assert chart.x_range == (0, 8)
    assert loss_chart(ready(), Beside(preview=tried())).x_range == (0, 3)
    at_cursor = loss_chart(finished(1), Beside(preview=run), cursor=1.0)
    assert "if you press s 0.0378" in at_cursor.title


def test_of_a_trial_that_diverges_the_minibatches_are_drawn_and_no_line_of_the_fit() -> None:
    run = tried(Experiment(lr=2.0), diverged(1))
    (curve,) = dotted(loss_chart(finished(1), Beside(preview=run)))
    assert curve.ys == run.batch_losses.low
    assert dotted(draw_fit(Scene(finished(1), preview=run))) == []


def test_the_fit_has_the_line_of_the_trial_where_the_columns_are_the_same() -> None:
    for turn in (0, 1):
        (line,) = dotted(draw_fit(Scene(ready(), turn=turn, preview=tried())))
        own = fit_chart(finished(1), turn).curves[0]
        assert (line.xs, line.ys) == (own.xs, own.ys)
    diagonal = Scene(ready(), turn=2, preview=tried())
    assert draw_fit(diagonal) == draw_fit(replace(diagonal, preview=None))
    other = tried(LARGER.changed({"data.w": (1.0, 2.0, 3.0)}))
    assert dotted(draw_fit(Scene(ready(), preview=other))) == []


def test_the_landscape_has_the_path_of_the_trial() -> None:
    run, scene = tried(), Scene(ready())
    (path,) = dotted(landscape_chart(replace(scene, preview=run)))
    assert len(path.xs) == len(run.path.x)
    assert dotted(landscape_chart(scene)) == []
    assert dotted(landscape_chart(replace(scene, preview=Snapshot(LARGER)))) == []


@pytest.mark.parametrize("ascii", [False, True])
def test_a_dotted_curve_has_holes_or_its_own_character(ascii: bool) -> None:
    line = Curve(range(40), range(40), color="preview", dotted=True, marker=MARKER, label="ahead")
    dots, through = (
        "".join(
            strip.text
            for strip in draw(Chart((curve,)), 60, 16, MONO if ascii else DARK, ascii=ascii)
        )
        for curve in (line, replace(line, dotted=False))
    )
    if ascii:
        assert dots == through
        assert dots.count(MARKER) > 20
    else:
        marks = [sum("\u2800" < c <= "\u28ff" for c in text) for text in (dots, through)]
        assert 0.4 * marks[1] < marks[0] < 0.6 * marks[1]
        assert "·· ahead" in dots


# Pictures --------------------------------------------------------------------------------------


async def test_the_lab_with_what_would_follow(shared_lab: SharedLab, accepted: Look) -> None:
    async with shared_lab(ready()) as pilot:
        session_of(pilot.app).preview = tried(Experiment())
        await until(pilot, lambda: main_of(pilot).desk.preview is not None)
        for size in ((120, 34), (80, 24), (50, 24)):
            await resize(pilot, size)
            await accepted(pilot, named(size))


def test_the_lab_with_what_would_follow_in_other_words(picture: Compare) -> None:
    session = FakeSession(finished(1))
    set_language("zh")

    async def steps(pilot: Pilot[None]) -> None:
        main = main_of(pilot)
        main.desk.change({"lr": "0.1"})
        session.preview = tried()
        await until(pilot, lambda: main.desk.preview is not None)

    picture(app_for(session), (120, 34), steps=steps)
