"""The apps of all visitors: one process each, a bounded number of them, ended when left."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from engine.support.translation import tr
from engine.support.visitor import VISITOR
from tui.serve.files import MOST_KEPT
from tui.serve.frames import FIRST_LINE, Malformed, Packet, packet_from, told
from tui.serve.visitors import Visitors, size_of

DRIVER = "tui.browser:BrowserDriver"
GRACE = 2.0
"""Seconds in which an app ends by itself, before it is killed."""
NICE = 5
"""How far an app stands back where the server, or the machine's owner, has something to do."""
PATIENCE = 3.0
"""Seconds in which somebody who comes waits for a place that is about to be free."""
MOST_DEAF = 10.0
"""Seconds in which an app must take in what it is told; else its session ends."""
MOST_UNREAD = 1 << 18
"""Bytes of an app that are kept while its browser is slow; then it waits."""
TOKEN = "LINREG_TUI_TOKEN"
"""The environment variable that may name the token."""
NOT_HANDED_ON = frozenset((TOKEN, "NO_COLOR", "TEXTUAL", "TEXTUAL_LOG"))
MOST_OF_DATA = 0.95
"""Share of the memory that an app may have; near all of it nothing goes on in it."""
LOOK_INTERVAL = 2.0
"""Seconds between two looks at what a session takes up."""


@dataclass(frozen=True)
class Bounds:
    """What is enough for one visitor, and for all."""

    sessions: int = 4
    idle: float = 30 * 60
    """Seconds without a key."""
    memory: int = 2_000_000_000
    """Bytes that an app may ask the system for."""


ENOUGH = Bounds()
Hand = Callable[[Packet], Awaitable[None]]
"""Hands what an app says to the browser."""


@dataclass(eq=False)
class Session:
    """One app in a process of its own, from the first packet to its end."""

    process: Process
    folder: Path
    last_key: float = field(default_factory=time.monotonic)
    farewell: str = ""
    """Why it was ended, in words; empty where it ended by itself."""

    async def hear(self, hand: Hand) -> None:
        """Hand on what the app says until it ends."""
        assert self.process.stdout
        with suppress(EOFError, Malformed, ConnectionError):
            async for line in self.process.stdout:
                if line == FIRST_LINE:
                    break
            while True:
                packet = await packet_from(self.process.stdout)
                if packet.kind == b"M" and packet.values.get("type") == "exit":
                    break
                await hand(packet)

    async def tell(self, packet: bytes) -> None:
        """Tell the app something, unless it is gone; raises TimeoutError where it hears nothing."""
        assert self.process.stdin
        self.last_key = time.monotonic()
        with suppress(ConnectionError, RuntimeError):
            self.process.stdin.write(packet)
            async with asyncio.timeout(MOST_DEAF):
                await self.process.stdin.drain()

    async def watch(self, bounds: Bounds) -> None:
        """Return once the session takes up too much time or room; `farewell` says so."""
        while not self.farewell:
            await asyncio.sleep(min(LOOK_INTERVAL, bounds.idle))
            if time.monotonic() >= self.last_key + bounds.idle:
                self.farewell = tr("Nobody pressed a key for a long time, so the lab has ended.")
            elif data_of(self.process.pid) > MOST_OF_DATA * bounds.memory:
                self.farewell = tr("This took up too much memory, so the lab has ended.")
            elif size_of(self.folder) > MOST_KEPT:
                self.farewell = tr("Your files took up too much room, so the lab has ended.")

    async def end(self) -> None:
        """Have the app save and end, or kill it with all that it started."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE):
                    await self.tell(told("quit"))
                    await self.process.wait()
        finally:  # also where the server no longer waits for this
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()


def data_of(pid: int) -> int:
    """Bytes of a process that count for its limit; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[5])
    except (OSError, IndexError):  # it has just ended, or this is not Linux
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


class Sessions:
    """All sessions; whoever comes while all places are taken is told so."""

    def __init__(self, app: tuple[str, ...], visitors: Visitors, bounds: Bounds = ENOUGH) -> None:
        self.app, self.visitors, self.bounds = app, visitors, bounds
        self.places = asyncio.Semaphore(self.bounds.sessions)
        self.present: set[Session] = set()
        self.ending = 0
        """Of those that are present."""

    @asynccontextmanager
    async def session(self, visitor: str, size: tuple[int, int]) -> AsyncIterator[Session | None]:
        """A session for a visitor, which ends with the block; None where all places are taken.

        Raises OSError where no process can be started.
        """
        if not await self._take_place():
            yield None
            return
        try:
            with self.visitors.visit(visitor) as folder:
                session = await self._start(folder, size)
                self.present.add(session)
                try:
                    yield session
                finally:
                    await asyncio.shield(self._end(session))
        finally:
            self.places.release()

    async def _take_place(self) -> bool:
        """Whether there is room for one more, now or as soon as a session that ends is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE if self.ending or not self.places.locked() else 0):
                return await self.places.acquire()
        return False

    async def _start(self, folder: Path, size: tuple[int, int]) -> Session:
        """Start an app in a folder, without a shell, in a group of its own."""
        process = await asyncio.create_subprocess_exec(
            *self.app,
            stdin=PIPE,
            stdout=PIPE,
            cwd=folder,
            env=environment(os.environ, size),
            limit=MOST_UNREAD,
            start_new_session=True,
        )
        with suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        if hasattr(resource, "prlimit"):  # only Linux
            for kind, most in (
                (resource.RLIMIT_DATA, self.bounds.memory),
                (resource.RLIMIT_FSIZE, MOST_KEPT),
                (resource.RLIMIT_CORE, 0),
            ):
                with suppress(OSError):  # it has ended, or may do even less
                    resource.prlimit(process.pid, kind, (most, most))
        return Session(process, folder)

    async def _end(self, session: Session) -> None:
        """End a session; its place is free only then."""
        self.ending += 1
        try:
            await session.end()
        finally:
            self.ending -= 1
            self.present.remove(session)


def environment(own: Mapping[str, str], size: tuple[int, int]) -> dict[str, str]:
    """The environment of an app: whose it is, and what it draws on."""
    kept = {name: value for name, value in own.items() if name not in NOT_HANDED_ON}
    width, height = map(str, size)
    return kept | {
        VISITOR: "yes",
        "TEXTUAL_DRIVER": DRIVER,
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "COLUMNS": width,
        "ROWS": height,
    }
