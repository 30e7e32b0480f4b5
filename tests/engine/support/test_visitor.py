"""What a visitor may name: only what is in their folder, however it is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.data import source
from engine.data.opened import SAMPLES, file_of
from engine.data.reading import read_table
from engine.opening import stable, waits
from engine.runs.foreign import foreign_losses
from engine.runs.named import file_named
from engine.support import machine
from engine.support.errors import BadInput
from engine.support.user_files import (
    experiments_folder,
    progress_file,
    recent_file,
    runs_folder,
    settings_file,
    write_beside,
)
from engine.support.visitor import MOST_OF_VISITOR, VISITOR, brought, file_at, most_numbers
from tui.screens.files import is_file, is_folder, listed

REFUSED = "only files of your own can be named here"


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a visitor whom this process belongs to; beside it lies what is not theirs."""
    folder = tmp_path / "visitor"
    folder.mkdir()
    (folder / "mine.csv").write_text("x,y\n1,2\n2,4\n3,7\n")
    (tmp_path / "secret.csv").write_text("x,y\n1,2\n2,4\n3,7\n")
    (folder / ".link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "round").symlink_to(folder / "round")
    monkeypatch.chdir(folder)
    monkeypatch.setenv(VISITOR, "yes")
    return folder


def foreign(folder: Path) -> list[str]:
    """Names of what lies elsewhere."""
    secret = folder.parent / "secret.csv"
    names = [secret, "../secret.csv", "./a/../../secret.csv", ".link.csv", "/etc/passwd", "/", ".."]
    return [*map(str, names), "round/x", "a" * 5000, "a\0b"]


def test_own_files_are_named_as_seen_from_the_folder(own_folder: Path) -> None:
    for name in ("mine.csv", "./mine.csv", str(own_folder / "mine.csv"), "a/../mine.csv"):
        assert file_at(name, "k") == Path("mine.csv")
        assert stable(name) == "mine.csv"
        assert file_of(name) == "mine.csv"
    assert file_at("~", "k") == Path("~")  # no home but this one
    assert read_table(file_of("mine.csv")).rows == 3
    assert file_of("sample:cars") == str(SAMPLES / "cars.csv")


def test_nothing_else_is_read_listed_or_written_to(own_folder: Path) -> None:
    for name in foreign(own_folder):
        for open_ in (
            lambda name: file_at(name, "key"),
            file_of,
            lambda name: file_named(f"./{name}" if "/" not in name else name),
            lambda name: foreign_losses(file_at(name, "metrics")),
        ):
            if name in (".link.csv", "a\0b") or "/" in name or name == "..":
                with pytest.raises(BadInput):
                    open_(name)
        assert not is_file(name)
        assert not is_folder(name)
        assert waits({"data": "file", "data.path": name}) is None
    for typed in ("/", "/etc/", "../", f"{own_folder.parent}/", "round/"):
        assert list(listed(typed)) == []
    assert [entry.path for entry in listed("")] == ["mine.csv"]
    assert str(own_folder) not in write_beside(b"", "picture", ".svg").as_posix()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=20) | st.lists(st.sampled_from(["..", ".", "a", "", "~", "/"])).map("/".join)
)
def test_whatever_is_typed_lies_within(own_folder: Path, path: str) -> None:
    place = "" if "\0" in path else os.path.realpath(path or ".")
    if Path(place).is_relative_to(own_folder.resolve()):
        assert os.path.realpath(own_folder / file_at(path, "key")) == place
    else:
        with pytest.raises(BadInput, match=REFUSED):
            file_at(path, "key")


def test_what_is_kept_is_in_the_folder(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINREG_TUI_RUNS", "/elsewhere")
    for place in (
        *(settings_file(), progress_file(), recent_file(), experiments_folder(), runs_folder()),
    ):
        assert place.parts[0] == ".linreg-tui"
    (own_folder.parent / "data.csv").write_text("x")
    assert brought(own_folder.parent / "data.csv") == "data.csv"
    assert (own_folder / "data.csv").read_text() == "x"


def test_a_visitor_has_less_and_no_standard_input(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert most_numbers() == MOST_OF_VISITOR
    source.standard_input.cache_clear()
    with pytest.raises(BadInput, match="nothing is piped in"):
        read_table("-")
    monkeypatch.delenv(VISITOR)
    assert most_numbers() == 200_000_000
    assert file_at("../secret.csv", "k") == Path("../secret.csv")
    with pytest.raises(BadInput, match="k=~nobody_at_all/x: cannot be read"):
        file_at("~nobody_at_all/x", "k")


def test_the_memory_of_a_process_that_may_have_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda kind: (1000, 1000))
    assert machine.memory() in (0, 1000)
