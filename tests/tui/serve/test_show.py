"""The run on show: everybody sees it grow, and nobody can do anything to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time

import pyte
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from engine.experiment import Experiment
from engine.lessons.library import use_folder
from engine.runs.keeper import Keeper
from engine.runs.store import Store
from engine.training.driver import Driver
from tests.support.commands import cli
from tests.support.visits import (
    PATIENCE,
    Place,
    ask,
    eventually,
    farewell,
    serving,
    session,
    visitor,
)
from tui.serve.server import Serving
from tui.serve.show import MOST_FRAMES, Show

FIRST = Experiment(epochs=2).changed({"data.n": 60})
SECOND = FIRST.changed({"data": "ohm", "model": "ohm", "data.n": 60})
WAITING = "waiting for the first run"


@dataclass
class Seat:
    """A browser that looks on, and what its terminal shows."""

    socket: ClientWebSocketResponse
    screen: pyte.Screen

    async def sees(self, text: str) -> bool:
        """Wait for a text on the screen; every frame is whole."""
        stream = pyte.ByteStream(self.screen)
        async with asyncio.timeout(PATIENCE):
            while not any(text in line for line in self.screen.display):
                message = await self.socket.receive()
                assert message.type is WSMsgType.BINARY, message
                stream.feed(message.data)
        return True


@asynccontextmanager
async def hall(folder: Path) -> AsyncIterator[Place]:
    """A server with a run on show, whose labs would fail to start: nobody is to need one."""
    shown = Store(folder / "runs")
    async with serving(folder / "visitors", app=("false",), shown=shown) as place:
        yield place


@asynccontextmanager
async def seat_in(place: Place, width: int = 80, height: int = 24) -> AsyncIterator[Seat]:
    """Somebody who looks on."""
    async with session(place, f"?width={width}&height={height}") as socket:
        yield Seat(socket, pyte.Screen(width, height))


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("show", "viewing"):
        monkeypatch.setattr(f"tui.serve.{module}.LOOK_INTERVAL", 0.01)


def teacher(folder: Path, experiment: Experiment, now: Callable[[], float] = time) -> Driver:
    """A run that has taken its first step, kept as an app keeps it."""
    driver = Driver(experiment, lambda: 0.0, lambda each: Keeper(folder / "runs", each, now=now))
    driver.minibatch(experiment)
    return driver


def finish(driver: Driver) -> None:
    """Take a run to its end."""
    driver.resume()
    while driver.running:
        driver.advance()


async def test_everybody_sees_the_run_grow_and_the_next_one(tmp_path: Path) -> None:
    async with hall(tmp_path) as here, seat_in(here) as one, seat_in(here, 120, 34) as other:
        await one.sees(WAITING)
        first = teacher(tmp_path, FIRST)
        for seat in (one, other):
            await seat.sees("watching linear-")
            await seat.sees("waiting for the first epoch")
        finish(first)
        async with seat_in(here, 40, 12) as late:  # at once a whole frame, though nothing changes
            await late.sees("linear-")
            await late.sees("w[0]")
        for seat in (one, other):
            await seat.sees("finished at epoch 2 of 2")
        finish(teacher(tmp_path, SECOND, lambda: time() + 2))  # ids tell seconds apart
        for seat in (one, other):
            await seat.sees("watching ohm-")
            await seat.sees("R ")
        assert not here.server.sessions.present


async def test_keys_do_nothing_and_sizes_count(tmp_path: Path) -> None:
    finish(teacher(tmp_path, FIRST))
    before = sorted((tmp_path / "runs").rglob("*"))
    async with hall(tmp_path) as here, seat_in(here) as seat:
        await seat.sees("finished at epoch 2 of 2")
        for keys in ("q", "\x03", "\x1b", "d", "\x1b[<0;5;5M"):
            await seat.socket.send_json(["stdin", keys])
        await seat.socket.send_json(["open", "/etc/passwd"])
        await seat.socket.send_json(["resize", {"width": 100, "height": 30}])
        seat.screen.resize(30, 100)
        seat.screen.reset()
        await seat.sees("finished at epoch 2 of 2")
        assert "loss" in seat.screen.display[29]
        assert not seat.socket.closed
    assert sorted((tmp_path / "runs").rglob("*")) == before


async def test_nobody_brings_or_takes_files(tmp_path: Path) -> None:
    async with hall(tmp_path) as here, visitor(here) as client:
        assert 'class="-show"' in (await ask(client, "/")).text
        async with client.put("/files/a.csv", data=b"x\n1\n") as answer:
            assert answer.status == 404
        async with client.get("/files/a.csv") as answer:
            assert answer.status == 404
    assert not (tmp_path / "visitors").exists()


async def test_who_sends_nonsense_leaves_alone_and_one_too_many_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.serve.viewing.MOST_VIEWERS", 2)
    async with hall(tmp_path) as here, seat_in(here) as one:
        await one.sees(WAITING)
        for nonsense in ("[", '["stdin"]'):
            async with seat_in(here) as rude:
                await rude.sees(WAITING)
                await rude.socket.send_str(nonsense)
                assert "no key" in await farewell(rude.socket)
        async with seat_in(here) as two, seat_in(here) as three:
            await two.sees(WAITING)
            assert "2 people" in await farewell(three.socket)
        finish(teacher(tmp_path, FIRST))
        await one.sees("linear-")


def test_a_frame_is_drawn_once_for_all_of_a_size(tmp_path: Path) -> None:
    now = 0.0
    show = Show(Store(tmp_path / "runs"), lambda: now)
    before = show.look()
    assert show.frame((80, 24)) is show.frame((80, 24))
    finish(teacher(tmp_path, FIRST))
    assert show.look() == before  # it is too early to look again
    assert WAITING.encode() in show.frame((80, 24))
    now = 1.0
    assert show.look() != before
    assert b"finished" in show.frame((80, 24))
    first = show.frame((80, 24))
    for width in range(20, 20 + 2 * MOST_FRAMES):
        show.frame((width, 24))
    assert show.frame((80, 24)) is not first
    assert len(show._frames) == MOST_FRAMES


async def test_more_sizes_than_are_kept_are_not_drawn_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.serve.show.MOST_FRAMES", 1)
    finish(teacher(tmp_path, FIRST))
    async with hall(tmp_path) as here, seat_in(here) as one, seat_in(here, 40, 12) as other:
        show = here.server.show
        assert show
        await one.sees("finished")
        await other.sees("w[0]")
        looks = 0
        look = show.look

        def counted() -> int:
            nonlocal looks
            looks += 1
            return look()

        def draw(width: int, height: int) -> str:
            raise AssertionError("drawn though nothing is new")

        monkeypatch.setattr(show, "look", counted)
        monkeypatch.setattr(show, "_draw", draw)
        await eventually(lambda: looks > 10)
        assert show.viewers == 2


def test_a_name_is_not_obeyed_by_a_terminal(tmp_path: Path) -> None:
    finish(teacher(tmp_path, FIRST))
    store = Store(tmp_path / "runs")
    store.rename(store.run("latest"), "a\x1b]0;owned\x07b")
    show = Show(store)
    show.look()
    frame = show.frame((80, 24))
    assert b"\x1b]" not in frame
    assert b"\x07" not in frame


def test_the_command_shows_the_runs_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Serving] = []
    keep: Callable[[Serving], None] = served.append
    monkeypatch.setattr("tui.serving.serve_until_interrupted", keep)
    monkeypatch.setenv("LINREG_TUI_RUNS", str(tmp_path))
    assert cli("serve", "--watch").code == 0
    for option in (("--sessions", "4"), ("--idle", "5"), ("--keep", str(tmp_path))):
        refused = cli("serve", "--watch", *option)
        assert refused.code == 2
        assert f"linreg-tui: {option[0]}=" in refused.err
    (tmp_path / "1-go.md").write_text('+++\ntitle = "Go"\n+++\n')
    sizes = ("--sessions", "9", "--idle", "0.5")
    assert cli("--lessons", str(tmp_path), "serve", *sizes).code == 0
    use_folder(None)
    assert served[0].shown == Store(tmp_path)
    assert served[1].shown is None
    assert served[1].app[-2:] == ("--lessons", str(tmp_path))
    assert (served[1].bounds.sessions, served[1].bounds.idle) == (9, 30.0)
