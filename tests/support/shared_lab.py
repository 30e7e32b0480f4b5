"""One app for many tests, which each find it as a new one would be."""

from __future__ import annotations

from asyncio import Event, Future, Task, get_running_loop
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.geometry import Offset
from textual.pilot import Pilot

from engine.training.snapshot import Snapshot
from tests.support.pilots import app_of, become, lab, resize, session_of
from tests.support.sessions import FakeSession
from tests.support.snapshots import ready
from tui.screens.changes import Changes


class SharedLab:
    """Stands in for `lab` in tests of dialogs: a start of the app costs more than most of them.

    What a test leaves on the main screen is cleared but for its views and panels. After a failure
    the next test has another app.
    """

    def __init__(self) -> None:
        self.pilot: Pilot[None] | None = None
        self.flight: Task[None] | None = None
        """The task in which the app begins and ends, which no single test may be."""
        self.over = Event()

    @asynccontextmanager
    async def __call__(
        self, now: Snapshot, *runs: Snapshot, size: tuple[int, int] = (120, 34)
    ) -> AsyncIterator[Pilot[None]]:
        """A pilot of the app around a session in which nothing ever happens."""
        pilot = self.pilot or await self.begin(size)
        try:
            with pilot.app._context():
                await clear(pilot, now, *runs, size=size)
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
            async with lab(ready(), size=size) as pilot:
                begun.set_result(pilot)
                await self.over.wait()

        self.over.clear()
        self.flight = get_running_loop().create_task(fly())
        self.pilot = await begun
        return self.pilot

    async def end(self) -> None:
        """Leave the app; raises what has broken it."""
        flight, self.flight, self.pilot = self.flight, None, None
        if flight:
            self.over.set()
            await flight


async def clear(pilot: Pilot[None], now: Snapshot, *runs: Snapshot, size: tuple[int, int]) -> None:
    """Leave all dialogs, forget what was done and asked, and show a run."""
    app = app_of(pilot)
    main = app.main
    while app.screen is not main:
        await app.pop_screen()
    app._set_mouse_over(None, None)
    app.mouse_position = Offset(0, 0)
    await main.classroom.close()
    session = session_of(app)
    vars(session).update(vars(FakeSession(now, runs)))
    main.desk.changes, main.desk.sweep = Changes(), None
    main.desk.pinned, main.desk.compared = None, ()
    main.commands.inquiry.wanted = main.commands.inquiry.answer = None
    if app.size != size:
        await resize(pilot, size)
    main.look()
    await become(pilot, now, *runs)
    app.clear_notifications()
    session.calls.clear()
