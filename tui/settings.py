"""What is remembered between two sessions, in one TOML file that a person can edit."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from engine.experiment import Experiment
from engine.registry import BadInput
from engine.words import tr


@dataclass
class Settings:
    """Theme, remapped keys and the last experiment."""

    theme: str = "linreg-dark"
    ascii: bool = False
    """Draw with ASCII characters only."""
    keys: dict[str, str] = field(default_factory=dict)
    """Action id → key, where it differs from the table in keys.py."""
    experiment: Experiment = field(default_factory=Experiment)


def load(file: Path) -> tuple[Settings, str]:
    """The settings in a file and a message, empty if all is well.

    A file that cannot be understood is renamed and kept; the defaults are used instead.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings(), ""
    except (OSError, UnicodeDecodeError) as error:
        return Settings(), set_aside(file, str(error))
    try:
        return parse(tomllib.loads(text)), ""
    except (ValueError, RecursionError) as error:  # of TOML itself, or refused by parse
        return Settings(), set_aside(file, str(error))


def parse(values: dict[str, Any]) -> Settings:
    """Settings from the nested values of a TOML file; raises BadInput."""
    settings = Settings()
    for key, value in values.items():
        if key == "experiment" and isinstance(value, dict):
            settings.experiment = Experiment.from_dict(value)
        elif key == "theme" and isinstance(value, str):
            settings.theme = value
        elif key == "ascii" and isinstance(value, bool):
            settings.ascii = value
        elif (
            key == "keys"
            and isinstance(value, dict)
            and all(isinstance(name, str) for name in value.values())
        ):
            settings.keys = value
        else:
            names = "theme, ascii, keys, experiment"
            raise BadInput(key, value, tr("not a setting; the settings are {names}", names=names))
    return settings


def set_aside(file: Path, reason: str) -> str:
    """Rename a damaged file, so that it is neither used nor lost; the message says where to."""
    aside = file.with_suffix(".damaged.toml")
    count = 1
    while aside.exists():
        count += 1
        aside = file.with_suffix(f".damaged-{count}.toml")
    try:
        file.rename(aside)
    except OSError:
        return tr(
            "The settings could not be read ({reason}); the defaults are used.", reason=reason
        )
    return tr(
        "The settings were damaged ({reason}); they are kept as {file}.",
        reason=reason,
        file=aside.name,
    )


def save(settings: Settings, file: Path) -> str:
    """Write the settings, all or nothing; the message is empty if that worked."""
    values: dict[str, Any] = {"theme": settings.theme, "ascii": settings.ascii}
    if settings.keys:
        values["keys"] = settings.keys
    values["experiment"] = settings.experiment.to_dict()
    beside = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(tomli_w.dumps(values), encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        return tr("The settings could not be saved: {error}", error=error)
    return ""
