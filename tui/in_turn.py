"""Keys in turn: each sets off once all is done that the one before it has brought.

Textual hands a key to what has the focus when the key comes, which is before the last one may have
moved it, and before what that one has announced is heard. What is behind in the queues of all that
a key has passed is behind what it brings.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

from textual.app import App, ScreenStackError, UnknownModeError
from textual.dom import DOMNode
from textual.events import Callback, Event, Key, Paste

TYPED = Key, Paste


class InTurn:
    """The keys that wait until the one before them is dealt with."""

    def __init__(self, app: App[Any], route: Callable[[Event], Awaitable[None]]) -> None:
        """`route` hands an event to what has the focus."""
        self.app, self.route = app, route
        self.waiting: deque[Event] = deque()
        self.last: DOMNode = app
        """What had the focus when the last one set off."""

    async def take(self, event: Event) -> None:
        """Route what was typed, now or in its turn."""
        if self.waiting or any(pump.message_queue_size for pump in self.way()):
            self.waiting.append(event)
            if len(self.waiting) == 1:
                self.follow()
        else:
            await self.set_off(event)

    async def set_off(self, event: Event) -> None:
        """Route what was typed."""
        top = self.top
        self.last = top if top is self.app else self.app.focused or top
        await self.route(event)

    @property
    def top(self) -> DOMNode:
        """The screen on show; the app where it has none, as it is leaving."""
        try:
            return self.app.screen
        except (ScreenStackError, UnknownModeError):
            return self.app

    def way(self) -> list[DOMNode]:
        """What the last key has passed, after a screen that it has opened."""
        path = self.last.ancestors_with_self
        opened = [] if self.top in path else [self.top]
        return [*opened, *path]

    def follow(self) -> None:
        """Go the way of the last key behind it, and once more behind what it has announced."""
        self.go(iter(self.way()), lambda: self.go(iter(self.way()), self.let_on))

    def go(self, way: Iterator[DOMNode], then: Callable[[], Any]) -> None:
        """Go on behind all that is in the queues, past what has gone meanwhile; do it at the end.

        That is in the queue of the app, where keys end.
        """
        for node in way:
            if node is not self.app and node.post_message(Callback(partial(self.go, way, then))):
                return
        self.app.post_message(Callback(then))

    async def let_on(self) -> None:
        """Let the key go that has waited the longest."""
        await self.set_off(self.waiting[0])
        self.waiting.popleft()
        if self.waiting:
            self.follow()
