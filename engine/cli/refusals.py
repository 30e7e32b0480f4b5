"""What click says of a command line that is wrong, in the language chosen.

click asks gettext for its texts, in a catalog of its own on the disk that nobody has; here it is
handed those of the catalogs of this app.
"""

from __future__ import annotations

import click.core
import click.exceptions
import click.parser
import click.types

from engine.support.translation import Translatable, tr

TEXTS: tuple[Translatable, ...] = (
    "No such option {name!r}.",
    "No such command {name!r}.",
    "Did you mean {possibility}?",
    "(Did you mean one of: {possibilities}?)",
    "Missing command.",
    "Missing argument",
    "Missing option",
    "Missing parameter",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "{value!r} is not a valid {number_type}.",
    "{value} is not in the range {range}.",
    "{value!r} is not {choice}.",
    "{value!r} is not one of {choices}.",
    "Choose from:\n\t{choices}",
    "Option {name!r} requires an argument.",
    "Option {name!r} requires {nargs} arguments.",
    "Option {name!r} does not take a value.",
    "Got unexpected extra argument ({args})",
    "Got unexpected extra arguments ({args})",
    "{name} {filename!r} does not exist.",
    "{name} {filename!r} is a file.",
    "{name} {filename!r} is a directory.",
    "{name} {filename!r} is not readable.",
)
"""As click has them; what is not among them stays English."""


def told_of_many(one: str, many: str, n: int) -> str:
    """A text of click about a number of things."""
    return tr(one if n == 1 else many)


def speak() -> None:
    """Have click say it so from now on."""
    for module in (click.core, click.exceptions, click.parser, click.types):
        vars(module).update(_=tr, ngettext=told_of_many)
