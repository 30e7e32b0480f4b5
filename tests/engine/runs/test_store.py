"""The folder of all runs: found, filtered, compared, named and removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.runs.differences import difference_between, difference_words, differences
from engine.runs.files import INFO
from engine.runs.info import RunInfo, RunState
from engine.runs.matching import match_of
from engine.runs.store import Store
from engine.support.errors import BadInput
from engine.support.user_files import PLACE_OF_RUNS
from tests.support.commands import cli, refusal_of
from tests.support.kept import put_run

Add = Callable[..., RunInfo]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv(PLACE_OF_RUNS, str(tmp_path))
    return Store(tmp_path)


@pytest.fixture
def add(store: Store) -> Add:
    """Puts made-up runs into the store, one after the other."""

    def add(
        name: str = "", state: RunState = "finished", loss: float = 0.5, **changes: object
    ) -> RunInfo:
        number, metrics = len(store.ids()), "step,epoch,loss\n0,0,1.5\n"
        return put_run(
            store.folder, number, metrics, name=name, state=state, loss=loss, changes=changes
        )

    return add


def test_the_newest_run_comes_first_and_each_is_found(store: Store, add: Add) -> None:
    first, second, third = add("mine"), add(), add("mine")
    assert [info.id for info in store.runs()] == [third.id, second.id, first.id]
    assert store.run("latest") == third
    assert store.run("mine") == third
    assert store.run(first.id) == first
    assert store.run(second.id[:15]) == second
    for name in ("other", "", "20261126", "../.."):
        refused = refusal_of(lambda name=name: store.run(name))  # type: ignore[misc]
        assert refused
        assert refused.key == "run"


def test_what_is_no_run_is_passed_over(store: Store, add: Add) -> None:
    info = add()
    (store.folder / "20261126-130000-linear-ffff").mkdir()
    (store.folder / "notes").mkdir()
    for number, text in enumerate(("", "{", "[]", '{"id": 1}', "null", "[" * 10_000)):
        folder = store.folder / f"20261126-14000{number}-linear-ffff"
        folder.mkdir()
        (folder / INFO).write_text(text)
    assert list(store.runs()) == [info]


def test_a_store_that_is_no_folder_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(PLACE_OF_RUNS, str(tmp_path / "file"))
    shown = cli("runs")
    assert shown.code == 2
    assert len(shown.err.splitlines()) == 1
    monkeypatch.setenv(PLACE_OF_RUNS, str(tmp_path / "none"))
    assert cli("runs").code == 0


def test_a_name_is_given_and_taken(store: Store, add: Add) -> None:
    info = add()
    assert cli("runs", "rename", info.id, "the best").code == 0
    assert store.run("the best").id == info.id
    assert cli("runs", "rename", "the best", "").code == 0
    assert store.run(info.id).name == ""


def test_removing_takes_the_run_and_nothing_that_is_not_its_own(store: Store, add: Add) -> None:
    first, second = add("a"), add("b")
    own = store.path(second) / "thesis.tex"
    own.write_text("years")
    assert cli("runs", "rm", "a", "b").code == 0
    assert not store.path(first).exists()
    assert [file.name for file in store.path(second).iterdir()] == ["thesis.tex"]
    assert own.read_text() == "years"
    assert list(store.runs()) == []


def test_none_is_removed_where_one_cannot_be_found(store: Store, add: Add) -> None:
    info = add("a")
    assert cli("runs", "rm", "a", "nowhere").code == 2
    assert list(store.runs()) == [info]


def test_the_oldest_that_nobody_named_give_way(store: Store, add: Add) -> None:
    named, *rest = add("kept"), add(), add(), add()
    store.give_way(most=2)
    assert [info.id for info in store.runs()] == [rest[-1].id, named.id]


# Filters ---------------------------------------------------------------------------------------


def test_a_filter_has_words_and_conditions(store: Store, add: Add) -> None:
    slow = add("slow one", lr=0.001, loss=2.0)
    huber = add(state="diverged", **{"loss": 7.0}, lr=0.5)
    wide = add(**{"data.n": 500, "optimizer": "adam"})

    def fitting(text: str) -> list[RunInfo]:
        return list(filter(match_of(text), store.runs()))

    assert fitting("") == [wide, huber, slow]
    assert fitting("lr<0.1 loss>1") == [slow]
    assert fitting("state=diverged") == [huber]
    assert fitting("loss=half_squared data.n=500") == [wide]
    assert fitting("ADAM") == [wide]
    assert fitting("optimizer!=adam lr>=0.5") == [huber]
    assert fitting("one") == [slow]
    assert fitting("loss=huber") == []


@given(st.text(max_size=20))
def test_any_filter_is_understood_or_refused(text: str) -> None:
    info = RunInfo("id", "", "finished", "", Experiment().to_dict())
    with suppress(BadInput):
        assert match_of(text)(info) in (True, False)


@pytest.mark.parametrize("text", ["lrr=1", "data=1<2 nope.x=1", "optimizer<adam"])
def test_a_filter_that_compares_nothing_is_one_line(store: Store, text: str) -> None:
    shown = cli("runs", *text.split())
    assert shown.code == 2
    assert len(shown.err.splitlines()) == 1


# What differs ----------------------------------------------------------------------------------


def test_only_what_distinguishes_is_told() -> None:
    before, now = Experiment(), Experiment().changed({"lr": 0.003, "loss": "huber"})
    words = difference_words(now.flat(), before.flat())
    assert words == "loss half_squared→huber, lr 0.03→0.003"
    assert difference_words(now.flat(), now.flat()) == ""


@pytest.mark.parametrize(("changes", "words"), [
    ({"batch_size": 1, "lr": 2.0}, "lr 0.03→2, batch_size 10→1"),
    ({"data": "ohm", "model": "ohm"}, "data linear→ohm, model linear→ohm"),
    ({"data": "ohm", "data.n": 50}, "data linear→ohm, n 50"),
    ({"data.w": (1.0,) * 40}, "w 2,-3.4→" + "1," * 25 + "…"),
    ({"data": "file", "data.sha256": "0"}, "data linear→file"),
    ({"reshape": False}, "reshape true→false"),
])  # fmt: skip
def test_words_for_what_another_experiment_has(changes: dict[str, object], words: str) -> None:
    assert difference_between(Experiment().changed(changes), Experiment()) == words


changed = st.fixed_dictionaries(
    {},
    optional={
        "lr": st.floats(1e-4, 1),
        "epochs": st.integers(1, 9),
        "loss": st.sampled_from(["squared", "huber", "l1"]),
        "optimizer": st.sampled_from(["momentum", "adam"]),
        "data.n": st.integers(10, 99),
        "data.w": st.lists(st.floats(-9, 9), min_size=1, max_size=3),
    },
).map(Experiment().changed)


@given(changed, changed)
def test_differences_lead_from_one_experiment_to_the_other(
    before: Experiment, now: Experiment
) -> None:
    changed = differences(now.flat(), before.flat())
    assert all(was != is_now for was, is_now in changed.values())
    changes = {key: is_now for key, (_, is_now) in changed.items()}
    assert before.changed_by_text(changes) == now


# For other programs ----------------------------------------------------------------------------


def test_json_is_an_object_a_line(store: Store, add: Add) -> None:
    add("mine", loss=0.25), add(loss=float("nan"))
    shown = cli("runs", "--json")
    newest, oldest = (json.loads(line) for line in shown.out.splitlines())
    assert newest["loss"] is None
    assert (oldest["name"], oldest["loss"], oldest["state"]) == ("mine", 0.25, "finished")
    assert Experiment.from_dict(oldest["experiment"]) == Experiment()


def test_a_list_without_runs_says_why(store: Store, add: Add) -> None:
    assert cli("runs").out == f"no run is kept in {store.folder}\n"
    add("mine")
    assert "mine" in cli("runs", "mine").out
    assert cli("runs", "yours", "lr<1").out == "no run matches yours lr<1\n"
    assert cli("runs", "--json", "yours").out == ""


def test_people_see_names_as_text(store: Store, add: Add) -> None:
    info = add()
    folder = store.path(info)
    (folder / INFO).write_text(replace(info, name="\x1b[2J\nevil").to_json())
    out = cli("runs").out + cli("runs", "show").out + cli("runs", "diff", "latest", "latest").out
    assert "\x1b" not in out
    assert "evil" in out
