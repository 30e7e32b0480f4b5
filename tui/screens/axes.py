"""What is swept, as fields: two axes with their values, and what is measured."""

from __future__ import annotations

import math
from typing import Any

from engine.experiment import Experiment
from engine.jobs.axis import numeric, numeric_keys, parse_axis, zoomed
from engine.jobs.sweep import Sweep
from engine.support.errors import BadInput
from engine.support.translation import Translatable, tr
from tui.charts.sweep import MEASURES
from tui.forms.fields import Choice, Row
from tui.forms.form import Form

MOST_RUNS = 100_000
"""More than a screen has cells for, and as many as it takes in while it answers to keys."""

NONE: Translatable = "none"
USUAL = {
    "lr": "log:1e-3:3:32",
    "batch_size": "log:1:100:16",
    "epochs": "lin:1:10:10",
    "seed": "lin:0:31:32",
    "data.n": "log:10:10000:10",
    "data.noise": "log:1e-3:1:16",
    "init.std": "log:1e-3:10:16",
    "data.correlation": "lin:0:0.9:10",
    "data.outliers": "lin:0:0.5:11",
    "data.outlier_size": "lin:0:20:11",
    "data.current": "log:0.1:10:10",
    "loss.delta": "log:1e-2:10:16",
    "loss.beta": "log:1e-2:10:16",
}
"""Values that suit a key better than its limits would."""


def around(limit: float, experiment: Experiment) -> str:
    """Values of the lr from far below its limit to twice that: the usual ones where none is known.

    Optimizers that scale their own steps have none.
    """
    if not experiment.optimizer.entry.is_linear or not 0 < limit < math.inf:
        return USUAL["lr"]
    return f"log:{limit / 3000:.1g}:{2 * limit:.2g}:32"


def offered(key: str, experiment: Experiment, limit: float = math.inf) -> str:
    """The values offered for a key when it is chosen."""
    if key == "lr":
        return around(limit, experiment)
    if key in USUAL:
        return USUAL[key]
    param = numeric(key, experiment)
    low = param.low or 0.0
    high = 1.0 if param.high is None else min(param.high, low + 1)
    return f"lin:{high / 10 if param.above else low:g}:{high:g}:11"


class AxesForm(Form):
    """What is swept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.texts: dict[Translatable, str] = {
            "x": "lr",
            "x values": USUAL["lr"],
            "y": "batch_size",
            "y values": USUAL["batch_size"],
            "measure": MEASURES[0],
        }

    def rows(self, experiment: Experiment) -> list[Row]:
        """Both axes with their values, and what is measured."""
        keys = tuple(Choice(key, key) for key in numeric_keys(experiment))
        choices = {
            "x": keys,
            "y": (Choice(NONE, tr(NONE)), *keys),
            "measure": tuple(Choice(measure, tr(measure)) for measure in MEASURES),
        }
        return [
            Row(key, tr(key), text, choices.get(key, ()))
            for key, text in self.texts.items()
            if not (key == "y values" and self.texts["y"] == NONE)
        ]

    def sweep(self, experiment: Experiment) -> Sweep:
        """The sweep that the form describes; raises BadInput."""
        axes = [parse_axis(f"{self.texts['x']}={self.texts['x values']}", experiment)]
        if self.texts["y"] != NONE:
            axes.append(parse_axis(f"{self.texts['y']}={self.texts['y values']}", experiment))
        sweep = Sweep(experiment, tuple(axes))
        if len(sweep) > MOST_RUNS:
            allowed = tr("on the screen a sweep has at most {most} runs", most=MOST_RUNS)
            raise BadInput("axis", len(sweep), allowed)
        return sweep

    def zoom(self, experiment: Experiment, at: dict[str, float], closer: bool) -> None:
        """Half the range around these values of its axes, or twice it; raises BadInput."""
        for axis in ("x", "y"):
            key, values = self.texts[axis], f"{axis} values"
            if key in at:
                self.texts[values] = zoomed(key, self.texts[values], at[key], closer, experiment)

    def turn(self) -> None:
        """Choose the next measure."""
        place = MEASURES.index(self.texts["measure"])
        self.texts["measure"] = MEASURES[(place + 1) % len(MEASURES)]
