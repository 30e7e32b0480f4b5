"""Puts together the facts of a problem."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from engine.catalog.model import Linear
from engine.catalog.parameters import Values, numbers
from engine.problem import Problem
from engine.statistics.diagnostics import Diagnostics, diagnostics
from engine.statistics.line import Line, fit_line
from engine.support.device import available, describe
from engine.theory.descent import descent
from engine.theory.expected_loss import loss_of_the_truth, symbol_of
from engine.theory.facts import Facts, Sample
from engine.theory.floor import Floor
from engine.theory.optimum import has_closed_form, optimum
from engine.theory.remedy import remedy
from engine.theory.stability import stability

SAMPLE_SIZE = 400
"""Data points handed out for charts."""
FARTHEST = 20
"""Of them, those with the largest Cook's distances; as many have the largest residuals."""
MOST_RANKED = 1_000_000
"""Training rows among which the farthest are looked for."""


def facts(problem: Problem) -> Facts:
    """What is known of a problem before training: truth, optimum, noise floor, start, …"""
    line = least_squares_of(problem)
    best = best_values(problem, line)
    stable, closed = stability(problem), has_closed_form(problem)
    floor = floor_at(problem, best)
    chosen = sample_rows(problem, line if line and line.df > 0 else None)
    X, y = problem.X[chosen.rows], problem.y[chosen.rows]
    return Facts(
        n=problem.n,
        features=problem.dataset.features,
        steps_per_epoch=problem.experiment.steps_per_epoch,
        device=describe(problem.device),
        devices=tuple(str(device) for device in available()),
        true=problem.true_values,
        optimum=best,
        has_closed_form=closed,
        floor=floor,
        stability=stable,
        start=numbers(problem.start),
        start_loss=problem.mean_loss(problem.start),
        sample=Sample(
            tuple(tuple(column) for column in X.T.tolist()),
            tuple(y[:, 0].tolist()),
            chosen.diagnostics,
            () if problem.lines is None else tuple(problem.lines[chosen.rows.numpy()].tolist()),
            tuple(chosen.rows.tolist()),
        ),
        digits=24 if problem.y.dtype == torch.float32 else 53,
        scaling=problem.scaling,
        remedy=remedy(problem, stable, closed),
        descent=descent(problem, best, floor),
    )


class Chosen(NamedTuple):
    """Training rows for charts."""

    rows: Tensor
    """Their indices, in order."""
    diagnostics: Diagnostics | None


def sample_rows(problem: Problem, line: Line | None) -> Chosen:
    """Training rows from the first to the last where their order tells something, else the first.

    Among the former are those that bend the line most, however many rows there are.
    """
    n = len(problem.X)
    first = torch.arange(min(n, SAMPLE_SIZE))
    if n <= SAMPLE_SIZE or not problem.dataset.in_order:
        return Chosen(first, diagnostics_of(problem, line, first) if line else None)
    if line is None or n > MOST_RANKED:
        rows = spaced(n, SAMPLE_SIZE)
        return Chosen(rows, diagnostics_of(problem, line, rows) if line else None)
    of_all = diagnostics_of(problem, line, slice(n))
    far = [x.nan_to_num().abs().topk(FARTHEST).indices for x in (of_all.cook, of_all.residual)]
    rows = torch.cat([spaced(n, SAMPLE_SIZE - 2 * FARTHEST), *far]).unique()
    return Chosen(rows, of_all.of(rows))


def spaced(n: int, count: int) -> Tensor:
    """`count` of n indices, from the first to the last."""
    return torch.linspace(0, n - 1, count, dtype=torch.float64).round().long()


def diagnostics_of(problem: Problem, line: Line, chosen: Tensor | slice) -> Diagnostics:
    """How some of the training rows stand to their least squares, in the units of the data."""
    rows, scaling = diagnostics(line, problem.X[chosen], problem.y[chosen]), problem.scaling
    if scaling is None:
        return rows
    return replace(
        rows,
        fitted=scaling.original_labels(rows.fitted),
        residual=rows.residual * scaling.y_deviation,
    )


def floor_of(problem: Problem) -> Floor:
    """Where nothing is left to learn; see `facts` for all that is known."""
    return floor_at(problem, best_values(problem))


def least_squares_of(problem: Problem) -> Line | None:
    """The least squares of the training rows; None for a model that is not linear."""
    model = problem.model
    if not isinstance(model, Linear):
        return None
    return fit_line(problem.X, problem.y, model.bias is not None)


def best_values(problem: Problem, line: Line | None = None) -> Values:
    """The optimum by parameter names; empty for a model that is not linear in its parameters."""
    model = problem.model
    return model.named(optimum(problem, model, line).tolist()) if isinstance(model, Linear) else {}


def floor_at(problem: Problem, best: Values) -> Floor:
    """The floor of a problem whose optimum is known."""
    resolution = 4 * torch.finfo(problem.y.dtype).eps
    return Floor(
        noise=loss_of_the_truth(problem),
        optimum=problem.mean_loss(problem.tensors(best)) if best else None,
        rounding=float(problem.loss(resolution * problem.y).mean()),
        symbol=symbol_of(problem),
    )
