"""The experiment that a file of data is opened with."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.catalog.choice import choose
from engine.data.sensing import Asked
from engine.experiment import Experiment

FEWEST_STEPS = 1000
"""That the first run takes: enough for standardized columns to be learned."""
LARGE = 20_000
"""Rows from which on the compiled loop takes the steps."""


def experiment_on(path: str, settings: Mapping[str, str]) -> Experiment:
    """An experiment on a file, or on standard input where the path is -; raises BadInput.

    What `settings` leave open goes with the number of rows: the first run is over soon, and near
    the optimum. They are as a person types them.
    """
    about_data = {key: text for key, text in settings.items() if key.startswith("data.")}
    opened = {"data": "file", "data.path": path, **about_data}
    experiment = Experiment(lr=0.1).changed_by_text(opened)
    n = experiment.train_size
    batch_size = max(1, min(10, n // 5)) if n < LARGE else 100
    epochs = max(3, min(100, math.ceil(FEWEST_STEPS * batch_size / n)))
    experiment = with_digest(experiment).changed(
        {
            "batch_size": batch_size,
            "epochs": epochs,
            "loop": "scratch" if n < LARGE else "fast",
        }
    )
    return experiment.changed_by_text(settings)


def with_digest(experiment: Experiment) -> Experiment:
    """The experiment with the digest of its file, if it is on one and has none; raises BadInput."""
    if not over_file(experiment) or experiment.data.options["sha256"]:
        return experiment
    return experiment.changed({"data.sha256": experiment.dataset().sha256})


def asked_of(experiment: Experiment) -> Asked:
    """What an experiment on a file says of it."""
    options = experiment.data.options
    return Asked(**{name: options[name] for name in vars(Asked()) if name in options})


def settings_of(asked: Asked) -> dict[str, str]:
    """What is said of a file as settings of an experiment on it: the inverse of `asked_of`."""
    names = {param.name for param in choose("data", "file").entry.params}
    return {f"data.{name}": value for name, value in vars(asked).items() if name in names}


def over_file(experiment: Experiment) -> str:
    """The path of the file that an experiment is on; empty where its data are generated."""
    return str(experiment.data.options["path"]) if experiment.data.name == "file" else ""
