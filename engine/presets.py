"""Ready experiments, named as on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from engine.experiment import Experiment
from engine.registry import BadInput


@dataclass(frozen=True)
class Preset:
    """An experiment with a name and a title."""

    name: str
    title: str
    experiment: Experiment


BASELINE = Experiment()

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("scratch", "d2l §3.2, linear regression from scratch", BASELINE),
        Preset(
            "exercise-1",
            "d2l §3.2 exercise 1, all parameters start at zero",
            BASELINE.changed({"init": "zeros", "data.n": 100, "batch_size": 2}),
        ),
        Preset(
            "ohm",
            "d2l §3.2 exercise 2, Ohm's law: find the resistance",
            BASELINE.changed({"data": "ohm", "model": "ohm", "batch_size": 2}),
        ),
        Preset(
            "concise",
            "d2l §3.3, the concise form: nn.Linear, DataLoader, MSELoss, SGD",
            BASELINE.changed({"loop": "concise", "loss": "squared", "reduction": "mean"}),
        ),
        Preset(
            "huber",
            "d2l §3.3 exercise 2, the concise form with HuberLoss",
            BASELINE.changed({"loop": "concise", "loss": "huber", "reduction": "mean"}),
        ),
    )
}


def preset(name: str) -> Preset:
    """The preset of that name; raises BadInput naming the others when there is none."""
    if name not in PRESETS:
        raise BadInput("preset", name, "choose from " + ", ".join(PRESETS))
    return PRESETS[name]


@lru_cache(maxsize=64)  # asked for again with every picture of a run
def title_of(experiment: Experiment) -> str:
    """The title of the preset that an experiment is, apart from seed and device; else its parts."""
    for known in PRESETS.values():
        if (
            experiment.changed({"seed": known.experiment.seed, "device": "auto"})
            == known.experiment
        ):
            return known.title
    return " · ".join(
        (
            f"{experiment.entry('data').label} data",
            f"{experiment.entry('loss').label} loss",
            f"{experiment.loop} loop",
        )
    )
