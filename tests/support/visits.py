"""A server in this process, whose labs are made up, and browsers that are none."""

from __future__ import annotations

import asyncio
import math
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, WSMsgType
from multidict import CIMultiDictProxy
from yarl import URL

from tests.support import fake_lab
from tui.serve.ports import bound
from tui.serve.server import Server, Serving, answering
from tui.serve.sessions import ENOUGH, Bounds
from tui.serve.visitors import Visitors

TOKEN = "a-token-of-a-test"
FAKE = (sys.executable, "-S", "-E", str(fake_lab.__file__))
PATIENCE = 30.0
"""Seconds after which a test gives up; a timeout of `receive` begins anew with each ping."""
GONE = replace(ENOUGH, away=0.0)
"""Who leaves has left for good."""
LOOKS = 6000
"""How often a condition is looked at before a test gives up on it."""


@dataclass
class Place:
    """A server that answers."""

    server: Server
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(folder: Path, bounds: Bounds = GONE, **changes: Any) -> AsyncIterator[Place]:
    """A server of made-up labs for the length of a block."""
    settings = replace(Serving(FAKE, TOKEN, port=0, bounds=bounds), **changes)
    server = Server(settings, Visitors(folder, patience=math.inf))
    async with answering(server, bound("127.0.0.1", 0)) as port:
        yield Place(server, port)


@dataclass
class Answer:
    """What came back, read to its end."""

    status: int
    headers: CIMultiDictProxy[str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def said(self) -> tuple[int, str]:
        """The status, and what a page of words says."""
        found = re.search("<p>(.*)</p>", self.text, re.DOTALL)
        return self.status, found.group(1) if found else ""


async def ask(client: ClientSession, path: str, method: str = "GET", **options: Any) -> Answer:
    """Ask for something by the path as it is written."""
    base = str(client._base_url or "").rstrip("/")
    address = URL(f"{base}{path}", encoded=True)
    async with client.request(method, address, **options) as answer:
        return Answer(answer.status, answer.headers, await answer.read())


async def put(client: ClientSession, path: str, content: bytes, **options: Any) -> Answer:
    """Bring a file."""
    return await ask(client, path, "PUT", data=BytesIO(content), **options)


@asynccontextmanager
async def visitor(place: Place, token: str = TOKEN) -> AsyncIterator[ClientSession]:
    """Somebody who has opened the page, if the token was right."""
    async with ClientSession(
        place.address, cookie_jar=CookieJar(unsafe=True), headers={"Origin": place.address}
    ) as client:
        await ask(client, f"/?token={token}")
        yield client


@asynccontextmanager
async def session(place: Place, size: str = "") -> AsyncIterator[ClientWebSocketResponse]:
    """The session of somebody new."""
    async with visitor(place) as client, client.ws_connect("/ws" + size) as socket:
        yield socket


async def hears(socket: ClientWebSocketResponse, text: str = "") -> str:
    """What the lab draws next, with a text in it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await socket.receive()
            assert message.type is WSMsgType.BINARY, message
            drawn = bytes(message.data).decode()
            if text in drawn:
                return drawn


async def types(socket: ClientWebSocketResponse, keys: str) -> None:
    """Press keys."""
    await socket.send_json(["stdin", keys])


async def farewell(socket: ClientWebSocketResponse) -> str:
    """The words at the end of a session; empty where it ends without any."""
    words = ""
    async with asyncio.timeout(PATIENCE):
        while not (message := await socket.receive()).type.name.startswith("CLOS"):
            if message.type is WSMsgType.TEXT and message.json()[0] == "end":
                words = message.json()[1]
    return words


async def eventually(predicate: Callable[[], bool]) -> None:
    """Return once the predicate holds; the bound only ends a test that would hang."""
    for _ in range(LOOKS):
        if predicate():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("waited in vain")


def lives(pid: int) -> bool:
    """Whether there is such a process, which is no zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # where there is no /proc, or it has just gone
        return not Path("/proc/self").exists()
