"""The missing reshape, the short last batch, and sums against means."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.jobs.axis import parse_axis
from engine.jobs.sweep import Sweep
from engine.lessons.attempt import outcome
from engine.problem import build
from engine.settings import Reduction
from engine.support.errors import BadInput
from engine.theory.equivalents import caveats, translations
from engine.training.controls import Controls
from engine.training.events import Stepped
from engine.training.snapshot import Snapshot
from engine.training.trainer import train
from tests.support.examples import tries
from tests.support.runs import batch_losses_of, facts_of
from tests.support.strategies import tame_experiments

LOOPS = ("scratch", "concise", "fast")


@cache
def run(**changes: object) -> Snapshot:
    return outcome(Experiment().changed({key.replace("__", "."): v for key, v in changes.items()}))


# The missing reshape ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loop", "batch_size", "n", "w"),
    [
        ("scratch", 2, 200, (1.0, -1.7)),
        ("scratch", 10, 400, (0.2, -0.34)),
        ("concise", 10, 400, (0.2, -0.34)),
    ],
)
def test_without_the_reshape_w_shrinks_by_the_batch_size_and_b_is_unharmed(
    loop: str, batch_size: int, n: int, w: tuple[float, float]
) -> None:
    changes: dict[str, object] = {"reshape": False, "reduction": "mean", "data__n": n}
    runs = [run(**changes, loop=loop, batch_size=batch_size, seed=seed) for seed in range(12)]
    found = np.mean([one.params["w"] for one in runs], axis=0)
    assert found == pytest.approx(w, abs=0.4 / batch_size)
    assert np.mean([one.params["b"] for one in runs]) == pytest.approx(4.2, abs=0.2)


def test_both_loops_leave_it_out_alike() -> None:
    one, other = (run(loop=loop, reshape=False, batch_size=4) for loop in ("scratch", "concise"))
    assert one.loss == pytest.approx(other.loss, rel=1e-4)


@given(st.integers(1, 9))
@tries(9)
def test_the_loss_of_a_minibatch_is_then_a_matter_of_means_and_variances(B: int) -> None:
    """½[Var ŷ + Var y + (mean ŷ − mean y)²] over the B² pairs, by numpy at the start."""
    from engine.problem import build

    experiment = Experiment(reshape=False, batch_size=B).changed({"data.n": 40, "init.std": 1.0})
    problem = build(experiment)
    first = problem.order(0)[:B]
    y = problem.y[first].double().numpy()
    y_hat = problem.model.predict(problem.start, problem.X[first]).double().numpy()
    wanted = (y_hat.var() + y.var() + (y_hat.mean() - y.mean()) ** 2) / 2
    assert next(iter(batch_losses_of(train(experiment)))) == pytest.approx(wanted, rel=1e-4)


def test_a_sum_over_pairs_runs_at_64_and_diverges_at_80() -> None:
    """The step is B times as long, lr·B against a limit of about 2."""
    assert run(reshape=False, batch_size=64).state == "finished"
    assert run(reshape=False, batch_size=80).state == "diverged"
    for B in (64, 80):
        pairs, right = (run(reshape=reshape, batch_size=B).facts for reshape in (False, True))
        assert pairs is not None
        assert right is not None
        assert pairs.stability.limit.lr == pytest.approx(right.stability.limit.lr / B, rel=1e-6)


def test_fast_and_sweeps_always_have_y_in_shape() -> None:
    with pytest.raises(BadInput, match=r"^loop=fast: always has y in shape"):
        Experiment(loop="fast", reshape=False)
    with pytest.raises(BadInput, match=r"^reshape=false: a sweep always"):
        Sweep(Experiment(reshape=False), (parse_axis("lr=0.1,0.2", Experiment()),))


# The short last batch --------------------------------------------------------------------------

LONE: dict[str, object] = {
    "data__n": 1001, "batch_size": 100, "lr": 0.5, "data__noise": 1.0, "epochs": 20
}  # fmt: skip


def test_a_lone_sample_has_the_weight_of_a_whole_batch_under_the_mean() -> None:
    """Half loss .51 with the nominal divisor or the drop, .8–1.1 with the actual size."""
    losses = {
        name: np.mean([run(**LONE, **rule, loop="fast", seed=seed).loss or 0 for seed in range(8)])
        for name, rule in (
            ("nominal", {"reduction": "sum"}),
            ("drop", {"reduction": "mean", "drop_last": True}),
            ("actual", {"reduction": "mean"}),
        )
    }
    assert losses["nominal"] == pytest.approx(0.51, abs=0.03)
    assert losses["drop"] == pytest.approx(0.51, abs=0.03)
    assert 0.7 < losses["actual"] < 1.2


@pytest.mark.parametrize("rule", [{"reduction": "sum"}, {"reduction": "mean"}, {"drop_last": True}])
def test_every_loop_weighs_a_lone_sample_alike(rule: dict[str, object]) -> None:
    one, *others = (run(**LONE | {"epochs": 2}, **rule, loop=loop).loss for loop in LOOPS)
    assert others == [pytest.approx(one, rel=1e-4)] * 2


def test_where_the_last_batch_is_not_small_nothing_is_to_be_seen() -> None:
    """n=1000, B=32, lr .03."""
    base = {"batch_size": 32, "epochs": 10}
    losses = [
        run(**base, **rule).loss or 0
        for rule in ({"reduction": "sum"}, {"reduction": "mean"}, {"drop_last": True})
    ]
    assert max(losses) / min(losses) < 1.05


@pytest.mark.parametrize("loop", LOOPS)
@given(n=st.integers(2, 60), B=st.integers(1, 60))
@tries(25)
def test_dropping_leaves_whole_batches_only(loop: str, n: int, B: int) -> None:
    changes = {"data.n": n, "loop": loop, "batch_size": B, "drop_last": True, "epochs": 2}
    if n < B:
        with pytest.raises(BadInput, match=r"^drop_last=true: no minibatch is left"):
            Experiment(lr=0.01).changed(changes)
        return
    experiment = Experiment(lr=0.01).changed(changes)
    losses = batch_losses_of(train(experiment))
    assert len(losses) == 2 * (n // B) == 2 * experiment.steps_per_epoch
    assert experiment.used_per_epoch == n // B * B


@pytest.mark.parametrize("reduction", ["sum", "mean", "total"])
@pytest.mark.parametrize("drop_last", [False, True])
def test_a_sweep_treats_the_last_batch_as_a_run_does(reduction: str, drop_last: bool) -> None:
    from engine.jobs.lanes import run_sweep

    base = Experiment(
        loop="fast", reduction=Reduction(reduction), drop_last=drop_last, lr=0.01
    ).changed({"data.n": 103, "data.noise": 0.5})
    sweep = Sweep(base, (parse_axis("batch_size=1,10,40,103", base),))
    cells = sorted(cell for cells in run_sweep(sweep) for cell in cells)
    for cell, values in zip(cells, sweep.settings(), strict=True):
        alone = outcome(sweep.at(values))
        if alone.state == "finished":
            assert cell.loss == pytest.approx(alone.loss, rel=1e-3)


# Sums and means --------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("loss", ["half_squared", "squared", "huber"])
def test_translated_experiments_take_the_same_path(loop: str, loss: str) -> None:
    """Trajectories equal to 1e-6 where the float32 steps allow it."""
    base = Experiment(loop=loop, batch_size=8).changed({"loss": loss, "data.n": 120})
    found = translations(base)
    assert not caveats(base)
    assert len(found) == (3 if loss == "huber" else 6)
    reference = outcome(base)
    for one in found:
        other = outcome(one.apply(base))
        for name, values in reference.params.items():
            assert other.params[name] == pytest.approx(values, rel=1e-5, abs=1e-6)


@given(tame_experiments(loss="half_squared"))
def test_the_rules_of_translation(experiment: Experiment) -> None:
    """η_total = η_mean/B and η_half = 2·η_squared."""
    lrs = {(one.loss, one.reduction): one.lr for one in translations(experiment)}
    assert lrs["half_squared", experiment.reduction] == pytest.approx(experiment.lr)
    samples = min(experiment.batch_size, experiment.train_size)
    for loss in ("half_squared", "squared"):
        assert lrs[loss, "total"] == pytest.approx(lrs[loss, "mean"] / samples)
    for reduction in ("sum", "mean", "total"):
        assert lrs["half_squared", reduction] == pytest.approx(2 * lrs["squared", reduction])


def test_half_the_loss_at_twice_the_lr() -> None:
    """Half loss at .06 gives exactly half the loss of MSE at .03."""
    half, whole = run(lr=0.06), run(lr=0.03, loss="squared")
    assert half.loss == pytest.approx((whole.loss or 0) / 2, rel=1e-5)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "adagrad"])
def test_optimizers_that_scale_their_steps_hardly_notice(optimizer: str) -> None:
    """Sum against mean, nearly the same path."""
    changes: dict[str, object] = {"optimizer": optimizer, "lr": 0.05, "epochs": 5, "loop": "fast"}
    one, other = run(**changes, reduction=Reduction.MEAN), run(**changes, reduction=Reduction.TOTAL)
    for name, values in one.params.items():
        assert other.params[name] == pytest.approx(values, abs=0.02)
    assert any("hardly notices" in str(text) for text in caveats(Experiment().changed(changes)))


@pytest.mark.parametrize("B", [2, 10, 50])
def test_the_limit_of_a_total_is_that_of_the_mean_over_b(B: int) -> None:
    mean, total = (
        facts_of(Experiment(reduction=name, batch_size=B))
        for name in (Reduction.MEAN, Reduction.TOTAL)
    )
    limit = mean.stability.limit.lr / B
    assert total.stability.limit.lr == pytest.approx(limit, rel=1e-6)


def test_the_limit_of_a_total_is_real() -> None:
    """Full batch: .99 of it converges, 1.01 of it diverges."""
    base = Experiment(reduction=Reduction.TOTAL, batch_size=100, epochs=800).changed(
        {"data.n": 100}
    )
    limit = facts_of(base).stability.limit.lr
    below, above = (outcome(base.changed({"lr": share * limit})) for share in (0.99, 1.01))
    assert below.loss is not None
    assert below.loss < 1e-3
    assert above.state == "diverged" or (above.loss or math.inf) > 1e3


def test_a_short_last_batch_and_a_penalty_are_named() -> None:
    short = Experiment(batch_size=32).changed({"penalty": "l2"})
    assert len(caveats(short)) == 2
    assert not caveats(Experiment(batch_size=32, drop_last=True))


def test_ridge_under_other_reductions() -> None:
    """With a penalty, the closed form is where training ends: s·mean loss + ½λ‖w‖² at its least."""
    for changes in ({"reduction": "total", "lr": 0.001}, {"batch_size": 300, "lr": 0.5}):
        experiment = Experiment(epochs=400).changed(
            {"penalty": "l2", "penalty.strength": 0.1, "data.n": 100, "batch_size": 100, **changes}
        )
        found = outcome(experiment)
        assert found.facts is not None
        for name, values in found.facts.optimum.items():
            assert found.params[name] == pytest.approx(values, abs=1e-3)


# The order of the samples ----------------------------------------------------------------------


@pytest.mark.parametrize("loop", LOOPS)
def test_without_shuffling_every_epoch_takes_the_data_as_they_lie(loop: str) -> None:
    experiment = Experiment(loop=loop, shuffle=False, batch_size=8, epochs=2, lr=1e-9).changed(
        {"data.n": 20}
    )
    problem = build(experiment)
    seen = []
    for event in train(experiment, Controls(experiment.lr, most=1)):
        if isinstance(event, Stepped):
            shown = event.live.minibatch()
            assert shown is not None
            seen.append(shown[0].clone())
    assert torch.equal(torch.cat(seen), torch.cat([problem.X, problem.X]))


def test_sorted_data_are_the_same_samples_in_order() -> None:
    plain, ordered = (
        build(Experiment().changed({"data.n": 50, "data.sorted": flag})) for flag in (False, True)
    )
    first = ordered.X[:, 0]
    assert bool((first.diff() >= 0).all())
    assert torch.equal(first, plain.X[:, 0].sort().values)


def test_a_sweep_takes_them_as_a_run_does() -> None:
    from engine.jobs.lanes import run_sweep

    base = Experiment(loop="fast", shuffle=False, lr=0.01).changed({"data.sorted": True})
    sweep = Sweep(base, (parse_axis("lr=0.01,0.1", base),))
    for cell in sorted(cell for cells in run_sweep(sweep) for cell in cells):
        alone = outcome(sweep.at(sweep.settings()[cell.index]))
        assert cell.loss == pytest.approx(alone.loss, rel=1e-3)
