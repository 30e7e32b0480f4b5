"""The fixtures of the tests of the screen."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path

import pytest
import textual._wait
from textual.pilot import Pilot

from tests.support.pictures import Compare, Steps
from tests.support.pilots import calm, settled
from tui.app import LinregApp

# torch leaves very many objects behind; frozen, they do not slow down every collection.
gc.collect()
gc.freeze()


# The terminal and its folders ------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A terminal and a config folder that do not depend on the machine; the folder is returned."""
    folder = tmp_path / "config"
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(
        "engine.support.user_files.user_config_path", lambda name, appauthor: folder / str(name)
    )
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual's pilot looks five times as often whether the app has nothing left to do."""
    monkeypatch.setattr(textual._wait, "SLEEP_GRANULARITY", 1 / 250)
    monkeypatch.setattr(textual._wait, "SLEEP_IDLE", 1 / 2500)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pilot does not wait until the process is idle: beside a busy engine it never is."""

    async def turn(min_sleep: float = 0, max_sleep: float = 0) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr("textual.app.wait_for_idle", turn)
    monkeypatch.setattr("textual.pilot.wait_for_idle", turn)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that nobody looks at are not made, which saves half of the time; `text_of` draws."""
    monkeypatch.setattr("textual._compositor.Compositor.render_update", lambda *_, **__: None)


# Pictures --------------------------------------------------------------------------------------


@pytest.fixture
def picture(snap_compare: Callable[..., bool]) -> Compare:
    """Compares the screen with the accepted picture once it has come to rest."""

    def compare(
        app: LinregApp, *, terminal_size: tuple[int, int], run_before: Steps | None = None
    ) -> bool:
        async def steps(pilot: Pilot[None]) -> None:
            await settled(pilot)
            if run_before:
                await run_before(pilot)
            await calm(pilot)

        return snap_compare(app, terminal_size=terminal_size, run_before=steps)

    return compare
