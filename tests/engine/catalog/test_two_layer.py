"""Where all weights of two layers begin at zero, no weight ever moves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.experiment import Experiment
from engine.jobs.axis import parse_axis
from engine.jobs.sweep import Sweep
from engine.lessons.attempt import outcome
from engine.problem import build
from engine.session import Session
from engine.settings import Reduction
from engine.support.errors import BadInput
from engine.theory.gather import facts
from engine.theory.stability import MOST_PASSED, local_stability
from engine.training.trainer import train
from tests.support.runs import array, steps_of, wait_until

STUCK = Experiment(epochs=20).changed({"model": "two_layer", "init": "zeros", "data.n": 200})
LEARNING = STUCK.changed({"init": "xavier_normal"})


@pytest.mark.parametrize("loop", ["scratch", "concise"])
@pytest.mark.parametrize("hidden", [1, 2, 5])
def test_both_weight_gradients_are_exactly_zero_and_only_the_bias_learns(
    loop: str, hidden: int
) -> None:
    experiment = STUCK.changed({"loop": loop, "model.hidden": hidden})
    for event in steps_of(train(experiment)):
        grads, params = event.live.grads(), event.live.params()
        for name in ("W1", "W2"):
            assert not grads[name].any()
            assert not params[name].any()
    assert params["b"].any()


def test_the_half_loss_is_stuck_at_half_the_variance_of_y() -> None:
    y = array(build(STUCK).y)
    assert outcome(STUCK).loss == pytest.approx(y.var() / 2, rel=0.01)


def test_the_start_is_a_saddle() -> None:
    """∂²/∂W1∂W2 of the half loss is −Cov(x, y), so eigenvalues come in pairs of both signs."""
    problem = build(STUCK)
    X, y = array(problem.X), array(problem.y)[:, 0]
    pull = float(np.linalg.norm(X.T @ y / len(y)))
    found = facts(problem).stability.curvature.eigenvalues.tolist()
    assert found == pytest.approx([pull, pull, 1.0, 0.0, 0.0, -pull, -pull], rel=1e-6, abs=1e-6)


def test_a_random_start_gets_to_the_noise_floor() -> None:
    run = outcome(LEARNING.changed({"epochs": 30}))
    assert run.facts is not None
    assert run.loss == pytest.approx(run.facts.floor.noise, rel=0.3)


@pytest.mark.parametrize("activation", ["none", "tanh", "relu"])
def test_the_gradient_shown_is_the_finite_difference(activation: str) -> None:
    experiment = LEARNING.changed({"model.activation": activation, "model.hidden": 3, "epochs": 1})
    problem = build(experiment)
    event = next(iter(steps_of(train(experiment))))
    # The live loop has gone on: its first minibatch and gradient are worked out anew.
    order = problem.order(0)[: experiment.batch_size]
    X, y = problem.X[order].double(), problem.y[order].double()
    params = {name: start.double().requires_grad_() for name, start in problem.start.items()}
    loss = problem.loss(problem.model.predict(params, X) - y).mean()
    assert event.loss == pytest.approx(loss.item(), rel=1e-5)
    loss.backward()
    h = 1e-6
    for name, param in params.items():
        assert param.grad is not None
        for index in range(param.numel()):
            sides = []
            for sign in (1, -1):
                moved = {key: value.detach().clone() for key, value in params.items()}
                moved[name].view(-1)[index] += sign * h
                sides.append(problem.loss(problem.model.predict(moved, X) - y).mean().item())
            difference = (sides[0] - sides[1]) / (2 * h)
            assert param.grad.flatten()[index].item() == pytest.approx(
                difference, rel=1e-4, abs=1e-7
            )


@pytest.mark.parametrize("activation", ["none", "tanh", "relu"])
@pytest.mark.parametrize("penalty", ["none", "l2"])
def test_both_loops_take_the_same_steps(activation: str, penalty: str) -> None:
    experiment = LEARNING.changed(
        {"model.activation": activation, "model.hidden": 4, "penalty": penalty, "epochs": 5}
    )
    one, other = (outcome(experiment.changed({"loop": loop})) for loop in ("scratch", "concise"))
    assert one.loss == pytest.approx(other.loss, rel=1e-4)
    for name, values in one.params.items():
        assert values == pytest.approx(other.params[name], rel=1e-3, abs=1e-5)


def test_relu_follows_what_is_no_line() -> None:
    """|x| is two ReLUs; a line can do no better than its mean."""
    X = torch.linspace(-2, 2, 81)[:, None]
    model = LEARNING.changed(
        {"model.activation": "relu", "data.w": (1.0,), "model.hidden": 2}
    ).architecture()
    params = {
        "W1": torch.tensor([[1.0, -1.0]]),
        "b1": torch.zeros(2),
        "W2": torch.ones(2, 1),
        "b": torch.zeros(1),
    }
    torch.testing.assert_close(model.predict(params, X), X.abs())


def test_what_needs_a_line_says_so() -> None:
    with pytest.raises(BadInput, match=r"^loop=fast: two_layer is not linear"):
        STUCK.changed({"loop": "fast"})
    with pytest.raises(BadInput, match=r"^model=two_layer: a sweep needs a model"):
        Sweep(STUCK, (parse_axis("lr=0.1,0.2", STUCK),))


@pytest.mark.parametrize("reduction", ["sum", "mean", "total"])
def test_the_limit_is_that_of_what_the_steps_go_down(reduction: str) -> None:
    """A total follows B times the mean loss, and the penalty once."""
    experiment = replace(LEARNING, reduction=Reduction(reduction), batch_size=20).changed(
        {"model.activation": "tanh", "penalty": "l2", "penalty.strength": 3.0}
    )
    problem = build(experiment)
    X, y, times = problem.X.double(), problem.y.double(), 20 if reduction == "total" else 1

    def objective(theta: torch.Tensor) -> torch.Tensor:
        W1, b1, W2, b = theta.split([4, 2, 2, 1])
        hidden = torch.tanh(X @ W1.reshape(2, 2) + b1)
        mean = (hidden @ W2[:, None] + b - y).square().mean() / 2
        whole: torch.Tensor = times * mean + 1.5 * (W1.square().sum() + W2.square().sum())
        return whole

    start = torch.cat([part.flatten() for part in problem.start.values()]).double()
    H = torch.autograd.functional.hessian(objective, start)
    steepest = float(torch.linalg.eigvalsh(H)[-1])
    assert facts(problem).stability.limit.lr == pytest.approx(2 / steepest, rel=1e-6)


def test_a_net_too_large_for_its_hessian_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^model=two_layer: has 1217 parameters here, at most 1000"):
        STUCK.changed({"data.w": (1.0,) * 18, "model.hidden": 64})
    wide = Experiment().changed({"data.w": (1.0,) * 1000})
    assert sum(map(math.prod, wide.architecture().shapes.values())) == 1001
    with pytest.raises(BadInput, match=r"^data.n=10000000: n times 64 hidden units"):
        STUCK.changed({"data.n": 10_000_000, "model.hidden": 64})


def test_of_many_samples_the_curvature_is_that_of_the_first() -> None:
    few, many = (
        build(LEARNING.changed({"data.n": n, "init": "constant"}))
        for n in (MOST_PASSED, 20 * MOST_PASSED)
    )
    first = replace(many, X=many.X[:MOST_PASSED], y=many.y[:MOST_PASSED])
    found, wanted = (local_stability(one).curvature.eigenvalues for one in (many, first))
    torch.testing.assert_close(found, wanted)
    # Another sample of the same data says nearly the same.
    assert local_stability(few).limit.lr == pytest.approx(local_stability(many).limit.lr, rel=0.2)


def test_the_session_refuses_theory_in_one_line_and_lives_on() -> None:
    session = Session(STUCK)
    session.open()
    try:
        wait_until(lambda: session.latest.state == "ready")
        session.study(session.latest)
        wait_until(lambda: isinstance(session.answer, str))
        assert session.answer == (
            "model=two_layer: theory needs a model that is linear in its parameters"
        )
        session.start(STUCK)
        wait_until(lambda: session.latest.state == "finished")
    finally:
        session.close()
