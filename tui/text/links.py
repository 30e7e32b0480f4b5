"""Keys in a line of text, which a click presses."""

from __future__ import annotations

import re

from textual.content import Content

KEY = re.compile(r"\[b\](\S+)\[/b\]((?: [^\s\[·]+)*)")
"""A key, and the words after it with single spaces between."""
NAMES = {"?": "question_mark", "/": "slash", "-": "minus", "esc": "escape", "del": "delete"}
"""Keys that Textual calls by another name."""


def with_keys(markup: str) -> Content:
    """A line of `[b]key[/b] what it does`, in which a click presses the key.

    Where several keys stand together with spaces between, as arrows do, it presses none.
    """
    return Content.from_markup(KEY.sub(link, markup))


def link(match: re.Match[str]) -> str:
    """A key and what it does, as a link."""
    key, words = match.groups()
    return f"[@click=app.press('{NAMES.get(key, key)}')][b]{key}[/b]{words}[/]"
