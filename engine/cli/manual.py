"""`linreg-tui man`: the manual page, made of the same texts as `--help`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from engine.cli.output import say


@click.command("man")
@click.pass_context
def man(context: click.Context) -> int:
    """Print the manual page: linreg-tui man > linreg-tui.1; man ./linreg-tui.1 shows it."""
    root = context.find_root()
    say("\n".join(page(root.command, root.info_name or "linreg-tui")))
    return 0


def page(command: click.Command, name: str) -> Iterator[str]:
    """The lines of a page in man's macros: the command, its options, and every subcommand."""
    from importlib.metadata import version

    yield f'.TH {name.upper()} 1 "" "{name} {version("linreg-tui")}"'
    yield ".SH NAME"
    first, *rest = paragraphs(command)
    yield rf"{name} \- {without_macros(first)}"
    yield ".SH SYNOPSIS"
    context = click.Context(command, info_name=name)
    yield rf"\fB{name}\fR {without_macros(' '.join(command.collect_usage_pieces(context)))}"
    yield ".SH DESCRIPTION"
    for paragraph in rest:
        yield from (".PP", without_macros(paragraph))
    yield from options(command, context)
    yield ".SH COMMANDS"
    yield from subcommands(command, context, name)


def subcommands(command: click.Command, context: click.Context, name: str) -> Iterator[str]:
    """A section for each command in the order of their names, and for those within."""
    for word, inner in sorted(getattr(command, "commands", {}).items()):
        title = f"{name} {word}"
        below = click.Context(inner, info_name=word, parent=context)
        pieces = " ".join(inner.collect_usage_pieces(below))
        yield rf".SS \fB{title}\fR {without_macros(pieces)}"
        for number, paragraph in enumerate(paragraphs(inner)):
            yield from ([".PP"] if number else [])
            yield without_macros(paragraph)
        yield from options(inner, below)
        yield from subcommands(inner, below, title)


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    """An entry for each option."""
    for param in command.get_params(context):
        if record := param.get_help_record(context):
            yield from (".TP", rf"\fB{without_macros(record[0])}\fR", without_macros(record[1]))


def paragraphs(command: click.Command) -> list[str]:
    """The help of a command, a line a paragraph."""
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def without_macros(text: str) -> str:
    """A text in which man finds no macro of its own."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text.startswith((".", "'")) else text
