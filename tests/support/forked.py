"""Python in a process of its own that has torch already, for it is a fork of this one.

For tests of what a process does and how it ends, not of how it starts: importing torch takes a
second and a half. Where a system's libraries bear no fork, a fresh Python does the same.
"""

from __future__ import annotations

import gc
import os
import runpy
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NoReturn

Start = Callable[..., subprocess.Popen[str]]
"""Runs Python on some words."""
BEARS_FORKS = sys.platform == "linux"
CONTEXT = get_context("fork") if BEARS_FORKS else get_context("spawn")


class Mortal(subprocess.Popen[str]):
    """A process that does not outlive the test that fails while it runs."""

    def __exit__(self, kind: type[BaseException] | None, *about: Any) -> None:
        if kind:
            self.kill()
        super().__exit__(kind, *about)


def fresh(*words: str, **options: Any) -> subprocess.Popen[str]:
    """Run Python from its start, with the options of `Popen`."""
    return Mortal([sys.executable, *words], text=True, **options)


def python(*words: str, env: dict[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
    """The same as `fresh` in a fork, for `-m NAME …`, `-c CODE …` and `FILE …`."""
    if not BEARS_FORKS:
        return fresh(*words, env=env, **options)
    with warnings.catch_warnings():
        # Python has threads here, of which the fork is rid: they hold nothing that it needs.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Mortal(
            [sys.executable, *words],
            text=True,
            preexec_fn=lambda: run(words, dict(os.environ) if env is None else env),
            **options,
        )


def run(words: Sequence[str], environment: dict[str, str]) -> NoReturn:
    """Do in this fork what Python would do; what `Popen` wants executed never is."""
    let_go_of_files()
    gc.enable()
    # As Python begins, also where a shell runs the tests in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
        for number, mode in enumerate("rww")
    )
    code: object = 0
    try:
        if words[0] == "-m":
            sys.argv = [*words[1:]]
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        elif words[0] == "-c":
            sys.argv = ["-c", *words[2:]]
            exec(words[1], {"__name__": "__main__"})
        else:
            sys.argv = [*words]
            runpy.run_path(words[0], run_name="__main__")
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else code is not None)


def let_go_of_files() -> None:
    """Have all open files but stdin, stdout and stderr lead nowhere.

    Their numbers stay taken: whoever still writes to one must not meet what is opened later. Among
    them is the one by which `Popen` learns that it need not wait for the program to be executed.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in [int(file.name) for file in Path("/proc/self/fd").iterdir()]:
        if number not in (0, 1, 2, nowhere):
            os.dup2(nowhere, number, inheritable=False)
