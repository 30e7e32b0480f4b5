"""`linreg-tui doctor`: what is there."""

from __future__ import annotations

import os
import platform
import shutil
import sys

import click

from engine.cli.output import say
from engine.support.cell_width import left
from engine.support.outside import printable
from engine.support.translation import tr
from engine.support.user_files import runs_folder, settings_file


@click.command("doctor")
def doctor() -> int:
    """Print versions, devices, what the terminal can do, and where settings and runs are kept."""
    from engine.kernels.compiled import MISSING
    from engine.support.device import available, describe

    for package in (
        "linreg-tui",
        "torch",
        "numba",
        "textual",
        "plotext",
        "numpy",
        "click",
        "duckdb",
    ):
        entry(package, installed(package))
    machine = platform.platform()
    version = platform.python_version()
    entry("python", tr("{version} on {machine}", version=version, machine=machine))
    for device in available():
        info = describe(device)
        entry(
            tr("device"),
            tr(
                "{device}: {name}, {memory} GB, {threads} threads",
                device=device,
                name=info.name,
                memory=info.memory_gb,
                threads=info.threads,
            ),
        )
    slow = tr("{why}; it runs in torch, more slowly", why=MISSING)
    entry("loop=fast", slow if MISSING else tr("compiled by numba"))
    size = shutil.get_terminal_size()
    names = ("TERM", "COLORTERM", "NO_COLOR")
    kind = tr("a terminal") if sys.stdout.isatty() else tr("not a terminal")
    entry(
        tr("terminal"),
        tr(
            "stdout is {kind}, {columns}×{lines}, {encoding}",
            kind=kind,
            columns=size.columns,
            lines=size.lines,
            encoding=sys.stdout.encoding,
        ),
    )
    entry("", ", ".join(f"{name}={os.environ.get(name, tr('(unset)'))}" for name in names))
    file = settings_file()
    presence = tr("present") if file.exists() else tr("not there yet")
    entry(tr("settings"), f"{file} ({presence})")
    entry(tr("runs"), str(runs_folder()))
    return 0


def entry(name: str, value: str) -> None:
    """Print a line of the table."""
    say(left(name, 12) + printable(value))


def installed(package: str) -> str:
    """The version of an installed package, without importing it."""
    # Here, because the screen's first frame imports this file, and this takes a tenth of its time.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return tr("not installed")
