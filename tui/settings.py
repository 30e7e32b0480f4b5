"""What is remembered between two sessions, in one TOML file that a person can edit.

The file is read key by key: one that is refused costs that key alone. Nothing in the file is lost:
what this version does not know is written back, and before what is damaged is overwritten, a copy
of the file is put beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.experiment import Experiment, flattened
from engine.opening import waits
from engine.support.errors import BadInput, shortened
from engine.support.outside import printable
from engine.support.translation import tr
from engine.support.user_files import copy_aside, read_kept, write_kept

VERSION = 1
"""The version of the file's format; another one follows when a key gets another meaning."""

LONGEST_KEY = 60
"""Characters of the name of a key, or of several."""


@dataclass
class Settings:
    """Theme, remapped keys and the last experiment."""

    theme: str = "linreg-dark"
    ascii: bool = False
    """Draw with ASCII characters only."""
    keys: dict[str, str] = field(default_factory=dict)
    """Action id → key, where it differs from the table of keys."""
    experiment: Experiment = field(default_factory=Experiment)
    live: bool = True
    """Try every change at once."""
    keep_runs: bool = True
    """Write every run down where it is found tomorrow."""
    unread: Mapping[str, Any] = field(default_factory=dict)
    """The last experiment where its file takes a while to be read; it is written back so until
    another one takes its place."""
    version: int = VERSION
    """That of the file that they were read from."""
    unknown: dict[str, Any] = field(default_factory=dict)
    """What else the file holds; it is written back as it was."""
    may_write: bool = field(default=True, compare=False)
    """Whether the file may be overwritten: not where it holds what would be lost."""


def load(file: Path) -> tuple[Settings, str]:
    """The settings in a file and a message, empty if all is well; defaults for what is not."""
    nothing: dict[str, Any] = {}
    values, message = read_kept(file, dict, nothing)
    if message:  # not TOML at all
        return Settings(may_write=not file.exists()), message
    settings, refused = parse(values)
    if settings.version > VERSION:
        settings.may_write = False
        return settings, tr(
            "{file} is of a newer version of the app: what is known of it is used, and it is left "
            "as it is.",
            file=file.name,
        )
    messages = []
    if refused:
        reasons, aside = "; ".join(map(str, refused)), copy_aside(file)
        settings.may_write = bool(aside)
        messages.append(
            tr(
                "{file}: {reasons}. The default is used, and the file as it was is {aside}.",
                file=file.name,
                reasons=reasons,
                aside=aside or file.name,
            )
        )
    if settings.unknown:
        names = ", ".join(map(shortened, settings.unknown))
        messages.append(
            tr("{file} has keys that are unknown: {names}.", file=file.name, names=names)
        )
    return settings, printable(" ".join(messages))


def parse(values: Mapping[str, Any]) -> tuple[Settings, list[BadInput]]:
    """Settings from the nested values of a TOML file, and why some of them were refused."""
    settings = Settings()
    refused: list[BadInput] = []
    for key, value in values.items():
        try:
            match key:
                case "version":
                    settings.version = version_of(value)
                case "theme":
                    settings.theme = text_of(key, value)
                case "ascii":
                    settings.ascii = flag_of(key, value)
                case "live":
                    settings.live = flag_of(key, value)
                case "keep_runs":
                    settings.keep_runs = flag_of(key, value)
                case "keys":
                    settings.keys, reasons = keys_of(table_of(key, value))
                    refused += reasons
                case "experiment":
                    table = table_of(key, value)
                    if waits(flattened(table)):
                        settings.unread = table
                    else:
                        settings.experiment, reasons = experiment_of(table)
                        refused += reasons
                case _:
                    settings.unknown[key] = value
        except BadInput as error:
            refused.append(error)
    return settings, refused


def version_of(value: object) -> int:
    """A version of the format; raises BadInput."""
    if type(value) is not int or value < 1:
        raise BadInput("version", value, tr("must be a whole number at least 1"))
    return value


def text_of(key: str, value: object) -> str:
    """A text; raises BadInput."""
    if not isinstance(value, str):
        raise BadInput(key, value, tr("must be text in quotation marks"))
    return value


def key_of(setting: str, value: object) -> str:
    """The name of a key, or several; raises BadInput."""
    key = text_of(setting, value)
    if not key.isprintable() or len(key) > LONGEST_KEY:
        raise BadInput(setting, key, tr("must be the name of a key"))
    return key


def flag_of(key: str, value: object) -> bool:
    """Yes or no; raises BadInput."""
    if not isinstance(value, bool):
        raise BadInput(key, value, tr("must be true or false"))
    return value


def table_of(key: str, value: object) -> Mapping[str, Any]:
    """A table; raises BadInput."""
    if not isinstance(value, Mapping):
        raise BadInput(key, value, tr("must be a table, [{key}]", key=key))
    return value


def keys_of(table: Mapping[str, Any]) -> tuple[dict[str, str], list[BadInput]]:
    """The remapped keys of a table, and why some of them were refused."""
    keys: dict[str, str] = {}
    refused: list[BadInput] = []
    for action, key in table.items():
        try:
            keys[action] = key_of(f"keys.{action}", key)
        except BadInput as error:
            refused.append(error)
    return keys, refused


def experiment_of(table: Mapping[str, Any]) -> tuple[Experiment, list[BadInput]]:
    """The experiment of a table without the keys that it refuses, and why it does."""
    changes = flattened(table)
    refused: list[BadInput] = []
    while True:
        try:
            return Experiment().changed(changes), refused
        except BadInput as error:
            refused.append(error)
            # Settings that do not go together name a key that need not stand in the file.
            bad = [key for key in changes if key == error.key or key.startswith(f"{error.key}.")]
            for key in bad or list(changes):
                del changes[key]


def save(settings: Settings, file: Path) -> str:
    """Write the settings, all or nothing; the message is empty if that worked."""
    if not settings.may_write:
        return tr("{file} is left as it is: nothing is remembered.", file=file.name)
    return write_kept(to_values(settings), file)


def to_values(settings: Settings) -> dict[str, Any]:
    """The nested values of the file of these settings."""
    values: dict[str, Any] = {
        **settings.unknown,
        "version": VERSION,
        "theme": settings.theme,
        "ascii": settings.ascii,
        "live": settings.live,
        "keep_runs": settings.keep_runs,
    }
    if settings.keys:
        values["keys"] = settings.keys
    values["experiment"] = settings.unread or settings.experiment.to_dict()
    return values
