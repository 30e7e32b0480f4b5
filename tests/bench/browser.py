"""A session in a browser: how much memory it takes, and when its first frame is there."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, WSMsgType

from tests.bench.report import Row
from tests.support.chromium import browser, chromium_of_system

SERVER = sys.executable, "-m", "tui", "serve"
SESSIONS = 4
SIZE = "?width=120&height=34"
READY = b"press"
"""In what the panel of words says once torch is there."""
AGAIN = 5.0
"""Seconds after which a key was not heard."""
PATIENCE = 60.0
"""Seconds after which a session that does not draw counts as broken."""


def resident(pid: int) -> int:
    """Bytes of memory of a process."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return list(map(int, pids))


@contextmanager
def served(home: str) -> Iterator[tuple[int, str]]:
    """A server in a process of its own: its number, and the address with its token."""
    words = (*SERVER, "--port", "0", "--sessions", str(SESSIONS))
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(words, stdout=pipe, stderr=nowhere, text=True, cwd=home) as process:
        assert process.stdout
        try:
            yield process.pid, process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)


async def drawn(socket: ClientWebSocketResponse, text: bytes) -> None:
    """Wait until a session has drawn a text."""
    seen = b""
    while text not in seen:
        message = await socket.receive(timeout=PATIENCE)
        seen += message.data if message.type is WSMsgType.BINARY else b""


async def trained(socket: ClientWebSocketResponse) -> None:
    """Have a session train; a key that a busy machine brings too late is pressed anew."""
    while True:
        await socket.send_json(["stdin", "s"])
        with suppress(TimeoutError):
            async with asyncio.timeout(AGAIN):
                return await drawn(socket, b"finished")


async def visit(address: str, firsts: asyncio.Queue[float], over: asyncio.Queue[bool]) -> None:
    """A session with one run: put the seconds to its first frame, and its end; stay till cancelled.

    The socket is read all the time: it also answers the server's question who is still there.
    """
    base = address.partition("/?")[0]
    jar, own = CookieJar(unsafe=True), {"Origin": base}
    async with ClientSession(cookie_jar=jar, headers=own) as client:
        await (await client.get(address)).read()
        begin = perf_counter()
        async with client.ws_connect(f"{base}/ws{SIZE}") as socket:
            await drawn(socket, b"quit")
            await firsts.put(perf_counter() - begin)
            await drawn(socket, READY)
            await trained(socket)
            await over.put(True)
            async for _ in socket:
                pass


async def by_socket(pid: int, address: str) -> tuple[float, list[int], int]:
    """Seconds to the first frame; bytes of each app once a run is over, and of the server then."""
    firsts, over = asyncio.Queue[float](), asyncio.Queue[bool]()
    visits, seconds = [], []
    for _ in range(SESSIONS):
        visits.append(asyncio.create_task(visit(address, firsts, over)))
        seconds.append(await asyncio.wait_for(firsts.get(), PATIENCE))
    for _ in visits:
        await asyncio.wait_for(over.get(), PATIENCE)
    apps, server = [resident(child) for child in children(pid)], resident(pid)
    for each in visits:
        each.cancel()
    await asyncio.gather(*visits, return_exceptions=True)
    return median(seconds), apps, server


async def by_browser(address: str) -> float:
    """Seconds from the address to the first frame in Chromium."""
    async with browser() as chromium:
        page = await chromium.new_page()
        begin = perf_counter()
        await page.goto(address)
        await page.locator("#words").wait_for(state="hidden", timeout=PATIENCE * 1000)
        return perf_counter() - begin


def in_browser(rounds: int) -> Iterator[Row]:
    """The lab in a browser: its first frame, and the memory of sessions in which a run is over."""
    firsts, pages = [], []
    with TemporaryDirectory() as home, served(home) as (pid, address):
        alone = resident(pid)
        for _ in range(rounds):
            first, apps, server = asyncio.run(by_socket(pid, address))
            firsts.append(first)
            if chromium_of_system():
                pages.append(asyncio.run(by_browser(address)))
    yield Row("the server without a session", f"{alone / 1e6:.0f} MB")
    yield Row(f"the server with {SESSIONS} sessions", f"{server / 1e6:.0f} MB")
    yield Row(
        "an app, once a run is over",
        f"{median(apps) / 1e6:.0f} MB",
        note="resident; libraries are shared",
    )
    yield Row("from the socket to the first frame", f"{median(firsts):.2f} s", rounds=rounds)
    if pages:
        what = "from the address to the first frame in Chromium"
        yield Row(what, f"{median(pages):.2f} s", rounds=rounds)
