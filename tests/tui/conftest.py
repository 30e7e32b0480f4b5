"""The fixtures of the tests of the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from syrupy.assertion import SnapshotAssertion
from textual.css.stylesheet import Stylesheet
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.reactive import Reactive

from tests.support.dispatch import handlers_of, kept
from tests.support.pictures import Compare, Look, Steps, Svg, named, svg_picture, text_picture
from tests.support.pilots import calm, resize, rest, rest_of_screen, settled
from tests.support.reactive import value_of
from tests.support.shared_lab import SharedLab
from tests.support.styles import (
    apply_once,
    match_from_the_end,
    parse_once,
    replace_what_changes,
    tokenize_once,
)
from tests.support.waiting import Unwaiting, now
from tui.app import LinregApp

# The terminal and its folders ------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A terminal and a config folder that do not depend on the machine; the folder is returned."""
    folder = tmp_path / "config"
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"):
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
def rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pilot waits until the app has nothing left to do, not until the process has."""
    monkeypatch.setattr("textual.app.wait_for_idle", rest)
    monkeypatch.setattr("textual.pilot.wait_for_idle", rest)
    monkeypatch.setattr(Pilot, "_wait_for_screen", rest_of_screen)


@pytest.fixture(autouse=True, scope="module")
def unwaiting() -> Iterator[None]:
    """No app waits for a timer, such as that of its next look at the session: it is due at once.

    Nor does one that the tests of a module share.
    """
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("selectors.DefaultSelector", Unwaiting)
        monkeypatch.setattr(asyncio.BaseEventLoop, "time", lambda _: now())
        monkeypatch.setattr("textual._time.get_time", now)
        monkeypatch.setattr("tui.app.monotonic", now)
        yield


@pytest.fixture(autouse=True)
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notification stays until the test ends."""
    notify = LinregApp.notify

    def notify_for_good(app: LinregApp, message: str, **options: Any) -> None:
        notify(app, message, **{**options, "timeout": 3600.0})

    monkeypatch.setattr(LinregApp, "notify", notify_for_good)


@pytest.fixture(autouse=True)
def quick_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    """All apps of a theme share the rules of the stylesheets, and what holds for equal nodes.

    Parsing is a tenth of every start, matching the rules a quarter; asking for attributes and
    looking for handlers are a twentieth each.
    """
    kept.clear()  # a test may put a handler of its own into a class
    monkeypatch.setattr(MessagePump, "_get_dispatch_methods", handlers_of)
    monkeypatch.setattr("textual.css.stylesheet.tokenize_values", tokenize_once)
    monkeypatch.setattr("textual.css.stylesheet.parse", parse_once)
    monkeypatch.setattr("textual.css.stylesheet._check_selectors", match_from_the_end)
    monkeypatch.setattr(Stylesheet, "apply", apply_once)
    monkeypatch.setattr(Reactive, "__get__", value_of)
    monkeypatch.setattr(Stylesheet, "replace_rules", staticmethod(replace_what_changes))


@pytest.fixture
def drawn() -> None:
    """Every frame is made, as on a terminal."""


@pytest.fixture(autouse=True)
def undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that nobody looks at are not made, which saves half of the time; `text_of` draws."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr("textual._compositor.Compositor.render_update", lambda *_, **__: None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share an app share its event loop."""
    for item in items:
        if "shared_lab" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_lab() -> AsyncIterator[SharedLab]:
    """One app for the tests of a module."""
    shared = SharedLab()
    yield shared
    await shared.end()


# Pictures --------------------------------------------------------------------------------------


@pytest.fixture
def accepted(snapshot: SnapshotAssertion) -> Look:
    """Compares the screen with the accepted one once it has come to rest."""

    async def compare(pilot: Pilot[None], name: str, colours: bool = False) -> None:
        frame = await calm(pilot)
        if colours:
            assert svg_picture(pilot.app, frame) == snapshot(name=name, extension_class=Svg)
        else:
            assert text_picture(frame) == snapshot(name=name)

    return compare


@pytest.fixture
def picture(accepted: Look) -> Compare:
    """Starts an app, takes some steps, and looks at it at one size after the other."""

    async def compare(
        app: LinregApp, sizes: tuple[tuple[int, int], ...], steps: Steps | None, colours: bool
    ) -> None:
        async with app.run_test(size=sizes[0], notifications=True) as pilot:
            await settled(pilot)
            if steps:
                await steps(pilot)
            for size in sizes:
                if size != sizes[0]:
                    await resize(pilot, size)
                await accepted(pilot, named(size), colours)

    def run(
        app: LinregApp,
        *sizes: tuple[int, int],
        steps: Steps | None = None,
        colours: bool = False,
    ) -> None:
        asyncio.run(compare(app, sizes, steps, colours))

    return run
