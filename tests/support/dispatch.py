"""Textual's search for the handlers of a message, done once for all messages of a kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from textual.message import Message
from textual.message_pump import MessagePump

Handler = tuple[type, Callable[[Message], Awaitable[Any]]]

search = MessagePump._get_dispatch_methods
kept: dict[tuple[type, type, str], tuple[tuple[type, Any], ...] | None] = {}
"""For a kind of pump and message and a name: the handlers, each with the class that it is of.

None where the widget that a message comes from has a say.
"""


def handlers_of(pump: MessagePump, name: str, message: Message) -> Iterable[Handler]:
    """Stands in for `MessagePump._get_dispatch_methods`."""
    kind = type(pump), type(message), name
    if kind not in kept and not message._no_default_action:
        kept[kind] = None if has_selectors(*kind[:2]) else unbound(search(pump, name, message))
    handlers = kept.get(kind)
    if handlers is None:
        yield from search(pump, name, message)
        return
    last: type | None = None
    for owner, function in handlers:
        if message._no_default_action and owner is not last:
            return
        last = owner
        yield owner, function.__get__(pump, owner)


def unbound(handlers: Iterable[Handler]) -> tuple[tuple[type, Any], ...]:
    """The handlers as they are in their classes."""
    return tuple((owner, method.__func__) for owner, method in handlers)  # type: ignore[attr-defined]


def has_selectors(pump: type, message: type) -> bool:
    """Whether a handler of a message asks for the widget that it comes from."""
    return any(
        selectors
        for owner in pump.__mro__
        for kind, handlers in owner.__dict__.get("_decorated_handlers", {}).items()
        if issubclass(message, kind)
        for _, selectors in handlers
    )
