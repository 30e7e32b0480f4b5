"""One app for many tests, which each find it as a new one would be."""

from __future__ import annotations

from asyncio import FIRST_COMPLETED, Event, Future, Task, get_running_loop, wait
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from textual.geometry import Offset
from textual.pilot import Pilot

from engine.lessons.lesson import Lesson
from engine.runs.store import Store
from engine.support.user_files import runs_folder
from engine.training.snapshot import Snapshot
from tests.support.pilots import app_of, lab, resize, session_of
from tests.support.sessions import FakeSession
from tests.support.snapshots import ready
from tui.charts.views import VIEWS
from tui.screens.classroom import Classroom
from tui.screens.desk import Desk
from tui.screens.inquiry import Inquiry
from tui.screens.live import Live
from tui.screens.main import MainScreen
from tui.screens.shelf import Shelf

Begun = TypeVar("Begun")


class SharedLab:
    """Stands in for `lab`: a start of the app costs more than most tests.

    After a failure the next test has another app.
    """

    def __init__(self) -> None:
        self.pilot: Pilot[None] | None = None
        self.flight: Task[None] | None = None
        """The task in which the app begins and ends, which no single test may be."""
        self.over = Event()

    @asynccontextmanager
    async def __call__(
        self,
        now: Snapshot,
        *runs: Snapshot,
        size: tuple[int, int] = (120, 34),
        lesson: Lesson | None = None,
    ) -> AsyncIterator[Pilot[None]]:
        """A pilot of the app around a session in which nothing ever happens."""
        pilot = self.pilot or await self.begin(size)
        try:
            with pilot.app._context():
                await clear(pilot, now, *runs, size=size, lesson=lesson)
                yield pilot
        except BaseException:
            await self.end()
            raise
        if pilot.app._exception:
            await self.end()

    async def begin(self, size: tuple[int, int]) -> Pilot[None]:
        """Start an app."""
        begun: Future[Pilot[None]] = get_running_loop().create_future()

        async def fly() -> None:
            async with lab(ready(), size=size, notifications=True) as pilot:
                begun.set_result(pilot)
                await self.over.wait()

        self.over.clear()
        self.flight = get_running_loop().create_task(fly())
        await wait((begun, self.flight), return_when=FIRST_COMPLETED)
        if not begun.done():
            await self.end()  # it has failed to start, which is raised
        self.pilot = begun.result()
        return self.pilot

    async def end(self) -> None:
        """Leave the app; raises what has broken it."""
        flight, self.flight, self.pilot = self.flight, None, None
        if flight:
            self.over.set()
            await flight


async def clear(
    pilot: Pilot[None],
    now: Snapshot,
    *runs: Snapshot,
    size: tuple[int, int],
    lesson: Lesson | None,
) -> None:
    """Bring an app to where a new one around a made-up session would be."""
    app = app_of(pilot)
    main, session = app.main, session_of(app)
    while app.screen is not main:
        await app.pop_screen()
    app._set_mouse_over(None, None)
    app.mouse_position = Offset(0, 0)
    app.clear_notifications()
    app.used.clear()
    if lesson is None:
        await main.classroom.close()
    main.remove_class("-full")
    begin_anew(session, FakeSession(now, runs))
    begin_desk(main)
    begin_views(main)
    if app.size != size:
        await resize(pilot, size)
    if lesson:
        await main.classroom.open(lesson)
    else:
        main.show_desk()
        main.navigator.go_to(main.lab.loss)
    begin_anew(main.live, Live(main, main.desk, main.classroom, on=True))
    session.tried.clear()
    main.commands.shelf.follow()
    await pilot.pause()


def begin_anew(target: Begun, fresh: Begun) -> None:
    """Bring an object, which others hold, to the state of a fresh one."""
    vars(target).clear()
    vars(target).update(vars(fresh))


def begin_desk(main: MainScreen) -> None:
    """Forget what was edited, seen, asked and reached."""
    desk, session, commands, clock = main.desk, main.session, main.commands, main.desk.clock
    clock.leave()
    begin_anew(desk, Desk(session, session.shown.latest.experiment, desk.changed))
    desk.clock = clock
    panel = main.classroom.panel
    begin_anew(main.classroom, Classroom(main, main.lab, desk, main.navigator))
    main.classroom.panel = panel
    begin_anew(commands.inquiry, Inquiry(main, session, commands.setup.take_lr))
    begin_anew(commands.shelf, Shelf(main, main.lab, desk, commands.setup, Store(runs_folder())))


def begin_views(main: MainScreen) -> None:
    """Have each chart show all of the view that it begins with."""
    navigator, lab = main.navigator, main.lab
    for chart, name in zip(lab.views, ("fit", "landscape", "parameters"), strict=True):
        chart.hold(None)
        chart.turns.clear()
        chart.landscape = chart.survey = None
        chart.turn_to(VIEWS[name])
    lab.loss.show_all()
    navigator.wants_grid, navigator.aside = False, "code"
    navigator.chart = navigator.rest = navigator.behind = lab.loss
    navigator.lay_out()
