"""The handlers that the tests keep for a kind of message are those that Textual finds."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from textual import events, on
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widget import Widget
from textual.widgets import Button

from tests.support.dispatch import Handler, handlers_of, kept, search
from tests.support.pilots import become, lab
from tests.support.snapshots import finished, ready


async def test_every_message_of_an_app_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(pump: MessagePump, name: str, message: Message) -> Iterable[Handler]:
        expected = list(search(pump, name, message))
        for _ in range(2):
            assert list(handlers_of(pump, name, message)) == expected
        return handlers_of(pump, name, message)

    monkeypatch.setattr(MessagePump, "_get_dispatch_methods", both)
    async with lab(ready()) as pilot:
        await become(pilot, finished())
        await pilot.press("tab", "l", *"0.5", "enter", "j", "m", "enter", "down", "enter", "L")
        await pilot.click(offset=(30, 5))
        assert sum(handlers is not None for handlers in kept.values()) > 100


async def test_a_handler_that_prevents_the_default_is_the_last() -> None:
    class Base(Widget):
        def on_key(self, event: events.Key) -> None:
            raise AssertionError("the default was prevented")

    class Derived(Base):
        def _on_key(self, event: events.Key) -> None:  # type: ignore[override]
            event.prevent_default()

    pump, event = Derived(), events.Key("a", "a")
    assert [owner for owner, _ in handlers_of(pump, "on_key", event)][:2] == [Derived, Base]
    for _, handler in handlers_of(pump, "on_key", event):
        handler(event)


def test_where_the_widget_that_a_message_comes_from_decides_nothing_is_kept() -> None:
    class Asking(Widget):
        @on(Button.Pressed, "#yes")
        def take(self) -> None:
            """Only of one of the buttons."""

    asking, names = Asking(), list[list[str]]()
    for id in ("no", "yes", "no"):
        button = Button(id=id)
        pressed = Button.Pressed(button)
        pressed.set_sender(button)
        handlers = handlers_of(asking, "on_button_pressed", pressed)
        names.append([handler.__name__ for _, handler in handlers])
    assert names == [[], ["take"], []]
