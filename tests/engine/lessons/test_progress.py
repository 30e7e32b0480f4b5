"""Progress in the lessons: kept across sessions, shared by two apps, never lost."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import tomli_w
from click.testing import CliRunner
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.lessons.attempt import Attempt
from engine.lessons.library import lessons
from engine.lessons.progress import VERSION, Progress
from engine.lessons.reading import parse_lesson
from engine.support.user_files import held
from engine.training.snapshot import Snapshot
from tests.support.examples import tries
from tests.support.paths import ROOT
from tests.support.quiz import STEP
from tui.command import command

TEXT = STEP.replace("standing is at the noise floor", "status is finished")
CHINESE = """+++
title = "步子"
[[question]]
ask = "剩下多少损失？"
[[goal]]
text = "完成。"
+++
"""
LESSON = parse_lesson(TEXT, "steps", "steps.md")
FINISHED = Snapshot(Experiment(), 1, "finished", loss=0.5)
DIVERGED = Snapshot(Experiment().changed({"lr": 2.0}), 2, "diverged", loss=9.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "linreg-tui" / "progress.toml"


def attempt(*runs: Snapshot, said: str = "0.5") -> Attempt:
    """A go at the lesson with these runs."""
    made = Attempt(LESSON)
    made.predict(0, said)
    made.predict(1, "2")
    for run in runs:
        made.look(run)
    return made


def read(file: Path) -> Progress:
    """What another app finds in the file."""
    progress = Progress(file)
    assert progress.read() == ""
    return progress


def test_nothing_there_is_nothing_reached_and_nothing_written(file: Path) -> None:
    progress = read(file)
    assert progress.met(LESSON) == set()
    assert progress.score(LESSON) == (0, 0)
    assert not progress.done(LESSON)
    assert progress.note(Attempt(LESSON)) == ""
    assert not file.parent.exists()


def test_what_was_reached_is_there_the_next_time(file: Path) -> None:
    progress = Progress(file)
    assert progress.note(attempt(FINISHED)) == ""
    assert read(file).met(LESSON) == progress.met(LESSON) == {0}
    assert read(file).score(LESSON) == (1, 1)
    assert progress.note(attempt(FINISHED, DIVERGED)) == ""
    assert read(file).done(LESSON)
    assert read(file).score(LESSON) == (2, 2)
    assert set(file.parent.iterdir()) <= {file, file.with_suffix(".lock")}


def test_only_the_first_settled_answer_counts(file: Path) -> None:
    progress = Progress(file)
    progress.note(attempt(FINISHED, said="7"))
    progress.note(attempt(FINISHED, said="0.5"))
    assert progress.score(LESSON) == read(file).score(LESSON) == (0, 1)


def test_the_language_of_a_lesson_does_not_matter(file: Path) -> None:
    Progress(file).note(attempt(FINISHED))
    chinese = parse_lesson(TEXT, "steps", "steps.md", (CHINESE, "steps.zh.md"))
    assert chinese.goals[0].text == "完成。"
    assert read(file).met(chinese) == {0}
    assert read(file).score(chinese) == (1, 1)


def test_questions_of_all_lessons_are_told_apart() -> None:
    for lesson in (*lessons().values(), LESSON):
        assert len({question.identity for question in lesson.questions}) == len(lesson.questions)


def test_two_apps_do_not_wipe_each_others_progress(file: Path) -> None:
    one, other = Progress(file), Progress(file)
    other_lesson = replace(LESSON, name="other")
    one.note(attempt(FINISHED))
    second = Attempt(other_lesson)
    second.look(DIVERGED)
    other.note(second)
    one.note(attempt(DIVERGED))
    known = read(file)
    assert known.met(LESSON) == {0, 1}
    assert known.met(other_lesson) == {1}


WRITER = """
import sys
from pathlib import Path
from dataclasses import replace
from engine.lessons.attempt import Attempt
from engine.lessons.reading import parse_lesson
from engine.lessons.progress import Progress
from engine.support import user_files

user_files.LONGEST_WAIT = 60  # they wait for each other, and the machine may be busy
lesson = parse_lesson(sys.argv[3], "steps", "steps.md")
print("ready", flush=True)
sys.stdin.readline()
progress = Progress(Path(sys.argv[1]))
for number in range(20):
    attempt = Attempt(replace(lesson, name=f"{sys.argv[2]}-{number}"))
    attempt.met.add(0)
    assert progress.note(attempt) == ""
"""


def test_what_several_apps_reach_at_the_same_moment_is_all_kept(file: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), name, TEXT],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "abc"
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert read(file).report.lessons.keys() == {f"{name}-{n}" for name in "abc" for n in range(20)}


def test_a_file_that_another_process_does_not_let_go_is_said(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.support.user_files.LONGEST_WAIT", 0)
    progress = Progress(file)
    with held(file):
        assert "could not be saved" in Progress(file).note(attempt(FINISHED))
        assert "could not be saved" in progress.note(attempt(FINISHED))
    assert progress.note(attempt(FINISHED, DIVERGED)) == ""
    assert read(file).done(LESSON)


def test_a_goal_that_was_changed_is_open_again(file: Path) -> None:
    Progress(file).note(attempt(FINISHED, DIVERGED))
    harder = STEP.replace("standing is at the noise floor", "final loss < 1e-3")
    assert read(file).met(parse_lesson(harder, "steps", "steps.md")) == {1}


def test_a_lesson_without_goals_is_never_done(file: Path) -> None:
    assert not read(file).done(replace(LESSON, goals=()))


DAMAGED = {
    "no TOML": "steps = [",
    "binary": b"\x00\xff",
    "no table": "steps = 1",
    "unknown key": "[steps]\nscore = 1",
    "goals no list": '[steps]\ngoals = "all"',
    "goals of numbers": "[steps]\ngoals = [1]",
    "forecasts no table": "[steps]\nforecasts = [true]",
    "forecasts of words": '[steps]\nforecasts = { "final loss" = "yes" }',
    "nested deep": "steps = " + "[" * 5000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_set_aside_unchanged_and_said(file: Path, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    file.parent.mkdir(parents=True)
    file.write_bytes(data)
    progress = Progress(file)
    assert "progress.damaged.toml" in progress.read()
    assert not file.exists()
    assert progress.note(attempt(FINISHED)) == ""
    assert read(file).met(LESSON) == {0}
    assert file.with_suffix(".damaged.toml").read_bytes() == data


def test_damage_that_comes_meanwhile_loses_nothing_either(file: Path) -> None:
    progress = Progress(file)
    progress.note(attempt(FINISHED))
    file.write_text("damage")
    assert "progress.damaged.toml" in progress.note(attempt(FINISHED, DIVERGED))
    assert read(file).done(LESSON)


def refuse(*arguments: object, **keywords: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_damaged_file_that_cannot_be_renamed_is_not_overwritten(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("damage")
    monkeypatch.setattr(Path, "rename", refuse)
    assert "could not be read" in Progress(file).note(attempt(FINISHED))
    assert file.read_text() == "damage"


@pytest.mark.parametrize("method", ["mkdir", "open", "replace"])
def test_a_folder_that_cannot_be_written_is_said(
    file: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Progress(file).note(attempt(FINISHED))
    before = file.read_bytes()
    monkeypatch.setattr(Path, method, refuse)
    progress = Progress(file)
    assert "Permission denied" in progress.note(attempt(FINISHED, DIVERGED))
    assert progress.done(LESSON)
    monkeypatch.undo()
    assert file.read_bytes() == before


texts = st.text(max_size=8)
records = st.fixed_dictionaries(
    {}, optional={"goals": st.lists(texts), "forecasts": st.dictionaries(texts, st.booleans())}
)


@tries(60, HealthCheck.function_scoped_fixture)
@given(st.dictionaries(texts, records | texts | st.integers(0, 9), max_size=4))
def test_any_file_is_merged_or_set_aside(values: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "progress.toml"
        data = tomli_w.dumps(values).encode("utf-8", "surrogatepass")
        file.write_bytes(data)
        progress = Progress(file)
        message = progress.read()
        good = all(isinstance(value, dict) for value in values.values())
        assert bool(message) == (not good)
        if message:
            assert file.with_suffix(".damaged.toml").read_bytes() == data
        assert progress.note(attempt(FINISHED)) == ""
        after = tomllib.loads(file.read_text(encoding="utf-8"))
        assert after["version"] == VERSION
        known = {
            name: (
                {goal["if"] for goal in table["goals"]},
                {forecast["of"]: forecast["right"] for forecast in table["forecasts"]},
            )
            for name, table in after["lessons"].items()
        }
        assert "status is finished" in known["steps"][0]
        for name, value in values.items() if good else ():
            assert isinstance(value, dict)
            goals, forecasts = known.get(name, (set(), {}))
            assert set(value.get("goals", ())) <= goals
            assert value.get("forecasts", {}).items() <= forecasts.items()


def test_the_headless_list_marks_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "engine.support.user_files.user_config_path", lambda name, appauthor: tmp_path / name
    )
    name, lesson = next(iter(lessons().items()))
    goals = [goal.condition.text for goal in lesson.goals]
    file = tmp_path / "linreg-tui" / "progress.toml"
    file.parent.mkdir()
    file.write_text(f"[{name}]\ngoals = {goals!r}\n")
    lines = CliRunner().invoke(command, ["lessons"]).stdout.splitlines()
    assert [line for line in lines if line.startswith("✓")] == (
        [line for line in lines if f" {name} " in line] if goals else []
    )
