"""A run read back from its files is the run that was trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from engine.catalog.parameters import flat
from engine.experiment import Experiment
from engine.runs.files import INFO, METRICS
from engine.runs.following import Following, Kept, Wanted
from engine.runs.keeper import Keeper
from engine.runs.store import Store
from engine.runs.words import forked
from engine.training.driver import Driver
from engine.training.moments import fork_of
from engine.training.snapshot import Snapshot
from tests.support.kept import put_run

SHORT = Experiment(epochs=3).changed({"data.n": 60})


def driven(store: Path) -> Driver:
    """A driver whose runs are kept, without a clock."""
    return Driver(SHORT, lambda: 0.0, lambda each: Keeper(store, each))


def finish(driver: Driver) -> Snapshot:
    while driver.running:
        driver.advance()
    return driver.shown.runs[-1]


def recalled(following: Following, id: str) -> Snapshot:
    run = following.look(Wanted(run=id)).run
    assert isinstance(run, Snapshot)
    return run


CASES: dict[str, Mapping[str, object]] = {
    "plain": {},
    "compiled": {"loop": "fast", "epochs": 20},
    "held out": {"validation_split": 0.2, "schedule": "cosine"},
    "standardized": {"data": "file", "standardize": "yes"},
    "early end": {"patience": 2, "epochs": 50},
    "diverged": {"lr": 3.0, "epochs": 9},
    "diverged at once": {"lr": 1e6, "loop": "fast"},
    "many parameters": {"data.w": [0.1 * i for i in range(15)], "data.n": 80},
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_run_that_was_trained(tmp_path: Path, case: str) -> None:
    driver = driven(tmp_path)
    driver.start(SHORT.changed(CASES[case]))
    trained = finish(driver)
    run = recalled(Following(Store(tmp_path)), trained.id)
    assert trained.facts
    assert run.facts
    assert run.number == -1
    for name in ("experiment", "state", "epoch", "step", "id"):
        assert getattr(run, name) == getattr(trained, name), name
    assert str(run.message) == str(trained.message)
    assert run.standing == trained.standing

    def close(numbers: object) -> object:
        return pytest.approx(numbers, rel=1e-7, abs=1e-12, nan_ok=True)

    for name in ("lr", "loss", "r2", "validation_r2"):
        assert getattr(run, name) == close(getattr(trained, name)), name
    assert flat(run.params) == close(flat(trained.params))
    assert run.expected_losses.low == close(trained.expected_losses.low)
    assert bool(run.expected_losses.low) == (case != "held out")  # its lr has a schedule
    assert flat(run.original_params) == close(flat(trained.original_params))
    for name in ("epoch_losses", "validation_losses"):
        was, is_now = getattr(trained, name), getattr(run, name)
        assert is_now.x == close(was.x), name
        assert is_now.low == close(was.low), name
        assert is_now.high == close(was.high), name
    if run.experiment.loop != "fast":  # whose minibatches come in bundles
        batches = dict(zip(trained.batch_losses.x, trained.batch_losses.low, strict=True))
        kept = run.batch_losses
        assert len(kept.x) >= min(200, len(batches))
        assert kept.low == close([batches[x] for x in kept.x])
    places = dict(zip(trained.path.x, trained.path.theta, strict=True))
    assert (run.path.x[0], run.path.x[-1]) == close((trained.path.x[0], trained.path.x[-1]))
    for x, theta in zip(run.path.x[:-1], run.path.theta[:-1], strict=True):
        assert theta == pytest.approx(places[x], rel=1e-7, abs=1e-8)
    if trained.autopsy:
        assert run.autopsy
        assert replace(run.autopsy, heading={}) == replace(trained.autopsy, heading={})


def test_a_run_that_was_stopped_between_two_epochs_is_where_it_was_seen_last(
    tmp_path: Path,
) -> None:
    driver = driven(tmp_path)
    for _ in range(8):  # six steps an epoch
        driver.minibatch(SHORT)
    driver.stop()
    trained = finish(driver)
    run = recalled(Following(Store(tmp_path)), trained.id)
    assert (run.state, run.epoch, run.step) == ("stopped", 1, 8)
    assert flat(run.params) == pytest.approx(flat(trained.params))
    assert run.path.x == pytest.approx((0, 1, 8 / 6))


def test_a_run_that_goes_on_is_followed_to_its_end(tmp_path: Path) -> None:
    driver, following = driven(tmp_path), Following(Store(tmp_path))
    driver.epoch(SHORT)
    while driver.running:
        driver.advance()
    id = driver.shown.latest.id
    wanted = Wanted(frozenset({id}), id)
    kept = following.look(wanted)
    assert [info.id for info in kept.runs] == [id]
    assert list(kept.losses[id].epochs) == [0, 1]
    assert isinstance(kept.run, Snapshot)
    assert (kept.run.state, kept.run.epoch) == ("running", 1)
    assert following.look(wanted) is kept
    driver.resume()
    trained = finish(driver)
    later = following.look(wanted)
    assert later is not kept
    assert list(later.losses[id].losses) == pytest.approx(trained.epoch_losses.low)
    assert isinstance(later.run, Snapshot)
    assert (later.run.state, later.run.number) == ("finished", kept.run.number)
    assert following.look(Wanted()).run is None
    assert not following.look(Wanted()).losses
    Store(tmp_path).remove(later.runs[0])
    assert following.look(wanted).runs == ()


@pytest.mark.parametrize(
    ("experiment", "metrics", "result"),
    [
        ({"loss": "nonsense"}, "", {}),
        ({}, "", {"params": {"w": [None, "x"], "b": [1]}, "step": "many", "loss": True}),
        ({}, "step,epoch,loss\n0,0,1e400\nx,y,z\n5,9,-3,4\n", {"runaway": 3, "epoch": 1e300}),
    ],
)
def test_files_that_somebody_has_meddled_with_end_nothing(
    tmp_path: Path, experiment: dict[str, object], metrics: str, result: dict[str, object]
) -> None:
    info = put_run(tmp_path, 1, metrics, state="diverged")
    file = tmp_path / info.id / INFO
    values = {**json.loads(file.read_text()), "result": result}
    values["experiment"].update(experiment)
    file.write_text(json.dumps(values))
    (tmp_path / info.id / METRICS).write_text(metrics)
    kept: Kept = Following(Store(tmp_path)).look(Wanted(frozenset({info.id}), info.id))
    assert isinstance(kept.run, str | Snapshot)
    assert kept.runs


def test_a_fork_says_what_it_goes_on_from_and_can_be_gone_on_from_itself(tmp_path: Path) -> None:
    driver, store = driven(tmp_path), Store(tmp_path)
    driver.start(SHORT)
    origin = finish(driver)
    fork = fork_of(origin, 8)
    changed = replace(SHORT, lr=0.2)
    driver.fork(changed, fork)
    trained = finish(driver)
    assert forked(store.run(origin.id)) == ""
    assert forked(store.run(trained.id)) == f"forked from {origin.id} at step 8"
    run = recalled(Following(store), trained.id)
    assert run.fork == replace(fork, number=0)
    assert run.path.x[0] == run.epoch_losses.x[0] == pytest.approx(8 / 6)
    assert run.path.theta[0] == pytest.approx(origin.path.theta[8])
    driver.fork(changed, fork_of(run, 14))
    again = finish(driver)
    assert again.params == trained.params
    assert again.epoch_losses.low[-1] == trained.epoch_losses.low[-1]


@pytest.mark.parametrize("loop", ["scratch", "fast"])
def test_a_run_whose_lr_was_changed_on_its_way_can_be_gone_on_from(
    tmp_path: Path, loop: str
) -> None:
    driver, changed = driven(tmp_path), SHORT.changed({"loop": loop, "epochs": 4})
    driver.epoch(changed)
    while driver.running:
        driver.advance()
    driver.set_lr(0.5)
    driver.minibatch(changed)
    driver.set_lr(0.01)
    driver.resume()
    origin = finish(driver)
    run = recalled(Following(Store(tmp_path)), origin.id)
    assert run.lrs == origin.lrs == ((6, 0.5), (7, 0.01))
    driver.fork(replace(changed, lr=0.01), fork_of(run, 18))
    assert finish(driver).params == origin.params
