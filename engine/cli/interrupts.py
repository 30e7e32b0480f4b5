"""Ctrl-C ends a command soon, also while torch is imported or one long call of it draws data."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from engine.support.ranks import speaks
from engine.support.translation import tr

INTERRUPTED = 130
"""Exit code."""


SLOW = 1.0
"""Seconds that an interruption waits for what it must not disturb."""

_last_words: list[Callable[[], str]] = []
"""What is done before an interruption ends the process, and returns what is said of it."""


@contextmanager
def before_interruption(action: Callable[[], str]) -> Iterator[threading.Lock]:
    """Do something quick, in any thread, before an interruption ends the process here.

    What it returns is said, unless that is empty. Yields a lock for work that the action is neither
    to disturb nor to be followed by: the action takes it for good.
    """
    undisturbed = threading.Lock()

    def act() -> str:
        undisturbed.acquire(timeout=SLOW)
        return action()

    _last_words.append(act)
    try:
        yield undisturbed
    finally:
        _last_words.remove(act)


@contextmanager
def hearing_interrupts() -> Iterator[None]:
    """End the process at an interruption; a thread waits for that.

    Python itself hears only between two calls, and its KeyboardInterrupt aborts the process where
    it is raised below C++ code, as in torch's import.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    waiting, waking = os.pipe()
    os.set_blocking(waking, False)

    def watch() -> None:
        with os.fdopen(waiting, "rb", buffering=0) as signals:
            while heard := signals.read(1):
                if heard[0] == signal.SIGINT:
                    end()

    threading.Thread(target=watch, name="interrupts", daemon=True).start()
    handler = signal.signal(signal.SIGINT, lambda *_: None)
    before = signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGINT, handler)
        os.close(waking)


def end() -> None:
    """Say that the command was interrupted, where stderr takes it at once, and end the process."""
    last_word(tr("linreg-tui: interrupted"))
    for action in _last_words:
        last_word(action())
    os._exit(INTERRUPTED)


def last_word(text: str) -> None:
    """Write a line to stderr, where that takes it at once; nothing where it is empty."""
    with suppress(OSError, ValueError):
        stderr = sys.stderr.fileno()
        if text and speaks() and select.select([], [stderr], [], 0)[1]:
            os.write(stderr, f"{text}\n".encode())
