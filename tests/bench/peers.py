"""The same work done by other libraries at their best."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from torch import Tensor

HERE = {name: find_spec(name) is not None for name in ("jax", "sklearn")}
"""Which of them are installed."""


def jax_epochs(X: Tensor, y: Tensor, size: int, lr: float) -> Callable[[int], object]:
    """Train for so many epochs by a jitted scan over epochs of a scan over minibatches.

    The fastest of eight ways to write it: numpy shuffles (JAX's own permutation sorts, which takes
    many times as long as the steps), and the rows are put in order once an epoch. The data are
    arguments, not constants; the losses of all epochs come back at the end.
    """
    import jax
    from jax import lax
    from jax import numpy as jnp

    n, d = X.shape
    whole = n // size * size

    def mean_loss(theta: Any, X: Any, y: Any) -> Any:
        r = X @ theta[:-1] + theta[-1] - y
        return (r * r).mean() / 2

    def step(theta: Any, minibatch: Any) -> tuple[Any, None]:
        # A short last minibatch counts as much less as it is shorter.
        weight = lr * len(minibatch[1]) / size
        return theta - weight * jax.grad(mean_loss)(theta, *minibatch), None

    def epoch(theta: Any, order: Any, X: Any, y: Any) -> tuple[Any, Any]:
        first, rest = order[:whole], order[whole:]
        theta, _ = lax.scan(
            step, theta, (X[first].reshape(-1, size, d), y[first].reshape(-1, size))
        )
        if len(rest):
            theta, _ = step(theta, (X[rest], y[rest]))
        return theta, mean_loss(theta, X, y)

    def all_epochs(theta: Any, orders: Any, X: Any, y: Any) -> Any:
        return lax.scan(lambda theta, order: epoch(theta, order, X, y), theta, orders)

    compiled = jax.jit(all_epochs)
    data = jnp.asarray(X.numpy()), jnp.asarray(y.numpy().ravel())
    theta = jnp.zeros(d + 1, jnp.float32)
    random = np.random.default_rng(7)

    def run(count: int) -> object:
        nonlocal theta
        orders = np.tile(np.arange(n, dtype=np.int32), (count, 1))
        for order in orders:
            random.shuffle(order)
        theta, losses = compiled(theta, orders, *data)
        return np.asarray(losses)

    return run


def sklearn_epochs(X: Tensor, y: Tensor, lr: float, *, with_loss: bool) -> Callable[[int], object]:
    """Train for so many epochs by SGDRegressor, which takes a step a sample.

    With the loss over all data after each epoch it must be called an epoch at a time.
    """
    from sklearn.linear_model import SGDRegressor

    features, labels = X.numpy(), y.numpy().ravel()
    # Of so many features a step with one sample bears only a smaller lr.
    settings = {"penalty": None, "learning_rate": "constant", "eta0": lr / (1 + X.shape[1])}
    model = SGDRegressor(**settings)

    def epochs(count: int) -> object:
        losses = []
        for _ in range(count):
            model.partial_fit(features, labels)
            r = features @ model.coef_ + (model.intercept_ - labels)
            losses.append(float(r @ r) / len(r) / 2)
        return losses

    def without_loss(count: int) -> object:
        return SGDRegressor(**settings, max_iter=count, tol=None).fit(features, labels)

    return epochs if with_loss else without_loss
