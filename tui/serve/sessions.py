"""The apps of all visitors: one process each, a bounded number of them, ended when left."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
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
    away: float = 20.0
    """Seconds in which who has left, or loads the page anew, may come back to the lab as it is."""
    memory: int = 2_000_000_000
    """Bytes that an app may ask the system for."""


ENOUGH = Bounds()
Hand = Callable[[Packet], Awaitable[None]]
"""Hands what an app says to the browser."""


@dataclass(eq=False)
class Session:
    """One app in a process of its own, from the first packet to its end."""

    visitor: str
    process: Process
    folder: Path
    hand: Hand | None
    """Where what it says goes; nowhere while its visitor is away."""
    left: float | None = None
    """Since when the visitor has been away."""
    last_key: float = field(default_factory=time.monotonic)
    colors: Packet | None = None
    """Those of the page, as the app has told them last."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    farewell: str = ""
    """Why it was ended, in words; empty where it ended by itself."""

    async def live(self, bounds: Bounds) -> None:
        """Return once the app has ended: by itself, where it takes up too much, or is `over`."""
        reasons = [
            asyncio.ensure_future(each)
            for each in (self.hear(), self.watch(bounds), self.over.wait())
        ]
        try:
            await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.over.set()
            for each in reasons:
                each.cancel()
            await asyncio.gather(*reasons, return_exceptions=True)
            await self.end()

    async def come_back(self, hand: Hand, size: tuple[int, int]) -> None:
        """Show a new page of the visitor all that there is to see."""
        self.left, self.hand = None, hand
        if self.colors:
            await self.hand_on(self.colors)
        await self.tell(told("return", width=size[0], height=size[1]))

    def leave(self, bounds: Bounds) -> None:
        """Go on without the visitor for as long as they may come back."""
        self.left, self.hand = time.monotonic(), None
        if not bounds.away:
            self.over.set()

    async def hand_on(self, packet: Packet) -> None:
        """Hand a packet to the page, if there is one; it may just be closing."""
        if self.hand:
            with suppress(ConnectionError, RuntimeError):
                await self.hand(packet)

    async def hear(self) -> None:
        """Hand on what the app says until it ends."""
        assert self.process.stdout
        with suppress(EOFError, Malformed):
            async for line in self.process.stdout:
                if line == FIRST_LINE:
                    break
            while True:
                packet = await packet_from(self.process.stdout)
                kind = packet.values.get("type") if packet.kind == b"M" else None
                if kind == "exit":
                    break
                if kind == "colors":
                    self.colors = packet
                await self.hand_on(packet)

    async def tell(self, packet: bytes) -> None:
        """Tell the app something, unless it is gone; where it hears nothing, it is over."""
        assert self.process.stdin
        self.last_key = time.monotonic()
        with suppress(ConnectionError, RuntimeError):
            self.process.stdin.write(packet)
            try:
                async with asyncio.timeout(MOST_DEAF):
                    await self.process.stdin.drain()
            except TimeoutError:
                self.over.set()

    async def watch(self, bounds: Bounds) -> None:
        """Return once nobody comes back, or too much time or room is taken; `farewell` says so."""
        while not self.farewell:
            await asyncio.sleep(min(LOOK_INTERVAL, bounds.idle, bounds.away or LOOK_INTERVAL))
            if self.left is not None and time.monotonic() >= self.left + bounds.away:
                return
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
        self.present: dict[Session, asyncio.Task[None]] = {}
        """Each until its process has ended."""

    @asynccontextmanager
    async def session(
        self, visitor: str, size: tuple[int, int], hand: Hand
    ) -> AsyncIterator[Session | None]:
        """The session that a visitor has just left, or a new one; None where no place is free.

        Behind the block it waits for the visitor to come back. Raises OSError where no process can
        be started.
        """
        session = next((each for each in self.waiting if each.visitor == visitor), None)
        try:
            if session:
                await session.come_back(hand, size)
            elif await self._take_place():
                session = await self._begin(visitor, size, hand)
            yield session
        finally:
            if session:
                session.leave(self.bounds)

    @property
    def waiting(self) -> list[Session]:
        """The sessions whose visitors are away, who left first in front."""
        away = [each for each in self.present if each.left is not None and not each.over.is_set()]
        return sorted(away, key=lambda session: session.left or 0.0)

    async def close(self) -> None:
        """End all sessions."""
        for session in self.present:
            session.over.set()
        await asyncio.gather(*self.present.values(), return_exceptions=True)

    async def _take_place(self) -> bool:
        """Whether there is room for one more, now or as soon as a session that ends is over.

        Where all places are taken, whoever has been away for longest loses theirs.
        """
        if self.places.locked() and (waiting := self.waiting):
            waiting[0].over.set()
        is_near = not self.places.locked() or any(each.over.is_set() for each in self.present)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE if is_near else 0):
                return await self.places.acquire()
        return False

    async def _begin(self, visitor: str, size: tuple[int, int], hand: Hand) -> Session:
        """A new session, which has its place and its folder until its process has ended."""
        with ExitStack() as leaving:
            leaving.callback(self.places.release)
            folder = leaving.enter_context(self.visitors.visit(visitor))
            session = Session(visitor, await self._start(folder, size), folder, hand)
            self.present[session] = asyncio.create_task(self._live(session, leaving.pop_all()))
        return session

    async def _live(self, session: Session, leaving: ExitStack) -> None:
        with leaving:
            try:
                await session.live(self.bounds)
            finally:
                del self.present[session]

    async def _start(self, folder: Path, size: tuple[int, int]) -> Process:
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
        return process


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
