"""What is handed in is made again: true claims are proved, forged and hostile files are a row."""

from __future__ import annotations

import csv
import os
import signal
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.lessons.attempt import Attempt
from engine.lessons.lesson import Lesson
from engine.lessons.library import use_folder
from engine.lessons.progress import VERSION, Progress
from engine.lessons.reading import parse_lesson
from engine.lessons.verifying import (
    MOST_CLAIMS,
    MOST_RUNS,
    Remaking,
    Row,
    checked,
    cut_off,
)
from engine.training.run import Stepper, Until
from engine.training.snapshot import Snapshot
from tests.support.commands import cli
from tests.support.examples import tries

LESSON = parse_lesson(
    """+++
title = "All that can be asked"
[experiment]
data = { n = 60 }
[[question]]
ask = "Which loss is left?"
of = "final loss"
within = "factor 2"
when = "lr is 0.03"
[[question]]
ask = "With lr = 5?"
when = "lr is 5"
[[question.choice]]
text = "It learns."
if = "status is finished"
[[question.choice]]
text = "It runs away."
if = "status is diverged"
[[goal]]
text = "Arrive."
if = "final loss < 1e-3 and lr is 0.03"
[[goal]]
text = "Run away."
if = "status is diverged"
[[goal]]
text = "Ten times lower than before."
if = "final loss / final loss before < 0.1"
[[goal]]
text = "Low in a pause."
if = "status is paused and step >= 4 and batch loss < 5"
[[goal]]
text = "Stopped."
if = "status is stopped and step < 12"
[[goal]]
text = "Foreseen."
if = "predicted"
[[goal]]
text = "Looked."
if = "seen residuals and status is finished"
+++
Text.
""",
    "all",
    "all.md",
)
BASE = LESSON.experiment
SHARED = Remaking(60)
TITLES = [goal.text for goal in LESSON.goals]


def taken(
    experiment: Experiment, steps: int = 0, lr: float | None = None, then: str = "pause"
) -> Snapshot:
    """A run as the engine takes it for the screen: so many single steps, another lr, and on."""
    run = Stepper(experiment, 1)
    run.begin()
    for _ in range(steps):
        run.set_off(Until.MINIBATCH, 0.0)
        run.advance()
    if lr:
        run.set_lr(lr)
    if then == "stop":
        run.end("stopped")
    while then == "end" and not run.over:
        run.set_off(Until.END, 0.0)
        run.advance()
    return run.snapshot()


def handed_in(file: Path, lesson: Lesson = LESSON) -> dict[str, Any]:
    """The values of a file in which every goal is reached, by every kind of run."""
    attempt = Attempt(lesson)
    attempt.predict(0, "1e-4")
    attempt.predict(1, "2")
    attempt.use("residuals")
    attempt.look(taken(BASE.changed({"epochs": 1, "lr": 0.01}), then="end"))
    attempt.look(taken(BASE.changed({"epochs": 30}), steps=4, lr=0.3, then="end"))
    attempt.look(taken(BASE.changed({"loop": "fast", "lr": 0.1}), steps=9))
    attempt.look(taken(BASE.changed({"lr": 0.2}), steps=7, then="stop"))
    attempt.look(taken(BASE.changed({"lr": 5.0, "epochs": 50}), then="end"))
    assert attempt.done
    progress = Progress(file)
    assert progress.note(attempt) == ""
    return tomllib.loads(file.read_text())


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return handed_in(tmp_path_factory.mktemp("own") / "progress.toml")


def rows_of(content: str | bytes, folder: Path, remaking: Remaking | None = None) -> list[Row]:
    """The rows of a file with this content; what was proved in one test need not be in the next."""
    file = folder / "handed-in.toml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    _, rows = checked(file, {"all": LESSON}, remaking or SHARED)
    return list(rows)


def test_every_kind_of_run_is_made_again_and_proves_its_goal(
    values: dict[str, Any], tmp_path: Path
) -> None:
    rows = rows_of(tomli_w.dumps(values), tmp_path, Remaking(60))
    assert [row.goal for row in rows] == [*TITLES, *(f"? {q.ask}" for q in LESSON.questions)]
    assert all(row.reached for row in rows)
    verdicts = {row.goal: (row.verified, row.why) for row in rows}
    assert verdicts.pop("Looked.") == ("partly", "opened on the screen: residuals")
    assert set(verdicts.values()) == {("yes", "")}


def changed(values: dict[str, Any], goal: int, **changes: object) -> str:
    """The file with other values in one goal; None takes a value out."""
    lesson = values["lessons"]["all"]
    table = {**lesson["goals"][goal], **changes}
    table = {key: value for key, value in table.items() if value is not None}
    goals = [*lesson["goals"][:goal], table, *lesson["goals"][goal + 1 :]]
    return tomli_w.dumps({**values, "lessons": {"all": {**lesson, "goals": goals}}})


FORGED: dict[str, tuple[int, dict[str, object], str]] = {
    "another run": (0, {"run": "data.n=60 lr=0.03 epochs=1"}, "final loss is"),
    "what was done in it left out": (0, {"lrs": None}, "final loss is"),
    "no run": (0, {"run": None}, "without the run"),
    "another seed of nothing": (1, {"run": "data.n=60 lr=0.01"}, "status is finished"),
    "before left out": (2, {"before": None}, "the run has no"),
    "another step": (3, {"step": 1}, "step is 1, not >= 4"),
    "run on to its end": (4, {"state": "finished"}, "status is finished, not stopped"),
    "forecasts left out": (5, {"forecasts": []}, "without the run"),
    "bad key": (0, {"run": "nonsense=1"}, "unknown key"),
    "no pair": (0, {"run": "rm"}, "must be key=value"),
    "open quote": (0, {"run": "data.n='60"}, "quote"),
    "lr below 0": (0, {"lrs": {"4": -1.0}}, "lr=-1"),
    "very many samples": (0, {"run": "data.n=1000000"}, "too large"),
    "very many parameters": (0, {"run": "data.w=" + ",".join(["1"] * 300)}, "too large"),
    "a file of their own": (0, {"run": "data=file data.path=/etc/hostname"}, "not the lesson's"),
    "the same with a blank": (0, {"run": "'data= file' data.path=/dev/zero"}, "not the lesson's"),
    "no sample": (0, {"run": "data=file data.path=sample:../../x"}, "choose from"),
    "a GPU": (0, {"run": "data.n=60 device=cuda:9 epochs=1"}, "final loss is"),
}  # fmt: skip


@pytest.mark.parametrize(("goal", "changes", "why"), FORGED.values(), ids=FORGED)
def test_a_forged_goal_is_a_row_that_says_why(
    values: dict[str, Any], tmp_path: Path, goal: int, changes: dict[str, object], why: str
) -> None:
    # Its own files are those of the lesson; anything else is not even opened.
    rows = rows_of(changed(values, goal, **changes), tmp_path)
    row = next(row for row in rows if row.goal == TITLES[goal])
    assert row.reached
    assert row.verified == "no"
    assert why in row.why
    assert [each.verified for each in rows].count("no") == 1


def test_a_forged_forecast_and_what_nobody_asked(values: dict[str, Any], tmp_path: Path) -> None:
    lesson = values["lessons"]["all"]
    first, second = lesson["forecasts"]
    unasked = [{"of": "grad", "right": True}, {"of": "lr", "right": False}]
    wrong = [{**first, "said": 7.0}, {**second, "right": False}, *unasked]
    goals = [*lesson["goals"], {"if": "final loss < 9", "run": "", "state": "finished", "step": 3}]
    forged = {**values, "lessons": {"all": {"goals": goals, "forecasts": wrong}, "other": {}}}
    refused = [row for row in rows_of(tomli_w.dumps(forged), tmp_path) if row.verified == "no"]
    assert [(row.lesson, row.goal, row.reached, row.why) for row in refused] == [
        ("all", "? Which loss is left?", True, "made again: the answer is wrong"),
        ("all", "? With lr = 5?", False, "made again: the answer is right"),
        ("all", "final loss < 9", True, "the lesson does not ask for it"),
        ("all", "grad", True, "the lesson does not ask for it"),
        ("all", "lr", False, "the lesson does not ask for it"),
        ("other", "", False, "there is no such lesson here"),
    ]


HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "no TOML": ("all = [", "no TOML: "),
    "binary": (b"\x00\xff\xfe", "not UTF-8"),
    "too large": (b"# " + b"x" * (1 << 20), "larger than 1024 KiB"),
    "too deep": ("all = " + "[" * 5000, "32"),
    "a newer version": (f"version = {VERSION + 1}\nlessons = 3", "newer version"),
    "lessons of words": ("version = 2\nlessons = 'all'", "must be a table"),
    "goals of numbers": ("version = 2\n[lessons.all]\ngoals = [1]", "goals and forecasts"),
    "settings without an end": (
        f"version = 2\n[[lessons.all.goals]]\nif = 'x'\nstep = 1\nstate = 'paused'\n"
        f"run = '{'lr=1 ' * 4000}'",
        "goals and forecasts",
    ),
    "a number that no float holds": (
        "version = 2\n[[lessons.all.goals]]\nif = 'x'\nrun = ''\nstep = 1\nstate = 'paused'\n"
        f"said = 1{'0' * 400}",
        "goals and forecasts",
    ),
    "an lr that no float holds": (
        "version = 2\n[[lessons.all.goals]]\nif = 'x'\nrun = ''\nstep = 1\nstate = 'paused'\n"
        f"lrs = {{ 1 = 1{'0' * 400} }}",
        "goals and forecasts",
    ),
    "a name of numbers": ("version = 2\nname = 7", "must be text"),
    "too many claims": (
        "\n".join(f"[l{number}]" for number in range(MOST_CLAIMS + 1)),
        "more than 1000 things",
    ),
}


@pytest.mark.parametrize(("content", "why"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_cannot_be_used_is_one_row(
    content: str | bytes, why: str, tmp_path: Path
) -> None:
    (row,) = rows_of(content, tmp_path)
    assert row.verified == "no"
    assert why in row.why


def test_who_has_reached_nothing_has_a_row(tmp_path: Path) -> None:
    (row,) = rows_of("version = 2\nname = 'Ada'\n", tmp_path)
    assert (row.reached, row.verified, row.why) == (False, "", "nothing was reached yet")


def test_what_is_no_regular_file_is_one_row(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for file in (tmp_path / "pipe", tmp_path, tmp_path / "nothing"):
        _, rows = checked(file, {}, Remaking(60))
        assert [(row.reached, row.verified) for row in rows] == [(False, "no")]


def test_long_runs_end_and_the_next_file_has_its_own_time(
    values: dict[str, Any], tmp_path: Path
) -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 1.0
        return now

    remaking = Remaking(500, clock)
    text = changed(values, 1, run="data.n=60 loop=fast epochs=1000000")
    rows = rows_of(text, tmp_path, remaking)
    assert rows[0].verified == "yes"
    assert all("may take 500 s" in row.why for row in rows[1:5])
    ticks = now
    assert all("may take 500 s" in row.why for row in rows_of(text, tmp_path, remaking)[1:5])
    assert now - ticks < 1000  # what comes behind the end of the time is not begun
    assert rows_of(tomli_w.dumps(values), tmp_path, remaking)[1].verified == "yes"


def endless() -> None:
    """Work without an end, in which nobody looks at a clock."""
    while True:
        sum(range(1000))


def test_what_takes_long_in_one_piece_is_cut_off() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(TimeoutError), cut_off(0.01):
        endless()
    assert signal.getsignal(signal.SIGVTALRM) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_a_file_has_no_more_runs_than_are_allowed(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.lessons.verifying.MOST_RUNS", 2)
    assert MOST_RUNS > 2
    whys = [row.why for row in rows_of(tomli_w.dumps(values), tmp_path, Remaking(60))]
    assert whys[0] == ""
    assert any("may have 2 runs" in why for why in whys)


anything = st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=6)
edits = st.dictionaries(
    st.sampled_from(["if", "run", "state", "step", "lrs", "before", "forecasts", "said"]),
    anything | st.lists(anything, max_size=2) | st.dictionaries(st.text(max_size=3), anything),
    max_size=3,
)


@tries(40, HealthCheck.function_scoped_fixture)
@given(goal=st.integers(0, len(TITLES) - 1), edit=edits)
def test_no_edit_raises(
    values: dict[str, Any], tmp_path: Path, goal: int, edit: dict[str, object]
) -> None:
    def without_none(value: object) -> object:
        if isinstance(value, dict):
            return {key: without_none(inner) for key, inner in value.items() if inner is not None}
        return [each for each in value if each is not None] if isinstance(value, list) else value

    text = changed(values, goal, **{key: without_none(value) for key, value in edit.items()})
    assert rows_of(text.encode("utf-8", "surrogatepass"), tmp_path)


@pytest.fixture
def _no_folder() -> Iterator[None]:
    """Afterwards the lessons are those that come along again."""
    yield
    use_folder(None)


@pytest.mark.usefixtures("_no_folder")
def test_a_class_hands_in_and_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "lessons"
    folder.mkdir()
    text = (
        "+++\ntitle = 'Go'\n[experiment]\ndata = { n = 60 }\n[[goal]]\ntext = 'Arrive.'\n"
        "if = 'final loss < 20'\n+++\n=1+1\n"
    )
    (folder / "01-go.md").write_text(text)
    own = tmp_path / "progress.toml"
    monkeypatch.setattr("engine.cli.progress.progress_file", lambda: own)
    attempt = Attempt(parse_lesson(text, "go", "01-go.md"))
    attempt.look(taken(attempt.lesson.experiment, then="end"))
    assert Progress(own).note(attempt) == ""
    files = [str(tmp_path / name) for name in ("ada.toml", "bob.toml", "damaged.toml")]
    for file, name in zip(files[:2], ("Ada Lovelace", "=HYPERLINK(1)"), strict=True):
        assert cli("lesson", "hand-in", "--name", name, "-o", file).code == 0
    again = cli("lesson", "hand-in", "--name", "Ada", "-o", files[0])
    assert again.code == 2
    assert "nothing is overwritten" in again.err
    lessons = ("--lessons", str(folder))
    good = cli(*lessons, "check", "--progress", *files[:2])
    assert good.code == 0
    head, *rows = csv.reader(good.out.splitlines())
    assert head == ["file", "name", "lesson", "goal", "reached", "verified", "why"]
    assert rows == [
        ["ada.toml", "Ada Lovelace", "go", "Arrive.", "yes", "yes", ""],
        ["bob.toml", "'=HYPERLINK(1)", "go", "Arrive.", "yes", "yes", ""],
    ]
    Path(files[2]).write_text("damage")
    bad = cli(*lessons, "check", "--progress", *files)
    assert bad.code == 1
    assert list(csv.reader(bad.out.splitlines()))[-1][:6] == [
        "damaged.toml", "", "", "", "no", "no",
    ]  # fmt: skip
    raw = str(tmp_path / "raw.toml")
    assert (
        cli("lesson", "hand-in", "--name", "\udcff", "-o", raw).code == 0
    )  # a byte that is no text
    assert tomllib.loads(Path(raw).read_text())["name"] == r"\udcff"
    assert cli("check", "--progress").code == 2
    for seconds in ("0", "inf", "nan", "1e300"):
        refused = cli("check", "--progress", "--seconds", seconds, *files)
        assert (refused.code, refused.out) == (2, "")
        assert "must be a number above 0 and at most 86400" in refused.err
    assert cli("lesson", "hand-in", "--name", " ", "-o", str(tmp_path / "x.toml")).code == 2
