"""What older versions of the app have written is read, and nothing of it is lost.

The files of each version are those that its app has written, with real keys.
"""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest
import tomli_w

from engine.lessons.attempt import Attempt
from engine.lessons.library import find_lesson
from engine.lessons.progress import VERSION, Progress
from engine.runs.info import VERSION as VERSION_OF_RUNS
from engine.runs.recall import Recall
from engine.runs.store import Store
from engine.runs.watch import Watch
from engine.training.fork import Fork
from tests.support.commands import cli
from tests.support.paths import ROOT
from tui.settings import load, save

VERSIONS = sorted((ROOT / "tests" / "data" / "upgrade").iterdir())


@pytest.fixture(params=VERSIONS, ids=lambda folder: folder.name)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The files of a version, where they may be written."""
    return Path(shutil.copytree(request.param, tmp_path / "files"))


def test_settings_keep_every_value(old: Path) -> None:
    file = old / "settings.toml"
    before = tomllib.loads(file.read_text())
    settings, message = load(file)
    assert message == ""
    assert save(settings, file) == ""
    after = tomllib.loads(file.read_text())
    assert after.keys() >= before.keys()
    for key in before.keys() - {"version", "experiment"}:
        assert after[key] == before[key]
    for key, value in before["experiment"].items():
        now = after["experiment"][key]
        assert now == value if not isinstance(value, dict) else now.items() >= value.items()


def test_progress_keeps_every_goal_and_forecast(old: Path) -> None:
    file = old / "progress.toml"
    values = tomllib.loads(file.read_text())
    before = values.get("lessons", values)
    progress = Progress(file)
    assert progress.read() == ""
    lesson = find_lesson("scratch")
    attempt = Attempt(lesson)
    attempt.met = set(range(len(lesson.goals)))
    assert len(progress.met(lesson)) < len(attempt.met)
    assert progress.note(attempt) == ""
    again = Progress(file)
    assert again.read() == ""
    for name, reached in before.items():
        assert set(again.report.lessons[name].goals) >= set(reached["goals"])
        forecasts = again.report.lessons[name].forecasts
        assert {of: each.right for of, each in forecasts.items()} == reached["forecasts"]
    assert again.done(lesson)


def test_runs_are_shown_as_they_were(old: Path) -> None:
    store = Store(old / "runs")
    runs = list(store.runs())
    assert len(runs) == len(list((old / "runs").iterdir()))
    assert any(run.name for run in runs)
    assert any(run.lrs for run in runs)
    assert {run.state for run in runs} == {"finished", "diverged"}
    for run in runs:
        told = json.loads((store.path(run) / "run.json").read_text())
        watch = Watch(store, run)
        watch.look()
        snapshot = Recall(watch, -1).snapshot()
        assert (snapshot.state, snapshot.step) == (told["state"], told["result"]["step"])
        assert snapshot.experiment.to_dict() == told["experiment"]
        if told["state"] == "finished":
            assert snapshot.loss == pytest.approx(told["result"]["loss"], rel=1e-8)
        if told["fork"]:
            assert Fork.from_dict(told["fork"]).step == told["fork"]["step"]


def test_progress_of_a_newer_version_is_kept_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "progress.toml"
    text = tomli_w.dumps({"version": VERSION + 1, "lessons": [1, 2], "more": {"a": 1}})
    file.write_text(text)
    progress = Progress(file)
    message = progress.read()
    assert "newer version" in message
    assert "\n" not in message
    attempt = Attempt(find_lesson("scratch"))
    attempt.met = {0}
    assert progress.note(attempt) == ""  # it was said
    assert progress.met(attempt.lesson) == {0}
    assert file.read_text() == text


def test_what_a_newer_version_added_beside_the_lessons_is_written_back(tmp_path: Path) -> None:
    file = tmp_path / "progress.toml"
    file.write_text(f'version = {VERSION}\nteam = "blue"\n')
    progress = Progress(file)
    assert progress.read() == ""
    attempt = Attempt(find_lesson("scratch"))
    attempt.met = {0}
    assert progress.note(attempt) == ""
    assert tomllib.loads(file.read_text())["team"] == "blue"


def test_a_run_of_a_newer_version_is_said_in_a_line_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(VERSIONS[-1] / "runs", tmp_path / "runs"))
    monkeypatch.setenv("LINREG_TUI_RUNS", str(folder))
    file = max(folder.iterdir()) / "run.json"
    text = json.dumps(json.loads(file.read_text()) | {"version": VERSION_OF_RUNS + 1, "more": 1})
    file.write_text(text)
    shown = cli("runs", "show", "latest")
    assert shown.code == 0
    assert shown.err.count("\n") == 1
    assert "newer version" in shown.err
    assert file.read_text() == text
