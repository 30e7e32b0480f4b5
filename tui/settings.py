"""What is remembered between two sessions, in one TOML file that a person can edit."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.experiment import Experiment
from engine.support.errors import BadInput
from engine.support.translation import tr
from engine.support.user_files import read_kept, write_kept


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
    """The settings in a file and a message, empty if all is well; the defaults where it is not."""
    return read_kept(file, parse, Settings())


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


def save(settings: Settings, file: Path) -> str:
    """Write the settings, all or nothing; the message is empty if that worked."""
    values: dict[str, Any] = {"theme": settings.theme, "ascii": settings.ascii}
    if settings.keys:
        values["keys"] = settings.keys
    values["experiment"] = settings.experiment.to_dict()
    return write_kept(values, file)
