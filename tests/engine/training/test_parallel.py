"""Two processes that train together against one that trains alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import distributed

from engine import problem
from engine.catalog.losses import LOSSES
from engine.data.parts import by_parts
from engine.experiment import Experiment
from engine.own_data import experiment_on
from engine.problem import Problem, build
from engine.support.errors import BadInput
from engine.theory import gather
from engine.training.controls import Controls
from engine.training.events import Diverged, EpochEnded, Event, Finished, Started, Stepped
from engine.training.fork import Fork
from engine.training.trainer import follow, train
from tests.support.examples import tries
from tests.support.pairs import Pair, pair
from tests.support.strategies import tame_experiments


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two processes, started once for all the tests here."""
    with pair(tmp_path_factory.mktemp("pair")) as both:
        yield both


def in_float64(experiment: Experiment, processes: int) -> Problem:
    """The problem, so that rounding is far below what is compared."""
    problem = build(experiment)
    return replace(
        problem,
        X=problem.X.double(),
        y=problem.y.double(),
        held_out=(problem.held_out[0].double(), problem.held_out[1].double()),
        start={name: start.double() for name, start in problem.start.items()},
        processes=processes,
    )


def numbers_of(events: Iterable[Event]) -> list[Any]:
    """All that a run says in numbers."""
    numbers: list[Any] = []
    for event in events:
        match event:
            case Stepped():
                numbers += [*event.losses]
            case EpochEnded():
                numbers += [event.loss, event.validation, *event.params.values()]
                numbers += [event.epoch, event.step, *event.grads.values()]
            case Finished():
                numbers += [event.epoch, event.step, event.loss, event.r2, event.validation_r2]
            case Diverged():
                numbers += [event.epoch, event.step, event.autopsy.suggestion]
    return numbers


def precisely(plain: dict[str, Any], processes: int) -> list[Any]:
    """The numbers of an experiment's run in float64."""
    experiment = Experiment.from_dict(plain)
    problem = in_float64(experiment, processes)
    return numbers_of(follow(problem, gather.facts(problem), Controls(experiment.lr)))


def forked(plain: dict[str, Any], step: int, processes: int) -> list[Any]:
    """The numbers of a run that goes on from this experiment's after a step."""
    experiment = Experiment.from_dict(plain)
    return numbers_of(train(experiment, fork=Fork(experiment, step), processes=processes))


def assert_near(here: list[Any], alone: list[Any], rel: float) -> None:
    """Two lists of numbers are the same to a relative tolerance."""
    for number, same in zip(here, alone, strict=True):
        assert number == pytest.approx(same, rel=rel, abs=1e-12)


@tries(40)
@given(experiment=st.one_of([tame_experiments(loop="concise", loss=loss.name) for loss in LOSSES]))
def test_a_run_in_two_processes_is_that_of_one(two: Pair, experiment: Experiment) -> None:
    """Losses, parameters and gradients to 1e-6, with minibatches of one row, short last ones,
    penalties and rows held out; and both processes know the same, to the last digit."""
    here, there = two.both(precisely, experiment.to_dict(), 2)
    assert here == there
    assert_near(here, precisely(experiment.to_dict(), 1), 1e-6)


def test_both_processes_see_a_run_diverge(two: Pair) -> None:
    """At the same step, and both try the same smaller lr, together."""
    plain = Experiment(loop="concise", lr=30.0).changed({"data.n": 50}).to_dict()
    here, there = two.both(precisely, plain, 2)
    assert here == there
    assert here[-3:] == precisely(plain, 1)[-3:]


def test_a_run_in_two_processes_goes_on_from_one(two: Pair) -> None:
    experiment = Experiment(loop="concise", batch_size=7).changed({"optimizer": "adam"})
    here, there = two.both(forked, experiment.to_dict(), 150, 2)
    assert here == there
    assert_near(here, forked(experiment.to_dict(), 150, 1), 1e-3)


# Of a file, each reads its part -------------------------------------------------------------------

COLUMNS = "day,colour,a,b,mark,y\n"
COLOURS = ("red", '"deep\nblue"', '"gr""een"')


def rows_of(n: int) -> list[str]:
    """Rows of a file: dates, categories, gaps and marks; a cell goes on over two lines."""
    random = np.random.default_rng(3)
    a, b, noise = random.normal(size=(3, n))
    y = a - b / 50 + noise / 9
    return [
        f"2024-01-{1 + k % 28:02},{COLOURS[k % 7 % 3]},{'' if k % 17 == 3 else 3 + a[k]},"
        f"{100 * b[k]},{k % 5 == 1:d},{y[k]}\n"
        for k in range(n)
    ]


def in_parts(path: str, changes: dict[str, Any]) -> list[Any]:
    """The numbers of a run on a file of which this process reads its part."""
    with by_parts(distributed.get_rank(), 2):
        return alone(path, changes, 2)


def alone(path: str, changes: dict[str, Any], processes: int = 1) -> list[Any]:
    """The numbers of a run on a file, with what was told before its begin."""
    about = {key: value for key, value in changes.items() if key.startswith("data.")}
    experiment = experiment_on(
        path, {"loop": "concise", "batch_size": "16", "epochs": "2", **about}
    )
    experiment = experiment.changed(changes)
    events = list(train(experiment, processes=processes))
    begun = events[0]
    assert isinstance(begun, Started)
    facts, notes = begun.facts, [str(note) for note in begun.notes]
    known = [facts.n, facts.steps_per_epoch, facts.start_loss, facts.floor.optimum, *notes]
    return [*known, facts.stability.limit.lr, *numbers_of(events)]


@tries(15)
@given(
    changes=st.fixed_dictionaries(
        {
            "batch_size": st.integers(1, 90),
            "reduction": st.sampled_from(["sum", "mean"]),
            "shuffle": st.booleans(),
            "drop_last": st.booleans(),
            "standardize": st.sampled_from(["yes", "auto"]),
            "data.split": st.sampled_from(["random", "ordered", "mark"]),
            "validation_split": st.sampled_from([0.0, 0.3]),
            "data.terms": st.sampled_from(["", "y ~ a + C(mark) + colour:b", "y ~ b + day - 1"]),
            "penalty": st.sampled_from(["none", "l2"]),
            "seed": st.integers(0, 99),
        }
    )
)
def test_a_file_read_in_parts_trains_as_one_that_is_read_whole(
    two: Pair, files: Path, changes: dict[str, Any]
) -> None:
    """The same minibatches, scaling, rows held out and theory, and both processes know the same."""
    path = str(files / "a.csv")
    here, there = two.both(in_parts, path, changes)
    assert here == there
    assert_near(here, alone(path, changes), 1e-6)


@pytest.mark.parametrize("name", ["latin.csv", "a.parquet", "gaps.csv"])
def test_other_files_are_read_in_parts_too(two: Pair, files: Path, name: str) -> None:
    """One that is not UTF-8 in its second part only, Parquet, one with gaps in that part's rows."""
    path = str(files / name)
    here, there = two.both(in_parts, path, {})
    assert here == there
    assert_near(here, alone(path, {}), 1e-6)


def refused(path: str, terms: str) -> str:
    """What this process has against a file that it is to read its part of."""
    with pytest.raises(BadInput) as refusal:
        in_parts(path, {"data.terms": terms})
    return str(refusal.value)


@pytest.mark.parametrize(
    ("name", "terms", "words"),
    [
        ("zero.csv", "y ~ log(a)", "log(a): line 101: 0 has no finite value"),
        ("zero.csv", "y ~ z", "no column has this name"),
        ("short.csv", "", "has too few rows for 2 parts"),
        ("a.json", "", "JSON cannot be read in parts"),
        ("none.csv", "", "cannot be read"),
    ],
)
def test_what_is_refused_in_one_part_is_refused_in_both(
    two: Pair, files: Path, name: str, terms: str, words: str
) -> None:
    here, there = two.both(refused, str(files / name), terms)
    assert here == there
    assert words in here


def test_each_process_has_its_rows_and_theory_a_sample_of_all(two: Pair, files: Path) -> None:
    path = str(files / "a.csv")
    (here, few), (there, _) = two.both(with_a_small_sample, path)
    assert here + there == len(build(experiment_on(path, {})).X)
    assert abs(here - there) < 10
    whole = alone(path, {})
    assert few[5] == "theory looks at 20 of the rows"
    assert_near([*few[:3], *few[7:]], [*whole[:3], *whole[6:]], 1e-6)


def with_a_small_sample(path: str) -> tuple[int, list[Any]]:
    """How many rows this process has, and the numbers of a run whose theory sees few of all."""
    with pytest.MonkeyPatch.context() as patch, by_parts(distributed.get_rank(), 2):
        patch.setattr(problem, "MOST_FOR_THEORY", 150)
        part = build(experiment_on(path, {})).part
        assert part
        return len(part.X), alone(path, {}, 2)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of the same rows, and some that are special."""
    import duckdb

    folder, rows = tmp_path_factory.mktemp("files"), rows_of(120)
    (folder / "a.csv").write_text(COLUMNS + "".join(rows), encoding="utf-8", newline="")
    latin = COLUMNS + "".join([*rows[:100], *(row.replace("red", "grün") for row in rows[100:])])
    (folder / "latin.csv").write_bytes(latin.encode("cp1252"))
    pairs = [f"{k},{k * k % 11}\n" for k in range(100)]
    gaps = ["a,y\n", *pairs[:50], *(f",{k}\n" for k in range(50))]
    (folder / "gaps.csv").write_text("".join(gaps))
    (folder / "zero.csv").write_text("".join(["a,y\n", *pairs[1:], "0,1\n"]))
    (folder / "short.csv").write_text("a,y\n1,2\n3." + "0" * 400 + ",4\n")
    (folder / "a.json").write_text('[{"a": 1, "y": 2}, {"a": 2, "y": 3}]')
    table = f"SELECT * FROM read_csv('{folder / 'a.csv'}')"
    duckdb.execute(f"COPY ({table}) TO '{folder / 'a.parquet'}' (ROW_GROUP_SIZE 50)")
    return folder
