"""`linreg-tui doctor`: what is there."""

from __future__ import annotations

import os
import platform
import shutil
import sys

import click

from engine.folders import settings_file


@click.command("doctor")
def doctor() -> int:
    """Print versions, devices, what the terminal can do, and where settings are kept."""
    from engine.compiled import MISSING
    from engine.device import available, describe

    for package in ("linreg-tui", "torch", "numba", "textual", "plotext", "numpy", "click"):
        click.echo(f"{package:<12}{installed(package)}")
    click.echo(f"{'python':<12}{platform.python_version()} on {platform.platform()}")
    for device in available():
        info = describe(device)
        click.echo(
            f"{'device':<12}{device}: {info.name}, {info.memory_gb} GB, {info.threads} threads"
        )
    fast = f"{MISSING}; it runs in torch, more slowly" if MISSING else "compiled by numba"
    click.echo(f"{'loop=fast':<12}{fast}")
    size = shutil.get_terminal_size()
    names = ("TERM", "COLORTERM", "NO_COLOR")
    variables = ", ".join(f"{name}={os.environ.get(name, '(unset)')}" for name in names)
    kind = "a terminal" if sys.stdout.isatty() else "not a terminal"
    encoding = sys.stdout.encoding
    click.echo(f"{'terminal':<12}stdout is {kind}, {size.columns}×{size.lines}, {encoding}")
    click.echo(f"{'':<12}{variables}")
    file = settings_file()
    click.echo(f"{'settings':<12}{file} ({'present' if file.exists() else 'not there yet'})")
    return 0


def installed(package: str) -> str:
    """The version of an installed package, without importing it."""
    # Here, because the screen's first frame imports this file, and this takes a tenth of its time.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
