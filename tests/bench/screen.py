"""The screen's event loop beside an engine that trains as fast as it can."""

from __future__ import annotations

import asyncio
import gc
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from time import perf_counter, sleep

from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver

from engine.experiment import Experiment
from engine.session import Session
from engine.training.events import Stepped
from engine.training.trainer import train
from tests.bench.report import Row, at_most
from tests.bench.timing import Rounds, Samples, apart, percentile
from tests.support.terminal import PATIENCE
from tui.app import LinregApp
from tui.settings import Settings

SIZE = (120, 34)
TICK = 0.01
WANTED = 0.016
"""Seconds late that 99 % of the ticks should not exceed: a frame of sixty a second."""
QUIET = 3.0
"""Seconds that the ticker is watched beside each loop."""
WORK = 2.0
"""Seconds that the engine is watched in each turn."""


class Unseen(HeadlessDriver):
    """A terminal that nobody sees, but for which everything is composed that would be written.

    For a driver that calls itself headless, Textual skips the last part of painting.
    """

    @property
    def is_headless(self) -> bool:
        return False


class Empty(App[None]):
    """Shows nothing: how late is a timer on this machine anyway?"""


def lateness(rounds: int) -> Iterator[Row]:
    """How late a ticker on the screen's event loop is, with two live charts and training."""
    late = apart(late_ticks, max(2, rounds * 3 // 5), QUIET)
    idle = milliseconds(late["idle"])
    for loop in ("scratch", "fast"):
        p99 = percentile(late[loop], 0.99) * 1e3
        yield Row(
            f"lateness of a {TICK * 1e3:g} ms ticker, two charts, loop={loop}: p99",
            f"{p99:.1f} ms", f"< {WANTED * 1e3:g} ms", p99 < WANTED * 1e3,
            f"{milliseconds(late[loop])}; idle app: {idle}; empty app: "
            f"{milliseconds(late['empty'])}",
        )  # fmt: skip


def late_ticks(rounds: int, seconds: float) -> Samples:
    """Seconds late of each tick, by what was running meanwhile."""
    late: Samples = defaultdict(list)

    async def measure() -> None:
        for _ in range(rounds):
            empty = Empty(driver_class=Unseen)
            async with empty.run_test(headless=False, size=SIZE):
                late["empty"] += await ticks(seconds / 2)
            async with opened() as app:
                late["idle"] += await ticks(seconds / 2)
                for loop in ("scratch", "fast"):
                    app.main.desk.adopt(forever(loop))
                    await app.main.commands.start()
                    await until(lambda: app.main.desk.snapshot.state == "running")
                    await asyncio.sleep(seconds / 6)
                    late[loop] += await ticks(seconds)
                    app.main.commands.stop()
                    await until(lambda: app.main.desk.snapshot.state == "stopped")

    asyncio.run(measure())
    return dict(late)


@asynccontextmanager
async def opened() -> AsyncIterator[LinregApp]:
    """The app on a terminal, ready to train."""
    session = Session(forever("scratch"))
    app = LinregApp(session, Settings(experiment=session.latest.experiment))
    app.driver_class = Unseen
    async with app.run_test(headless=False, size=SIZE):
        await until(lambda: app.main.desk.snapshot.state == "ready")
        await asyncio.sleep(0.3)
        yield app
        session.close()


async def ticks(seconds: float) -> list[float]:
    """How late each tick of a steady clock is seen on this loop."""
    late, due = [], perf_counter()
    end = due + seconds
    while due < end:
        due += TICK
        await asyncio.sleep(max(0.0, due - perf_counter()))
        late.append(perf_counter() - due)
    return late


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
    """A step of the engine under the live screen, against headless."""
    result = apart(engine_alone_and_not, rounds, WORK)
    yield at_most(
        "a step of scratch under the live screen against headless",
        result.ratio("screen", "headless"), 1.25,
        f"{1 / result.median('headless'):,.0f} steps/s headless, "
        f"{1 / result.median('screen'):,.0f} under the screen",
    )  # fmt: skip
    yield at_most("— in a session without a screen", result.ratio("session", "headless"))


def engine_alone_and_not(rounds: int, work: float) -> Rounds:
    """Seconds for a step of the engine: alone, in a session's thread, and under the screen."""
    import torch

    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    seconds: Samples = {"headless": [], "session": [], "screen": []}
    for _ in range(rounds):
        seconds["headless"].append(headless(work))
        seconds["session"].append(in_session(work))
        seconds["screen"].append(asyncio.run(under_screen(work)))
    return Rounds(seconds)


def headless(work: float) -> float:
    """Seconds for a step of `train` with nothing around it."""
    events = train(forever("scratch"))
    next(events)
    steps, begin = 0, perf_counter()
    while (now := perf_counter()) < begin + work:
        steps += isinstance(next(events), Stepped)
    return (now - begin) / steps


def in_session(work: float) -> float:
    """Seconds for a step in a session that nobody looks at."""
    session = Session(forever("scratch"))
    session.open()
    session.start(forever("scratch"))
    while session.latest.step == 0:
        sleep(0.005)
    begin = session.latest
    sleep(work)
    while (end := session.latest).step == begin.step:
        sleep(0.005)
    session.close()
    return (end.seconds - begin.seconds) / (end.step - begin.step)


async def under_screen(work: float) -> float:
    """Seconds for a step while both charts are live."""
    async with opened() as app:
        await app.main.commands.start()
        await until(lambda: app.main.desk.snapshot.step > 0)
        await asyncio.sleep(0.2)
        begin = app.session.shown.latest
        await asyncio.sleep(work)
        await until(lambda: app.session.shown.latest.step > begin.step)
        end = app.session.shown.latest
    return (end.seconds - begin.seconds) / (end.step - begin.step)
