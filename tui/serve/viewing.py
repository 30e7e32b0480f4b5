"""A browser that looks on: frames go to it, and of what comes only its size counts."""

from __future__ import annotations

import asyncio

from aiohttp import WSMsgType, web

from engine.support.translation import tr
from tui.serve.frames import Malformed, packet_of, size_of
from tui.serve.show import CLEAR, LOOK_INTERVAL, MOST_VIEWERS, Show


async def look_on(show: Show, connection: web.WebSocketResponse, size: tuple[int, int]) -> str:
    """Show a browser what is to be seen until it leaves; returns why it has to, in words."""
    if show.viewers >= MOST_VIEWERS:
        return tr("{n} people are looking on already.", n=MOST_VIEWERS)
    show.viewers += 1
    viewer = Viewer(show, connection, size)
    tasks = [asyncio.ensure_future(task) for task in (viewer.draw(), viewer.listen())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if any(isinstance(task.exception(), Malformed) for task in done):
            return tr("The page sent something that is no key, so the lab has ended.")
        return ""
    finally:
        show.viewers -= 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Viewer:
    """One browser and its size; it has the newest frame, and none is kept for it."""

    def __init__(
        self, show: Show, connection: web.WebSocketResponse, size: tuple[int, int]
    ) -> None:
        self.show, self.connection, self.size = show, connection, size

    async def draw(self) -> None:
        """Send a frame where there is news or another size, as fast as this browser takes them."""
        seen, drawn = -1, (0, 0)
        while not self.connection.closed:
            news, size = self.show.look(), self.size
            if (news, size) != (seen, drawn):
                frame = self.show.frame(size)
                clear = CLEAR if size != drawn else b""
                seen, drawn = news, size
                await self.connection.send_bytes(clear + frame)
            await asyncio.sleep(LOOK_INTERVAL)

    async def listen(self) -> None:
        """Hear of another size; raises Malformed for what no page of ours sends."""
        async for message in self.connection:
            if message.type is not WSMsgType.TEXT:
                raise Malformed
            self.size = size_of(packet_of(message.data)) or self.size
