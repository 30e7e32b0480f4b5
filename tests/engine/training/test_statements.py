"""A minibatch taken statement by statement: what each makes, and that the run is the same."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from engine.experiment import Experiment
from engine.problem import build
from engine.training.driver import Driver
from engine.training.snapshot import Snapshot
from engine.training.statements import LAST, Done

SMALL = Experiment(device="cpu", batch_size=2, epochs=2, lr=0.1).changed({"data.n": 5})
STATEMENTS = {
    "scratch": ["minibatch", "y_hat", "loss", "backward", "update"],
    "concise": ["minibatch", "loss", "zero_grad", "backward", "update"],
}
"""Those of the book's minibatch in each loop."""
LOOPS = list(STATEMENTS)


def driver() -> Driver:
    """One whose clock stands still."""
    return Driver(Experiment(), lambda: 0.0)


def to_the_end(driver: Driver) -> Snapshot:
    """Where a run comes to by itself."""
    driver.resume()
    while driver.running:
        driver.advance()
    return driver.shown.latest


def names(done: tuple[Done, ...]) -> list[str]:
    return [each.statement for each in done]


def made(done: tuple[Done, ...]) -> dict[str, np.ndarray]:
    """The values by name, in their shapes."""
    return {
        each.name: np.array(each.numbers, np.float32).reshape(each.shape)
        for statement in done
        for each in statement.made
    }


@pytest.mark.parametrize("loop", LOOPS)
def test_the_values_are_those_of_the_formulas(loop: str) -> None:
    """Two minibatches worked out with numpy."""
    experiment, run = SMALL.changed({"loop": loop}), driver()
    problem = build(experiment)
    w, b = (problem.start[name].numpy().astype(np.float64) for name in ("w", "b"))
    order = problem.order(0).numpy()
    divisor = 1 if loop == "scratch" else 2
    run.prepare(experiment)
    for rows in order[:2], order[2:4]:
        before = run.shown.latest
        for count in range(1, len(STATEMENTS[loop]) + 1):
            run.statement(experiment)
            now = run.shown.latest
            assert names(now.statements) == STATEMENTS[loop][:count]
            assert now.state == "paused"
            if now.statements[-1].statement != LAST:  # its numbers are those of the last step
                assert (now.params, now.grads) == (before.params, before.grads)
                assert now.batch_loss == before.batch_loss
                assert astuple(now.path) == astuple(before.path)
        values = made(now.statements)
        X, y = problem.X.numpy()[rows], problem.y.numpy()[rows]
        r = X @ w + b - y
        slope = {"w": X.T @ r, "b": r.sum(0)}
        w, b = w - 0.1 * slope["w"] / 2, b - 0.1 * slope["b"] / 2
        expected = {
            "X": X, "y": y, "loss": (r * r / 2).sum() / divisor, "w.grad": slope["w"] / divisor,
            "b.grad": slope["b"] / divisor, "w": w, "b": b,
        }  # fmt: skip
        if loop == "scratch":
            expected["y_hat"] = r + y
        assert values.keys() == expected.keys()
        for name, value in expected.items():
            assert_allclose(values[name].flatten(), np.ravel(value), rtol=1e-4, atol=1e-6)
    assert (now.step, now.epoch) == (2, 0)


@given(loop=st.sampled_from(LOOPS), keys=st.text(",,,,.>", max_size=30))
def test_the_run_is_the_same_however_it_is_taken(loop: str, keys: str) -> None:
    experiment, whole, run = SMALL.changed({"loop": loop, "optimizer": "adam"}), driver(), driver()
    whole.start(experiment)
    expected = to_the_end(whole)
    for key in keys:
        {",": run.statement, ".": run.minibatch, ">": run.epoch}[key](experiment)
        while run.running:
            run.advance()
        if run.shown.latest.over:
            break
    else:
        if not keys:
            run.start(experiment)
        to_the_end(run)
    now = run.shown.latest
    assert (now.state, now.number, now.step) == ("finished", 1, expected.step)
    assert (now.params, now.grads, now.loss) == (expected.params, expected.grads, expected.loss)
    assert astuple(now.epoch_losses) == astuple(expected.epoch_losses)
    assert astuple(now.batch_losses) == astuple(expected.batch_losses)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_begun_minibatch_is_finished(loop: str) -> None:
    experiment, run = SMALL.changed({"loop": loop}), driver()
    for _ in range(3):
        run.statement(experiment)
    run.minibatch(experiment)
    first = run.shown.latest
    assert (first.step, names(first.statements)) == (1, STATEMENTS[loop])
    run.statement(experiment)
    assert (run.shown.latest.step, names(run.shown.latest.statements)) == (1, ["minibatch"])
    run.epoch(experiment)
    while run.running:
        run.advance()
    assert (run.shown.latest.step, run.shown.latest.statements) == (3, ())


def test_the_last_statement_of_an_epoch_and_of_the_run_ends_it() -> None:
    run = driver()
    experiment = SMALL.changed({"batch_size": 5, "epochs": 1})
    while not run.shown.latest.over:
        run.statement(experiment)
    now = run.shown.latest
    assert (now.state, now.epoch, now.statements[-1].statement) == ("finished", 1, LAST)
    assert len(run.shown.runs) == 1


def test_a_run_in_its_first_minibatch_goes_back_to_the_start() -> None:
    run = driver()
    run.statement(SMALL)
    run.stop()
    now = run.shown.latest
    assert (now.state, now.step, now.statements, run.shown.runs) == ("ready", 0, (), ())
    run.statement(SMALL)
    run.minibatch(SMALL)
    run.statement(SMALL)
    run.stop()
    assert (run.shown.latest.state, run.shown.latest.step) == ("stopped", 1)
    run.statement(SMALL.changed({"seed": 8}))
    assert run.shown.latest.experiment.seed == 8


def test_what_is_large_is_told_by_its_shape() -> None:
    run = driver()
    experiment = SMALL.changed({"batch_size": 4, "penalty": "l2", "schedule": "cosine"})
    run.minibatch(experiment)
    shapes = {each.name: each for done in run.shown.latest.statements for each in done.made}
    assert (shapes["X"].shape, shapes["X"].numbers) == ((4, 2), ())
    assert len(shapes["y"].numbers) == 4
    assert shapes["objective"].numbers > shapes["loss"].numbers
    assert shapes["rate"].numbers == (0.1,)


def test_the_compiled_loop_takes_the_whole_minibatch() -> None:
    run = driver()
    run.statement(SMALL.changed({"loop": "fast"}))
    assert (run.shown.latest.step, run.shown.latest.statements) == (1, ())
