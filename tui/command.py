"""`linreg-tui`: the screen when called alone, the headless commands otherwise."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from engine import cli
from engine.data.source import STANDARD_INPUT
from engine.experiment import Experiment, flattened
from engine.lessons.library import PLACE_OF_LESSONS, use_folder
from engine.lessons.offer import set_offer
from engine.opening import Request, stable, waits
from engine.own_data import experiment_on
from engine.runs.share import changes_of, is_link
from engine.runs.store import Store
from engine.runs.watch import Watch, watched_run
from engine.support.errors import BadInput
from engine.support.outside import printable, read_text, read_toml
from engine.support.release import release
from engine.support.translation import LANGUAGES, locale_language, set_language, tr
from engine.support.user_files import runs_folder
from tui.configuring import config
from tui.keys.table import ACTIONS
from tui.offer import OFFER
from tui.serving import serve
from tui.settings import Settings


class FileOrCommand(click.Group):
    """A group that may be called on a file of data or a link; it becomes `obj`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the file out of the words, so that options may stand before and after it."""
        if args and not ctx.resilient_parsing:
            _, rest, _ = self.make_parser(ctx).parse_args(list(args))
            if rest and rest[0] not in self.commands and named_alone(rest[0]):
                ctx.obj = rest[0] if is_link(rest[0]) else stable(rest[0])
                args = [*args[: len(args) - len(rest)], *rest[1:]]
        return super().parse_args(ctx, args)


def named_alone(word: str) -> bool:
    """Whether a word may stand in place of a command: a file of data, or a link."""
    return is_link(word) or cli.is_data(word)


def large_file(
    data: str | None,
    lesson: str | None,
    file: Path | None,
    settings: tuple[str, ...],
    terms: str | None,
) -> Request | None:
    """The file of data that a command line names, where reading it takes a while."""
    changes: dict[str, object] = {}
    if file:
        with suppress(OSError, ValueError):  # said where the experiment is read
            changes |= flattened(read_toml(read_text(file)))
    texts = cli.pairs_of(settings)
    if terms is not None:
        texts["data.terms"] = terms
    changes |= texts
    if data:
        changes |= {"data": "file", "data.path": data}
    request = waits(changes)
    if request is None:
        return None
    if data:
        return replace(request, make=partial(experiment_on, data, texts))
    return replace(request, make=partial(cli.read_experiment, lesson, file, settings, terms))


def has_terminal() -> bool:
    """Whether there is something to draw in: a terminal, or what Textual is told to draw on."""
    return "TEXTUAL_DRIVER" in os.environ or (sys.stdin.isatty() and sys.stdout.isatty())


def print_version(context: click.Context, param: click.Parameter, wanted: bool) -> None:
    """Show the version, with its commit where that is known, and exit."""
    if wanted and not context.resilient_parsing:
        cli.say(f"linreg-tui {release()}")
        context.exit()


def print_spec(context: click.Context, param: click.Parameter, wanted: bool) -> None:
    """Print all commands, options and keys as JSON, and exit."""
    if wanted and not context.resilient_parsing:
        keys = [
            {
                "id": action.id,
                "key": action.key,
                "label": action.label,
                "help": action.help,
                "group": action.group,
            }
            for action in ACTIONS
        ]
        tree = context.to_info_dict()["command"]
        spec = {"version": release(), "command": tree, "keys": keys}
        cli.say(json.dumps(spec, indent=2, default=str))
        context.exit()


def note_lessons(context: click.Context, param: click.Parameter, folder: Path | None) -> None:
    """Note the folder of lessons, which are read once language and screen are known."""
    context.meta[PLACE_OF_LESSONS] = folder


@click.group(
    cls=FileOrCommand,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="[FILE | COMMAND [ARGS]...]",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show version and commit.",
)
@click.option(
    "--spec",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_spec,
    help="Print commands, options and keys as JSON.",
)
@click.option("--lesson", help="Open on this lesson, by its name or file.")
@click.option(
    "--lessons",
    type=click.Path(path_type=Path),
    envvar=PLACE_OF_LESSONS,
    expose_value=False,
    callback=note_lessons,
    help="A folder of lessons of your own, which come first.",
)
@click.option("--experiment", "file", type=click.Path(path_type=Path), help="Open on a TOML file.")
@click.option("-s", "settings", multiple=True, metavar="KEY=VALUE", help="Change one setting.")
@click.option("--terms", metavar="'Y ~ A + B'", help="What is fitted to what.")
@click.option("--ascii", is_flag=True, help="Draw with ASCII characters only, in English.")
@click.option("--lang", type=click.Choice(list(LANGUAGES)), help="Else that of the locale.")
@click.pass_context
def command(
    context: click.Context,
    lesson: str | None,
    file: Path | None,
    settings: tuple[str, ...],
    terms: str | None,
    ascii: bool,
    lang: str | None,
) -> int:
    """A lab for linear regression and gradient descent in the terminal.

    Without a command it opens the screen: on a FILE of data, or on the last experiment unless
    another one is named.
    """
    set_language("en" if ascii else lang or locale_language())
    set_offer(OFFER)
    if folder := context.meta[PLACE_OF_LESSONS]:
        use_folder(folder)
    data: str | None = context.obj
    if context.invoked_subcommand:
        if data:
            words = tr(
                "the command goes first: linreg-tui {command} {file}",
                command=context.invoked_subcommand,
                file=printable(data),
            )
            raise click.UsageError(words)
        given = {"--lesson": lesson, "--experiment": file, "-s": settings, "--terms": terms}
        misplaced = next((option for option, value in given.items() if value), None)
        if misplaced:
            words = tr(
                "{option} goes behind the command: linreg-tui {command} {option} …",
                option=misplaced,
                command=context.invoked_subcommand,
            )
            raise click.UsageError(words)
        context.with_resource(cli.hearing_interrupts())
        return 0
    if data == STANDARD_INPUT:
        allowed = tr("the screen needs a file: standard input brings its keys")
        raise BadInput("data.path", data, allowed)
    if data and lesson:
        raise BadInput("--lesson", lesson, tr("give either a lesson or a file of data, not both"))
    named_by = data or lesson
    if data and is_link(data):
        link = (f"{key}={text}" for key, text in changes_of(data).items())
        settings, data = (*link, *settings), None
    named = named_by or file or settings or terms is not None
    request = large_file(data, lesson, file, settings, terms)
    experiment = None
    if named and not request:
        experiment = cli.read_experiment(data or lesson, file, settings, terms)
    if not has_terminal():
        raise click.UsageError(tr("no terminal to draw in; `linreg-tui run` trains without one"))
    from tui.app import open_app

    return open_app(experiment, ascii, lesson, request)


@command.command("watch")
@click.argument("run", default="")
@click.option("--once", is_flag=True, help="Print one frame and end.")
@click.option("--ascii", is_flag=True, help="Draw with ASCII characters only.")
def watch(run: str, once: bool, ascii: bool) -> int:
    """Watch a run that another process writes, without disturbing it.

    RUN is an id, the begin of one, a name, or `latest`; without it, the run that goes on.
    """
    store = Store(runs_folder())
    watched = Watch(store, watched_run(store, run))
    if not (once or has_terminal()):
        raise click.UsageError(tr("no terminal to draw in; --once prints one frame"))
    from tui.watch import open_watch, print_frame

    if once:
        print_frame(watched, ascii)
        return 0
    return open_watch(watched, ascii)


@command.command("picture")
@cli.takes_experiment
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="SVG or PNG.")
@click.option("--size", default="120x34", show_default=True, help="Columns and lines.")
@click.option("--keys", default="s …", show_default=True, help="… waits until the engine rests.")
@click.option("--theme", help="Another set of colours.")
def picture(experiment: Experiment, output: Path, size: str, keys: str, theme: str | None) -> int:
    """Write a picture of the screen, after some keys, as SVG or PNG; needs no terminal.

    Keys are separated by blanks and named as in the settings; =0.3 types a text.
    """
    from tui.pictures import take_picture

    columns, _, lines = size.partition("x")
    if not (columns.isdecimal() and lines.isdecimal() and 0 < int(columns) * int(lines) < 100_000):
        raise BadInput("--size", size, tr("must be columns x lines, as in 120x34"))
    settings = Settings(theme or Settings.theme, experiment=experiment)
    take_picture(settings, (int(columns), int(lines)), keys.split(), output)
    return 0


for subcommand in (*cli.COMMANDS, config, serve):
    command.add_command(subcommand)
