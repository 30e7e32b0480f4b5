"""The bound on the memory that many runs at once may need."""

from __future__ import annotations

from engine.support import machine
from engine.support.errors import BadInput
from engine.support.translation import Translatable, tr

MAX_MEMORY_SHARE = 0.5
"""Share of the machine's memory that a sweep or a race may need."""


def refuse_too_much(key: str, runs: int, needed: int, text: Translatable) -> None:
    """Raise BadInput for so many runs under a key, if they need more bytes than may be used.

    `text` says so with {needed} and {most} in GB. Where the system does not tell its memory,
    nothing is refused.
    """
    most = MAX_MEMORY_SHARE * machine.memory()
    if most and needed > most:
        raise BadInput(key, runs, tr(text, needed=needed / 1e9, most=most / 1e9))
