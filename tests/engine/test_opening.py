"""A file is read piece by piece, told of, given up where asked, and what is made of it is handed
over."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from engine.data.sensing import Asked
from engine.experiment import Experiment
from engine.opening import SMALL, Reading, Request, is_large, read, waits
from engine.own_data import experiment_on
from engine.worker import Worker


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of several blocks."""
    file = tmp_path_factory.mktemp("data") / "large.csv"
    file.write_text("a,b\n" + "1.5,2.25\n3,4\n" * 200_000)
    return str(file)


def followed(request: Request, most: int | None = None) -> list[Reading]:
    """All that is published of a request, which is given up after `most` states."""
    heard: list[Reading] = []
    read(request, heard.append, lambda: most is not None and len(heard) >= most)
    return heard


def test_a_large_file_comes_with_a_progress_and_becomes_an_experiment(large: str) -> None:
    make = partial(experiment_on, large, {"lr": "0.25"})
    heard = followed(Request(large, make=make))
    shares = [reading.share for reading in heard]
    assert shares == sorted(shares)
    assert len(set(shares)) >= 3
    last = heard[-1]
    assert last.state == "finished"
    assert last.table is not None
    assert last.table.rows == 400_000
    assert last.first_rows[:2] == (("1.5", "2.25"), ("3", "4"))
    assert last.experiment == make()


def test_what_is_given_up_ends_there_and_can_be_read_again(large: str) -> None:
    request = Request(large, Asked(delimiter="comma"))
    heard = followed(request, 3)
    assert [reading.state for reading in heard] == ["running"] * 3 + ["stopped"]
    assert heard[-1].table is None
    assert followed(request)[-1].state == "finished"


@pytest.mark.parametrize(
    ("content", "asked", "why"),
    [
        ("", Asked(), "is empty"),
        ("a\nb\n", Asked(), "only one column"),
        ("a,b\n1,2\n2,3\n4,4\n", Asked(encoding="klingon"), "klingon"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    tmp_path: Path, content: str, asked: Asked, why: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(content)
    last = followed(Request(str(file), asked))[-1]
    assert (last.state, last.table) == ("failed", None)
    assert why in last.message
    assert "\n" not in last.message


def test_where_nothing_can_be_made_of_it_the_table_is_there_all_the_same() -> None:
    cars = "sample:cars"
    for make in (
        partial(experiment_on, cars, {"lr": "-1"}),
        lambda: Experiment().changed({"lr": 0.0}),
    ):
        last = followed(Request(cars, make=make))[-1]
        assert (last.state, last.experiment) == ("failed", None)
        assert last.table is not None
        assert last.message.count("\n") == 0


def test_a_worker_reads_only_what_is_still_wanted() -> None:
    worker = Worker(Experiment())
    first, second = Request("sample:cars"), Request("sample:line")
    worker.wanted = second
    worker.read(first)
    assert worker.reading is not None
    assert (worker.reading.request, worker.reading.state) == (first, "stopped")
    worker.read(second)
    assert (worker.reading.request, worker.reading.state) == (second, "finished")


def test_only_a_large_file_is_large(large: str, tmp_path: Path) -> None:
    small = tmp_path / "small.csv"
    small.write_bytes(b"1" * SMALL)
    assert [is_large(path) for path in (large, str(small), "sample:cars", "-")] == [
        True, False, False, False,
    ]  # fmt: skip
    assert not is_large(str(tmp_path))


def test_changes_wait_for_a_large_file_and_for_no_other(large: str) -> None:
    request = waits({"data": "file", "data.path": large, "data.missing": "no", "lr": 0.1})
    assert request is not None
    assert (request.path, request.asked) == (large, Asked(missing="no"))
    for changes in (
        {},
        {"data": "linear", "data.path": large},
        {"data": "file", "data.path": "sample:cars"},
        {"data": "file", "data.path": large + ".gone"},
        {"data": "file", "data.path": 3},
        {"data": "file"},
    ):
        assert waits(changes) is None
