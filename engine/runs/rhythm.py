"""How often something is written down that may go on for ever."""

from __future__ import annotations


class Rhythm:
    """Takes everything at first, then half as often each time that the count has doubled.

    Of N things about `dense` (1 + log₂(N / dense) / 2) are taken.
    """

    def __init__(self, dense: int) -> None:
        self._dense = dense
        self._interval = 1

    def takes(self, count: int) -> bool:
        """Whether the thing of this number is written down; counted from 1, never downwards."""
        while count > self._dense * self._interval:
            self._interval *= 2
        return count % self._interval == 0

    def next_after(self, count: int) -> int:
        """A number after this one; between the two none is taken."""
        return (count // self._interval + 1) * self._interval
