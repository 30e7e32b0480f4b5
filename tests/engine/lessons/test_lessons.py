"""Lessons: their files, forecasts and goals, and `lessons`, `check` and `lesson new`."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lessons.attempt import Attempt, outcome, prove, solve
from engine.lessons.head import BadLesson, leaves
from engine.lessons.lesson import Lesson, parse_answer
from engine.lessons.library import FOLDER, TEMPLATE, find_lesson, lessons
from engine.lessons.reading import WORDS, parse_lesson, read_lesson, translate
from engine.support.errors import BadInput
from engine.support.translation import set_language
from tests.support.commands import cli, refusal_of
from tests.support.examples import how_many, tries
from tests.support.quiz import STEP
from tui.offer import OFFER

SEEDS = range(how_many(6))


# The lessons that come with the lab ----------------------------------------------------------


def in_the_fast_loop(lesson: Lesson) -> Lesson:
    """A lesson that begins in the plainest loop in the one that takes the same steps soonest.

    One that begins in another is about it; of models that are not linear there is no other loop.
    """
    if lesson.experiment.loop != "scratch":
        return lesson
    try:
        quick = replace(lesson, experiment=lesson.experiment.changed({"loop": "fast"}))
        for solution in quick.solutions:
            quick.experiment.changed(dict(solution.changes))
    except BadInput:
        return lesson
    return quick


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", lessons())
def test_the_solution_of_every_lesson_reaches_all_of_it(name: str, seed: int) -> None:
    lesson = lessons()[name]
    attempt = solve(in_the_fast_loop(lesson) if seed else lesson, seed)
    missed = [goal.text for i, goal in enumerate(lesson.goals) if i not in attempt.met]
    assert not missed
    assert all(forecast.right for forecast in attempt.forecasts.values()), attempt.forecasts
    assert attempt.score == (len(lesson.questions),) * 2


@pytest.mark.parametrize("name", [name for name in lessons() if lessons()[name].numbers])
def test_the_numbers_of_a_text_are_what_its_runs_measure(name: str) -> None:
    """A number of the text stands there in every language, else the lesson is not read."""
    proofs = prove(in_the_fast_loop(lessons()[name]))
    assert all(right for _, _, right in proofs), [(n.text, value) for n, value, _ in proofs]


@pytest.mark.parametrize("name", lessons())
def test_every_lesson_asks_has_hints_and_can_be_lost(name: str) -> None:
    """Without a run nothing is reached, and the first run alone does not do it all."""
    lesson = lessons()[name]
    assert lesson.title
    assert lesson.chapter
    assert lesson.source
    assert 1 <= len(lesson.questions) <= 2
    assert 2 <= len(lesson.goals) <= 4
    assert all(goal.hint for goal in lesson.goals)
    assert 100 <= len(lesson.body.split()) <= 200
    attempt = Attempt(lesson)
    for opened in OFFER.tools + OFFER.views:
        attempt.use(opened)
    assert not attempt.met
    attempt.look(outcome(in_the_fast_loop(lesson).experiment))
    assert not attempt.done


def test_lessons_of_a_chapter_stand_together_and_no_two_have_one_name() -> None:
    chapters = [lesson.chapter for lesson in lessons().values()]
    changes = sum(a != b for a, b in pairwise(chapters))
    assert changes + 1 == len(set(chapters))
    files = [file for file in FOLDER.glob("*.md") if not file.name.endswith(".zh.md")]
    assert len(lessons()) == len(files)


def texts_of(lesson: Lesson) -> list[str]:
    """Everything that is read in a lesson."""
    return [
        lesson.title,
        lesson.chapter,
        lesson.source,
        lesson.body,
        *(question.ask for question in lesson.questions),
        *(choice.text for question in lesson.questions for choice in question.choices),
        *(goal.text for goal in lesson.goals),
        *(goal.hint for goal in lesson.goals),
    ]


@pytest.mark.parametrize("name", lessons())
def test_every_lesson_is_all_there_in_chinese(name: str) -> None:
    """As many texts as in English, and none of them left in English."""
    english = texts_of(lessons()[name])
    set_language("zh")
    translated = texts_of(lessons()[name])
    assert len(english) == len(translated)
    for before, after in zip(english, translated, strict=True):
        assert before != after
        assert any("\u4e00" <= character <= "\u9fff" for character in after), after


@pytest.mark.parametrize("name", lessons())
def test_a_translation_says_nothing_that_is_not_asked_for(name: str) -> None:
    """Of each list it has no more entries than the lesson."""
    file = next(FOLDER.glob(f"??-{name}.zh.md"))
    own, said = (
        tomllib.loads(path.read_text(encoding="utf-8").split("+++")[1])
        for path in (file.with_name(file.name.replace(".zh", "")), file)
    )
    for key in ("question", "goal"):
        assert len(own[key]) == len(said[key])
    for question, translated in zip(own["question"], said["question"], strict=True):
        assert len(question.get("choice", [])) == len(translated.get("choice", []))


@pytest.mark.parametrize("name", lessons())
def test_keys_are_named_alike_in_both_languages(name: str) -> None:
    """What stands in backticks is a key, a setting or code: the same in any language."""
    english = lessons()[name]
    file = next(FOLDER.glob(f"??-{name}.md"))
    chinese = read_lesson(file, name, "zh")

    def marked(lesson: Lesson) -> set[str]:
        return {word for text in texts_of(lesson) for word in text.split("`")[1::2]}

    assert marked(english) == marked(chinese)


# Files ---------------------------------------------------------------------------------------


def good() -> Lesson:
    return parse_lesson(STEP, "mine", "mine.md")


def test_a_lesson_says_what_its_file_says() -> None:
    lesson = good()
    assert (lesson.title, lesson.chapter, lesson.source) == ("How large a step?", "Mine", "")
    assert (lesson.experiment.lr, lesson.experiment.dataset().n) == (0.1, 500)
    assert [question.ask for question in lesson.questions] == [
        "Which loss is left?",
        "With lr = 2, what happens?",
    ]
    assert [choice.text for choice in lesson.questions[1].choices] == [
        "It learns faster.",
        "It runs away.",
    ]
    assert [goal.hint for goal in lesson.goals] == ["Press s.", ""]
    assert [solution.changes for solution in lesson.solutions] == [(), (("lr", 3.0),)]
    assert lesson.view == OFFER.views[0]
    assert lesson.body == "# How large a step?\n\n`lr` is the length of a step. **Press** `s`.\n"


def test_the_same_with_windows_line_ends_and_a_byte_order_mark() -> None:
    lesson = parse_lesson("\ufeff" + STEP.replace("\n", "\r\n"), "mine", "mine.md")
    assert texts_of(lesson) == texts_of(good())


MISTAKES = [
    ("+++\ntitle", "title", 1, "begin with a line +++"),
    ("`lr` is the length of a step. **Press** `s`.", "+++", 0, ""),
    ('title = "How large a step?"', "title = ", 2, "not TOML"),
    ('title = "How large a step?"', 'title = "A', 2, "not TOML"),
    ('title = "How large a step?"', 'titel = "A step"', 2, "'titel' is unknown"),
    ('title = "How large a step?"', 'title = ""', 2, "no title"),
    ('title = "How large a step?"', "title = 3", 2, "title must be text"),
    ('title = "How large a step?"', 'title = "A"\nview = "side"', 3, "no view 'side'"),
    ('title = "How large a step?"', 'title = "A"\nhide_panels = ["x"]', 3, "no panel 'x'"),
    ('title = "How large a step?"', 'title = "A"\nhide_tools = ["x"]', 3, "no tool 'x'"),
    ('title = "How large a step?"', 'title = "A"\nhide_tools = "fan"', 3, "list of names"),
    ("lr = 0.1", "lr = -1", 6, "lr"),
    ("lr = 0.1", "rate = 1", 6, "rate"),
    ("{ n = 500 }", "{ n = 0 }", 7, "data.n"),
    ("{ n = 500 }", '{ name = "x" }', 7, "choose from linear"),
    ('ask = "Which loss is left?"\n', "", 9, "a question needs ask"),
    ('of = "final loss"\n', "", 9, "either of or choice"),
    ('of = "final loss"', 'of = "final joy"', 11, "'final joy' is no quantity"),
    ('of = "final loss"', 'of = "error of R"', 11, "'R' is no parameter"),
    ('of = "final loss"', "of = 3", 11, "of must be text"),
    ('within = "factor 2"', 'within = "near"', 12, "'near' is no tolerance"),
    ('within = "factor 2"', 'within = "factor 1"', 12, "is no tolerance"),
    ("answer = 5e-5", 'answer = "much"', 13, "must be a number"),
    ("answer = 2", "answer = 3", 18, "from 1 to 2"),
    ('when = "lr > 1"', 'when = "lr"', 17, "compares nothing"),
    ('when = "lr > 1"', "wen = 1", 17, "'wen' is unknown"),
    ('if = "status is finished"', 'if = "status is happy"', 21, "never 'happy'"),
    ('if = "standing is at the noise floor"', 'if = "standing is low"', 28, "never 'low'"),
    ('if = "standing is at the noise floor"', 'if = "used hammer"', 28, "cannot be used"),
    ('if = "standing is at the noise floor"', 'if = "loss is soft"', 28, "choose from half_sq"),
    ('if = "standing is at the noise floor"\n', "", 26, "compares nothing"),
    ('text = "Reach the noise floor."\n', "", 26, "a goal needs a text"),
    ('text = "Make it diverge."\n', "", 31, "a goal needs a text"),
    ('hint = "Press s."', 'hnt = "Press s."', 29, "'hnt' is unknown"),
    ("lr = 3.0", "lr = 0.0", 38, "lr"),
    ("lr = 3.0", 'lr = 3.0\n[[number]]\ntext = "a"\nof = "error"', 40, "'a' is no number"),
    ("lr = 3.0", 'lr = 3.0\n[[number]]\ntext = "0.5"\nof = "error"', 40, "0.5 does not stand"),
    ("lr = 3.0", 'use = ["hammer"]', 38, "no tool or view 'hammer'"),
    ("lr = 3.0", "pause = -1", 38, "whole number of steps"),
    ("lr = 3.0", "data.w = []", 38, "data.w"),
    ("[experiment]\n", "[[experiment]]\n", 5, "must be a table"),
    ("[[goal]]\ntext = \"Make", "[goal]\ntext = \"Make", 31, ""),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "line", "said"), MISTAKES)
def test_a_mistake_is_one_line_with_file_and_line(
    right: str, wrong: str, line: int, said: str
) -> None:
    assert STEP.count(right) >= 1
    text = STEP.replace(right, wrong, 1)
    if not line:  # a mistake that is none: a third fence belongs to the text
        parse_lesson(text, "mine", "mine.md")
        return
    with pytest.raises(BadLesson) as refusal:
        parse_lesson(text, "mine", "mine.md")
    message = str(refusal.value)
    assert "\n" not in message
    assert message.startswith(f"mine.md, line {line}: ")
    assert said in message


def test_a_head_without_an_end_and_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadLesson, match="line 3: the head has no end"):
        parse_lesson("+++\ntitle = 1\n", "x", "x.md")
    file = tmp_path / "x.md"
    with pytest.raises(BadLesson, match="cannot be read"):
        read_lesson(file, "x")
    file.write_bytes(b"+++\xff\n")
    with pytest.raises(BadLesson, match="not UTF-8"):
        read_lesson(file, "x")


def test_what_stands_in_a_lesson_is_not_executed(tmp_path: Path) -> None:
    """Neither as Python nor by a shell, wherever a text may stand."""
    mark = tmp_path / "mark"
    for code in (
        f"open({str(mark)!r}, 'w')",
        f"__import__('os').mkdir({str(mark)!r})",
        f"`{mark}`",
    ):
        for right in ("status is diverged", "lr > 1", "final loss", "factor 2", "**Press** `s`."):
            text = STEP.replace(right, code.replace('"', "'"), 1)
            with suppress(BadInput):
                solve(parse_lesson(text, "mine", "mine.md"))
            assert not mark.exists()


LINES = st.sampled_from([*STEP.split("\n"), "+++", "[[goal]]", "x = [", "é = 1", '"""', "[a.b]"])


@tries(300)
@given(st.one_of(st.text(), st.lists(LINES, max_size=30).map("\n".join)))
def test_any_text_is_a_lesson_or_refused_in_one_line(text: str) -> None:
    for whole in (text, f"+++\n{text}", f"+++\n{text}\n+++\n"):
        try:
            lesson = parse_lesson(whole, "any", "any.md")
        except BadLesson as refusal:
            message = str(refusal)
            assert len(message.splitlines()) == 1
            line = int(message.removeprefix("any.md, line ").partition(":")[0])
            assert 1 <= line <= len(whole.split("\n")) + 1
        else:
            assert lesson.title


@tries(300)
@given(st.integers(1, 38), LINES)
def test_a_good_lesson_with_one_line_replaced_is_one_or_refused(place: int, line: str) -> None:
    lines = STEP.split("\n")
    lines[place] = line
    refusal = refusal_of(lambda: parse_lesson("\n".join(lines), "any", "any.md"))
    assert refusal is None or len(str(refusal).splitlines()) == 1


# Translations --------------------------------------------------------------------------------


def test_a_translation_replaces_words_and_nothing_else() -> None:
    said = """+++
title = "Ein Schritt"
[[question]]
[[question]]
[[question.choice]]
text = "Es lernt."
[[goal]]
text = "Ankommen."
+++
"""
    lesson = parse_lesson(STEP, "mine", "mine.md", (said, "mine.de.md"))
    assert lesson.title == "Ein Schritt"
    assert lesson.chapter == "Mine"
    assert [choice.text for choice in lesson.questions[1].choices] == ["Es lernt.", "It runs away."]
    assert [goal.text for goal in lesson.goals] == ["Ankommen.", "Make it diverge."]
    assert lesson.goals[0].condition.text == good().goals[0].condition.text
    assert lesson.body == good().body
    assert lesson.experiment == good().experiment


@pytest.mark.parametrize(
    ("words_of", "line", "said"),
    [
        ('title = "x"\nlr = 3', 3, "not lr"),
        ("[[goal]]\nif = 'status is finished'", 3, "not if"),
        ("title = 3", 2, "not title"),
        ("[experiment]\nlr = 0.1", 3, "not lr"),
    ],
)
def test_a_translation_may_not_change_the_lesson(words_of: str, line: int, said: str) -> None:
    with pytest.raises(BadLesson) as refusal:
        parse_lesson(STEP, "mine", "mine.md", (f"+++\n{words_of}\n+++\n", "mine.de.md"))
    assert str(refusal.value).startswith(f"mine.de.md, line {line}: ")
    assert said in str(refusal.value)


def branches(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Tables of some values, and lists of such tables."""
    tables = st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    return st.lists(tables, max_size=3) | tables


TREES = st.recursive(st.text(max_size=3) | st.integers(), branches, max_leaves=8)


@given(
    st.dictionaries(st.sampled_from("abc"), TREES), st.dictionaries(st.sampled_from("abc"), TREES)
)
def test_translating_keeps_what_is_no_text(own: dict[str, object], said: dict[str, object]) -> None:
    merged = translate(own, said)
    assert merged.keys() == own.keys()
    assert [v for _, v in leaves(merged) if not isinstance(v, str)] == [
        v for _, v in leaves(own) if not isinstance(v, str)
    ]
    assert [key for key, _ in leaves(merged)] == [key for key, _ in leaves(own)]
    assert translate(own, {}) == own


# Attempts ------------------------------------------------------------------------------------


def run(**changes: object):  # type: ignore[no-untyped-def]
    return outcome(good().experiment.changed(changes))


def test_a_forecast_is_settled_once_and_by_the_run_it_is_about() -> None:
    attempt = Attempt(good())
    attempt.predict(0, "1")
    attempt.predict(0, "6e-5")
    attempt.predict(1, "2")
    assert attempt.score == (0, 0)
    first = run()
    attempt.look(first)
    assert attempt.forecasts[0].measured == first.loss
    assert attempt.forecasts[0].right
    assert attempt.forecasts[1].right is None
    attempt.look(run(lr=3.0))
    assert attempt.forecasts[0].measured == first.loss
    assert attempt.forecasts[1].right
    assert attempt.score == (2, 2)
    with pytest.raises(BadInput, match="answered"):
        attempt.predict(0, "1")


def test_a_forecast_after_the_run_waits_for_the_next() -> None:
    attempt = Attempt(good())
    attempt.look(run())
    attempt.predict(0, "9")
    assert attempt.score == (0, 0)
    attempt.look(run())
    assert attempt.score == (0, 1)


def test_goals_stay_and_a_pause_counts_but_settles_nothing() -> None:
    lesson = parse_lesson(
        STEP.replace('"standing is at the noise floor"', '"step is not 5 and loss > 1"')
        .replace('"status is diverged"\n\n[[sol', '"used theory and step <= 3"\n\n[[sol')
        .replace("step is not 5 and loss", "step <= 3 and loss"),
        "mine", "mine.md",
    )  # fmt: skip
    attempt = Attempt(lesson)
    attempt.predict(0, "1")
    paused = outcome(lesson.experiment, pause=3)
    assert (paused.state, paused.step) == ("paused", 3)
    attempt.look(paused)
    assert attempt.met == {0}
    assert attempt.forecasts[0].right is None
    attempt.use("theory")  # while the run is paused
    assert attempt.met == {0, 1}
    attempt.look(outcome(lesson.experiment))
    assert attempt.met == {0, 1}
    assert attempt.done


def test_the_run_before_is_the_last_that_came_to_an_end() -> None:
    text = STEP.replace('"standing is at the noise floor"', '"lr / lr before > 1.9"')
    lesson = parse_lesson(text, "mine", "mine.md")
    attempt = Attempt(lesson)
    attempt.look(run())
    attempt.look(outcome(lesson.experiment, pause=1))
    assert 0 not in attempt.met
    attempt.look(run(lr=0.2))
    assert 0 in attempt.met


def test_a_ratio_can_be_forecast() -> None:
    text = STEP.replace('of = "final loss"', 'of = "final loss / final loss before"')
    attempt = Attempt(parse_lesson(text, "mine", "mine.md"))
    attempt.predict(0, "1")
    first, second = run(), run(**{"data.noise": 0.1})
    attempt.look(first)
    assert attempt.forecasts[0].right is None
    attempt.look(second)
    assert first.loss
    assert second.loss
    assert attempt.forecasts[0].measured == pytest.approx(second.loss / first.loss)
    assert not attempt.forecasts[0].right


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1e999", "0", "3", "1.5"])
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_answer(text, 2)


@given(st.text(), st.integers(0, 4))
def test_any_answer_is_a_number_or_refused(text: str, choices: int) -> None:
    try:
        number = parse_answer(text, choices)
    except BadInput:
        return
    assert number == float(text)
    assert not choices or number in range(1, choices + 1)


# Without a screen ----------------------------------------------------------------------------


def test_lessons_are_listed_by_chapter() -> None:
    shown = cli("lessons")
    lines = shown.out.replace("✓", " ").splitlines()
    assert shown.code == 0
    assert [line for line in lines if not line.startswith(" ")] == list(
        dict.fromkeys(lesson.chapter for lesson in lessons().values())
    )
    assert [line.split()[0] for line in lines if line.startswith(" ")] == list(lessons())


def test_check_has_a_line_for_each_goal_and_question() -> None:
    shown = cli("check", "conditioning", "sorted", "--seeds", "2")
    assert shown.code == 0
    heads = [line for line in shown.out.splitlines() if not line.startswith(" ")]
    assert heads == [
        f"{name}, seed {seed}" for name in ("conditioning", "sorted") for seed in (7, 8)
    ]
    lesson = lessons()["conditioning"]
    for goal in lesson.goals:
        assert f"  reached: {goal.text}" in shown.out
    for question in lesson.questions:
        assert any(
            line.startswith("  right") and line.endswith(question.ask)
            for line in shown.out.splitlines()
        )


def test_check_says_what_was_missed_and_exits_1(tmp_path: Path) -> None:
    file = tmp_path / "mine.md"
    file.write_text(STEP.replace("lr = 3.0", "lr = 0.2").replace("5e-5", "1.0"), encoding="utf-8")
    shown = cli("check", str(file))
    assert shown.code == 1
    assert "  reached: Reach the noise floor.\n  not reached: Make it diverge.\n" in shown.out
    assert "  not right, said 1, measured " in shown.out
    assert "  not right: With lr = 2, what happens?" in shown.out


def test_check_makes_a_run_for_each_number_of_the_text(tmp_path: Path) -> None:
    """The floor of the half squared loss is ½σ², 0.005 for σ = 0.1; 0.5 is a hundred times it."""
    file = tmp_path / "mine.md"
    for text, code, word in (("0.005", 0, "right"), ("0.5", 1, "not right")):
        number = (
            f'[[number]]\ntext = "{text}"\nof = "noise floor"\ndata.noise = 0.1\n+++\nIt is {text}.'
        )
        file.write_text(f"+++\ntitle = 'Noise'\n{number}\n", encoding="utf-8")
        shown = cli("check", str(file))
        assert (shown.code, shown.err) == (code, "")
        line = f"  {word}, the text has {text}, noise floor is 0.005"
        assert line in shown.out.splitlines()


def test_check_refuses_a_bad_file_an_unknown_name_and_no_seed(tmp_path: Path) -> None:
    file = tmp_path / "mine.md"
    file.write_text(STEP.replace("lr = 0.1", "lr = -1"), encoding="utf-8")
    for arguments, said in (
        ((str(file),), "mine.md, line 6: "),
        (("nothing",), "choose from scratch"),
        (("scratch", "--seeds", "0"), "--seeds"),
        ((str(tmp_path / "none.md"),), "none.md, line 1: cannot be read"),
    ):
        shown = cli("check", *arguments)
        assert (shown.code, shown.out) == (2, "")
        assert len(shown.err.splitlines()) == 1
        assert said in shown.err


def test_a_lesson_speaks_the_language_in_use() -> None:
    shown = cli("--lang", "zh", "check", "sorted")
    assert shown.code == 0
    for goal in lessons()["sorted"].goals:
        assert goal.text in shown.out
    assert "欧姆定律" in cli("--lang", "zh", "lessons").out


def test_the_template_is_a_lesson_that_checks() -> None:
    lesson = read_lesson(TEMPLATE, "template")
    for seed in SEEDS:
        attempt = solve(lesson, seed)
        assert attempt.done
        assert attempt.score == (len(lesson.questions),) * 2


def test_the_template_names_every_key_that_a_lesson_may_have() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    for key in (*WORDS, "view", "hide_panels", "hide_tools", "of", "within", "when", "answer",
                "if", "use", "pause"):  # fmt: skip
        assert f"{key} = " in text
    for name in (*OFFER.views, *OFFER.tools, *OFFER.panels):
        assert name in text


def test_a_new_lesson_is_the_template_and_nothing_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "mine.md"
    assert cli("lesson", "new", str(file)).code == 0
    assert file.read_text(encoding="utf-8") == TEMPLATE.read_text(encoding="utf-8")
    assert cli("check", str(file)).code == 0
    file.write_text("mine", encoding="utf-8")
    shown = cli("lesson", "new", str(file))
    assert (shown.code, shown.out) == (2, "")
    assert "nothing is overwritten" in shown.err
    assert file.read_text(encoding="utf-8") == "mine"
    assert cli("lesson", "new", str(tmp_path / "no" / "x.md")).code == 2


WRITTEN = """+++
title = "Two resistors"
chapter = "My class"
view = "residuals"
hide_tools = ["race", "sweep"]

[experiment]
lr = 0.1
epochs = 2
data = { name = "ohm", R = 47.0, noise = 0.5 }
model = { name = "ohm" }

[[question]]
ask = "Which resistance will be found?"
of = "value of R"
within = "1 %"
answer = 47

[[question]]
ask = "Half the samples: what happens to the error of R?"
when = "data.n is 500"
answer = 1
[[question.choice]]
text = "It stays below an ohm."
if = "error of R < 1"
[[question.choice]]
text = "It is lost."
if = "error of R >= 1"

[[goal]]
text = "Find it within an ohm, and look at the landscape."
if = "error of R < 1 and seen landscape"
hint = "v turns the second chart."

[[goal]]
text = "Find the other one, of 100 ohm."
if = "data.R is 100 and error of R < 1 and predicted"

[[solution]]
use = ["landscape"]

[[solution]]
data.n = 500

[[solution]]
data = { R = 100.0 }
+++
# Two resistors
Measure **both**.
"""


def test_a_lesson_as_a_new_user_writes_it(tmp_path: Path) -> None:
    """From the template alone: its keys, its conditions, other numbers."""
    file = tmp_path / "resistors.md"
    file.write_text(WRITTEN, encoding="utf-8")
    shown = cli("check", str(file), "--seeds", "3")
    assert shown.code == 0, shown.out
    assert shown.out.count("reached: Find") == 6
    assert find_lesson(str(file)).title == "Two resistors"
    assert cli("run", str(file), "-s", "epochs=1").code == 0
    translated = tmp_path / "resistors.zh.md"
    translated.write_text('+++\ntitle = "两个电阻"\n+++\n', encoding="utf-8")
    assert read_lesson(file, "resistors", "zh").title == "两个电阻"
    assert read_lesson(file, "resistors").title == "Two resistors"
