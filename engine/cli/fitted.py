"""What the commands on regressions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.output import busy_with
from engine.support.translation import tr

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from engine.theory.summary import Summary


def fitted(experiment: Experiment) -> Summary:
    """The regression of an experiment; raises BadInput where it has none."""
    import torch

    from engine.theory.summary import summary

    torch.set_num_threads(1)  # blocks of rows are too small to be shared, as on the screen
    with busy_with(tr("drawing the data and working out the regression")):
        return summary(experiment)
