"""What is seen of the screen below a dialog."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from textual.renderables.background_screen import BackgroundScreen
from textual.strip import Strip

from tests.support.pilots import app_for, main_of, settled, show, until
from tests.support.sessions import FakeSession
from tests.support.snapshots import finished, ready
from tui.backdrop import Backdrop
from tui.overlay import Over


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
        await pilot.press("j")
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
