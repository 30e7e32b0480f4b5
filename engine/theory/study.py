"""What theory says of an experiment at one place: curvature, limits, gradient noise, one gradient.

Everything is worked out from the data themselves, for the objective that training goes down.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.catalog.parameters import Values, labels
from engine.experiment import Experiment
from engine.problem import Problem, build
from engine.support.translation import tr
from engine.theory.curvature import Curvature, curvature, hessian
from engine.theory.derivatives import Loss, slopes
from engine.theory.facts import Facts
from engine.theory.noise import GradientNoise, gradient_noise
from engine.theory.second_derivatives import Method, methods
from engine.theory.stability import Limit, weight_decay
from engine.theory.xray import Xray, xray


@dataclass(frozen=True, eq=False)
class Study:
    """Theory at one place θ."""

    experiment: Experiment
    params: Values
    """θ by name."""
    labels: tuple[str, ...]
    """A label for each number of θ, in the order of the matrices: w[0], w[1], b."""
    facts: Facts
    hessian: Tensor
    """∇² of the objective at θ (p, p), by the formula."""
    second: tuple[Method, ...]
    """The methods for second derivatives, tried here."""
    curvature: Curvature
    """Its eigenvalues."""
    headings: tuple[Values, ...]
    """Its eigenvectors by parameter names."""
    limit: Limit
    """Of the experiment's own optimizer and minibatches."""
    noise: GradientNoise
    batch_size: int
    xray: Xray
    """The gradient of one minibatch, three ways."""
    minibatch_size: int
    """Samples in that minibatch."""
    step: int
    """The step that used it, which led to this place; 0 at the start, where it is the first one."""

    @property
    def autograd_apart(self) -> float:
        """Largest difference of autograd's second derivatives to the formula."""
        return max(method.off for method in self.second if method.off is not None)

    @property
    def gradient_variance(self) -> float:
        """Variance of the experiment's own minibatch gradient."""
        return self.noise.variance(self.batch_size)


def study(
    experiment: Experiment,
    facts: Facts,
    params: Values,
    step: int = 0,
) -> Study:
    """Theory of an experiment at `params`, where so many steps led, with one minibatch's gradient.

    That is the minibatch of the last of them, or the first one of the run. The data are drawn anew;
    they are the same. Raises ValueError where θ is not finite.
    """
    if not all(math.isfinite(number) for _, number in labels(params)):
        raise ValueError(
            tr("the parameters are no longer finite: nothing can be said of this place")
        )
    problem = build(experiment)
    model = experiment.linear_model(tr("theory needs a model that is linear in its parameters"))
    design, decay = model.design(problem.X), weight_decay(problem)
    tensors = problem.tensors(params)
    theta = torch.cat([tensors[name].flatten() for name in model.shapes]).cpu().double()
    loss = stepped_loss(problem, experiment.batch_size)
    H = hessian(design, problem.y, theta, loss, decay)
    pull = torch.zeros_like(theta)
    pull[: model.features] = slopes(problem.penalty_of, theta[: model.features])
    noise = gradient_noise(design, problem.y, theta, loss, pull)
    X, y = problem.minibatch(max(step, 1))
    labels_seen = y if experiment.reshape else y.flatten()

    seen = stepped_loss(problem, len(X))

    def slope(r: Tensor) -> Tensor:
        if experiment.loss.entry.derivative is None:
            with torch.enable_grad():
                return slopes(seen, r)
        return experiment.times_mean(len(X)) * experiment.loss.derivative(r)

    # The steps of a loss with a kink do not shrink: the curvature of a penalty sets no limit.
    bent = curvature(torch.zeros_like(H) if experiment.loss.entry.kinks else H)
    return Study(
        experiment=experiment,
        params=params,
        labels=experiment.parameter_names(),
        facts=facts,
        hessian=H,
        second=tuple(methods(objective_of(problem, design), theta, H, len(design))),
        curvature=bent,
        headings=tuple(map(model.named, bent.eigenvectors.T.tolist())),
        limit=facts.stability.limit,
        noise=noise,
        batch_size=min(experiment.batch_size, len(problem.X)),
        xray=xray(model, tensors, X, labels_seen, seen, slope, problem.penalty),
        minibatch_size=len(X),
        step=step,
    )


def stepped_loss(problem: Problem, samples: int) -> Loss:
    """The loss as many times as steps over minibatches of so many samples follow its mean."""
    times = problem.experiment.times_mean(samples)
    return problem.loss if times == 1 else lambda r: times * problem.loss(r)


def objective_of(problem: Problem, design: Tensor) -> Callable[[Tensor], Tensor]:
    """The objective as a function of θ (p,), float64 on the CPU."""
    loss = stepped_loss(problem, problem.experiment.batch_size)
    X, y, features = design.cpu().double(), problem.y.cpu().double(), problem.dataset.features

    def objective(at: Tensor) -> Tensor:
        mean = loss(X @ at[:, None] - y).mean()
        return mean + problem.penalty_of(at[:features]).sum()

    return objective
