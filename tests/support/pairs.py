"""Two processes that train together: this one, and one that is started for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from tests.support.forked import CONTEXT

Result = TypeVar("Result")
PATIENCE = timedelta(seconds=20)
"""How long one process waits for the other, before a test that would hang fails."""


@dataclass(frozen=True)
class Failed:
    """What went wrong in the other process."""

    error: str


class Pair:
    """Has both processes call the same function."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def both(self, function: Callable[..., Result], *arguments: Any) -> tuple[Result, Result]:
        """What a function of a module returns here, and what it returns over there."""
        self.connection.send((function, arguments))
        try:
            here = function(*arguments)
        finally:
            there = self.connection.recv()
        assert not isinstance(there, Failed), there
        return here, there


@contextmanager
def pair(folder: Path) -> Iterator[Pair]:
    """Two processes in a group of gloo, which meet by a file in a folder."""
    file = folder / "meeting"
    here, there = CONTEXT.Pipe()
    other = CONTEXT.Process(target=serve, args=(str(file), here, there), daemon=True)
    other.start()
    join(str(file), 0)
    try:
        yield Pair(here)
    finally:
        here.close()
        dist.destroy_process_group()
        other.join()


def join(file: str, rank: int) -> None:
    """Wait for the other process, and be in a group with it."""
    dist.init_process_group(
        "gloo", init_method=f"file://{file}", rank=rank, world_size=2, timeout=PATIENCE
    )


def serve(file: str, other: Connection, connection: Connection) -> None:
    """Call the functions that come, until no more do."""
    other.close()  # else they would seem to come for ever
    torch.set_num_threads(1)
    join(file, 1)
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            os._exit(0)
        try:
            result = function(*arguments)
        except Exception as error:
            result = Failed(repr(error))
        connection.send(result)
