"""What the commands print; nothing in it is obeyed by the terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from engine.support.outside import printable
from engine.support.ranks import speaks

CLEAR = "\r\x1b[2K"
"""To the begin of the line, which is emptied."""

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
def busy_with(text: str) -> Iterator[None]:
    """Show a text on stderr while something long is done: where a person watches at once, and
    else as a line after a while.
    """
    if sys.stderr.isatty():
        show_progress(text)
        try:
            yield
        finally:
            show_progress()
        return
    later = threading.Timer(UNSAID, say, (text, True))
    later.daemon = True
    later.start()
    try:
        yield
    finally:
        later.cancel()
