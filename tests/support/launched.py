"""A command in two ranks: this process is the first, and another is started as the second."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.commands import Shown, cli
from tests.support.forked import python
from tests.support.paths import ROOT


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def in_two_ranks(
    arguments: list[str],
    folders: tuple[Path, Path],
    environment: Callable[[int], dict[str, str]],
) -> tuple[Shown, Shown]:
    """What `linreg-tui` shows in each rank, each in a folder.

    `environment` is what a launcher tells a rank.
    """
    with python(
        "-m", "tui", *arguments,
        cwd=folders[1],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment(1)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as other:  # fmt: skip
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folders[0])
            for name, value in environment(0).items():
                patch.setenv(name, value)
            first = cli(*arguments)
        out, err = other.communicate(timeout=300)
    return first, Shown(other.returncode, out, err)
