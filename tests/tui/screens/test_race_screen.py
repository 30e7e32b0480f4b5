"""The race screen: its table, its settings, its charts, and what the keys do to them."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from engine.catalog.optimizers import OPTIMIZERS
from engine.experiment import Experiment
from engine.jobs.race import Race, RaceProgress, Racer, Track
from engine.theory.facts import Facts
from engine.theory.landscape import survey
from tests.support.jobs import raced
from tests.support.pictures import Compare, Look, Steps, named
from tests.support.pilots import (
    LARGE,
    about,
    app_for,
    app_of,
    main_of,
    resize,
    session_of,
    text_of,
    training_lab,
    until,
)
from tests.support.sessions import FakeSession
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import facts, ready, running, sample
from tests.support.stages import Stage
from tui.app import LinregApp
from tui.backend import Backend
from tui.charts.race import (
    DIRECTIONS,
    EMPTY,
    PARAMETERS,
    along,
    losses_chart,
    paths_chart,
    plane_of,
    point,
)
from tui.screens.race import BEST, HELP, READING, SAME, RaceScreen, head
from tui.settings import Settings

BASELINE = Experiment()
NAMES = tuple(OPTIMIZERS.entries)


class RaceStage(Stage[RaceScreen]):
    """The race screen over a session."""

    def __init__(self, pilot: Pilot[None], session: Backend) -> None:
        super().__init__(pilot, session, RaceScreen)

    @property
    def rows(self) -> list[str]:
        """The names in the table from above."""
        return [line.name for line in self.screen.table.lines]

    @property
    def parts(self) -> list[str]:
        """What is on show of table and charts."""
        screen = self.screen
        right = screen.query_one("#right").display
        shown = {
            "table": screen.query_one("#left").display,
            "losses": right and screen.losses.display,
            "paths": right and screen.paths.display,
        }
        return [name for name, is_shown in shown.items() if is_shown]

    async def publish(self, progress: RaceProgress) -> None:
        """Have the session come up with a race and wait until the screen has it."""
        assert isinstance(self.session, FakeSession)
        self.session.race = progress
        await self.shows(progress)


@asynccontextmanager
async def opened(
    shared_lab: SharedLab, race: RaceProgress | None = None, size: tuple[int, int] = (120, 34)
) -> AsyncIterator[tuple[RaceStage, FakeSession]]:
    """The race screen, opened by its key."""
    async with shared_lab(ready(), size=size) as pilot:
        session = session_of(pilot.app)
        session.race = race
        await open_race(pilot)
        yield RaceStage(pilot, session), session


async def open_race(pilot: Pilot[None]) -> None:
    await pilot.press("R")
    await until(pilot, lambda: isinstance(pilot.app.screen, RaceScreen))
    await until(pilot, lambda: pilot.app.screen.focused is not None)
    await pilot.pause()


def asked_for(session: FakeSession) -> Race:
    """The one race that was asked for."""
    ((name, race),) = session.asked
    assert name == "start_race"
    assert isinstance(race, Race)
    return race


# Choosing ----------------------------------------------------------------------------------------


async def test_the_screen_opens_with_a_race_of_all_that_one_can_start(
    shared_lab: SharedLab,
) -> None:
    async with opened(shared_lab) as (stage, session):
        assert stage.rows == list(NAMES)
        assert stage.screen.focused is stage.screen.table
        assert stage.hint() == (READING["both"], False)
        await stage.press("s")
        assert asked_for(session) == Race(BASELINE, tuple(map(Racer, NAMES)))


async def test_space_takes_a_racer_out_and_in_again(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        await stage.press("down", "space", "down", "down", "space")
        assert stage.screen.table.cursor == "adagrad"
        assert stage.screen.runs == set(NAMES) - {"momentum", "adagrad"}
        await stage.press("space", "s")
        names = [racer.optimizer for racer in asked_for(session).racers]
        assert names == [name for name in NAMES if name != "momentum"]


async def test_a_race_of_one_is_refused_in_red_and_nothing_starts(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        await stage.press("space", *["down", "space"] * 4)
        assert stage.screen.runs == {"adam"}
        said, red = stage.hint()
        assert "choose 2 to 7 from sgd" in said
        assert red
        await stage.press("s")
        assert session.asked == []
        assert stage.hint() == (said, True)
        await stage.press("space", "s")
        assert [racer.optimizer for racer in asked_for(session).racers] == ["rmsprop", "adam"]


async def test_each_at_its_best(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        await stage.press("tab")
        assert stage.field == "lr"
        assert stage.hint() == (HELP["lr"], False)
        await stage.press("right")
        await stage.until(lambda: stage.screen.form.texts["lr"] == BEST)
        await stage.press("tab", "s")
        assert stage.screen.focused is stage.screen.table
        assert asked_for(session).tuned
        await stage.press("tab", "down")
        assert stage.field == "plane"
        assert stage.hint() == (HELP["plane"], False)


async def test_the_cursor_stays_within_the_table(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, _):
        await stage.press("up")
        assert stage.screen.table.cursor == NAMES[0]
        await stage.press(*["down"] * 9)
        assert stage.screen.table.cursor == NAMES[-1]
        assert OPTIMIZERS["adam"].formula in stage.said("racer").replace("\n", " ")


# While it runs -----------------------------------------------------------------------------------


async def test_a_race_is_shown_from_its_start_to_its_end(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, _):
        await stage.press("down")
        await stage.publish(raced("running", 0.2))
        assert "● running  ▰▰" in stage.said("head")
        assert stage.screen.table.cursor == "momentum"
        await stage.publish(raced("finished"))
        assert "● finished  ▰▰▰▰▰▰▰▰▰▰  0:00.50" in stage.said("head")
        assert stage.rows == ["nesterov", "momentum", "sgd", "rmsprop", "adam", "adagrad"]
        assert stage.screen.table.cursor == "momentum"
        rows = [text for text in text_of(stage.app) if "momentum" in text]
        assert "2 momentum    0.03 5.00e-05     72" in rows[0]
        assert "At the floor after 72 steps, to stay." in stage.said("racer")


async def test_x_stops_it(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, raced("running", 0.2)) as (stage, session):
        await stage.press("x")
        assert session.asked == [("stop_job",)]


async def test_leaving_lets_the_race_go_on(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, raced("running", 0.2)) as (stage, session):
        for key in ("escape", "q", "R"):
            with about(key):
                await stage.press(key)
                await stage.until(lambda: stage.app.screen is stage.app.main)
                assert session.asked == []
                await open_race(stage.pilot)
                assert isinstance(stage.app.screen, RaceScreen)
                assert stage.app.screen.shown is session.race


async def test_a_failed_race_says_why(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, _):
        await stage.publish(replace(raced("failed", 0.0), message="no such device", facts=None))
        assert stage.hint() == ("no such device", True)
        assert stage.screen.losses._chart.empty == "no such device"


async def test_a_race_over_another_experiment_is_not_shown_but_one_with_another_lr_is(
    shared_lab: SharedLab,
) -> None:
    old = raced("finished", tuned=True)
    slower = replace(old, race=replace(old.race, experiment=BASELINE.changed({"lr": 0.001})))
    async with opened(shared_lab, slower) as (stage, _):
        assert stage.screen.shown is slower
        assert stage.screen.form.texts["lr"] == BEST
    other = replace(old, race=replace(old.race, experiment=BASELINE.changed({"seed": 8})))
    async with opened(shared_lab, other) as (stage, _):
        assert stage.screen.shown is None
        assert stage.screen.form.texts["lr"] == SAME


async def test_a_race_cannot_be_opened_while_a_run_trains(shared_lab: SharedLab) -> None:
    async with shared_lab(running()) as pilot:
        await pilot.press("R")
        await pilot.pause()
        assert pilot.app.screen is main_of(pilot)


# Loading -----------------------------------------------------------------------------------------


async def test_enter_takes_optimizer_and_lr_back_to_the_lab(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, raced("finished", tuned=True)) as (stage, session):
        await stage.press(*["down"] * 2)
        name = stage.screen.table.cursor
        lr = next(
            track.lr for track in raced("finished", tuned=True).tracks
            if track.racer.optimizer == name
        )  # fmt: skip
        await stage.press("enter")
        await stage.until(lambda: stage.app.screen is stage.app.main)
        expected = BASELINE.changed({"optimizer": name, "lr": lr})
        assert stage.app.main.desk.experiment == expected
        assert session.asked == [("prepare", expected)]


async def test_enter_on_who_has_not_run_does_nothing(shared_lab: SharedLab) -> None:
    async with opened(shared_lab) as (stage, session):
        await stage.press("enter")
        assert stage.app.screen is stage.screen
        waiting = raced("running", 0.0)
        tracks = tuple(Track(track.racer, None, "tuning") for track in waiting.tracks)
        await stage.publish(replace(waiting, tracks=tracks))
        await stage.press("enter")
        assert stage.app.screen is stage.screen
        assert session.asked == []


# Views -------------------------------------------------------------------------------------------


async def test_v_turns_through_what_there_is_room_for(shared_lab: SharedLab) -> None:
    views = {
        (120, 34): (["table", "losses", "paths"], ["table", "losses"], ["table", "paths"]),
        (80, 24): (["table", "losses"], ["table", "paths"]),
        (50, 24): (["table"], ["losses"], ["paths"]),
        (40, 12): (["table"], ["losses"], ["paths"]),
    }
    async with opened(shared_lab, raced("finished")) as (stage, _):
        for size, there in views.items():
            await resize(stage.pilot, size)
            await stage.pilot.pause()
            for view in (*there, *there):
                with about(f"{view} at {size}"):
                    assert stage.parts == view
                    winner, _, reading = stage.hint()[0].partition("\n")
                    assert winner == stage.screen.shown.in_a_sentence()  # type: ignore[union-attr]
                    assert reading in READING.values()
                    await stage.press("v")


async def test_where_one_thing_is_shown_a_start_turns_to_the_losses(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, size=(50, 24)) as (stage, session):
        await stage.press("tab", "tab", "s")
        assert asked_for(session)
        assert stage.parts == ["losses"]
        await stage.press("tab")  # there is nothing to go to
        await stage.press("x")
        assert session.asked[1:] == [("stop_job",)]


async def test_resized_while_it_is_open(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, raced("finished")) as (stage, _):
        for size in ((50, 24), (80, 24), (30, 8), (200, 50), (40, 12), (120, 34)):
            await resize(stage.pilot, size)
            await stage.pilot.pause()
            await stage.until(lambda: bool(stage.parts))
        await stage.until(lambda: stage.parts == ["table", "losses", "paths"])


# Charts ------------------------------------------------------------------------------------------


def test_losses_are_those_of_the_tracks_with_the_floor_as_a_level() -> None:
    progress = raced("finished")
    chart = losses_chart(progress)
    lines = [curve for curve in chart.curves if curve.kind == "line"]
    assert [curve.marker for curve in lines] == list("123456")
    assert [curve.color for curve in lines] == list(range(6))
    for curve, track in zip(lines, progress.tracks, strict=True):
        assert tuple(curve.xs) == track.steps
        assert tuple(curve.ys) == track.losses
    assert [level.y for level in chart.levels] == [facts().floor.noise]
    assert (chart.log_y, chart.x_range, chart.y_range) == (True, (0.0, 300.0), None)


def test_a_racer_that_runs_away_does_not_squash_the_others() -> None:
    progress = raced("finished")
    first, *rest = progress.tracks
    wild: tuple[float, ...] = tuple(16.0 * 3**k for k in range(60))
    away = replace(
        first,
        status="diverged",
        steps=tuple(range(61)),
        losses=(*wild, math.nan),
        places=tuple({"w": (float(4**k), 0.0), "b": (0.0,)} for k in range(61)),
    )
    progress = replace(progress, tracks=(away, *rest))
    low, high = losses_chart(progress).y_range or (0.0, 0.0)
    assert 0 < low < facts().floor.level
    assert high == 10 * facts().start_loss
    x_range = paths_chart(progress, PARAMETERS).x_range
    assert x_range is not None
    assert x_range[1] < 5


def test_paths_over_two_parameters() -> None:
    progress = raced("finished")
    chart = paths_chart(progress, PARAMETERS)
    lines = [curve for curve in chart.curves if curve.kind == "line"]
    for curve, track in zip(lines, progress.tracks, strict=True):
        assert list(zip(curve.xs, curve.ys, strict=True)) == [place["w"] for place in track.places]
    start, best = chart.curves[-2:]
    assert (start.mark, best.mark) == ("o", "x")
    assert (*start.xs, *start.ys) == facts().start["w"]
    assert (*best.xs, *best.ys) == facts().optimum["w"]


async def test_the_loss_is_asked_for_once_and_drawn_behind_the_paths(shared_lab: SharedLab) -> None:
    async with opened(shared_lab, raced("finished")) as (stage, session):
        await stage.until(lambda: stage.screen.landscape is not None)
        found = session.landscapes["race"]
        assert found is not None
        chart = stage.screen.paths._chart
        assert chart.heat is not None
        assert (found.x_range, found.y_range) == (chart.x_range, chart.y_range)


def test_a_landscape_of_other_data_is_not_drawn() -> None:
    progress = raced("finished")
    assert progress.facts is not None
    chart = paths_chart(progress, PARAMETERS)
    assert chart.x_range is not None
    assert chart.y_range is not None
    plane = plane_of(progress.facts, PARAMETERS)
    own, other = (
        survey(progress.race.experiment, known, plane, chart.x_range, chart.y_range)
        for known in (progress.facts.sample, sample(noise=1.0))
    )
    assert paths_chart(progress, PARAMETERS, own).heat is not None
    assert paths_chart(progress, PARAMETERS, other).heat is None
    assert paths_chart(progress, DIRECTIONS, own).heat is None


def test_directions_are_the_steepest_and_the_flattest_that_is_not_flat() -> None:
    known = facts()
    w, b = known.optimum["w"], known.optimum["b"]
    moved = {"w": (w[0] + 0.5, w[1] + 7.0), "b": (b[0] - 0.25,)}
    # Of the made-up facts each eigenvector is a parameter.
    assert point(plane_of(known, DIRECTIONS), moved, 0) == pytest.approx((0.5, -0.25))
    assert point(plane_of(known, DIRECTIONS), known.optimum, 0) == (0.0, 0.0)
    flat = known.stability.curvature.eigenvalues.clone()
    flat[-1] = 0.0
    curvature = replace(known.stability.curvature, eigenvalues=flat)
    without = replace(known, stability=replace(known.stability, curvature=curvature))
    assert point(plane_of(without, DIRECTIONS), moved, 0) == pytest.approx((0.5, 7.0))


def lone(known: Facts) -> Facts:
    """Facts of a model with a single parameter."""
    return replace(known, start={"R": (0.0,)}, optimum={"R": (10.0,)})


@pytest.mark.parametrize("plane", [PARAMETERS, DIRECTIONS])
def test_a_single_parameter_is_drawn_against_steps(plane: str) -> None:
    progress = raced("finished")
    tracks = tuple(
        replace(track, places=tuple({"R": (float(step),)} for step in track.steps))
        for track in progress.tracks
    )
    chart = paths_chart(replace(progress, tracks=tracks, facts=lone(facts())), plane)
    assert chart.title == "R against steps"
    for curve, track in zip(chart.curves, tracks, strict=False):
        assert tuple(curve.xs) == tuple(curve.ys) == track.steps
    assert [level.y for level in chart.levels] == [10.0]


@pytest.mark.parametrize("plane", [PARAMETERS, DIRECTIONS])
@pytest.mark.parametrize("single", [False, True])
def test_paths_without_a_known_optimum_have_no_mark_for_it(plane: str, single: bool) -> None:
    """As of a two-layer net, whose best parameters nobody knows."""
    progress = raced("finished")
    known = lone(facts()) if single else facts()
    tracks = tuple(
        replace(track, places=tuple({"R": (float(step),)} for step in track.steps))
        for track in progress.tracks
    )
    if not single:
        tracks = progress.tracks
    sure = paths_chart(replace(progress, tracks=tracks, facts=known), plane)
    unsure = replace(known, optimum={}, true={})
    chart = paths_chart(replace(progress, tracks=tracks, facts=unsure), plane)
    assert chart.levels == ()
    assert len(sure.curves) - len(chart.curves) == (0 if single else 1)


def test_an_empty_chart_says_what_is_on_its_way() -> None:
    assert losses_chart(None).empty == paths_chart(None, PARAMETERS).empty == EMPTY
    progress = replace(raced("running", 0.0), facts=None)
    assert losses_chart(progress).empty == "drawing the data"
    first, *rest = (replace(track, steps=(), losses=(), places=()) for track in progress.tracks)
    tuning = replace(progress, tracks=(replace(first, status="tuning"), *rest), facts=facts())
    assert losses_chart(tuning).empty == "looking for the best lr of sgd"
    assert paths_chart(tuning, PARAMETERS).empty == "looking for the best lr of sgd"


def test_marks_stand_where_their_share_of_the_way_is_reached() -> None:
    assert along([0.0, 1.0, 5.0, 9.0, 10.0], [0.1, 0.5, 0.95]) == [1, 2, 4]
    assert along([], [0.5]) == []
    assert along([0.0], [0.5]) == [0]


@pytest.mark.parametrize("width", [30, 50, 80, 120])
def test_the_head_fills_its_line(width: int) -> None:
    assert head(BASELINE, raced("running", 0.5), width).cell_length <= width
    assert head(BASELINE, None, width).plain.startswith(" linreg-tui · race")


# With the engine ---------------------------------------------------------------------------------


async def test_a_race_with_the_engine() -> None:
    experiment = BASELINE.changed({"device": "cpu", "data.n": 100, "epochs": 30})
    async with training_lab(experiment) as pilot:
        session = app_of(pilot).session
        await open_race(pilot)
        stage = RaceStage(pilot, session)
        await stage.press("s")
        await stage.until(lambda: session.race is not None and session.race.state == "finished")
        await stage.until(lambda: stage.screen.shown is session.race)
        assert session.race is not None
        assert stage.rows == [track.racer.optimizer for track in session.race.ranking()]
        assert session.race.tracks[0].floor_step


# Pictures ----------------------------------------------------------------------------------------


async def walk(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, one after the other, and wait for what is drawn."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, RaceScreen)
    # The loss behind the paths comes a look later, where there are paths.
    await until(
        pilot,
        lambda: not screen.paths.display or not screen.shown or bool(screen.paths._chart.heat),
    )
    await pilot.pause()


def opening(*keys: str) -> Steps:
    """Open the screen and press keys."""

    async def steps(pilot: Pilot[None]) -> None:
        await open_race(pilot)
        await walk(pilot, *keys)

    return steps


def with_race(race: RaceProgress, settings: Settings | None = None) -> LinregApp:
    session = FakeSession(ready())
    session.race = race
    return app_for(session, settings)


@pytest.mark.parametrize("size", LARGE, ids=named)
async def test_finished(shared_lab: SharedLab, accepted: Look, size: tuple[int, int]) -> None:
    async with opened(shared_lab, raced("finished"), size) as (stage, _):
        await walk(stage.pilot, "down")
        await accepted(stage.pilot, named(size), colours=size == (80, 24))


async def test_running(shared_lab: SharedLab, accepted: Look) -> None:
    async with opened(shared_lab, raced("running", 0.3), (80, 24)) as (stage, _):
        await walk(stage.pilot, "v")
        await accepted(stage.pilot, "80x24")


async def test_narrow(shared_lab: SharedLab, accepted: Look) -> None:
    async with opened(shared_lab, raced("finished"), (50, 24)) as (stage, _):
        await walk(stage.pilot, "v")
        await accepted(stage.pilot, "50x24")


def test_light_theme(picture: Compare) -> None:
    app = with_race(raced("finished", tuned=True), Settings(theme="linreg-light"))
    picture(app, (120, 34), steps=opening("tab", "down", "right"), colours=True)


def test_ascii(picture: Compare) -> None:
    app = with_race(raced("finished"), Settings(ascii=True))
    picture(app, (80, 24), steps=opening())


def test_without_colour(picture: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    picture(with_race(raced("finished")), (80, 24), steps=opening("v"), colours=True)
