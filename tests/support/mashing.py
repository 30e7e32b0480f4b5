"""Random keys in bursts, with resizes in between."""

from __future__ import annotations

import string
from random import Random

from textual.command import CommandPalette
from textual.pilot import Pilot

from tests.support.pilots import SIZES, settled, text_of, until
from tui.app import LinregApp
from tui.forms.fields import TextField
from tui.keys import ACTIONS
from tui.screens.dialogs import HelpScreen

CHUNK = 25


KEYS = [
    *(key for action in ACTIONS for key in action.key.split(",")),
    *string.ascii_letters,
    *string.digits,
    *("up", "down", "left", "right", "enter", "escape", "tab", "shift+tab", "backspace"),
    # Not page up and down: Textual's own list fails on them before it was ever drawn.
    *("home", "end", "delete", "ctrl+a", "ctrl+k", "ctrl+v", "ctrl+c"),
    *("full_stop", "comma", "minus", "ß", "損", "f1"),
]


async def press(pilot: Pilot[None], burst: list[str]) -> None:
    """Press keys, each before the one before it is done, but in Textual's own palette in turn.

    The palette is not ready for keys that come in one burst: it may be left twice, and fails.
    """
    waiting: list[str] = []
    for key in burst:
        waiting.append(key)
        if key == "ctrl+p" or isinstance(pilot.app.screen, CommandPalette):
            await pilot.press(*waiting)
            await pilot.pause()
            waiting.clear()
    await pilot.press(*waiting)
    await pilot.pause()


async def mash(app: LinregApp, random: Random, count: int) -> None:
    """Press keys in bursts with resizes in between, then ask for help."""
    pressed: list[str] = []
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            for _ in range(count // CHUNK):
                burst = random.choices(KEYS, k=CHUNK)
                pressed += burst
                await press(pilot, burst)
                if random.random() < 0.3:
                    size = random.choice([*SIZES, (30, 10), (12, 4), (79, 11)])
                    pressed.append(f"{size}")
                    await pilot.resize_terminal(*size)
            await pilot.resize_terminal(80, 24)
            for _ in range(20 * CHUNK):  # out of whatever is open, and what opens meanwhile
                if isinstance(app.screen, HelpScreen):
                    break
                free = app.screen is app.main and not isinstance(app.main.focused, TextField)
                await pilot.press("question_mark" if free else "escape")
                await pilot.pause(1 / 100)
            assert isinstance(app.screen, HelpScreen), f"{app.screen_stack}, {app.focused}"
            await until(pilot, lambda: any("━ Help ━" in line for line in text_of(app)))
    except BaseException as error:
        error.add_note("the last keys: " + " ".join(pressed[-3 * CHUNK :]))
        raise
