"""The gauge below the learning rate, the curve of a schedule, and what stands beside them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.problem import build
from engine.support.translation import Message
from engine.theory.remedy import Remedy, Way
from engine.theory.stability import Limit, stability
from engine.training.snapshot import Snapshot
from engine.training.trainer import train
from tests.support.pictures import Compare
from tests.support.pilots import app_for, app_showing, main_of, settled, show, until
from tests.support.sessions import FakeSession
from tests.support.snapshots import MINIBATCH_LIMIT, diverged, not_finite, ready, running
from tui.app import LinregApp
from tui.ascii import AsciiFilter
from tui.forms.fields import Note
from tui.panels.bars import Hint
from tui.panels.gauge import LEVELS, curve, gauge, limit_words, lr_in_force, percent, times, verdict
from tui.panels.reading import advice, reading
from tui.settings import Settings

GREEN, AMBER, RED = "$text-success", "$text-warning", "$text-error"
ADAM = Limit(
    math.inf,
    "none",
    Message("{optimizer} scales its own steps: no fixed limit", optimizer="Adam"),
)
L1 = Limit(math.inf, "none", Message("{loss} has no curvature: no limit", loss="L1"))


def limited(snapshot: Snapshot, limit: Limit) -> Snapshot:
    """The same with another limit of the learning rate."""
    assert snapshot.facts
    known = replace(snapshot.facts.stability, limit=limit)
    return replace(snapshot, facts=replace(snapshot.facts, stability=known))


def gauge_row(app: LinregApp) -> tuple[str, str]:
    """Label and words of the gauge as they stand in the form."""
    form = app.main.lab.training
    note = form.parts["gauge"]
    assert isinstance(note, Note)
    return form.labels.texts["gauge"].strip(), note.words.plain


# Words and colours -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "word", "color"),
    [
        (0.0009, "safe", GREEN),
        (0.02, "safe", GREEN),
        (0.499, "safe", GREEN),
        (0.5, "swings", AMBER),
        (0.9, "near its limit", AMBER),
        (0.99, "near its limit", AMBER),
        (1.0, "above", RED),
        (1.01, "above", RED),
        (1e9, "above", RED),
    ],
)
def test_verdict(share: float, word: str, color: str) -> None:
    assert verdict(share) == (word, color)
    label, bar = gauge(share * 1.35, MINIBATCH_LIMIT)
    assert label == (f"{percent(share)} of 1.35" if share < 10 else "1e+09 × its limit")
    assert bar.plain.endswith(word)
    assert bar.cell_length <= 14
    assert verdict(share, slow=True) == (("crawls", AMBER) if share < 0.5 else (word, color))
    bar_cells = max(0, min(8, 13 - len(word)))
    assert bar.plain.count("▰") == min(bar_cells, max(1, round(bar_cells * share)))
    assert color in {str(span.style) for span in bar.spans}


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (4e-6, "<0.1 %"),
        (0.0026, "0.3 %"),
        (0.0217, "2.2 %"),
        (0.095, "10 %"),
        (1.07, "107 %"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("share", "text"), [(10, "10"), (203.4, "203"), (9999, "9999"), (12345, "1.2e+04")]
)
def test_times(share: float, text: str) -> None:
    assert times(share) == text


@pytest.mark.parametrize(("factor", "word", "state"), [(0.99, "near its limit", "Finished"),
                                                       (1.01, "above", "Diverged")])  # fmt: skip
def test_the_gauge_turns_red_where_descent_begins_to_diverge(
    factor: float, word: str, state: str
) -> None:
    # full batch, from a start far along the steepest direction.
    experiment = Experiment().changed(
        {"data.n": 50, "batch_size": 50, "epochs": 2000, "data.scale": (1.0, 3.0)}
    )
    limit = stability(build(experiment)).limit
    assert limit.kind == "critical"
    lr = factor * limit.lr
    assert gauge(lr, limit)[1].plain.endswith(word)
    *_, end = train(experiment.changed({"lr": lr}))
    assert type(end).__name__ == state


def test_without_a_limit_the_reason_stands_there() -> None:
    label, words = gauge(0.1, ADAM)
    assert label == "no limit"
    assert words.plain.startswith("Adam scales its own steps")


def test_hint_names_whose_limit_it_is() -> None:
    assert limit_words(ready()) == (
        "Limit 1.35 for minibatches of 10; full batch 2/λmax = 1.87. "
        "Above half of that it swings from side to side."
    )
    full = limited(ready(), Limit(1.87, "critical", Message("2/λmax")))
    assert limit_words(full).startswith("Limit 2/λmax = 1.87. Above half")
    assert limit_words(limited(ready(), L1)) == ("L1 has no curvature: no limit.")


def test_lr_in_force_follows_the_schedule() -> None:
    cosine = Experiment().changed({"schedule": "cosine"})
    assert lr_in_force(ready(cosine), cosine) == 0.03
    late = replace(running(), experiment=cosine, step=250)
    expected = 0.03 * (1 + math.cos(math.pi * 2.49 / 3)) / 2
    assert lr_in_force(late, cosine) == pytest.approx(expected)
    assert lr_in_force(replace(late, state="finished", step=300), cosine) == 0.03


@pytest.mark.parametrize(
    ("schedule", "first", "last"),
    [("cosine", "█", "▁"), ("polynomial", "█", "▂"), ("warmup", "▂", "█"), ("constant", "█", "█")],
)
def test_curve_has_the_shape_of_the_schedule(schedule: str, first: str, last: str) -> None:
    drawn = curve(Experiment().changed({"schedule": schedule})).plain
    assert len(drawn) == 14
    assert (drawn[0], drawn[-1]) == (first, last)


def test_curve_keeps_its_shape_in_ascii() -> None:
    (segment,) = AsciiFilter().apply([Segment(LEVELS)], Color.parse("black"))
    assert segment.text == "_.:-=+*#"


# In the form -------------------------------------------------------------------------------------


async def test_gauge_stands_below_lr_and_takes_no_focus() -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("l")
        await until(pilot, lambda: gauge_row(app) == ("2.2 % of 1.35", "▰▱▱▱▱▱▱▱ safe"))
        lr, note = app.main.lab.training.fields["lr"], app.main.lab.training.parts["gauge"]
        await until(pilot, lambda: note.region.y == lr.region.y + 1)
        assert note.region.width >= 14
        assert "gauge" not in app.main.lab.training.fields
        hint = app.main.query_one(Hint).shown[0]
        assert hint.startswith("Limit 1.35 for minibatches of 10")
        await pilot.press("down")
        await until(pilot, lambda: app.main.lab.training.fields["schedule"].has_focus)


async def test_gauge_waits_for_the_facts_of_the_edited_experiment() -> None:
    session = FakeSession(ready())
    app = app_for(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("B")
        await until(pilot, lambda: gauge_row(app) == ("of its limit", "…"))
        now = limited(ready(app.main.desk.experiment), Limit(1.87, "critical", Message("2/λmax")))
        await show(pilot, now)
        await until(pilot, lambda: gauge_row(app)[0] == "1.6 % of 1.87")
        await pilot.press("l", *"2", "enter")
        await until(pilot, lambda: gauge_row(app) == ("107 % of 1.87", "▰▰▰▰▰▰▰▰ above"))


async def test_gauge_moves_while_a_run_goes_on() -> None:
    cosine = Experiment().changed({"schedule": "cosine", "lr": 1.0})
    session = FakeSession(replace(running(), experiment=cosine))
    app = app_for(session)
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        await until(pilot, lambda: gauge_row(app)[0] == "41 % of 1.35")
        assert "curve" in app.main.lab.training.parts
        await show(pilot, replace(running(), experiment=cosine, step=200))
        await until(pilot, lambda: gauge_row(app)[0] == "19 % of 1.35")
        await pilot.press("l", *"3", "enter")
        await until(pilot, lambda: gauge_row(app)[0] == "57 % of 1.35")
        assert session.asked == [("set_lr", 3.0)]


async def test_curve_comes_and_goes_with_the_schedule() -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("l", "down")
        await until(pilot, lambda: app.main.lab.training.fields["schedule"].has_focus)
        await pilot.press("right")
        await until(pilot, lambda: "curve" in app.main.lab.training.parts)
        curve, schedule = (
            app.main.lab.training.parts["curve"],
            app.main.lab.training.fields["schedule"],
        )
        await until(pilot, lambda: curve.region.y > schedule.region.y)
        await pilot.press("left")
        await until(pilot, lambda: "curve" not in app.main.lab.training.parts)


# Reading -----------------------------------------------------------------------------------------


def test_before_the_start_the_limit_and_the_curvature_are_told() -> None:
    lines = reading(ready()).plain.split("\n")
    assert lines[:5] == [
        "loss 16.2 · press s to train",
        "lr 2.2 % of limit 1.35: safe",
        "limit of minibatches of 10",
        "2/λmax = 1.87, κ 1.29",
        "λ 1.07 0.942 0.829",
    ]
    assert max(map(len, lines)) <= 32
    none = limited(ready(), L1)
    assert reading(none).plain.split("\n")[1] == "L1 has no curvature: no limit"


def test_autopsy_tells_what_happened_and_what_helps() -> None:
    lines = reading(diverged()).plain.split("\n")
    assert lines[:4] == [
        "diverged from step 5 on",
        "press a to train with 0.67",
        "lr 2, limit 1.35 (minibatches of 10)",
        "ran away along 0.81 w[1] − 0.57 w[0] (λ 1.07)",
    ]
    assert reading(not_finite()).plain.startswith("diverged from step 5 on")
    cause = diverged().autopsy
    assert cause
    run = replace(diverged(), autopsy=replace(cause, limit=ADAM))
    assert "lr 2, Adam scales its own steps: no fixed limit" in advice(run)


def test_standardizing_is_offered_where_the_lr_is_beyond_its_limit() -> None:
    remedy = Remedy(Way(2.7e-4, 6889.0), Way(0.5, 1.0), has_closed_form=True)
    words = "6,900 steps for a factor e at lr 0.00027, or standardize=yes and 1 at 0.5"
    for lr, offered in ((0.03, False), (2.0, True)):
        now = ready()
        assert now.facts
        now = replace(now, lr=lr, facts=replace(now.facts, remedy=remedy))
        assert (words in reading(now).plain) == offered
        assert (f"{words}." in limit_words(now)) == offered
    cause = diverged().autopsy
    assert cause
    assert f"{words}." in advice(replace(diverged(), autopsy=replace(cause, remedy=remedy)))


# Pictures ----------------------------------------------------------------------------------------


async def to_lr(pilot: Pilot[None]) -> None:
    """Go to the learning rate."""
    await pilot.press("l")
    await until(pilot, lambda: main_of(pilot).lab.training.fields["lr"].has_focus)


def warming() -> Snapshot:
    """A schedule, and a learning rate close to its limit."""
    return ready(Experiment().changed({"schedule": "cosine", "lr": 0.9}))


@pytest.mark.parametrize("size", [(120, 34), (80, 24)], ids=["120x34", "80x24"])
def test_gauge(picture: Compare, size: tuple[int, int]) -> None:
    picture(app_showing(warming()), size, steps=to_lr, colours=size == (80, 24))


@pytest.mark.parametrize("look", ["light", "ascii"])
def test_gauge_above_the_limit(picture: Compare, look: str) -> None:
    settings = Settings(theme="linreg-light") if look == "light" else Settings(ascii=True)
    app = app_showing(diverged(), settings=settings)
    picture(app, (80, 24), steps=to_lr, colours=look == "light")
