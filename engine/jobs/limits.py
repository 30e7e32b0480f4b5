"""The largest stable learning rate at each place of the axis beside lr of a sweep."""

from __future__ import annotations

from dataclasses import replace

from engine.jobs.lanes import problem_of
from engine.jobs.sweep import Sweep
from engine.problem import first_values
from engine.theory.stability import Limit, stability


def limit_at(sweep: Sweep, place: int) -> Limit:
    """The limit at a place of the axis beside lr; 0 where there is none."""
    places = tuple(0 if axis.key == "lr" else place for axis in sweep.axes)
    run = sweep.at(sweep.values(places))
    shared = problem_of(run)
    start = first_values(run.init, run.seed, shared.model)
    return stability(replace(shared, experiment=run, start=start)).limit
