"""The command line in this process, and what a reader has against its input."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from engine.support.errors import BadInput


@dataclass(frozen=True)
class Shown:
    """What a command left behind."""

    code: int
    out: str
    err: str


def cli(*arguments: str) -> Shown:
    """Run `linreg-tui` in this process, without a terminal."""
    from engine.cli import main
    from tui.command import command

    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["linreg-tui", *arguments])
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main(command)
    return Shown(code, out.getvalue(), err.getvalue())


def refusal_of(read: Callable[[], object]) -> BadInput | None:
    """What a reader has against its input, or None; anything but BadInput is a bug."""
    try:
        read()
    except BadInput as refusal:
        return refusal
    return None
