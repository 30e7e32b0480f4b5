"""What comes from outside: files of any kind and size, TOML of any depth, text of any characters.

Here it becomes harmless: nothing is read for ever, and no text is obeyed by the terminal.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any, BinaryIO
from unicodedata import category

from engine.support.translation import tr

MOST_BYTES = 1 << 20
"""Of a file."""
DEEPEST = 32
"""Tables and lists within each other, and parts of a key, in TOML."""

_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w\"'-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{DEEPEST}}}")
_JOINERS = "\u200c\u200d"
"""Of letters and of emoji: neither is printable to Python, and both only change shapes."""


def is_there(file: Path) -> bool:
    """Whether a file exists; names that no file can have are asked for too."""
    try:
        return file.exists()
    except (OSError, ValueError):
        return False


def open_regular(file: Path) -> BinaryIO:
    """A regular file, opened for its bytes; raises OSError for any other, and where there is none.

    A named pipe that nobody writes to would not even be opened, a device never end.
    """
    opened = os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        opened.close()
        raise OSError(errno.EINVAL, tr("not a regular file"))
    return opened


def read_text(file: Path) -> str:
    """The text of a regular file; raises OSError, whose `strerror` says why there is none."""
    try:
        with open_regular(file) as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise OSError(errno.EFBIG, tr("larger than {most} KiB", most=MOST_BYTES >> 10))
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise OSError(errno.EILSEQ, tr("not UTF-8 text")) from None
    except ValueError as error:  # a name that no file can have
        raise OSError(errno.EINVAL, str(error)) from None


def read_toml(text: str) -> dict[str, Any]:
    """The values of a TOML text; raises ValueError.

    The standard library takes time that grows with the square of a key's parts.
    """
    too_deep = tr("more than {most} tables, lists or parts of a key in each other", most=DEEPEST)
    if _LONG_KEY.search(text):
        raise ValueError(too_deep)
    try:
        values = tomllib.loads(text)
        shallow = depth(values) <= DEEPEST
    except RecursionError:
        shallow = False
    if not shallow:
        raise ValueError(too_deep)
    return values


def depth(value: object) -> int:
    """How many tables and lists stand within each other."""
    if not isinstance(value, dict | list):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0)


def printable(text: str) -> str:
    r"""Text with everything escaped that is no character to be seen: ESC as \x1b, a newline as \n.

    Also what turns the direction of writing, and bytes of a name of a file that are not UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(c if is_seen(c) else c.encode("unicode_escape").decode() for c in text)


def is_seen(character: str) -> bool:
    """Whether a terminal draws a character rather than obeys it; blanks of any width count."""
    return character.isprintable() or character in _JOINERS or category(character) == "Zs"
