"""Bad input, in one line that names the key, the value and what is allowed."""

from __future__ import annotations

from collections.abc import Callable

from engine.support.outside import printable
from engine.support.translation import tr


class BadInput(ValueError):
    """A setting that cannot be used; the message is one line: key, value, what is allowed."""

    def __init__(self, key: str, value: object, allowed: str) -> None:
        super().__init__(printable(f"{shortened(show(key))}={shortened(show(value))}: {allowed}"))
        self.key = key

    def __reduce__(self) -> tuple[Callable[..., BadInput], tuple[str, str]]:
        """It can be handed to another process, which then says the same."""
        return restored, (str(self), self.key)


def restored(text: str, key: str) -> BadInput:
    """A refusal from what it says."""
    error = BadInput.__new__(BadInput)
    ValueError.__init__(error, text)
    error.key = key
    return error


def shortened(text: str, longest: int = 60) -> str:
    """A text that leaves room for the rest of a line."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def show(value: object) -> str:
    """A value as a person types it: `2,-3.4`, `true`, `0.03`; shortest exact form for floats."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ",".join(show(item) for item in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    try:
        return " ".join(str(value).split())
    except ValueError:  # Python does not print whole numbers of thousands of digits
        return tr("a number of too many digits")


def one_line(error: Exception) -> str:
    """The first line of an error's text, which is all that has a place on the screen."""
    return next(iter(str(error).strip().splitlines()), "")
