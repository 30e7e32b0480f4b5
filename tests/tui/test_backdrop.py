"""A dialog as it is painted, and what is seen of the screen below it."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import pytest
from rich.console import RenderableType
from rich.segment import Segment
from textual._compositor import Compositor, LayoutUpdate
from textual.geometry import Region
from textual.messages import Update
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tests.support.pilots import DRAW, about, app_for, calm, main_of, settled, show, until
from tests.support.sessions import FakeSession
from tests.support.snapshots import finished, ready
from tests.support.studies import ask, studied
from tui.app import LinregApp
from tui.backdrop import Backdrop
from tui.overlay import Over
from tui.text.wrap import Page


def dimmed_by_textual(below: BackgroundScreen) -> list[Strip]:
    """Through Rich, as a screen without a backdrop of its own is drawn."""
    console = below.screen.app.console
    options = console.options.update(width=below.screen.size.width)
    lines = Segment.split_lines(console.render(below, options))
    return [Strip(line).simplify() for line in lines]


@pytest.mark.usefixtures("drawn")
async def test_a_dialog_is_over_the_screen_below_as_it_is_now() -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Over))
        for run in (ready(), finished(1)):
            await show(pilot, run)
            await pilot.pause()
            assert isinstance(app.screen, Over)
            backdrop = app.screen.backdrop
            assert isinstance(backdrop, Backdrop)
            strips = [strip.simplify() for strip in backdrop.strips]
            assert strips == dimmed_by_textual(backdrop.below)
            assert any(run.state in strip.text for strip in strips)
        assert main_of(pilot).desk.snapshot.state == "finished"


async def test_a_dialog_is_painted_once_and_nothing_below_it_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    painted: list[tuple[Screen[object], bool]] = []
    backdrops: list[Backdrop] = []
    collecting: list[bool] = []
    paint, init = LinregApp._display, Backdrop.__init__

    def note(app: LinregApp, screen: Screen[object], update: RenderableType | None) -> None:
        if update is not None:
            painted.append((screen, isinstance(update, LayoutUpdate)))
            collecting.append(gc.isenabled())
        paint(app, screen, update)

    def count(self: Backdrop, below: BackgroundScreen, lines: Sequence[Strip]) -> None:
        backdrops.append(self)
        init(self, below, lines)

    monkeypatch.setattr(Compositor, "render_update", DRAW)
    monkeypatch.setattr(LinregApp, "_display", note)
    monkeypatch.setattr(Backdrop, "__init__", count)
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("question_mark", "j", "t"):
            with about(key):
                await settled(pilot)
                await calm(pilot)
                painted.clear()
                backdrops.clear()
                collecting.clear()
                if key == "t":
                    await ask(pilot, key, studied())
                else:
                    await pilot.press(key)
                await until(pilot, lambda: isinstance(app.screen, Over))
                for _ in range(3):
                    await pilot.pause()
                whole = [screen for screen, is_whole in painted if is_whole]
                assert whole == [app.screen]
                # Garbage waits until what a key brings is painted; an answer comes after that.
                assert key == "t" or not collecting[0]
                assert gc.isenabled()
                assert len(backdrops) == 1
                assert all(box.max_scroll_y > 0 for box in app.screen.query(Page))
                # What changes below is seen, and not drawn again with each event that follows.
                await show(pilot, finished(1) if key == "j" else ready())
                for _ in range(3):
                    await pilot.pause()
                assert len(backdrops) > 1
                painted.clear()
                for _ in range(3):
                    app.main.look()
                    await pilot.pause()
                assert not painted
                await pilot.press("escape")


async def test_a_scrolled_page_is_painted_though_the_screen_below_changes_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    painted: set[Widget] = set()
    update = Compositor.update_widgets

    def note(compositor: Compositor, widgets: set[Widget]) -> None:
        painted.update(widgets)
        update(compositor, widgets)

    async with app_for(FakeSession(ready())).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, Over))
        await calm(pilot)
        screen = pilot.app.screen
        page = screen.query_one(Page)
        monkeypatch.setattr(Compositor, "update_widgets", note)
        page.scroll_down()
        await screen._on_update(Update(page))
        screen.refresh(Region(0, 0, 5, 1))
        screen._on_timer_update()
        assert painted == {page, screen}
