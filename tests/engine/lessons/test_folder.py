"""A teacher's folder of lessons: they come first, with their data, for visitors too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.lessons.attempt import Attempt, outcome
from engine.lessons.lesson import Lesson
from engine.lessons.library import files, find_lesson, lessons, use_folder
from engine.lessons.progress import reached_in
from engine.lessons.verifying import Remaking, judged
from engine.own_data import over_file
from engine.support.errors import BadInput
from engine.support.visitor import VISITOR

HEAD = '+++\ntitle = "{title}"\n'
GOAL = '[[goal]]\ntext = "Go."\nif = "status is finished"\n+++\nText.\n'
ON_DATA = (
    'title = "Ours"\n[experiment]\nepochs = 2\ndata = { name = "file", path = "heights.csv" }\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with three lessons, one of them on data, and things that are none."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "10-last.md").write_text(HEAD.format(title="Last") + GOAL)
    (folder / "02-scratch.md").write_text(HEAD.format(title="My own scratch") + GOAL)
    (folder / "03-data.md").write_text("+++\n" + ON_DATA + GOAL)
    (folder / "heights.csv").write_text("age,height\n" + "".join(f"{n},{n}\n" for n in range(9)))
    (folder / "README.md").write_text("No lesson.")
    (folder / "03-data.zh.md").write_text('+++\ntitle = "我们的"\n+++\n')
    yield folder
    use_folder(None)


def test_they_come_first_and_take_the_place_of_their_names(folder: Path) -> None:
    before = list(files())
    use_folder(folder)
    others = [name for name in before if name != "scratch"]
    assert list(lessons()) == ["scratch", "data", "last", *others]
    assert find_lesson("scratch").title == "My own scratch"
    use_folder(None)
    assert list(files()) == before
    assert find_lesson("scratch").title != "My own scratch"


def test_one_that_cannot_be_used_is_said_with_its_line(folder: Path) -> None:
    (folder / "04-bad.md").write_text('+++\ntitle = "Bad"\nviews = "fit"\n+++\n')
    with pytest.raises(BadInput, match=r"04-bad\.md, line 3"):
        use_folder(folder)


@pytest.mark.parametrize(("name", "why"), [("nothing", "No such file"), ("empty", "NUMBER-NAME")])
def test_a_folder_without_lessons_is_refused(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=why):
        use_folder(tmp_path / name)


def goal_of(lesson: Lesson) -> list[str]:
    """The verdict on the goal of a lesson whose run was made here."""
    attempt = Attempt(lesson)
    attempt.look(outcome(lesson.experiment))
    return [row.verified for row in judged(lesson, reached_in(attempt), Remaking(60))]


def test_data_that_lie_beside_a_lesson_are_found_and_its_runs_proved(folder: Path) -> None:
    use_folder(folder)
    lesson = find_lesson("data")
    assert over_file(lesson.experiment) == str(folder / "heights.csv")
    assert lesson.experiment.dataset().n == 9
    assert goal_of(lesson) == ["yes"]


def test_a_visitor_has_a_copy_of_them(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "visitor"
    own.mkdir()
    monkeypatch.setenv(VISITOR, str(own))
    monkeypatch.chdir(own)
    use_folder(folder)
    lesson = find_lesson("data")
    assert over_file(lesson.experiment) == "heights.csv"
    assert (own / "heights.csv").read_bytes() == (folder / "heights.csv").read_bytes()
    attempt = Attempt(lesson)
    attempt.look(outcome(lesson.experiment))
    handed_in = reached_in(attempt)
    monkeypatch.delenv(VISITOR)
    use_folder(folder)  # the teacher has the file elsewhere
    rows = judged(find_lesson("data"), handed_in, Remaking(60))
    assert [row.verified for row in rows] == ["yes"]
    (own / "heights.csv").write_text("theirs")
    monkeypatch.setenv(VISITOR, str(own))
    (folder / "03-data.md").write_text("+++\n" + ON_DATA.replace("heights", "other") + GOAL)
    with pytest.raises(BadInput, match=r"other\.csv"):
        use_folder(folder)
    assert (own / "heights.csv").read_text() == "theirs"
