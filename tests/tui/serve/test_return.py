"""Who loads the page anew has the lab as it was; who stays away gives up the place."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import Mock

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from tests.support.terminal import APP, HEARS_ALL
from tests.support.visits import (
    PATIENCE,
    eventually,
    hears,
    lives,
    serving,
    session,
    types,
    visitor,
)
from tui.serve.frames import Packet
from tui.serve.sessions import ENOUGH, Bounds, Session, Sessions
from tui.serve.visitors import Visitors

LAB = (sys.executable, "-P", "-c", HEARS_ALL + APP, "--lang", "en")
PATIENT = replace(ENOUGH, away=600.0)


async def pid_of(socket: ClientWebSocketResponse) -> int:
    """The process of a new session, which it shows first."""
    return int((await hears(socket)).split()[0])


async def test_who_loads_the_page_anew_has_the_lab_as_it_was(tmp_path: Path) -> None:
    async with serving(tmp_path, PATIENT) as place, visitor(place) as one:
        async with one.ws_connect("/ws") as before:
            pid = await pid_of(before)
            await types(before, "paint")
            while (await before.receive()).type is not WSMsgType.TEXT:
                pass
        await eventually(lambda: bool(place.server.sessions.waiting))
        async with session(place) as stranger:
            assert await pid_of(stranger) != pid
        async with one.ws_connect("/ws?width=100&height=30") as after:
            colors = await after.receive()
            assert colors.json() == ["colors", {"type": "colors", "background": "#fff"}]
            returned = 'heard {"type": "return", "width": 100, "height": 30}'
            assert await hears(after) == returned
            await types(after, "on")
            assert await hears(after) == "heard on"
            assert lives(pid)
            async with one.ws_connect("/ws") as second_tab:
                assert await pid_of(second_tab) != pid
    assert not lives(pid)


async def test_who_stays_away_gives_up_the_place(tmp_path: Path) -> None:
    async with serving(tmp_path, Bounds(away=0.01)) as place, visitor(place) as one:
        async with one.ws_connect("/ws") as socket:
            pid = await pid_of(socket)
        await eventually(lambda: not place.server.sessions.present)
        assert not lives(pid)
        async with one.ws_connect("/ws") as socket:
            assert await pid_of(socket) != pid


async def test_whoever_has_been_away_for_longest_gives_the_place_to_who_comes(
    tmp_path: Path,
) -> None:
    async with (
        serving(tmp_path, replace(PATIENT, sessions=2)) as place,
        visitor(place) as first,
        visitor(place) as second,
    ):
        pids = []
        for one in (first, second):
            async with one.ws_connect("/ws") as socket:
                pids.append(await pid_of(socket))
            await eventually(lambda: len(place.server.sessions.waiting) == len(pids))
        async with session(place) as third, second.ws_connect("/ws") as back:
            await hears(third)
            await hears(back, "return")
            assert [lives(pid) for pid in pids] == [False, True]


@pytest.mark.skipif(not find_spec("pyte"), reason="pyte is not installed")
async def test_a_new_page_shows_the_dialog_and_what_lies_below_it(tmp_path: Path) -> None:
    import pyte

    class Page:
        """A terminal that draws what comes over a socket."""

        def __init__(self, socket: ClientWebSocketResponse) -> None:
            self.socket = socket
            self.screen = pyte.Screen(80, 24)
            self.stream = pyte.ByteStream(self.screen)

        async def shows(self, *texts: str) -> None:
            """Wait until all of these are on it."""
            async with asyncio.timeout(4 * PATIENCE):  # the lab itself begins, on a busy machine
                while not all(text in "\n".join(self.screen.display) for text in texts):
                    message = await self.socket.receive()
                    if message.type is WSMsgType.BINARY:
                        self.stream.feed(message.data)

    async with serving(tmp_path, PATIENT, app=LAB) as place, visitor(place) as one:
        async with one.ws_connect("/ws") as socket:
            page = Page(socket)
            await page.shows("● ready")
            await types(socket, "?")
            await page.shows("esc close")
        await eventually(lambda: bool(place.server.sessions.waiting))
        async with one.ws_connect("/ws") as socket:
            await Page(socket).shows("● ready", "Help", "A lab for linear", "esc close", "q quit")


async def test_a_session_whose_page_goes_as_it_returns_waits_on(tmp_path: Path) -> None:
    async def goes(packet: Packet) -> None:
        raise asyncio.CancelledError

    sessions = Sessions((), Visitors(tmp_path, 0.0))
    session = Session("v", Mock(), tmp_path, None, left=1.0, colors=Packet(b"M", b"{}"))
    sessions.present[session] = Mock()
    with pytest.raises(asyncio.CancelledError):
        async with sessions.session("v", (80, 24), goes):
            pass
    assert sessions.waiting == [session]
