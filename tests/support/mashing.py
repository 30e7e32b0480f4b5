"""Random keys in bursts that wait for nothing, clicks and resizes in between, and the way out."""

from __future__ import annotations

import string
from random import Random
from unittest.mock import patch

from textual.events import (
    Key,
    MouseDown,
    MouseEvent,
    MouseMove,
    MouseScrollDown,
    MouseScrollUp,
    MouseUp,
)
from textual.pilot import Pilot

from tests.support.pilots import SIZES, app_of, rest, settled
from tui.app import LinregApp
from tui.keys.table import ACTIONS

CHUNK = 25
TINY = [(1, 1), (2, 1), (1, 50), (200, 1), (3, 3), (12, 4), (20, 2), (30, 10), (79, 11)]
KEYS = [
    *(key for action in ACTIONS for key in action.key.split(",")),
    *string.ascii_letters,
    *string.digits,
    *("up", "down", "left", "right", "enter", "escape", "tab", "shift+tab", "backspace"),
    *("home", "end", "pageup", "pagedown", "delete", "ctrl+a", "ctrl+k", "ctrl+v", "ctrl+c"),
    *("full_stop", "comma", "minus", "ß", "損", "f1"),
    *("ctrl+p", "ctrl+p", "enter", "escape", "e"),  # what opens and leaves dialogs, more often
]


def send(app: LinregApp, *keys: str) -> None:
    """Press keys as a terminal sends them, each before the one before it is done."""
    assert app._driver is not None
    for key in keys:
        app._driver.send_message(Key(key, key if len(key) == 1 else None))


def point(
    app: LinregApp, event: type[MouseEvent], x: int, y: int, button: int = 1, ctrl: bool = False
) -> None:
    """Send what the mouse does on a cell."""
    assert app._driver is not None
    app._driver.send_message(
        event(None, x, y, delta_x=0, delta_y=0, button=button, shift=False, meta=False, ctrl=ctrl)
    )


def click(app: LinregApp, x: int, y: int, button: int = 1, ctrl: bool = False) -> None:
    """Press and release a button of the mouse on a cell."""
    for event in (MouseDown, MouseUp):
        point(app, event, x, y, button, ctrl)


def gesture(app: LinregApp, random: Random) -> str:
    """Click, click twice, drag or turn the wheel somewhere; returns what was done, in words."""
    width, height = app.size
    x, y, to_x, to_y = (random.randrange(size) for size in (width, height, width, height))
    kind = random.choice(("click", "double", "right", "ctrl", "drag", "up", "down", "half"))
    if kind in ("drag", "half"):
        for event, at in ((MouseDown, (x, y)), (MouseMove, (to_x, y)), (MouseMove, (to_x, to_y))):
            point(app, event, *at)
        if kind == "drag":  # the button of the other comes up beyond the terminal
            point(app, MouseUp, to_x, to_y)
    elif kind in ("up", "down"):
        for _ in range(random.randint(1, 4)):
            point(app, MouseScrollUp if kind == "up" else MouseScrollDown, x, y, button=0)
    else:
        for _ in range(2 if kind == "double" else 1):
            click(app, x, y, button=3 if kind == "right" else 1, ctrl=kind == "ctrl")
    return f"{kind}({x}, {y})"


async def mash(app: LinregApp, random: Random, count: int) -> None:
    """Press keys in bursts with clicks and resizes in between, then leave by ctrl+q."""
    pressed: list[str] = []
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            with patch.object(app, "exit"), patch.object(app, "action_suspend_process"):
                if random.random() < 0.5:
                    await settled(pilot)
                while len(pressed) < count:
                    pressed += await burst(pilot, random)
            await leave(pilot)
    except BaseException as error:
        error.add_note("the last keys: " + " ".join(pressed[-3 * CHUNK :]))
        raise


async def burst(pilot: Pilot[None], random: Random) -> list[str]:
    """Press some keys, perhaps click, perhaps resize; returns what was done."""
    app = app_of(pilot)
    keys = random.choices(KEYS, k=random.randint(1, CHUNK))
    send(app, *keys)
    for _ in range(random.choice([0, 0, 1, 4])):
        keys.append(gesture(app, random))
    for _ in range(random.choice([0, 1, 5])):
        await pilot.pause()
    if random.random() < 0.4:
        size = random.choice([*SIZES, *TINY, (160, 45)])
        await pilot.resize_terminal(*size)
        keys.append(f"{size}")
    return keys


async def leave(pilot: Pilot[None]) -> None:
    """Leave by ctrl+q: a question that is open takes one, and where a run would be lost, another.

    Once the app is left it hears no more of them.
    """
    app = app_of(pilot)
    for _ in range(3):
        if not app._exit:
            send(app, "ctrl+q")
            await rest()
    assert app._exit
