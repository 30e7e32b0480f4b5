"""The best run of a sweep, by numpy, and the sentence about it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.jobs.axis import Axis, parse_axis
from engine.jobs.best import best, in_a_sentence
from engine.jobs.sweep import Cell, Sweep, SweepProgress
from engine.jobs.sweeping import Sweeping
from engine.support.translation import Message
from engine.theory.stability import Limit
from tests.support.commands import cli

CPU = Experiment(device="cpu")
LRS, SIZES = (0.1, 0.2, 0.4), (1, 10)
GRID = Sweep(CPU, (Axis("lr", LRS), Axis("batch_size", SIZES)))
FLOOR = 5e-5

LOSSES = st.sampled_from([4e-5, 5e-5, 5.4e-5, 5.6e-5, 1.0, math.nan, math.inf])
RUNS = st.lists(st.tuples(LOSSES, st.sampled_from([None, 1, 2])), min_size=6, max_size=6)


def swept(runs: list[tuple[float, int | None]], limits: tuple[float, ...]) -> SweepProgress:
    """A sweep whose runs came to these losses, at the floor from these epochs on."""
    cells = tuple(
        Cell(
            index,
            loss,
            epoch,
            "finished" if math.isfinite(loss) else "diverged",
            (loss,),
            FLOOR,
            epoch and 1000 * epoch,
        )
        for index, (loss, epoch) in enumerate(runs)
    )
    known = tuple(Limit(lr, "minibatches", Message("made up")) for lr in limits)
    return SweepProgress(GRID, "finished", cells=cells, limits=known)


@given(RUNS, st.tuples(st.sampled_from([0.3, 2.0]), st.sampled_from([0.3, 2.0])))
def test_the_best_run_is_the_first_in_numpys_order(
    runs: list[tuple[float, int | None]], limits: tuple[float, float]
) -> None:
    losses = np.array([loss for loss, _ in runs])
    epochs = np.array([epoch or math.inf for _, epoch in runs])
    lr, size = (axis.ravel() for axis in np.meshgrid(LRS, range(2), indexing="ij"))
    margins = np.array(limits)[size] / lr
    finished = np.isfinite(losses)
    settled = finished & np.isfinite(epochs) & (losses <= 1.1 * FLOOR)
    beyond = margins <= 1
    # The last key weighs most; those that did not settle compete by their losses alone.
    order = np.lexsort((
        losses,
        np.where(settled, -margins, 0),
        np.where(settled & (margins >= 2), -size, 0),
        settled & (margins < 2),
        np.where(settled, epochs, 0),
        ~settled,
        beyond,
        ~finished,
    ))  # fmt: skip
    chosen = best(swept(runs, limits))
    if not np.isfinite(losses).any():
        assert chosen is None
        return
    assert chosen is not None
    index = chosen.cell.index
    assert (losses[index], settled[index]) == (losses[order[0]], settled[order[0]])
    assert beyond[index] == beyond[order[0]] == beyond[finished].all()
    if settled[index]:
        assert (epochs[index], margins[index]) == (epochs[order[0]], margins[order[0]])
        assert size[index] == size[order[0]]
        assert chosen.limit
        assert chosen.limit.lr == limits[size[index]]
    assert chosen.values == {"lr": lr[index], "batch_size": SIZES[size[index]]}


@pytest.mark.parametrize(
    ("limits", "lr", "size"),
    [((2.0, 2.0), 0.1, 10), ((2.0, 0.15), 0.1, 1), ((0.15, 0.3), 0.1, 10), ((0.15, 0.12), 0.1, 1)],
)
def test_of_runs_that_need_as_many_samples_the_fewest_steps_win_where_they_are_steady(
    limits: tuple[float, float], lr: float, size: int
) -> None:
    chosen = best(swept([(5e-5, 1)] * 6, limits))
    assert chosen
    assert chosen.values == {"lr": lr, "batch_size": size}


def test_the_best_of_a_part_is_that_of_the_runs_that_are_done() -> None:
    runs: list[tuple[float, int | None]] = [(5e-5, 2)] * 3
    whole = swept([*runs, *[(5e-5, 1)] * 3], (2.0, 2.0))
    part = SweepProgress(GRID, "stopped", cells=(*whole.cells[:3], None, None, None))
    of_whole, of_part = best(whole), best(part)
    assert of_whole
    assert of_part
    assert of_whole.values["lr"] == 0.2
    assert of_part.cell.floor_epoch == 2
    assert of_part.limit is None


@pytest.mark.parametrize(
    ("runs", "limits", "sentence"),
    [
        (
            [(5e-5, 2), (5e-5, 1), *[(1.0, None)] * 4],
            (0.4, 1.46),
            "best: lr 0.1, batch_size 10 → floor after 1 epoch, 1000 samples; its limit is lr 1.46",
        ),
        (
            [(5e-5, 2), *[(math.inf, None)] * 5],
            (math.inf, math.inf),
            "best: lr 0.1, batch_size 1 → floor after 2 epochs, 2000 samples; made up",
        ),
        (
            [(1.0, None)] * 4 + [(0.5, 1), (math.nan, None)],
            (0.5, 1.46),
            "best: lr 0.4, batch_size 1 → loss 0.5, 1e+04 times the floor",
        ),
    ],
)
def test_the_sentence(
    runs: list[tuple[float, int | None]], limits: tuple[float, float], sentence: str
) -> None:
    chosen = best(swept(runs, limits))
    assert chosen
    assert in_a_sentence(chosen) == sentence


def test_which_lr_for_columns_of_three_scales() -> None:
    """d = 5, scales 1, 10, 100: the answer is close below the limit, and not yet at the floor."""
    experiment = CPU.changed(
        {"data.w": (1.0, 2.0, 3.0, 4.0, 5.0), "data.scale": (1.0, 10.0, 100.0, 1.0, 10.0)}
    )
    axes = ("lr=log:1e-7:4e-4:32", "batch_size=1,10,100")
    work = Sweeping(Sweep(experiment, tuple(parse_axis(axis, experiment) for axis in axes)))
    for _ in work.run():
        pass
    progress = work.progress("finished", "", 0.0)
    chosen = best(progress)
    assert chosen
    losses = [cell.loss for cell in progress.cells if cell and cell.status == "finished"]
    assert chosen.cell.loss == min(losses)
    assert not chosen.cell.is_settled
    assert chosen.limit
    assert 1e-5 < chosen.values["lr"] < chosen.limit.lr < 2e-4
    size = chosen.values["batch_size"]
    start = f"best: lr {chosen.values['lr']:.4g}, batch_size {size} → loss "
    assert in_a_sentence(chosen).startswith(start)


# Without a screen ----------------------------------------------------------------------------

SMALL = ("--axis", "lr=0.1,9", "--axis", "batch_size=2,10", "-s", "data.n=200")


def test_the_table_ends_with_the_sentence() -> None:
    lines = cli("sweep", *SMALL).out.splitlines()
    assert lines[0].split() == ["lr", "batch_size", "loss", "floor_epoch", "limit", "status"]
    assert len(lines) == 6
    assert max(map(len, lines[:5])) <= 80
    assert lines[-1].startswith("best: lr 0.1, batch_size 2 → floor after 1 epoch, 200 samples; ")


def test_json_ends_with_the_best_row() -> None:
    lines = cli("sweep", *SMALL, "--json").out.splitlines()
    *rows, last = map(json.loads, lines)
    assert last["best"] in rows
    assert last["best"] == min(
        (row for row in rows if row["floor_samples"]), key=lambda row: row["floor_samples"]
    )
    for row in rows:
        assert row["limit"] == pytest.approx(2 / (1 + 3.56 / row["batch_size"]), rel=0.25)
        if row["floor_epoch"]:
            assert row["floor_samples"] == 200 * row["floor_epoch"]
    nothing = cli("sweep", "--axis", "lr=9,10", "--json").out
    assert json.loads(nothing.splitlines()[-1]) == {"best": None}


def test_csv_has_rows_alone() -> None:
    lines = cli("sweep", *SMALL, "--csv").out.splitlines()
    assert lines[0] == "lr,batch_size,loss,floor_epoch,floor_samples,excess,limit,status"
    assert [line.count(",") for line in lines] == [7] * 5


def test_samples_leave_out_what_is_dropped() -> None:
    experiment = CPU.changed({"data.n": 105, "drop_last": True})
    sweep = Sweep(experiment, (Axis("batch_size", (2, 10)), Axis("lr", (0.3, 0.31))))
    work = Sweeping(sweep)
    for _ in work.run():
        pass
    for cell in work.cells:
        assert cell
        size = int(sweep.named(cell.index)["batch_size"])
        used = 105 - 105 % size
        assert cell.floor_samples == (cell.floor_epoch and used * cell.floor_epoch)
    assert any(cell and cell.floor_samples for cell in work.cells)
