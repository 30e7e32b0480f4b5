"""What comes from outside: no text is obeyed by the terminal, no file is read for ever."""

from __future__ import annotations

import os
import string
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from engine.lessons.head import BadLesson
from engine.lessons.reading import parse_lesson
from engine.support.errors import BadInput
from engine.support.outside import DEEPEST, MOST_BYTES, printable, read_text, read_toml
from engine.support.user_files import read_kept, write_kept
from tests.support.commands import Shown, cli
from tests.support.examples import tries
from tests.support.outside import NASTY, a_lesson, obeyed


def assert_harmless(shown: Shown, code: int = 2) -> None:
    assert shown.code == code, shown
    assert obeyed(shown.out + shown.err) <= {"\n"}
    if code == 2:
        assert not shown.out
        assert shown.err.count("\n") == 1
        assert len(shown.err) < 800


# Texts -----------------------------------------------------------------------------------------


@given(st.text(st.characters()))
@example("\x1b]0;pwn\x07")
@example("\udc9b")
@example("\u202egnp.exe")
def test_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    shown = printable(text)
    assert not obeyed(shown)
    assert printable(shown) == shown
    assert "\n" not in shown


@pytest.mark.parametrize("text", ["", "損失 κ λmax ‖g‖", "全角　空白", "12 000", "👩‍🔬"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_what_is_escaped_can_be_recognized() -> None:
    assert printable("\x1b]0;pwn\x07 \x9b \u202e \n") == r"\x1b]0;pwn\x07 \x9b \u202e \n"


@given(NASTY)
@tries(50)
def test_a_setting_on_the_command_line_is_shown_escaped(nasty: str) -> None:
    for setting in (nasty, f"{nasty}=1", f"lr={nasty}", f"data.{nasty}=1", f"data.w={nasty}"):
        if "\0" not in setting and "=" not in nasty:
            assert_harmless(cli("theory", "-s", setting + "!"))
    for arguments in ((nasty,), ("--lang", nasty), ("run", nasty + "!"), ("run", f"--x{nasty}")):
        if not nasty.startswith("-"):
            assert_harmless(cli(*arguments))


@given(NASTY, NASTY)
@tries(50, HealthCheck.function_scoped_fixture)
def test_an_experiment_in_a_file_is_shown_escaped(tmp_path: Path, key: str, value: str) -> None:
    file = tmp_path / "file.toml"
    for values in ({"loop": value + "!"}, {key + "!": value}, {"data": {key + "!": 1}}):
        file.write_bytes(tomli_w.dumps(values).encode())
        assert_harmless(cli("theory", "--experiment", str(file)))
    file.write_bytes(f'lr = "{value}'.encode())
    assert_harmless(cli("theory", "--experiment", str(file)))


@given(NASTY.filter(lambda name: not {"/", "\0"} & set(name)))
@tries(50, HealthCheck.function_scoped_fixture)
def test_the_name_of_a_file_is_shown_escaped(tmp_path: Path, name: str) -> None:
    file = tmp_path / f"{name}.md"
    if len(os.fsencode(file.name)) > 255:
        return
    assert_harmless(cli("check", str(file)))
    assert_harmless(cli("run", "--experiment", str(file)))
    if not file.exists():
        made = cli("lesson", "new", str(file))
        assert_harmless(made, 0)
        assert made.out.count("\n") == 1
        file.write_text("no lesson", encoding="utf-8")
        assert_harmless(cli("check", str(file)))
        file.unlink()


def test_bytes_of_a_name_that_are_not_utf8_are_shown_escaped(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\x9b.md")
    assert_harmless(cli("check", name))
    Path(name).write_text("no lesson")
    shown = cli("check", name)
    assert_harmless(shown)
    assert r"\udc9b.md" in shown.err


@given(NASTY)
def test_the_words_of_a_lesson_are_harmless_and_those_of_its_head_one_line(nasty: str) -> None:
    lesson = parse_lesson(a_lesson(f"a{nasty}z"), "name", "name.md")
    question, goal = lesson.questions[0], lesson.goals[0]
    words = [lesson.title, lesson.chapter, lesson.source, question.ask, goal.text, goal.hint]
    for said in (*words, question.choices[0].text):
        assert not obeyed(said)
    assert obeyed(lesson.body) <= {"\n"}


def test_check_prints_the_words_of_a_lesson_escaped(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text(a_lesson("\x1b]0;pwn\x07\nsecond"), encoding="utf-8")
    shown = cli("check", str(file))
    assert_harmless(shown, 0)
    assert r"\x1b]0;pwn\x07 second" in shown.out


@given(NASTY, st.sampled_from(["view", "hide_panels", "experiment", "question", "key", "if"]))
@example("x" * 20_000, "if")
@example("x" * 20_000, "key")
@example("x" * 20_000, "view")
def test_what_is_wrong_in_a_lesson_is_one_short_harmless_line(nasty: str, place: str) -> None:
    if place == "if":
        text = a_lesson("title", f"{nasty}!")
    else:
        key = nasty + "!" if place == "key" else place
        said = [nasty + "!"] if place == "hide_panels" else nasty + "!"
        text = f"+++\n{tomli_w.dumps({'title': 'a', key: said})}+++\n"
    with pytest.raises(BadLesson) as refusal:
        parse_lesson(text, "name", "name.md")
    assert not obeyed(str(refusal.value))
    assert len(str(refusal.value)) < 1200


@pytest.mark.parametrize("key", ["answer", "within"])
@pytest.mark.parametrize("value", [[1], {"a": 1}, [[]], ["1"]])
def test_an_answer_is_a_number_or_a_text(key: str, value: object) -> None:
    head = {"title": "a", "question": [{"ask": "b", "of": "final loss", key: value}]}
    with pytest.raises(BadLesson, match=f"{key} must be a number or text"):
        parse_lesson(f"+++\n{tomli_w.dumps(head)}+++\n", "name", "name.md")


def test_surroundings_are_shown_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "\x1b]0;pwn\x07\n")
    shown = cli("doctor")
    assert_harmless(shown, 0)
    assert r"TERM=\x1b]0;pwn\x07\n" in shown.out


# Files -----------------------------------------------------------------------------------------


def fifo(file: Path) -> None:
    os.mkfifo(file)


def link_to(target: str) -> Callable[[Path], None]:
    return lambda file: file.symlink_to(target)


def holding(content: bytes) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        file.write_bytes(content)

    return write


FILES = {
    "a named pipe": fifo,
    "zeros": link_to("/dev/zero"),
    "random numbers": link_to("/dev/urandom"),
    "a folder": Path.mkdir,
    "a link to itself": lambda file: file.symlink_to(file),
    "nothing": lambda file: None,
    "too large": holding(b"#" * (MOST_BYTES + 1)),
    "not UTF-8": holding(b"\xff\xfe"),
    "a key of many parts": holding(b"+++\n" + b"a." * 100_000 + b"a = 1\n+++\n"),
    "a header of many parts": holding(b"+++\n[" + b"a . " * 100_000 + b"a]\n+++\n"),
    "quoted parts": holding(b"+++\n" + b'"a".' * 100_000 + b"'a' = 1\n+++\n"),
    "lists in lists": holding(b"+++\na = " + b"[" * 100_000 + b"]" * 100_000 + b"\n+++\n"),
    "deep lists": holding(b"+++\na = " + b"[" * 200 + b"]" * 200 + b"\n+++\n"),
    "tables in tables": holding(b"+++\na = " + b"{a = " * 50_000 + b"1" + b"}" * 50_000 + b"\n+++"),
    "an endless number": holding(b"+++\nlr = " + b"1" * 500_000 + b"\n+++\n"),
    "quotes": holding(b"+++\n" + b'"' * 500_000 + b"\n+++\n"),
    "one word": holding(b"+++\n" + b"a" * 500_000 + b"\n+++\n"),
    "a blank key": holding(b"+++\na" + b" " * 500_000 + b"b\n+++\n"),
}
DOORS = {
    "experiment": ("run", "--experiment"),
    "lesson to run": ("run",),
    "lesson to check": ("check",),
    "screen on a lesson": ("--lesson",),
    "screen on an experiment": ("--experiment",),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
def test_no_file_is_read_for_ever(
    tmp_path: Path, make: Callable[[Path], None], door: tuple[str, ...]
) -> None:
    file = tmp_path / "file.md"
    make(file)
    assert_harmless(cli(*door, str(file)))


def test_a_name_that_no_file_can_have_is_refused() -> None:
    assert_harmless(cli("run", "a" * 5000))
    assert_harmless(cli("check", "a" * 5000 + ".md"))
    with pytest.raises(OSError, match="null"):
        read_text(Path("a\0b"))


@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
def test_no_file_that_is_kept_is_read_for_ever(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    file = tmp_path / "kept.toml"
    make(file)
    there = os.path.lexists(file)
    nothing: dict[str, object] = {}
    values, message = read_kept(file, dict[str, object], nothing)
    assert values == {}
    assert bool(message) is there
    assert not file.exists()
    assert os.path.lexists(tmp_path / "kept.damaged.toml") is there
    assert write_kept({"a": 1}, file) == ""
    assert read_kept(file, dict[str, object], nothing) == ({"a": 1}, "")


def test_a_file_as_large_as_is_allowed_is_read(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"#" * MOST_BYTES)
    assert read_text(file) == "#" * MOST_BYTES


# TOML ------------------------------------------------------------------------------------------

KEYS = st.text(string.ascii_letters + " .-'", min_size=1, max_size=4)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_toml_is_read_as_the_standard_library_reads_it(values: dict[str, object]) -> None:
    text = tomli_w.dumps(values)
    assert read_toml(text) == tomllib.loads(text)


@pytest.mark.parametrize("most", [DEEPEST - 1, DEEPEST, DEEPEST + 1, 3 * DEEPEST])
@pytest.mark.parametrize(
    "written",
    [
        lambda n: "a" + ".a" * (n - 1) + " = 1",
        lambda n: "[" + "a . " * (n - 2) + "a]\na = 1",
        lambda n: "a = " + "[" * (n - 1) + "]" * (n - 1),
        lambda n: "a = " + "{a = " * (n - 1) + "1" + "}" * (n - 1),
    ],
)
def test_how_deep_toml_may_be(written: Callable[[int], str], most: int) -> None:
    if most <= DEEPEST:
        assert read_toml(written(most)) == tomllib.loads(written(most))
    else:
        with pytest.raises(ValueError, match="in each other"):
            read_toml(written(most))


# Time ------------------------------------------------------------------------------------------


def test_a_long_lesson_is_read_in_linear_time() -> None:
    """What takes the square of its length would need minutes here."""
    goal = '[[goal]]\ntext = "a"\nif = "lr{} < 1"\n'
    question = '[[question]]\nask = "a"\n[[question.choice]]\ntext = "b"\nif = "lr < 1"\n'
    goals = goal.format(" " * 200_000) + goal.format("") * 5000
    text = f"+++\ntitle = 'a'\n{question * 5000}{goals}+++\n"
    lesson = parse_lesson(text, "name", "name.md")
    assert len(lesson.questions) == 5000
    assert len(lesson.goals) == 5001


@pytest.mark.parametrize("joint", [" and ", " is ", " / ", " < ", "\t \n"])
def test_a_long_condition_is_refused_in_linear_time(joint: str) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_lesson(a_lesson("title", "x" + joint * 30_000 + "x"), "name", "name.md")
    assert len(str(refusal.value)) < 1200
