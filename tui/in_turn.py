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

from textual.app import App
from textual.events import Callback, Event, Key, Paste
from textual.message_pump import MessagePump

TYPED = Key, Paste


class InTurn:
    """The keys that wait, and whether one is on its way."""

    def __init__(self, app: App[Any], route: Callable[[Event], Awaitable[None]]) -> None:
        """`route` hands an event to what has the focus."""
        self.app, self.route = app, route
        self.waiting: deque[Event] = deque()
        self.is_busy = False

    async def take(self, event: Event) -> None:
        """Route what was typed, now or in its turn."""
        if self.is_busy:
            self.waiting.append(event)
            return
        self.is_busy = True
        target = self.app.focused or self.app.screen
        await self.route(event)
        self.follow(iter([*target.ancestors_with_self]), partial(self.follow_once_more, target))

    def follow_once_more(self, target: Any) -> None:
        """Wait for what it has announced where it was, and for a screen that it has opened."""
        path = [*target.ancestors_with_self]
        opened = [] if self.app.screen in path else [self.app.screen]
        self.follow(iter([*opened, *path]), self.let_on)

    def follow(self, path: Iterator[MessagePump], then: Callable[[], Any]) -> None:
        """Go the way of a key behind it, past what has gone meanwhile, and then to the app."""
        for pump in path:
            if pump.post_message(Callback(partial(self.follow, path, then))):
                return
        self.app.post_message(Callback(then))

    async def let_on(self) -> None:
        """Route what was typed next."""
        self.is_busy = False
        if self.waiting:
            await self.take(self.waiting.popleft())
