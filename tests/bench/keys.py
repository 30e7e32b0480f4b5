"""From a key to its text on the screen, measured from outside.

The real app runs in a pseudo-terminal. What it writes is kept with the moment at which it came, and
fed to an emulator afterwards, so that the emulator takes no time from the app. A key has arrived
with the bytes after which the emulated screen shows the text that the key brings.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

import pyte

from tests.bench.report import Row
from tests.bench.timing import Samples, percentile
from tests.support.terminal import APP, COLUMNS, LINES, PATIENCE, Terminal

WANTED = 0.05
"""Seconds from a key to the painted screen that 95 % of the keys should not exceed."""
PAUSE = 0.03, 0.13
"""Seconds before a key: the shortest and the longest."""
WINDOW = 0.2
"""Seconds after a key in which what comes is kept before it is fed to the emulator."""
LEFT, RIGHT, UP, DOWN = b"\x1b[D", b"\x1b[C", b"\x1b[A", b"\x1b[B"
ENTER, ESCAPE, PAGE_UP, PAGE_DOWN = b"\r", b"\x1b", b"\x1b[5~", b"\x1b[6~"
FOREVER = ("-s", "epochs=100000000", "-s", "device=cpu")
IDLE = "idle"
LOOPS = ("scratch", "fast")
CURSOR_KEYS, DIALOG_KEYS, FIELD_KEYS = 20, 4, 20
"""Times that each key is pressed in a round."""


@dataclass(frozen=True)
class Dialog:
    """A screen over the main one: the key that opens it, a text in it, the key that closes it."""

    name: str
    key: bytes
    text: str
    close: bytes = b"q"


HELP = Dialog("help", b"?", "A lab for linear regression")
DIALOGS = (
    HELP,
    Dialog("theory", b"t", "How fast the gradient changes"),
    Dialog("list of panels", b"j", "l  Loss"),
)


class Watched(Terminal):
    """The app on an emulated screen."""

    def __init__(self, home: str, *arguments: str) -> None:
        super().__init__(APP, home, *arguments)
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.stream = pyte.ByteStream(self.screen)
        self.random = Random(7)

    @property
    def text(self) -> str:
        """The screen, line by line."""
        return "\n".join(self.screen.display)

    def recorded(self, seconds: float) -> list[tuple[float, bytes]]:
        """All that the app writes in this time, with the moment at which it came."""
        pieces, end = [], perf_counter() + seconds
        while (left := end - perf_counter()) > 0:
            if piece := self.read(left):
                pieces.append((perf_counter(), piece))
        return pieces

    def show(self, seconds: float) -> None:
        """Bring the emulated screen up to date with what comes in this time."""
        for _, piece in self.recorded(seconds):
            self.stream.feed(piece)

    def wait(self, shows: Callable[[str], object]) -> None:
        """Wait until the text on the screen is as wanted."""
        end = perf_counter() + PATIENCE
        while not shows(self.text):
            assert perf_counter() < end, f"waited in vain:\n{self.text}"
            self.show(0.05)

    def answer(self, key: bytes, shows: Callable[[str], object]) -> float:
        """Seconds from a key, after a pause of random length, until the screen is as wanted."""
        before = self.recorded(self.random.uniform(*PAUSE))
        begin, arrived = perf_counter(), 0.0
        self.press(key)
        pieces = self.recorded(WINDOW)
        for _, piece in before:
            self.stream.feed(piece)
        while not arrived:
            assert perf_counter() < begin + PATIENCE, f"{key!r} does nothing:\n{self.text}"
            for moment, piece in pieces:
                self.stream.feed(piece)
                if not arrived and shows(self.text):
                    arrived = moment
            pieces = [] if arrived else self.recorded(WINDOW)
        return arrived - begin


def answers(rounds: int) -> Iterator[Row]:
    """From a key to its text on the screen, idle and while training, in dialogs too."""
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(max(1, rounds * 3 // 5)):
        for loop in LOOPS:
            with TemporaryDirectory() as home, opened(loop, home) as app:
                if loop == LOOPS[0]:
                    for what, taken in stepped(app, FIELD_KEYS).items():
                        seconds[IDLE, what] += taken
                look_back(app)
                if loop == LOOPS[0]:
                    for what, taken in pressed(app, CURSOR_KEYS, DIALOG_KEYS).items():
                        seconds[IDLE, what] += taken
                start(app)
                for what, taken in pressed(app, CURSOR_KEYS, DIALOG_KEYS).items():
                    seconds[f"training with loop={loop}", what] += taken
    for (state, what), taken in seconds.items():
        middle, late = percentile(taken, 0.5), percentile(taken, 0.95)
        yield Row(
            f"{what}, {state}: p95",
            f"{late * 1e3:.0f} ms", f"< {WANTED * 1e3:.0f} ms", late < WANTED,
            f"p50 {middle * 1e3:.0f}, p95 {late * 1e3:.0f}, worst {max(taken) * 1e3:.0f} ms of "
            f"{len(taken)} keys",
        )  # fmt: skip


@contextmanager
def opened(loop: str, home: str) -> Iterator[Watched]:
    """The app, ready to train without an end."""
    with Watched(home, *FOREVER, "-s", f"loop={loop}") as app:
        app.wait(with_text("● ready"))
        yield app


def look_back(app: Watched) -> None:
    """Train an epoch, and look at a step of it."""
    app.press(b">")
    app.wait(with_text("● paused"))
    app.answer(LEFT, cursor_step)


def start(app: Watched) -> None:
    """Train on as fast as the engine can, and look at a step."""
    app.answer(ESCAPE, lambda text: not cursor_step(text))
    app.press(b" ")
    app.wait(with_text("● running"))
    app.answer(LEFT, cursor_step)


def first_line(text: str) -> str:
    """What stands between the sides of a dialog in its first line."""
    lines = (line.split("┃") for line in text.splitlines())
    return next((parts[1] for parts in lines if len(parts) == 3), "")


def begins_with(line: str, same: bool) -> Callable[[str], bool]:
    """Whether the first line of a dialog is this one, or another where that is asked for."""
    return lambda text: (first_line(text) == line) == same


def pressed(app: Watched, cursor_keys: int, dialog_keys: int) -> Samples:
    """Seconds until each of these keys has arrived; every dialog has been open once before."""
    seconds: Samples = defaultdict(list)
    for number in range(cursor_keys):
        moves = another(cursor_step, app.text)
        seconds["value cursor moves"].append(app.answer((LEFT, RIGHT)[number % 2], moves))
    for dialog in DIALOGS:
        for number in range(dialog_keys + 1):
            opens = app.answer(dialog.key, with_text(dialog.text))
            scrolls = []
            if dialog is HELP:
                top = first_line(app.text)
                scrolls.append(app.answer(DOWN, begins_with(top, same=False)))
                scrolls.append(app.answer(UP, begins_with(top, same=True)))
            closes = app.answer(dialog.close, without_text(dialog.text))
            if number:
                seconds[f"{dialog.name} opens"].append(opens)
                if dialog is HELP:
                    seconds["help scrolls"] += scrolls
                    seconds["help closes"].append(closes)
    return dict(seconds)


def stepped(app: Watched, keys: int) -> Samples:
    """Seconds until a number that keys step stands in its field, tried each time and not."""
    seconds: Samples = defaultdict(list)
    app.wait(with_text("if you press s"))
    for live in ("live", "not live"):
        app.answer(b"l", with_text("┏━ Training"))
        for number in range(keys):
            moves = another(learning_rate, app.text)
            seconds[f"a number is stepped, {live}"].append(
                app.answer((PAGE_UP, PAGE_DOWN)[number % 2], moves)
            )
        app.answer(ENTER, without_text("┏━ Training"))
        app.answer(b"i", with_text("live: o"))
    return dict(seconds)


def learning_rate(text: str) -> str:
    """The learning rate that stands in its field."""
    rate = re.search(r"[│┃] lr {5,}(\S+)", text)
    return rate[1] if rate else ""


def cursor_step(text: str) -> str:
    """The step at which the value cursor stands; empty without a cursor."""
    step = re.search(r"looking at step (\d+)", text)
    return step[1] if step else ""


def another(read: Callable[[str], str], text: str) -> Callable[[str], bool]:
    """Whether what is read off the screen is another than in this text."""
    before = read(text)
    return lambda text: read(text) != before


def with_text(wanted: str) -> Callable[[str], bool]:
    """Whether a text is on the screen."""
    return lambda text: wanted in text


def without_text(unwanted: str) -> Callable[[str], bool]:
    """Whether a text is gone from the screen."""
    return lambda text: unwanted not in text
