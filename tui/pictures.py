"""Pictures of the screen as SVG and PNG, by key and without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from textual.pilot import Pilot

from engine.runs.export import write_new
from engine.session import Session
from tui.app import LinregApp
from tui.drawing.svg import check_suffix, picture
from tui.settings import Settings

PAUSE = 0.3
"""Seconds in which what a key has changed is drawn."""
REST: str = "…"
"""Among keys: wait until the engine has nothing left to do."""


def take_picture(
    settings: Settings, size: tuple[int, int], keys: Sequence[str], file: Path
) -> None:
    """Run the app on a terminal that nobody sees, press keys, and write what it shows.

    `=0.3` among the keys types a text, `…` waits until the engine rests. Raises BadInput where the
    file exists, or cannot be written.
    """
    check_suffix(file.suffix)  # before the run, not after it
    asyncio.run(_take_picture(settings, size, keys, file))


async def _take_picture(
    settings: Settings, size: tuple[int, int], keys: Sequence[str], file: Path
) -> None:
    session = Session(settings.experiment)
    app = LinregApp(session, settings)
    try:
        async with app.run_test(size=size) as pilot:
            await press(pilot, session, (REST, *keys))
            content = picture(app, file.suffix)
    finally:
        session.close()
    write_new(file, content)


async def press(pilot: Pilot[None], session: Session, keys: Sequence[str]) -> None:
    """Press keys as `take_picture` takes them, and wait until all is drawn."""
    for key in keys:
        if key == REST:
            await rest(pilot, session)
        elif key.startswith("="):
            named = {".": "full_stop", "-": "minus"}
            await pilot.press(*(named.get(c, c) for c in key[1:]))
        else:
            await pilot.press(key)
    await pilot.pause(PAUSE)


async def rest(pilot: Pilot[None], session: Session) -> None:
    """Wait until the engine has nothing left to do and the screen shows it."""
    await pilot.pause(PAUSE)
    assert isinstance(pilot.app, LinregApp)
    while (
        session.latest.state in ("loading", "running")
        or pilot.app.main.live.is_waiting
        or any(job is not None and job.state == "running" for job in (session.sweep, session.race))
    ):
        await pilot.pause(0.05)
    await pilot.pause(PAUSE)
