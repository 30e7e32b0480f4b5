"""What was made last stays in memory, so that it need not be made again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

MOST, MOST_LARGE = 64, 4
"""Things that are kept, and how many of them may be large."""
LARGE = 100_000
"""Numbers from which on something is large."""

Key = TypeVar("Key")
Value = TypeVar("Value")


def keep(store: dict[Key, Value], key: Key, value: Value, size: Callable[[Value], int]) -> Value:
    """Put a thing behind the others, and forget the oldest of too many.

    A large one is only forgotten for other large ones. Each step is one of the dict's own, so that
    another thread may look up a thing meanwhile.
    """
    store.pop(key, None)
    store[key] = value
    large = [each for each, content in list(store.items()) if size(content) > LARGE]
    for old in (*large[:-MOST_LARGE], *list(store)[:-MOST]):
        store.pop(old, None)
    return value
