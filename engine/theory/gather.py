"""Puts together the facts of a problem."""

from __future__ import annotations

from dataclasses import replace

import torch

from engine.catalog.model import Linear
from engine.catalog.parameters import Values, numbers
from engine.problem import Problem
from engine.statistics.diagnostics import Diagnostics, diagnostics
from engine.statistics.line import Line, fit_line
from engine.support.device import available, describe
from engine.theory.expected_loss import loss_of_the_truth, symbol_of
from engine.theory.facts import Facts, Sample
from engine.theory.floor import Floor
from engine.theory.optimum import has_closed_form, optimum
from engine.theory.remedy import remedy
from engine.theory.stability import stability

SAMPLE_SIZE = 400
"""Data points handed out for charts."""


def facts(problem: Problem) -> Facts:
    """What is known of a problem before training: truth, optimum, noise floor, start, …"""
    line = least_squares_of(problem)
    best = best_values(problem, line)
    stable, closed = stability(problem), has_closed_form(problem)
    n = len(problem.X)
    chosen = slice(0, min(n, SAMPLE_SIZE))
    X, y = problem.X[chosen], problem.y[chosen]
    return Facts(
        n=n,
        features=problem.dataset.features,
        steps_per_epoch=problem.experiment.steps_per_epoch,
        device=describe(problem.device),
        devices=tuple(str(device) for device in available()),
        true=problem.true_values,
        optimum=best,
        has_closed_form=closed,
        floor=floor_at(problem, best),
        stability=stable,
        start=numbers(problem.start),
        start_loss=problem.mean_loss(problem.start),
        sample=Sample(
            tuple(tuple(column) for column in X.T.tolist()),
            tuple(y[:, 0].tolist()),
            diagnostics_of(problem, line, chosen) if line and line.df > 0 else None,
            () if problem.lines is None else tuple(problem.lines[chosen].tolist()),
        ),
        digits=24 if problem.y.dtype == torch.float32 else 53,
        scaling=problem.scaling,
        remedy=remedy(problem, stable, closed),
    )


def diagnostics_of(problem: Problem, line: Line, chosen: slice) -> Diagnostics:
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
