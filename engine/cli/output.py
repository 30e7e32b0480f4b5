"""What the commands print; nothing in it is obeyed by the terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from engine.support.outside import printable
from engine.support.ranks import speaks
from engine.support.translation import Message, in_words

CLEAR = "\r\x1b[2K"
"""To the begin of the line, which is emptied."""

RENEWED = 0.1
"""Seconds between two progress lines."""

UNSAID = 2.0
"""Seconds that work takes without a word where no person watches."""


def say(text: str, err: bool = False, of_any_rank: bool = False) -> None:
    """Print a text of a line or more; of several processes the first rank does."""
    if of_any_rank or speaks():
        click.echo("\n".join(map(printable, text.split("\n"))), err=err)


def show_progress(text: str = "") -> None:
    """Put a text in place of the last one on stderr, where the next line is to come."""
    if speaks():
        click.echo(CLEAR + printable(text), nl=False, err=True)


@contextmanager
def busy_with(text: str) -> Iterator[Callable[[Message], None]]:
    """Show a text on stderr while something long is done: where a person watches at once, and
    else as a line after a while.

    What it gives puts another text in its place where a person watches, now and then.
    """
    if sys.stderr.isatty():
        show_progress(text)
        shown = time.monotonic()

        def renew(message: Message) -> None:
            nonlocal shown
            if time.monotonic() - shown > RENEWED:
                show_progress(in_words(message))
                shown = time.monotonic()

        try:
            yield renew
        finally:
            show_progress()
        return
    later = threading.Timer(UNSAID, say, (text, True))
    later.daemon = True
    later.start()
    try:
        yield lambda _: None
    finally:
        later.cancel()
