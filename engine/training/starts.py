"""Data and theory of one experiment after another, shared as far as they are the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.experiment import KEYS, Experiment

if TYPE_CHECKING:
    from engine.problem import Problem
    from engine.theory.facts import Facts

OF_DATA = {"data", "model", "seed", "device", "standardize", "validation_split"}
"""Keys that the data depend on, as training sees them; the start does on `init` besides."""
OF_STEPS = {"init", "loop", "lr", "schedule", "epochs", "patience"}
"""Keys that theory does not ask for; where it depends on the start, on that alone."""


class Starts:
    """Draws the data of an experiment, and looks at them, unless the last one had the same."""

    def __init__(self) -> None:
        self._last: tuple[Problem, Facts] | None = None

    def of(self, experiment: Experiment) -> tuple[Problem, Facts]:
        """The problem of an experiment and what is known of it before its first step."""
        problem = self.drawn(experiment)
        self._last = problem, self.facts(problem)
        return self._last

    def drawn(self, experiment: Experiment) -> Problem:
        """The problem of an experiment; raises BadInput when its device is not there."""
        from engine.problem import begin, build

        if self._last is None or differences(self._last[0].experiment, experiment) & OF_DATA:
            return build(experiment)
        problem = self._last[0]
        start = begin(experiment, problem.device, problem.y.dtype)
        return replace(problem, experiment=experiment, start=start)

    def facts(self, problem: Problem) -> Facts:
        """What is known of a problem before its first step, wherever it starts."""
        from engine.catalog.model import Linear
        from engine.catalog.parameters import numbers
        from engine.theory import gather

        if (
            self._last is None
            or differences(self._last[0].experiment, problem.experiment) - OF_STEPS
        ):
            return gather.facts(problem)
        before, start = self._last[1], numbers(problem.start)
        if start == before.start:
            return before
        if not (
            isinstance(problem.model, Linear) and problem.experiment.loss.entry.bounded_curvature
        ):
            return gather.facts(problem)
        return replace(before, start=start, start_loss=problem.mean_loss(problem.start))


def differences(one: Experiment, other: Experiment) -> set[str]:
    """The keys of which two experiments have other values."""
    return {key for key in KEYS if getattr(one, key) != getattr(other, key)}
