"""An experiment as a line to send: read back by the rules of a shell, it is the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.common import read_experiment
from engine.experiment import Experiment
from engine.runs.share import changes_of, command_line, link
from engine.support.errors import BadInput
from tests.support.commands import cli
from tests.support.strategies import experiments

OHM = Experiment().changed({"data": "ohm", "data.R": 47.0, "lr": 0.1})


def opened(line: str) -> Experiment:
    """What a command line opens, its words taken apart as a shell does."""
    program, *words = shlex.split(line)
    assert program == "linreg-tui"
    assert set(words[::2]) == {"-s"}
    return read_experiment(None, None, tuple(words[1::2]))


@given(experiments())
def test_a_command_line_opens_the_same_experiment(experiment: Experiment) -> None:
    assert opened(command_line(experiment)) == experiment


@given(experiments().filter(lambda experiment: experiment.data.name != "file"))
def test_a_link_opens_the_same_experiment(experiment: Experiment) -> None:
    assert read_experiment(link(experiment), None, ()) == experiment
    assert shlex.split(shlex.quote(link(experiment))) == [link(experiment)]


@given(experiments(), st.sampled_from((OHM, OHM.changed({"optimizer": "adam", "seed": 1}))))
def test_the_fewest_changes_lead_from_any_experiment_to_any_other(
    one: Experiment, other: Experiment
) -> None:
    assert other.changed(one.changes_from(other)) == one
    assert one.changed(other.changes_from(one)) == other
    assert not one.changes_from(one)


def test_lines_are_short_and_readable() -> None:
    assert command_line(OHM) == "linreg-tui -s data=ohm -s data.R=47 -s lr=0.1"
    assert link(OHM) == "?v=1&data=ohm&data.R=47&lr=0.1"
    assert command_line(Experiment()) == "linreg-tui -s data=linear"
    assert link(Experiment()) == "?v=1"


@given(name=st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=9))
def test_any_name_of_a_file_comes_through_a_link(name: str) -> None:
    assert changes_of(f"?v=1&data.path={quote(name)}") == {"data.path": name}


def test_a_file_is_told_by_name_digest_and_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "it's private"
    folder.mkdir()
    file = folder / "my 100 % prices & more.csv"
    rows = "\n".join(f"{x},{x * x % 7},{3 * x + x % 3}" for x in range(1, 30))
    file.write_text(f"area,rooms in all,price\n{rows}\n", encoding="utf-8")
    experiment = Experiment().changed({"data": "file", "data.path": str(file)})
    assert opened(command_line(experiment)) == experiment
    line = link(experiment)
    assert "private" not in line
    changes = changes_of(line)
    assert changes["data.path"] == file.name
    assert changes["data.terms"] == "price ~ area + `rooms in all`"
    assert len(changes["data.sha256"]) == 64
    other = tmp_path / file.name
    other.write_text(f"area,rooms in all,price\n{rows}\n30,1,92\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (note,) = read_experiment(line, None, ()).dataset().notes
    assert "has changed since this experiment was written down" in str(note)
    monkeypatch.chdir(folder)
    same = read_experiment(line, None, ())
    assert same.dataset().columns == experiment.dataset().columns
    assert not same.dataset().notes


@pytest.mark.parametrize(("text", "words"), [
    ("?v=2&lr=0.1", "v=2: this version of the app reads v=1"),
    ("?lr", "must be key=value with & between them"),
    ("?v=1&lr=-1", "lr=-1: must be"),
    ("?v=1&batchsize=4", "batchsize=4: unknown key; the nearest is batch_size"),
])  # fmt: skip
def test_links_that_are_refused(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        read_experiment(text, None, ())


@pytest.mark.parametrize(("key", "words"), [
    ("batchsize", "unknown key; the nearest is batch_size"),
    ("LR", "unknown key; the nearest is lr"),
    ("noise", "unknown key; the nearest is data.noise"),
    ("dta.noise", "unknown key; the nearest is data.noise"),
    ("data.nois", "unknown key; linear takes w, b, n, noise"),
    ("data.nois", "; the nearest is noise"),
    ("zzzzzz", "unknown key; the keys are data, model"),
])  # fmt: skip
def test_an_unknown_key_is_refused_with_the_nearest(key: str, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        Experiment().changed({key: "1"})


def test_share_prints_what_other_commands_take(tmp_path: Path) -> None:
    asked = ("share", "ohm", "-s", "epochs=1")
    line = cli(*asked).out
    linked = cli(*asked, "--link").out.strip()
    assert opened(line) == read_experiment(linked, None, ())
    toml = tmp_path / "mine.toml"
    toml.write_text(cli(*asked, "--toml").out, encoding="utf-8")
    assert read_experiment(None, toml, ()) == opened(line)
    assert cli("share", linked, "-s", "epochs=2").out == line.replace("epochs=1", "epochs=2")
    alone = cli(linked)  # opens the screen, for which there is no terminal here
    assert "no terminal to draw in" in alone.err
    assert "nearest is epochs" in cli("?epoch=3").err
