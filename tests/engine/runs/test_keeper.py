"""A run on disk: the trainer's own numbers, whole at any moment, whatever ends its process."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.runs.files import EXPERIMENT, INFO, METRICS, PARAMETERS, Tail, read_table
from engine.runs.info import SILENT, RunInfo, read_info
from engine.runs.keeper import Keeper
from engine.runs.rhythm import Rhythm
from engine.runs.store import Store
from engine.support.user_files import PLACE_OF_RUNS
from engine.training.driver import Driver
from engine.training.record import Recorder
from engine.training.trainer import train
from tests.support.commands import cli, refusal_of
from tests.support.forked import python
from tests.support.paths import ROOT
from tests.support.runs import epochs_of, steps_of, wait_until

SHORT = Experiment(epochs=3).changed({"data.n": 60})
ENDLESS = Experiment(epochs=100_000_000).changed({"data.n": 60})


def driven(store: Path, experiment: Experiment = SHORT) -> Driver:
    """A driver whose runs are kept, without a clock."""
    return Driver(experiment, lambda: 0.0, lambda each: Keeper(store, each))


@contextmanager
def begun(store: Path) -> Iterator[None]:
    """A run that goes on meanwhile, in this process."""
    driver = driven(store)
    driver.minibatch(SHORT)
    yield
    driver.close()


def finish(driver: Driver, experiment: Experiment = SHORT) -> None:
    driver.start(experiment)
    while driver.running:
        driver.advance()


def only(store: Path) -> Path:
    (folder,) = store.iterdir()
    return folder


# What is written -------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{}, {"loop": "fast"}, {"validation_split": 0.2}])
def test_the_files_have_the_numbers_of_the_trainer(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    experiment = SHORT.changed(changes)
    finish(driven(tmp_path), experiment)
    events = list(train(experiment))
    with (only(tmp_path) / METRICS).open() as file:
        rows = list(csv.DictReader(file))
    epochs = [row for row in rows if row["loss"]]
    assert [float(row["loss"]) for row in epochs[1:]] == pytest.approx(
        [event.loss for event in epochs_of(events)], rel=1e-8
    )
    assert [row["epoch"] for row in epochs] == ["0", "1", "2", "3"]
    validated = [float(row["val"]) for row in epochs if row["val"]]
    assert validated == pytest.approx(
        [event.validation for event in epochs_of(events) if event.validation is not None]
    )
    noted = {int(row["step"]): float(row["batch_loss"]) for row in rows if row["batch_loss"]}
    losses = [loss for event in steps_of(events) for loss in event.losses]
    assert noted
    assert noted == pytest.approx({step: losses[step - 1] for step in noted})
    with (only(tmp_path) / PARAMETERS).open() as file:
        *_, last = csv.reader(file)
    ends = [event.params for event in epochs_of(events)]
    assert [float(cell) for cell in last[2:]] == pytest.approx([*ends[-1]["w"], *ends[-1]["b"]])


def test_the_experiment_makes_the_run_again_and_the_info_says_what_came_of_it(
    tmp_path: Path,
) -> None:
    finish(driven(tmp_path))
    folder = only(tmp_path)
    assert Experiment.from_toml((folder / EXPERIMENT).read_text()) == SHORT
    info = read_info(folder)
    assert info.state == "finished"
    assert info.open_experiment() == SHORT
    assert info.result["epoch"] == 3
    assert info.loss == pytest.approx(epochs_of(train(SHORT))[-1].loss)
    assert RunInfo.from_json(info.to_json()) == info


def test_a_diverged_a_stopped_and_a_failed_run_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(driven(tmp_path / "diverged"), SHORT.changed({"lr": 30.0, "epochs": 9}))
    stopped = driven(tmp_path / "stopped")
    stopped.minibatch(SHORT)
    stopped.close()
    failed = driven(tmp_path / "failed")
    failed.minibatch(SHORT)
    failed.fail("out of memory")
    for state in ("diverged", "stopped", "failed"):
        info = read_info(only(tmp_path / state))
        assert info.state == state
        assert info.ended
    assert read_info(only(tmp_path / "diverged")).result["reason"]


def test_an_experiment_that_takes_no_step_leaves_nothing(tmp_path: Path) -> None:
    driver = driven(tmp_path / "runs")
    driver.prepare(SHORT)
    driver.prepare(SHORT.changed({"lr": 0.1}))
    driver.close()
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_cannot_be_made_costs_one_message_and_not_the_run(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    driver = driven(blocked)
    finish(driver)
    (run,) = driver.shown.runs
    assert run.state == "finished"
    assert "this run is not kept" in str(run.message)


def test_a_disk_that_is_full_costs_one_message_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = driven(tmp_path)
    driver.minibatch(SHORT)

    def full(keeper: Keeper, *_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Keeper, "_renew", full)
    driver.resume()
    while driver.running:
        driver.advance()
    (run,) = driver.shown.runs
    assert run.state == "finished"
    assert "No space left on device" in str(run.message)


def test_a_run_appears_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(keeper: Keeper, *_: object) -> None:
        raise OSError(4, "Interrupted")

    monkeypatch.setattr(Keeper, "_put_info", killed)
    finish(driven(tmp_path))
    assert Store(tmp_path).ids() == []


def test_the_lr_that_was_in_force_is_written_down(tmp_path: Path) -> None:
    driver = driven(tmp_path)
    driver.epoch(SHORT)
    while driver.running:
        driver.advance()
    driver.set_lr(0.5)
    driver.resume()
    while driver.running:
        driver.advance()
    _, lrs = read_table(only(tmp_path) / METRICS).curve("lr", "epoch")
    assert lrs == [0.03, 0.03, 0.5, 0.5]


def test_a_run_that_goes_on_can_be_named_and_keeps_the_name_to_its_end(tmp_path: Path) -> None:
    store, driver = Store(tmp_path), driven(tmp_path)
    driver.minibatch(SHORT)
    live = store.run("latest")
    store.rename(live, "mine")
    driver.resume()
    while driver.running:
        driver.advance()
    (info,) = store.runs()
    assert (info.state, info.name) == ("finished", "mine")
    store.rename(info, "")
    assert store.run("latest").name == ""
    store.remove(info)
    assert not list(tmp_path.iterdir())
    refused = refusal_of(lambda: store.rename(info, "late"))
    assert refused
    assert "cannot be named" in str(refused)


# Long runs -------------------------------------------------------------------------------------


@given(st.integers(1, 60), st.integers(1, 5000))
def test_the_rhythm_takes_all_at_first_and_then_few(dense: int, count: int) -> None:
    rhythm = Rhythm(dense)
    taken = [number for number in range(1, count + 1) if rhythm.takes(number)]
    assert taken[:dense] == list(range(1, min(dense, count) + 1))
    doublings = max(0, (count - 1) // dense).bit_length()
    assert len(taken) <= dense + (dense / 2 + 1) * doublings
    gaps = [late - early for early, late in pairwise(taken)]
    assert gaps == sorted(gaps)


def test_a_long_run_stays_below_a_megabyte(tmp_path: Path) -> None:
    finish(driven(tmp_path), SHORT.changed({"loop": "fast", "epochs": 200_000, "lr": 1e-4}))
    sizes = [file.stat().st_size for file in only(tmp_path).iterdir()]
    assert max(sizes) < 400_000  # each doubling adds at most 50 kB, so 2³⁰ epochs stay below 1 MB
    epochs, losses = read_table(only(tmp_path) / METRICS).curve("loss", "epoch")
    assert epochs[-1] == 200_000
    assert len(losses) > 2000


# The end of its process ------------------------------------------------------------------------


@given(st.data())
def test_half_a_line_is_not_read_until_it_is_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    numbers = st.floats(allow_nan=False, width=32)
    rows = data.draw(st.lists(st.tuples(numbers, numbers), max_size=8))
    text = "step,loss\n" + "".join(f"{step!r},{loss!r}\n" for step, loss in rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    file = tmp_path_factory.mktemp("tail") / METRICS
    file.touch()
    tail = Tail(file)
    for end in (*cuts, len(text)):
        file.write_text(text[:end])
        tail.look()
        whole = text[:end].count("\n")
        assert tail.table.rows == max(0, whole - 1)
    assert list(zip(*tail.table.columns.values(), strict=True)) == rows


def started(*arguments: str, store: Path) -> subprocess.Popen[str]:
    """The program, its runs in a folder of their own."""
    return python(
        "-m", "tui", "run", "--keep", *arguments,
        cwd=ROOT,
        env={**os.environ, PLACE_OF_RUNS: str(store)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def lines(store: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in store.glob(f"*/{METRICS}"))


def test_a_killed_run_is_whole_up_to_its_last_line_and_counts_as_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(driven(tmp_path))
    done = only(tmp_path)
    before = {file.name: file.read_bytes() for file in done.iterdir()}
    with started("-s", "epochs=1000000", "-s", "data.n=60", store=tmp_path) as process:
        wait_until(lambda: lines(tmp_path) > 100, between=0.02)
        (live,) = (run for run in Store(tmp_path).runs() if run.id != done.name)
        state, refusal = live.state, refusal_of(lambda: Store(tmp_path).remove(live))
        process.kill()
    assert state == "running"
    assert refusal
    killed = tmp_path / live.id
    epochs, losses = read_table(killed / METRICS).curve("loss", "epoch")
    assert epochs[:3] == [0, 1, 2]
    assert len(losses) > 1
    assert read_info(killed).state == "running"  # for it may only be silent
    assert read_info(killed, now=time.time() + SILENT + 1).state == "crashed"
    assert {file.name: file.read_bytes() for file in done.iterdir()} == before


def test_a_run_of_a_process_that_is_there_never_crashed_however_long_it_is_silent(
    tmp_path: Path,
) -> None:
    with begun(tmp_path):
        assert read_info(only(tmp_path), now=time.time() + 1e6).state == "running"


def test_a_later_process_of_the_same_number_is_not_taken_for_that_of_the_run(
    tmp_path: Path,
) -> None:
    with begun(tmp_path):
        file = only(tmp_path) / INFO
        values = {**json.loads(file.read_text()), "process": "some other time"}
        file.write_text(json.dumps(values))
        assert read_info(only(tmp_path), now=time.time() + SILENT + 1).state == "crashed"


def test_of_a_run_elsewhere_only_a_long_silence_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begun(tmp_path):
        monkeypatch.setattr("engine.runs.info.socket.gethostname", lambda: "another")
        now = time.time()
        assert read_info(only(tmp_path), now + 10 * SILENT).state == "running"
        assert read_info(only(tmp_path), now + 1e5).state == "crashed"


def test_run_keeps_its_run_where_it_is_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE_OF_RUNS, str(tmp_path))
    assert cli("run", "-s", "data.n=60").code == 0
    assert not list(tmp_path.iterdir())
    shown = cli("run", "-s", "data.n=60", "--name", "mine")
    (info,) = Store(tmp_path).runs()
    assert info.name == "mine"
    assert shown.err.strip() == f"kept as {info.id}"


def test_what_comes_after_the_end_is_not_written_and_begins_no_other_run(tmp_path: Path) -> None:
    recorder, keeper, unbegun = Recorder(SHORT), Keeper(tmp_path, SHORT), Keeper(tmp_path, SHORT)
    events = list(train(SHORT))
    for event in events[:5]:
        recorder.fold(event)
        keeper.fold(event)
    unbegun.end("stopped", recorder, 0.0)
    keeper.end("stopped", recorder, 0.0)
    before = {file.name: file.read_bytes() for file in only(tmp_path).iterdir()}
    for event in events:
        keeper.fold(event)
        unbegun.fold(event)
    assert {file.name: file.read_bytes() for file in only(tmp_path).iterdir()} == before
