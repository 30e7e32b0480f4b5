"""Experiments that a person keeps under a name: TOML files in one folder, or wherever they like."""

from __future__ import annotations

from pathlib import Path

from engine.experiment import Experiment
from engine.support.errors import BadInput
from engine.support.outside import read_text
from engine.support.translation import tr
from engine.support.user_files import experiments_folder, write_kept
from engine.support.visitor import file_at

SUFFIX = ".toml"


def file_named(name: str) -> Path:
    """The file of a name; a path, which has a slash in it, stands for itself. Raises BadInput."""
    name = name.strip()
    if not name.strip("./") or (name.startswith(".") and "/" not in name):
        raise BadInput("name", name, tr("must be a name or a path"))
    if not name.isprintable():
        raise BadInput("name", name, tr("must have no control characters"))
    file = file_at(name, "name") if "/" in name else experiments_folder() / name
    return file if file.suffix == SUFFIX else file.with_name(file.name + SUFFIX)


def saved() -> list[Path]:
    """The files in the folder, by name."""
    return sorted(experiments_folder().glob(f"*{SUFFIX}"))


def read_saved(file: Path) -> Experiment:
    """The experiment in a file; raises BadInput."""
    try:
        return Experiment.from_toml(read_text(file))
    except OSError as error:
        allowed = tr("cannot be read: {reason}", reason=error.strerror or str(error))
        raise BadInput("experiment", file, allowed) from None


def save(experiment: Experiment, file: Path) -> str:
    """Write an experiment, in place of what the file held; the message is empty if that worked."""
    return write_kept(experiment.to_dict(), file)
