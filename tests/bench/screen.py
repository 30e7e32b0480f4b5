"""F6 and F9: the screen beside an engine that trains as fast as it can."""

from __future__ import annotations

import asyncio
import gc
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from random import Random
from time import perf_counter, sleep

from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.events import Key

from engine.experiment import Experiment
from engine.session import Session
from engine.training.events import Stepped
from engine.training.trainer import train
from tests.bench.report import Row, at_most
from tests.bench.timing import Rounds, apart, percentile
from tui.app import LinregApp
from tui.settings import Settings

SIZE = (120, 34)
TICK = 0.01
QUIET, KEYS = 3.0, 30
"""Seconds without a key, and keys pressed, in each turn."""
PATIENCE = 10.0
WORK = 2.0
"""Seconds that the engine is watched in each turn."""

Samples = dict[str, list[float]]


class Terminal(HeadlessDriver):
    """A terminal that nobody sees, but for which everything is composed that would be written.

    For a driver that calls itself headless, Textual skips the last part of painting.
    """

    painted = 0.0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.painted = perf_counter()


class Empty(App[None]):
    """Shows nothing: how late is a timer on this machine anyway?"""


def answers(rounds: int) -> Iterator[Row]:
    """F6: lateness of a ticker on the UI loop, and from a key to what it changes on the screen."""
    late, answered = apart(in_front, max(2, rounds * 3 // 5))
    idle = milliseconds(late["idle"])
    for loop in ("scratch", "fast"):
        p99 = percentile(late[loop], 0.99) * 1e3
        yield Row(
            "F6", f"lateness p99 of a {TICK * 1e3:g} ms ticker, two charts, loop={loop}",
            f"{p99:.1f} ms", "< 16 ms", p99 < 16,
            f"{milliseconds(late[loop])}; idle app: {idle}; empty app: "
            f"{milliseconds(late['empty'])}",
        )  # fmt: skip
        p99 = percentile(answered[loop], 0.99) * 1e3
        yield Row(
            "F6", f"key to painted screen p99, loop={loop}",
            f"{p99:.1f} ms", "< 50 ms", p99 < 50,
            f"{milliseconds(answered[loop])} of {len(answered[loop])} keys",
        )  # fmt: skip


def in_front(rounds: int) -> tuple[Samples, Samples]:
    """Seconds late, and seconds from key to paint, for what was running meanwhile."""
    late: Samples = defaultdict(list)
    answered: Samples = defaultdict(list)

    async def measure() -> None:
        random = Random(7)
        for _ in range(rounds):
            empty = Empty(driver_class=Terminal)
            async with empty.run_test(headless=False, size=SIZE):
                late["empty"] += await lateness(QUIET / 2)
            async with opened() as app:
                late["idle"] += await lateness(QUIET / 2)
                for loop in ("scratch", "fast"):
                    app.main.desk.adopt(forever(loop))
                    app.main.commands.start()
                    await until(lambda: app.main.desk.snapshot.state == "running")
                    await asyncio.sleep(0.5)
                    late[loop] += await lateness(QUIET)
                    for number in range(KEYS):
                        await asyncio.sleep(random.uniform(0.03, 0.13))
                        answered[loop].append(await answer(app, ("right", "left")[number % 2]))
                    app.main.commands.stop()
                    await until(lambda: app.main.desk.snapshot.state == "stopped")

    asyncio.run(measure())
    return dict(late), dict(answered)


@asynccontextmanager
async def opened() -> AsyncIterator[LinregApp]:
    """The app on a terminal, ready to train."""
    session = Session(forever("scratch"))
    app = LinregApp(session, Settings(experiment=session.latest.experiment))
    app.driver_class = Terminal
    async with app.run_test(headless=False, size=SIZE):
        await until(lambda: app.main.desk.snapshot.state == "ready")
        await asyncio.sleep(0.3)
        yield app
        session.close()


async def lateness(seconds: float) -> list[float]:
    """How late each tick of a steady clock is seen on this loop."""
    late, due = [], perf_counter()
    end = due + seconds
    while due < end:
        due += TICK
        await asyncio.sleep(max(0.0, due - perf_counter()))
        late.append(perf_counter() - due)
    return late


async def answer(app: LinregApp, key: str) -> float:
    """Seconds from a key that moves the value cursor until the chart is painted with it."""
    terminal, chart = app._driver, app.main.lab.loss
    assert isinstance(terminal, Terminal)
    before, begin = chart.cursor, perf_counter()
    terminal.send_message(Key(key, None))
    # The picture is drawn while the screen is being painted: where it is there, so is the cursor.
    await until(lambda: chart.cursor != before and chart._drawn[:1] == (chart._chart,), 0.001)
    return terminal.painted - begin


async def until(true: Callable[[], bool], look_every: float = 0.005) -> None:
    """Wait for something."""
    begin = perf_counter()
    while not true():
        assert perf_counter() < begin + PATIENCE, "waited in vain"
        await asyncio.sleep(look_every)


def forever(loop: str) -> Experiment:
    """The book's problem, trained without an end."""
    return Experiment().changed({"loop": loop, "epochs": 100_000_000, "device": "cpu"})


def milliseconds(seconds: list[float]) -> str:
    """Median, p99 and worst in words."""
    middle, late = percentile(seconds, 0.5) * 1e3, percentile(seconds, 0.99) * 1e3
    return f"median {middle:.1f}, p99 {late:.1f}, worst {max(seconds) * 1e3:.1f} ms"


def beside_engine(rounds: int) -> Iterator[Row]:
    """F9: a step of the engine with the live screen and without."""
    result = apart(engine_alone_and_not, rounds)
    yield at_most(
        "F9", "a step of scratch under the live screen against headless",
        result.ratio("screen", "headless"), 1.25,
        f"{1 / result.median('headless'):,.0f} steps/s headless, "
        f"{1 / result.median('screen'):,.0f} under the screen",
    )  # fmt: skip
    yield at_most("F9", "— in a session without a screen", result.ratio("session", "headless"))


def engine_alone_and_not(rounds: int) -> Rounds:
    """Seconds for a step of the engine: alone, in a session's thread, and under the screen."""
    import torch

    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    seconds: Samples = {"headless": [], "session": [], "screen": []}
    for _ in range(rounds):
        seconds["headless"].append(headless())
        seconds["session"].append(in_session())
        seconds["screen"].append(asyncio.run(under_screen()))
    return Rounds(seconds)


def headless() -> float:
    """Seconds for a step of `train` with nothing around it."""
    events = train(forever("scratch"))
    next(events)
    steps, begin = 0, perf_counter()
    while (now := perf_counter()) < begin + WORK:
        steps += isinstance(next(events), Stepped)
    return (now - begin) / steps


def in_session() -> float:
    """Seconds for a step in a session that nobody looks at."""
    session = Session(forever("scratch"))
    session.open()
    session.start(forever("scratch"))
    while session.latest.step == 0:
        sleep(0.005)
    begin = session.latest
    sleep(WORK)
    end = session.latest
    session.close()
    return (end.seconds - begin.seconds) / (end.step - begin.step)


async def under_screen() -> float:
    """Seconds for a step while both charts are live."""
    async with opened() as app:
        app.main.commands.start()
        await until(lambda: app.main.desk.snapshot.step > 0)
        await asyncio.sleep(0.2)
        begin = app.session.latest
        await asyncio.sleep(WORK)
        end = app.session.latest
    return (end.seconds - begin.seconds) / (end.step - begin.step)
