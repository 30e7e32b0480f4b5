"""What the tests keep of Textual's matching of styles is what matching finds."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.support.pilots import app_showing, become, settled
from tests.support.snapshots import diverged, finished, paused, ready
from tests.support.styles import apply, matched
from tui.themes import THEMES


async def test_every_widget_has_the_rules_that_matching_anew_finds() -> None:
    """In all states, with the focus elsewhere, under dialogs, in both themes."""

    async def compare(pilot: Pilot[None]) -> int:
        await pilot.pause()
        nodes = list(pilot.app.screen.walk_children(with_self=True))
        for node in nodes:
            kept = dict(node.styles.base._rules)
            apply(pilot.app.stylesheet, node)
            assert dict(node.styles.base._rules) == kept, node
        return len(nodes)

    app = app_showing(ready())
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        assert await compare(pilot) > 50
        for snapshot in (paused(), finished(), diverged()):
            await become(pilot, snapshot)
            await compare(pilot)
        for key in ("tab", "enter", "down", "escape", "question_mark", "escape", "L"):
            await pilot.press(key)
            await compare(pilot)
        app.theme = THEMES[1].name
        await compare(pilot)
    assert any(matched.values())
