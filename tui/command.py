"""`linreg-tui`: the screen when called alone, the headless commands otherwise."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine import cli
from engine.lessons.offer import set_offer
from engine.support.translation import LANGUAGES, locale_language, set_language, tr
from tui.offer import OFFER


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="linreg-tui")
@click.option("--lesson", help="Open on this lesson, by its name or file.")
@click.option("--experiment", "file", type=click.Path(path_type=Path), help="Open on a TOML file.")
@click.option("-s", "settings", multiple=True, metavar="KEY=VALUE", help="Change one setting.")
@click.option("--ascii", is_flag=True, help="Draw with ASCII characters only, in English.")
@click.option("--lang", type=click.Choice(list(LANGUAGES)), help="Else that of the locale.")
@click.pass_context
def command(
    context: click.Context,
    lesson: str | None,
    file: Path | None,
    settings: tuple[str, ...],
    ascii: bool,
    lang: str | None,
) -> int:
    """A lab for linear regression and gradient descent in the terminal.

    Without a command it opens the screen, on the last experiment unless another one is named.
    """
    set_language("en" if ascii else lang or locale_language())
    set_offer(OFFER)
    if context.invoked_subcommand:
        context.with_resource(cli.hearing_interrupts())
        return 0
    named = lesson or file or settings
    experiment = cli.read_experiment(lesson, file, settings) if named else None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(tr("no terminal to draw in; `linreg-tui run` trains without one"))
    from tui.app import open_app

    return open_app(experiment, ascii, lesson)


for subcommand in cli.COMMANDS:
    command.add_command(subcommand)
