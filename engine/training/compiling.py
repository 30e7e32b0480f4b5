"""Kernels are compiled beside what else goes on: the first time that takes seconds."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from engine.support.translation import Message

if TYPE_CHECKING:
    from engine.problem import Problem

PIECE = 0.01
"""Seconds that a piece of the waiting takes."""


class Compiler:
    """A thread that has one kernel compiled after the other."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "compiler")

    def ready(self, problem: Problem) -> Generator[None, None, Message | None]:
        """Wait, piece by piece, until the kernels of a problem are compiled or read from disk.

        Returns why nothing can be compiled here, if so. What was given up before its turn is not
        compiled.
        """
        compiling = self._thread.submit(compile_kernels, problem)
        try:
            while wait([compiling], PIECE).not_done:
                yield None
            return compiling.result()
        finally:
            compiling.cancel()


def compile_kernels(problem: Problem) -> Message | None:
    """Have the kernels of a problem ready, or say why there are none."""
    from engine.kernels.compiled import MISSING  # brings numba
    from engine.training.loops import fast

    if not MISSING:
        fast.compiled(problem)
    return MISSING
