"""Data and theory of one experiment after another, shared where lr or start alone is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.experiment import Experiment

if TYPE_CHECKING:
    from engine.problem import Problem
    from engine.theory.facts import Facts


class Starts:
    """Draws the data of an experiment, and looks at them, unless the last one had the same."""

    def __init__(self) -> None:
        self._last: tuple[Problem, Facts] | None = None

    def of(self, experiment: Experiment) -> tuple[Problem, Facts]:
        """The problem of an experiment and what is known of it before its first step."""
        from engine.problem import build
        from engine.theory.gather import facts, restarted

        again = restarted(*self._last, experiment) if self._last else None
        if again is None:
            problem = build(experiment)
            again = problem, facts(problem)
        self._last = again
        return again
