"""`linreg-tui config`: the settings file read, changed and checked without a screen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import tomli_w

from engine.cli.output import say
from engine.experiment import Experiment, flattened
from engine.support.errors import BadInput, show
from engine.support.outside import printable, read_text, read_toml
from engine.support.translation import tr
from engine.support.user_files import settings_file, write_kept
from tui.keys.table import ACTIONS
from tui.settings import VERSION, parse, to_values

INVALID = 1
"""Exit code where the settings file has a fault."""
FLAGS = {"true": True, "yes": True, "false": False, "no": False}
SECTION, ASSIGNMENT = re.compile(r"\s*\[\s*([^\]]+?)\s*\]"), re.compile(r"\s*([^=\s]+)\s*=")


@click.group("config")
def config() -> int:
    """Read, change and check the settings file.

    Its keys: theme, ascii, live, keep_runs, keys.ACTION, and experiment.KEY for the experiment that
    the screen opens on.
    """
    return 0


@config.command("path")
def path() -> int:
    """Print where the settings file is."""
    say(printable(str(settings_file())))
    return 0


@config.command("get")
@click.argument("key", required=False)
def get(key: str | None) -> int:
    """Print the value of one KEY, or all the settings as TOML."""
    values = to_values(parse(values_in(settings_file()))[0])
    if key is None:
        say(tomli_w.dumps(values).rstrip())
        return 0
    value = flat(values).get(key)
    if value is None:
        raise BadInput("KEY", key, tr("must be one of {keys}", keys=", ".join(flat(values))))
    say(printable(show(value)))
    return 0


@config.command("set")
@click.argument("key")
@click.argument("value")
def set_value(key: str, value: str) -> int:
    """Give one KEY a VALUE: linreg-tui config set theme linreg-light."""
    file = settings_file()
    values = values_in(file)
    head, _, name = key.partition(".")
    if head == "experiment" and name:
        before = Experiment().changed(flattened(values.get("experiment", {})))
        values["experiment"] = before.changed_by_text({name: value}).to_dict()
    elif head == "keys" and name:
        values["keys"] = {**values.get("keys", {}), name: value}
    elif key in ("theme", "ascii", "live", "keep_runs"):
        values[key] = value if key == "theme" else FLAGS.get(value.lower(), value)
    else:
        allowed = tr("must be theme, ascii, live, keep_runs, keys.ACTION or experiment.KEY")
        raise BadInput("KEY", key, allowed)
    if error := next((error for error in faults(values) if error.key == key), None):
        raise error
    if trouble := write_kept({"version": VERSION, **values}, file):
        raise BadInput("config", file, trouble)
    return 0


@config.command("validate")
@click.argument("file", type=click.Path(path_type=Path), required=False)
def validate(file: Path | None) -> int:
    """Check the settings FILE; a line a fault with file, line and key. Exit code 1 for any."""
    file = file or settings_file()
    values = values_in(file)
    lines = lines_of(read_text(file)) if file.exists() else {}
    errors = list(faults(values))
    for error in errors:
        names = (key.format(error.key) for key in ("{}", "experiment.{}", "experiment.{}.name"))
        line = next((lines[name] for name in names if name in lines), 0)
        say(f"{printable(str(file))}:{line}: {error}")
    return INVALID if errors else 0


def values_in(file: Path) -> dict[str, Any]:
    """The nested values of a settings file, none where there is no file; raises BadInput."""
    try:
        return read_toml(read_text(file))
    except FileNotFoundError:
        return {}
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput("config", file, tr("cannot be read: {reason}", reason=reason)) from None
    except ValueError as error:
        raise BadInput("config", file, printable(str(error))) from None


def faults(values: Mapping[str, Any]) -> Iterator[BadInput]:
    """What is wrong in the values of a settings file."""
    from tui.bindings import (
        holder_of,
        is_key,
    )  # bring what draws, which the other commands do without
    from tui.themes import THEMES

    settings, refused = parse(values)
    yield from refused
    for key in settings.unknown:
        yield BadInput(key, settings.unknown[key], tr("is no setting"))
    themes, actions = [theme.name for theme in THEMES], {action.id for action in ACTIONS}
    if settings.theme not in themes:
        yield BadInput("theme", settings.theme, tr("must be one of {keys}", keys=", ".join(themes)))
    for action, key in settings.keys.items():
        if action not in actions:
            yield BadInput(f"keys.{action}", key, tr("is no action"))
        elif not is_key(key):
            yield BadInput(f"keys.{action}", key, tr("must be the name of a key"))
        elif other := holder_of(action, settings.keys):
            allowed = tr("is the key of {action}: give that another one first", action=other)
            yield BadInput(f"keys.{action}", key, allowed)


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested values by dotted keys; those of the experiment as everywhere: experiment.data.n."""
    tables = {
        key: flattened(value) if key == "experiment" else value
        for key, value in values.items()
        if isinstance(value, Mapping)
    }
    inner = {
        f"{head}.{key}": value for head, table in tables.items() for key, value in table.items()
    }
    return {key: value for key, value in values.items() if key not in tables} | inner


def lines_of(text: str) -> dict[str, int]:
    """Dotted key → the number of the line on which it is given a value."""
    lines, section = {}, ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := SECTION.match(line):
            section = f"{match[1]}."
        elif match := ASSIGNMENT.match(line):
            lines[section + match[1].strip("\"'")] = number
    return lines
