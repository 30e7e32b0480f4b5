"""Puts together the facts of a problem."""

from __future__ import annotations

import torch

from engine.catalog.model import Linear
from engine.catalog.parameters import Values, numbers
from engine.problem import Problem
from engine.support.device import available, describe
from engine.theory.closed_form import least_squares, ridge_rows
from engine.theory.expected_loss import loss_of_the_truth, shift_of, symbol_of
from engine.theory.facts import Facts, Sample
from engine.theory.floor import Floor
from engine.theory.stability import stability

SAMPLE_SIZE = 400
"""Data points handed out for charts."""


def facts(problem: Problem) -> Facts:
    """What is known of a problem before training: truth, closed form, noise floor, start, …"""
    model = problem.model
    closed_form: Values = {}
    shift = shift_of(problem)
    if isinstance(model, Linear):
        closed_form = model.named(least_squares(*ridge_rows(problem, model)).tolist())
        if shift and model.bias:
            closed_form = {**closed_form, model.bias: (closed_form[model.bias][0] + shift,)}
    n = len(problem.X)
    resolution = 4 * torch.finfo(torch.float32).eps
    chosen = slice(0, min(n, SAMPLE_SIZE))
    return Facts(
        n=n,
        features=problem.dataset.features,
        steps_per_epoch=problem.experiment.steps_per_epoch,
        device=describe(problem.device),
        devices=tuple(str(device) for device in available()),
        true=problem.true_values,
        closed_form=closed_form,
        floor=Floor(
            noise=loss_of_the_truth(problem, shift),
            optimum=problem.mean_loss(problem.tensors(closed_form)) if closed_form else 0.0,
            rounding=float(problem.loss(resolution * problem.y).mean()),
            symbol=symbol_of(problem),
        ),
        stability=stability(problem),
        start=numbers(problem.start),
        start_loss=problem.mean_loss(problem.start),
        sample=Sample(
            tuple(tuple(column) for column in problem.X[chosen].T.tolist()),
            tuple(problem.y[chosen, 0].tolist()),
        ),
    )
