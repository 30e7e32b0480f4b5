"""The app around a session, and keys that wait for what they bring about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from textual._compositor import Compositor, LayoutUpdate
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from engine.experiment import Experiment
from engine.lessons.lesson import Lesson
from engine.session import Session
from engine.training.snapshot import Shown, Snapshot
from tests.support.sessions import FakeSession
from tui.app import LinregApp
from tui.backend import Backend
from tui.screens.main import LOOK_INTERVAL, MainScreen
from tui.settings import Settings

SIZES = [(40, 12), (50, 24), (80, 24), (120, 34), (200, 50)]
LARGE = [(80, 24), (120, 34)]
DRAW = Compositor.render_update
"""Textual's drawing of a frame; without the fixture `drawn`, it is taken out of the app."""
LOOKS = 20_000
"""How often a condition is looked at before a test gives up on it."""
ROUNDS = 9
"""How often a layout may ask for another, as one that shows or hides a scrollbar does."""


def app_for(
    session: Backend,
    settings: Settings | None = None,
    message: str = "",
    lesson: Lesson | None = None,
) -> LinregApp:
    """The app around a session, with the forms showing its experiment."""
    settings = settings or Settings()
    settings.experiment = session.shown.latest.experiment
    return LinregApp(session, settings, message, lesson)


def app_showing(now: Snapshot, *runs: Snapshot, settings: Settings | None = None) -> LinregApp:
    """The app around a session in which nothing ever happens."""
    return app_for(FakeSession(now, runs), settings)


@asynccontextmanager
async def lab(
    now: Snapshot,
    *runs: Snapshot,
    size: tuple[int, int] = (120, 34),
    lesson: Lesson | None = None,
    notifications: bool = False,
) -> AsyncIterator[Pilot[None]]:
    """A pilot of the app around a session in which nothing ever happens, once its fields are there.

    It has a run at hand, and those that are over.
    """
    app = app_for(FakeSession(now, runs), lesson=lesson)
    async with app.run_test(size=size, notifications=notifications) as pilot:
        await settled(pilot)
        yield pilot


@asynccontextmanager
async def training_lab(
    experiment: Experiment, size: tuple[int, int] = (120, 34), state: str = "ready"
) -> AsyncIterator[Pilot[None]]:
    """A pilot of the app around a session with an engine, once that is in a state."""
    session = Session(experiment)
    try:
        async with app_for(session).run_test(size=size) as pilot:
            await settled(pilot)
            desk = main_of(pilot).desk
            await until(pilot, lambda: desk.snapshot.state == state)
            yield pilot
    finally:
        session.close()


def app_of(pilot: Pilot[None]) -> LinregApp:
    """The app that a pilot flies."""
    assert isinstance(pilot.app, LinregApp)
    return pilot.app


def main_of(pilot: Pilot[None]) -> MainScreen:
    """The main screen of the app that a pilot flies."""
    return app_of(pilot).main


def session_of(app: App[None]) -> FakeSession:
    """The made-up session of an app."""
    assert isinstance(app, LinregApp)
    assert isinstance(app.session, FakeSession)
    return app.session


@contextmanager
def about(case: object) -> Iterator[None]:
    """Name the case in what fails within, where one test leads an app through many of them."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"in the case of {case}")
        raise


async def rest(min_sleep: float = 0, max_sleep: float = 0) -> None:
    """Return once all tasks of the event loop wait for something: every message is dealt with.

    Stands in for Textual's `wait_for_idle`, which looks at how busy the process is.
    """
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    for _ in range(LOOKS):
        await asyncio.sleep(0)
        if not ready:
            return
    raise AssertionError("the app does not come to rest")


async def rest_of_screen(pilot: Pilot[None], timeout: float = 0) -> bool:
    """Return once all that shows is laid out, behind a dialog too; False where the app failed.

    Stands in for `Pilot._wait_for_screen`, which wakes every widget to hear that it rests.
    """
    app = pilot.app
    await rest()
    for _ in range(ROUNDS if app._screen_stack else 0):
        screens = (app.screen, *app._background_screens)
        for screen in screens:
            screen._on_timer_update()
        await rest()
        if not any(screen._layout_required for screen in screens):
            break
    return not pilot.app._exception_event.is_set()


async def until(pilot: Pilot[None], predicate: Callable[[], bool]) -> None:
    """Return once the predicate holds; the bound only ends a test that would hang."""
    for _ in range(LOOKS):
        if predicate():
            return
        await pilot.pause(LOOK_INTERVAL)
    raise AssertionError("waited in vain")


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the main screen is there with all its fields, and a panel has the focus."""
    main = main_of(pilot)
    await until(pilot, lambda: main.is_current and main.focused is not None)
    await until(pilot, lambda: all(form.fields for form in main.lab.forms))
    await until(pilot, lambda: main.classroom.panel is not None or main.first is None)
    await pilot.pause()


async def says(pilot: Pilot[None], text: str) -> None:
    """Wait until a text stands on one line of the screen."""
    app = pilot.app
    assert isinstance(app, LinregApp)
    await until(pilot, lambda: any(text in line for line in text_of(app)))


async def calm(pilot: Pilot[None]) -> LayoutUpdate:
    """Wait until nothing on the screen changes any more, and return it as it is then."""
    app = pilot.app
    drawn: tuple[Screen[object], LayoutUpdate] | None = None
    for _ in range(LOOKS):
        await pilot.pause(LOOK_INTERVAL)
        screen = app.screen
        if drawn is None or drawn[0] is not screen or is_stale(app, drawn[1]):
            drawn = screen, frame_of(app)
        elif (screen.focused or not screen.focus_chain) and is_surveyed(main_of(pilot)):
            return drawn[1]
    raise AssertionError("the screen does not come to rest")


def is_stale(app: App[None], frame: LayoutUpdate) -> bool:
    """Whether a frame, the last that was drawn for a test, is not what the app would show now."""
    if Compositor.render_update is DRAW:  # the app draws, too, and leaves nothing to be drawn
        shown = map(list, frame_of(app).strips)
        return any(
            strips != list(before) for strips, before in zip(shown, frame.strips, strict=True)
        )
    return bool(app.screen._compositor._dirty_regions)


def is_surveyed(main: MainScreen) -> bool:
    """Whether each chart shows the plane that it asked for last, where its view shows one."""
    return all(
        chart.landscape is not None
        and chart.survey
        == (
            chart.landscape.sample,
            chart.landscape.plane,
            chart.landscape.x_range,
            chart.landscape.y_range,
        )
        for chart in main.lab.views
        if chart.survey and chart.view.survey and main.desk.snapshot.facts
    )


async def resize(pilot: Pilot[None], size: tuple[int, int]) -> None:
    """Give the terminal another size and wait until the screen has it."""
    await pilot.resize_terminal(*size)
    await until(pilot, lambda: pilot.app._resize_event is None)
    await pilot.pause()


async def show(pilot: Pilot[None], snapshot: Snapshot) -> None:
    """Have the session come up with a snapshot and wait until the screen has it."""
    main = main_of(pilot)
    session_of(main.app).latest = snapshot
    await until(pilot, lambda: main.desk.snapshot is snapshot)
    await pilot.pause()


async def become(pilot: Pilot[None], now: Snapshot, *runs: Snapshot) -> None:
    """Bring an app to where `app_showing` would have begun with these snapshots."""
    main = main_of(pilot)
    session_of(main.app).shown = Shown(now, runs)
    await until(pilot, lambda: main.desk.snapshot is now)
    main.desk.restart(now.experiment)
    await pilot.pause()


def frame_of(app: App[None]) -> LayoutUpdate:
    """The whole screen, a dialog with what shines through it, whether or not it is drawn."""
    stack = app._background_screens
    frame = DRAW(app.screen._compositor, full=True, screen_stack=stack, simplify=True)
    assert isinstance(frame, LayoutUpdate)
    return frame


def text_of(app: LinregApp) -> list[str]:
    """What stands on the screen, line by line, without what shines through it."""
    lines = [strip.text for strip in app.screen._compositor.render_strips()]
    app.screen._styles_cache.clear()  # a picture has what shines through
    return lines
