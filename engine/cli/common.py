"""What the commands share: reading an experiment, options, exit codes, JSON."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial, wraps
from pathlib import Path
from typing import NoReturn

import click

from engine.cli import refusals
from engine.cli.completion import keys, lessons_and_files
from engine.cli.interrupts import INTERRUPTED
from engine.cli.output import busy_with, say
from engine.data.opened import SAMPLE
from engine.experiment import Experiment
from engine.lessons.library import files, find_lesson
from engine.own_data import experiment_on
from engine.runs.share import changes_of, is_link
from engine.support.errors import BadInput
from engine.support.outside import is_there, printable, read_text
from engine.support.ranks import Alone, speaks
from engine.support.translation import locale_language, set_language, tr

BAD_INPUT, DIVERGED = 2, 3
"""Exit codes besides 0 for a finished run, 1 for a bug and INTERRUPTED."""

LATER = 1.0
"""Seconds after which a silent rank ends that refuses what all refuse: the launcher ends the others
at once then, and the first is to say why."""


def read_experiment(
    name: str | None, file: Path | None, settings: tuple[str, ...], terms: str | None = None
) -> Experiment:
    """The experiment that a command line describes; raises BadInput.

    `name` is a lesson, a link or a file of data, `file` holds an experiment in TOML, `settings` are
    key=value, `terms` say what is fitted to what.
    """
    if name and file:
        raise BadInput("lesson", name, tr("give either a lesson or --experiment, not both"))
    changes = pairs_of(settings)
    if terms is not None:
        changes["data.terms"] = terms
    if name and is_link(name):
        changes = {**changes_of(name), **changes}
        name = None
    if name and is_data(name):
        with busy_with(tr("reading {file}", file=printable(name))):
            return experiment_on(name, changes)
    experiment = find_lesson(name or "scratch").experiment
    if file:
        try:
            experiment = Experiment.from_toml(read_text(file))
        except OSError as error:
            allowed = tr("cannot be read: {reason}", reason=error.strerror)
            raise BadInput("experiment", file, allowed) from None
    return experiment.changed_by_text(changes)


def is_data(name: str) -> bool:
    """Whether a name is that of a file of data, not of a lesson."""
    if name == "-" or name.startswith(SAMPLE):
        return True
    if name in files() or Path(name).suffix == ".md":
        return False
    return is_there(Path(name)) or Path(name).suffix != ""


def pairs_of(settings: Sequence[str]) -> dict[str, str]:
    """Values by key of settings that are key=value; raises BadInput for any other."""
    values = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise BadInput("-s", setting, tr("must be key=value, as in lr=0.1 or data.n=100"))
        values[key.strip()] = value
    return values


def takes_experiment(command: Callable[..., int]) -> Callable[..., int]:
    """Have a command called with the `experiment` that its lesson or file and options describe."""

    @wraps(command)
    def with_experiment(read: Callable[[], Experiment], **options: object) -> int:
        return command(read(), **options)

    return reads_experiment(with_experiment)


def reads_experiment(command: Callable[..., int]) -> Callable[..., int]:
    """Have a command called with what reads the experiment that its options describe."""

    @wraps(command)
    def with_experiment(
        name: str | None,
        file: Path | None,
        settings: tuple[str, ...],
        terms: str | None,
        **options: object,
    ) -> int:
        return command(partial(read_experiment, name, file, settings, terms), **options)

    for decorate in (
        click.option(
            "-s",
            "settings",
            multiple=True,
            metavar="KEY=VALUE",
            help="Change one setting.",
            shell_complete=keys,
        ),
        click.option("--terms", metavar="'Y ~ A + B'", help="What is fitted to what."),
        click.option("--experiment", "file", type=click.Path(path_type=Path), help="A TOML file."),
        click.argument(
            "name", metavar="[LESSON|FILE]", required=False, shell_complete=lessons_and_files
        ),
    ):
        with_experiment = decorate(with_experiment)
    return with_experiment


def main(command: click.Command) -> int:
    """Run a command; returns its exit code, that for bad input after one line on stderr."""
    set_language(locale_language())  # a command line that is wrong may not tell another one
    refusals.speak()
    try:
        code = command.main(prog_name="linreg-tui", standalone_mode=False)
    except BadInput as error:
        is_of_all = not isinstance(error, Alone)
        say(f"linreg-tui: {error}", err=True, of_any_rank=not is_of_all)
        if is_of_all and not speaks():
            time.sleep(LATER)
        code = BAD_INPUT
    except click.ClickException as error:
        words = " ".join(error.format_message().split())
        if isinstance(error, click.NoSuchOption) and belongs_to(command, error.option_name):
            words += " " + tr(
                "It goes before the command: linreg-tui {option} …", option=error.option_name
            )
        say(f"linreg-tui: {words}", err=True)
        code = BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        say(tr("linreg-tui: interrupted"), err=True)
        code = INTERRUPTED
    except SystemExit:
        # click ends so when whoever read the output has seen enough of it.
        code = 0
    return int(code)


def leave(code: int) -> NoReturn:
    """End the process at once, whatever its other threads are at.

    The interpreter would first wait for them to let go of it, for as long as an import or a call of
    torch takes, and abort where one is inside C++ code then. Whoever calls this has saved what is
    to be kept and restored the terminal.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def belongs_to(command: click.Command, option: str) -> bool:
    """Whether an option is one of the command itself, not of its subcommands."""
    return any(option in param.opts for param in command.params)
