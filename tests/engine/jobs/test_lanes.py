"""Sweeps run: each cell is the run of its experiment, and no run disturbs another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.losses import LossEntry
from engine.catalog.optimizers import OptimizerEntry
from engine.experiment import Experiment
from engine.jobs import lanes
from engine.jobs.axis import Axis, parse_axis
from engine.jobs.lanes import run_sweep
from engine.jobs.sweep import Cell, Sweep, is_lane
from engine.problem import Problem, build
from engine.training.events import Diverged, Finished
from engine.training.trainer import train
from tests.support.examples import tries
from tests.support.oracles import Trace, floor_of, kinked, losses_with_slack, trace, vector
from tests.support.runs import Array, array, facts_of, outcome
from tests.support.strategies import every_entry, tame_experiments

BASE = Experiment(batch_size=10, epochs=3, device="cpu").changed({"data.n": 64})


@contextmanager
def in_torch() -> Iterator[None]:
    """Runs sweeps without the compiled kernels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "MISSING", "no compiled kernels: for a test")
        yield


def cells_of(sweep: Sweep, torch_form: bool = False) -> list[Cell]:
    """All cells in the order of the settings; each comes exactly once."""
    with in_torch() if torch_form else nullcontext():
        cells = [cell for some in run_sweep(sweep) for cell in some]
    assert sorted(cell.index for cell in cells) == list(range(len(sweep)))
    return sorted(cells, key=lambda cell: cell.index)


def swept(experiment: Experiment, *axes: str) -> Sweep:
    """A sweep over axes as a person types them."""
    return Sweep(experiment, tuple(parse_axis(axis, experiment) for axis in axes))


def numbers(cell: Cell) -> tuple[float, ...]:
    """The losses of a cell, those that are not finite all alike."""
    return tuple(loss if np.isfinite(loss) else -1.0 for loss in cell.losses)


def assert_is_the_run(cell: Cell, experiment: Experiment) -> None:
    """A cell tells what the scratch loop finds for its experiment."""
    assert_is(cell, experiment, trace(experiment))


def assert_is(cell: Cell, experiment: Experiment, expected: Trace) -> None:
    """A cell tells the run that an experiment is known to have."""
    assert len(cell.losses) == experiment.epochs
    assert cell.loss == cell.losses[-1] or np.isnan(cell.loss)
    if isinstance(expected.end, Diverged):
        # A runaway after the last minibatch of an epoch but one is seen at the epoch's end.
        assert cell.status == "diverged"
    for loss, wanted in zip(cell.losses, expected.epochs, strict=False):
        assert wanted.near(loss), (experiment, loss, wanted)
    if isinstance(expected.end, Finished):
        assert cell.status == "finished"
        floor = floor_of(expected.facts)
        reached = (epoch for epoch, loss in enumerate(cell.losses, 1) if loss <= floor)
        assert cell.floor_epoch == next(reached, None)


# Each cell is a run --------------------------------------------------------------------------

GRIDS = [
    ("lr=log:0.003:0.3:4", "batch_size=1,7,10,64,100"),
    ("lr=0.01,0.1,0.4", "init.std=0,0.01,1,30"),
    ("data.noise=0,0.01,1", "seed=3,7,9"),
    ("loss.delta=0.1,1,20", "lr=0.01,0.1,0.4"),
    ("epochs=1,2,7", "lr=0.03,0.3"),
    ("seed=lin:0:9:10",),
    ("init.std=0.01,1",),
    ("data.n=1,3,64", "data.b=-1,0,4.2"),
    ("batch_size=1,9", "data.outliers=0,0.2"),
]


def assert_both_forms_are_the_runs(sweep: Sweep) -> None:
    """Compiled and in torch, every cell tells what the scratch loop finds for its experiment."""
    compiled, in_torch = cells_of(sweep), cells_of(sweep, torch_form=True)
    for *cells, values in zip(compiled, in_torch, sweep.settings(), strict=True):
        expected = trace(sweep.at(values))
        for cell in cells:
            assert_is(cell, sweep.at(values), expected)


@pytest.mark.parametrize("axes", GRIDS, ids=" ".join)
def test_every_cell_is_the_run_of_its_experiment(axes: tuple[str, ...]) -> None:
    base = BASE.changed({"loss": "huber"}) if axes[0].startswith("loss.delta") else BASE
    assert_both_forms_are_the_runs(swept(base, *axes))


def test_every_cell_holds_what_it_learns_in_the_precision_of_the_data() -> None:
    """Features made by terms are float64, as those of files are."""
    base = BASE.changed({"data.terms": ". + x[0]^2", "data.n": 40})
    sweep = swept(base, "lr=0.01,0.03")
    for cells in (cells_of(sweep), cells_of(sweep, torch_form=True)):
        for cell, values in zip(cells, sweep.settings(), strict=True):
            end = outcome(train(sweep.at(values)))
            assert cell.loss == pytest.approx(end.loss, rel=1e-12)


@pytest.mark.parametrize("entry", every_entry("loss"))
@given(data=st.data())
@tries(8)
def test_every_cell_of_any_experiment(entry: LossEntry, data: st.DataObject) -> None:
    """Every loss, data set, model, init, reduction; a short last batch; B > n."""
    experiment = data.draw(tame_experiments(loss=entry.name))
    lrs = data.draw(st.lists(st.floats(1e-3, 1e-2), min_size=1, max_size=2, unique=True))
    seeds = data.draw(st.lists(st.integers(0, 99), min_size=1, max_size=2, unique=True))
    axes = [Axis("lr", tuple(lrs)), Axis("seed", tuple(seeds))]
    assert_both_forms_are_the_runs(Sweep(experiment, tuple(data.draw(st.permutations(axes)))))


@pytest.mark.parametrize("entry", every_entry("optimizer"))
def test_torch_takes_the_steps_of_every_optimizer(entry: OptimizerEntry) -> None:
    """Over the ends of epochs, where they go on counting; with a penalty and a schedule."""
    experiment = BASE.changed(
        {"optimizer": entry.name, "penalty": "l2", "penalty.strength": 0.5, "schedule": "inverse"}
    )
    sweep = swept(experiment, "lr=0.01,0.1", "batch_size=7,64")
    for cell, values in zip(cells_of(sweep, torch_form=True), sweep.settings(), strict=True):
        assert_is_the_run(cell, sweep.at(values))


@pytest.mark.parametrize("entry", every_entry("loss"))
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_torch_and_the_kernels_find_the_same(entry: LossEntry, reduction: str) -> None:
    """Also with far more lanes than one group holds."""
    experiment = BASE.changed({"loss": entry.name, "reduction": reduction, "batch_size": 7})
    highest = min(0.3, facts_of(experiment).stability.limit.lr / 2)
    sweep = swept(experiment, f"lr=log:{highest / 300}:{highest}:300", "batch_size=7,64")
    one, other = cells_of(sweep), cells_of(sweep, torch_form=True)
    tolerance = 0.3 if kinked(experiment.loss.entry) else 1e-4
    for cell, same in zip(one, other, strict=True):
        assert cell.status == same.status == "finished"
        assert cell.losses == pytest.approx(same.losses, rel=tolerance, abs=1e-9)


# Runs beside each other ----------------------------------------------------------------------


@pytest.mark.parametrize("torch_form", [False, True], ids=["compiled", "torch"])
@pytest.mark.parametrize("loss", ["half_squared", "squared", "huber", "log_cosh"])
def test_runs_that_diverge_are_marked_and_disturb_no_other(loss: str, torch_form: bool) -> None:
    experiment = BASE.changed({"loss": loss, "epochs": 6, "data.scale": (30.0,)})
    calm = tuple(np.geomspace(1e-6, 2e-5, 37).tolist())
    wild = (1e3, 1e5, 3e5, 1e6)
    mixed = (wild[0], *calm[:11], *wild[1:3], *calm[11:], wild[3])
    alone = cells_of(Sweep(experiment, (Axis("lr", calm),)), torch_form)
    beside = dict(
        zip(mixed, cells_of(Sweep(experiment, (Axis("lr", mixed),)), torch_form), strict=True)
    )
    assert {cell.status for cell in alone} == {"finished"}
    for lr, cell in zip(calm, alone, strict=True):
        assert beside[lr].status == "finished"
        if torch_form:  # a matrix product may sum in another order where it is wider
            assert beside[lr].losses == pytest.approx(cell.losses, rel=1e-5)
        else:
            assert (beside[lr].losses, beside[lr].floor_epoch) == (cell.losses, cell.floor_epoch)
    for lr in wild:
        end = outcome(train(experiment.changed({"lr": lr})))
        assert beside[lr].status == ("diverged" if isinstance(end, Diverged) else "finished")
    if loss in ("half_squared", "squared"):
        assert {beside[lr].status for lr in wild} == {"diverged"}
        assert not np.isfinite(beside[1e6].loss)


@given(lrs=st.lists(st.floats(1e-3, 3.0), min_size=1, max_size=40, unique=True))
def test_a_lane_is_the_same_bits_in_any_company(lrs: list[float]) -> None:
    together = cells_of(Sweep(BASE, (Axis("lr", tuple(lrs)),)))
    for lr, cell in zip(lrs, together, strict=True):
        (alone,) = cells_of(Sweep(BASE, (Axis("lr", (lr,)),)))
        assert numbers(alone) == numbers(cell)
        assert (alone.status, alone.floor_epoch) == (cell.status, cell.floor_epoch)


@pytest.mark.parametrize("torch_form", [False, True], ids=["compiled", "torch"])
def test_a_runaway_is_judged_by_its_own_start(torch_form: bool) -> None:
    """A start that is far off has a loss far above the other lanes' limit."""
    sweep = swept(BASE, "init.std=0.01,1e4", "lr=0.03,50")
    for cell, values in zip(cells_of(sweep, torch_form), sweep.settings(), strict=True):
        end = outcome(train(sweep.at(values)))
        assert cell.status == ("diverged" if isinstance(end, Diverged) else "finished")


# Results -------------------------------------------------------------------------------------


@pytest.mark.parametrize("torch_form", [False, True], ids=["compiled", "torch"])
def test_the_epoch_at_which_a_run_reaches_its_floor(torch_form: bool) -> None:
    experiment = BASE.changed({"epochs": 8, "data.n": 200})
    sweep = swept(experiment, "lr=1e-6,0.01,0.03,0.1,0.3", "data.noise=0,0.01,1")
    found = []
    for cell, values in zip(cells_of(sweep, torch_form), sweep.settings(), strict=True):
        floor = floor_of(facts_of(sweep.at(values)))
        epochs = [epoch for epoch, loss in enumerate(cell.losses, 1) if loss <= floor]
        assert cell.floor_epoch == (epochs[0] if epochs else None)
        assert floor == pytest.approx(1.1 * cell.floor)
        found.append(cell.floor_epoch)
    assert found[:3] == [None] * 3, "such a rate learns nothing"
    assert len(set(found)) > 3


def test_the_losses_are_those_of_the_whole_data() -> None:
    """The last of them is that of the parameters at the end, worked out in float64."""
    sweep = swept(BASE, "lr=0.01,0.1")
    for cell, values in zip(cells_of(sweep), sweep.settings(), strict=True):
        experiment = sweep.at(values).changed({"loop": "fast"})
        problem, end = build(experiment), outcome(train(experiment))
        design: Array = array(problem.linear.design(problem.X))
        theta, y = vector(problem, end.params), array(problem.y)[:, 0]
        wanted = float(((design @ theta - y) ** 2).mean() / 2)
        (loss,) = losses_with_slack(problem, [(design, y, theta)], [wanted])
        assert loss.near(cell.loss)


def test_thousands_of_runs() -> None:
    experiment = BASE.changed({"data.n": 50, "epochs": 2})
    sweep = swept(experiment, "lr=log:1e-4:1:64", "init.std=log:1e-3:10:64")
    assert len(sweep) == 4096
    cells = cells_of(sweep)
    assert {cell.status for cell in cells} == {"finished"}
    places = list(product(range(64), repeat=2))
    for index in range(0, 4096, 455):
        assert_is_the_run(cells[sweep.index(places[index])], sweep.at(sweep.settings()[index]))


def test_results_come_as_they_are_ready() -> None:
    """The first before all runs are done, with a sign of life for every epoch between."""
    experiment = BASE.changed({"data.n": 50, "epochs": 5})
    sweep = swept(experiment, "lr=log:1e-4:1:64", "init.std=log:1e-3:10:64")
    done, silent, sizes = 0, 0, []
    for cells in run_sweep(sweep):
        if cells:
            done += len(cells)
            sizes.append(len(cells))
            assert experiment.epochs <= silent <= experiment.epochs + 1
            silent = 0
        else:
            silent += 1
    assert done == 4096
    assert max(sizes) <= lanes.WIDTH
    assert len(sizes) == 4096 // lanes.WIDTH


def test_a_sweep_does_nothing_before_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Experiment] = []

    def building(shared: Experiment) -> Problem:
        built.append(shared)
        return real(shared)

    real = lanes.problem_of
    monkeypatch.setattr(lanes, "problem_of", building)
    results = run_sweep(swept(BASE, "seed=1,2,3", "lr=0.1,0.2"))
    assert built == []
    seen = 0
    for cells in results:
        seen += len(cells)
        # Each data set is drawn when its first run begins, not ahead.
        assert len(built) == min(seen // 2 + (not cells), 3)
    assert seen == 6


@pytest.mark.parametrize(
    "key", ["lr", "batch_size", "init.std", "init.bound", "init.gain", "init.value"]
)
def test_rates_batch_sizes_and_starts_are_lanes(key: str) -> None:
    assert is_lane(key)


@pytest.mark.parametrize("key", ["seed", "epochs", "data.n", "loss.delta"])
def test_what_changes_samples_order_or_loss_is_not(key: str) -> None:
    assert not is_lane(key)


def test_a_sweep_leaves_its_experiment_and_the_global_numbers_alone() -> None:
    import torch

    before = torch.get_rng_state()
    one, other = (cells_of(swept(BASE, "seed=1,2", "lr=0.1,0.2")) for _ in range(2))
    assert one == other
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("values", [(0.5,), (0.1, 0.5)])
def test_the_loop_that_is_set_does_not_matter(values: tuple[float, ...]) -> None:
    found = [
        cells_of(Sweep(BASE.changed({"loop": loop}), (Axis("lr", values),)))
        for loop in ("scratch", "concise", "fast")
    ]
    assert found[0] == found[1] == found[2]
