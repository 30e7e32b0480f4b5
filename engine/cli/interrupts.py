"""Ctrl-C answers soon, also while one long call of torch draws data or finds eigenvalues."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from engine.cli.output import say
from engine.support.translation import tr

INTERRUPTED = 130
"""Exit code."""
GRACE = 0.3
"""Seconds in which Python must have heard of an interruption: it does so between two calls."""


@contextmanager
def hearing_interrupts() -> Iterator[None]:
    """End the program where an interruption is not heard in time; a thread waits for that."""
    waiting, waking = os.pipe()
    os.set_blocking(waking, False)
    over = threading.Event()

    def watch() -> None:
        with os.fdopen(waiting, "rb", buffering=0) as signals:
            while heard := signals.read(1):
                if heard[0] == signal.SIGINT and not over.wait(GRACE):
                    say(tr("linreg-tui: interrupted"), err=True)
                    os._exit(INTERRUPTED)

    threading.Thread(target=watch, name="interrupts", daemon=True).start()
    before = signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        os.close(waking)
