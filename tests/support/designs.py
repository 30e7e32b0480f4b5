"""Design matrices and losses for the tests of curvature and noise."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from torch import Tensor

from engine.catalog.losses import LOSSES
from engine.experiment import Experiment
from engine.problem import build
from engine.theory import derivatives as theory
from engine.theory.curvature import Curvature
from tests.support.runs import Array


def loss_of(name: str, **params: float) -> theory.Loss:
    """A loss of the registry with its default parameters or others."""
    function, settings = LOSSES[name].function, {**LOSSES.defaults(name), **params}
    return lambda r: function(r, **settings)


def hessian_of(curvature: Curvature) -> Tensor:
    """The Hessian (p, p) whose eigenvalues and eigenvectors these are."""
    vectors = curvature.eigenvectors
    return vectors @ curvature.eigenvalues.diag() @ vectors.T


def standard(n: int = 1000, seed: int = 0, **data: object) -> tuple[Tensor, Tensor]:
    """X̃ (n, p) and y (n, 1) of the lab's standard data in float64, with some settings changed."""
    changes = {f"data.{name}": value for name, value in data.items()}
    problem = build(Experiment(seed=seed).changed({"data.n": n, **changes}))
    return problem.linear.design(problem.X).double(), problem.y.double()


@st.composite
def designs(draw: st.DrawFn) -> tuple[Array, int]:
    """X̃ (n, p) of any scales and correlations, and how many of its columns depend on others."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    features, n = draw(st.integers(1, 20)), draw(st.integers(30, 200))
    share = draw(st.sampled_from([0.0, 0.5, 0.99]))
    X = (1 - share) ** 0.5 * random.normal(size=(n, features))
    X = X + share**0.5 * random.normal(size=(n, 1))
    X = X * 10.0 ** random.uniform(-1.5, 1.5, size=features)
    columns = [X]
    if draw(st.booleans()):
        columns.append(np.ones((n, 1)))
        if draw(st.booleans()):
            columns.append(np.full((n, 1), 3.0))  # a constant feature beside the bias
    dependent = len(columns) // 3
    if draw(st.booleans()):
        columns.append(X[:, :1])
        dependent += 1
    return np.hstack(columns), dependent
