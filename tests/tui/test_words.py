"""Every text that a person reads has its place in every language, and fits where it stands."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from polib import POFile, pofile
from rich.cells import cell_len
from textual.pilot import Pilot

from engine.catalog.choice import REGISTRIES
from engine.support.cell_width import cells, left, right
from engine.support.translation import (
    CATALOGS,
    LANGUAGES,
    Message,
    get_language,
    in_words,
    locale_language,
    set_language,
    tr,
)
from tests.messages import messages, placeholders, updated
from tests.support.jobs import posed, raced, swept
from tests.support.pictures import Compare, Steps
from tests.support.pilots import (
    LARGE,
    about,
    app_showing,
    become,
    main_of,
    resize,
    session_of,
    settled,
    text_of,
    until,
)
from tests.support.snapshots import STATES, ready
from tests.support.studies import ask
from tui.app import LinregApp
from tui.command import command
from tui.screens.dialogs import HelpScreen

OTHERS = [code for code in LANGUAGES if code != "en"]
catalogs = pytest.mark.parametrize("language", OTHERS)


def catalog_of(language: str) -> POFile:
    return pofile(str(CATALOGS / f"{language}.po"), encoding="utf-8")


# The catalogs ------------------------------------------------------------------------------------


@catalogs
def test_a_catalog_has_the_texts_of_the_sources_and_no_other(language: str) -> None:
    """Where this fails, `make messages` mends the catalog."""
    catalog = catalog_of(language)
    entries = {str(entry) for entry in updated(catalog, messages())}
    assert {str(entry) for entry in catalog} == entries


@catalogs
def test_every_text_is_translated_and_no_translation_is_a_guess(language: str) -> None:
    catalog = catalog_of(language)
    assert [entry.msgid for entry in catalog if not entry.translated() or entry.fuzzy] == []


@catalogs
def test_a_translation_has_the_placeholders_of_its_text_and_its_edges(language: str) -> None:
    for entry in catalog_of(language):
        for translation in entry.msgstr_plural.values() or [entry.msgstr]:
            text = entry.msgid_plural or entry.msgid
            assert placeholders(translation) == placeholders(text), text
            assert translation.strip(), text
            assert translation.count("\n") == text.count("\n"), text
            assert translation.count("[b]") == text.count("[b]"), text


@catalogs
def test_formulas_are_the_same_in_every_language(language: str) -> None:
    formulas = {entry.formula for registry in REGISTRIES.values() for entry in registry}
    assert all(
        entry.msgstr == entry.msgid for entry in catalog_of(language) if entry.msgid in formulas
    )


# Which language ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh"}, "zh"),
        ({"LANG": "zh.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB"}, "en"),
        ({"LANG": "en_GB", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN", "LC_MESSAGES": "zh_CN", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_GB", "LC_ALL": ""}, "en"),
    ],
)
def test_the_locale_says_which_language(environment: dict[str, str], language: str) -> None:
    assert locale_language(environment) == language


def test_what_is_missing_in_a_language_stays_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the other tests refuse such a text
    assert (get_language(), tr("finished")) == ("en", "finished")
    set_language("zh")
    assert (get_language(), tr("finished")) == ("zh", "已完成")
    assert tr("epoch {epoch}, loss {loss}", epoch=3, loss="0.1") == "第 3 轮，损失 0.1"
    assert tr("nobody says {what}", what="this") == "nobody says this"
    assert tr("a brace { that stands alone") == "a brace { that stands alone"
    set_language("en")
    assert tr("finished") == "finished"


def test_an_unknown_language_changes_nothing() -> None:
    set_language("zh")
    with pytest.raises(FileNotFoundError):
        set_language("xx")
    assert (get_language(), tr("finished")) == ("zh", "已完成")


def printed(*arguments: str, **environment: str) -> tuple[str, int]:
    """What a command line prints, and its exit code."""
    result = CliRunner().invoke(command, arguments, env=environment, standalone_mode=False)
    if isinstance(result.exception, Exception):
        return str(result.exception), 2
    return result.output, result.return_value


SMALL = ("-s", "data.n=100", "-s", "epochs=1")


@pytest.mark.parametrize(
    ("options", "environment", "word"),
    [
        ((), {}, "epoch 1, loss"),
        (("--lang", "zh"), {}, "第 1 轮，损失"),
        ((), {"LC_ALL": "zh_CN.UTF-8"}, "第 1 轮，损失"),
        (("--lang", "en"), {"LC_ALL": "zh_CN.UTF-8"}, "epoch 1, loss"),
        (("--lang", "zh", "--ascii"), {}, "epoch 1, loss"),
        (("--ascii",), {"LC_ALL": "zh_CN.UTF-8"}, "epoch 1, loss"),
    ],
)
def test_the_option_decides_before_the_locale_and_ascii_before_both(
    options: tuple[str, ...], environment: dict[str, str], word: str
) -> None:
    output, code = printed(*options, "run", *SMALL, **environment)
    assert code == 0
    assert word in output


def test_refusals_speak_the_language_too() -> None:
    output, code = printed("--lang", "zh", "run", "-s", "lr=0")
    assert (output, code) == ("lr=0: 必须是数，大于 0 且至多 1000000", 2)
    output, code = printed("--lang", "xx", "run")
    assert code == 2
    assert "'en', 'zh'" in output


def test_identifiers_in_csv_and_json_stay_english() -> None:
    axis = ("--axis", "lr=0.1,5", *SMALL)
    for form in ("--csv", "--json"):
        english, _ = printed("sweep", *axis, form)
        assert printed("--lang", "zh", "sweep", *axis, form) == (english, 0)
    early = ("-s", "patience=1", "-s", "epochs=50", "-s", "data.n=100")
    for options in (SMALL, early, ("-s", "lr=9", *SMALL)):
        english, _ = printed("run", *options, "--json")
        assert without_seconds(printed("--lang", "zh", "run", *options, "--json")[0]) == (
            without_seconds(english)
        )
    assert printed("--lang", "zh", "theory", *SMALL, "--json") == printed(
        "theory", *SMALL, "--json"
    )


def without_seconds(lines: str) -> list[dict[str, object]]:
    """JSON lines without what the clock says."""
    events = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    return [{key: event[key] for key in event if key != "seconds"} for event in events]


def test_the_reason_in_json_is_english_and_for_people_it_is_translated() -> None:
    diverged = ("run", "-s", "lr=9", *SMALL)
    assert "the loss rose above" in printed("--lang", "zh", *diverged, "--json")[0]
    assert "损失升到" in printed("--lang", "zh", *diverged)[0]


def test_messages_are_equal_that_say_the_same_and_nest() -> None:
    size = Message("minibatches of {size}", size=10)
    assert (
        size
        == Message("minibatches of {size}", size=10)
        != Message("minibatches of {size}", size=9)
    )
    limit = Message("limit {limit:.3g} ({whose})", limit=1.352, whose=size)
    assert str(limit) == "limit 1.35 (minibatches of 10)"
    set_language("zh")
    assert in_words(limit) == "上限 1.35（小批量 10）"
    assert tr("limit of {whose}", whose=size) == "上限针对：小批量 10"
    assert str(limit) == "limit 1.35 (minibatches of 10)"


# Cells -------------------------------------------------------------------------------------------


@given(
    st.text(st.characters(codec="gb2312", categories=("L", "N", "P", "S")), max_size=12),
    st.integers(0, 30),
)
def test_text_is_padded_in_cells(text: str, width: int) -> None:
    text = "".join(text.split())
    assert cells(text) == cell_len(text)
    for padded, bare in ((left(text, width), str.rstrip), (right(text, width), str.lstrip)):
        assert cell_len(padded) == max(width, cell_len(text))
        assert bare(padded) == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_without_a_screen_are_aligned_in_cells(language: str) -> None:
    for arguments in (
        ("sweep", "--axis", "lr=0.1,5", *SMALL),
        ("race", "--optimizers", "sgd,adam", *SMALL),
    ):
        output, code = printed("--lang", language, *arguments)
        assert code == 0
        assert len({cell_len(line) for line in output.splitlines()[:3]}) == 1


# The screen in another language ------------------------------------------------------------------


SHOWN = ("ready", "finished", "diverged", "theory", "help")


def app_in(state: str) -> LinregApp:
    return app_showing(STATES[state]() if state in STATES else ready())


def opening(state: str) -> Steps:
    """Open what is to be seen beside the lab."""

    async def steps(pilot: Pilot[None]) -> None:
        await settled(pilot)
        if state == "help":
            await pilot.press("question_mark")
            await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        if state == "theory":
            await ask(pilot, "t", posed())
        await pilot.pause()

    return steps


@pytest.mark.parametrize("state", SHOWN)
def test_in_chinese(picture: Compare, state: str) -> None:
    set_language("zh")
    picture(app_in(state), *LARGE, steps=opening(state))


KEYS_TO = {"sweep": "w", "race": "R", "lessons": "e", "jump": "j", "lr": "l"}


async def test_each_line_is_as_wide_as_the_terminal() -> None:
    set_language("zh")
    app = app_in("ready")
    async with app.run_test(size=LARGE[0]) as pilot:
        await settled(pilot)
        for size in LARGE:
            await resize(pilot, size)
            for state in (*SHOWN, "failed", "loading", *KEYS_TO):
                with about(f"{state} at {size}"):
                    while app.screen is not app.main:
                        await pilot.press("escape")
                    app.main.navigator.go_to(app.main.lab.loss)  # out of a field
                    await become(pilot, STATES[state]() if state in STATES else ready())
                    await opening(state)(pilot)
                    if state in KEYS_TO:
                        await pilot.press(KEYS_TO[state])
                    lines = text_of(app)
                    assert {cell_len(line) for line in lines} == {size[0]}
                    assert any(cell_len(line) > len(line) for line in lines)


async def test_a_sweep_and_a_race_in_chinese_fill_their_lines() -> None:
    set_language("zh")
    app = app_showing(ready())
    session = session_of(app)
    session.sweep, session.race = swept("finished"), raced("finished")
    async with app.run_test(size=LARGE[0]) as pilot:
        await settled(pilot)
        for size in LARGE:
            await resize(pilot, size)
            for key, word in (("w", "次运行的最终损失"), ("R", "留在噪声底的步数")):
                with about(f"{key} at {size}"):
                    await pilot.press(key)
                    lines = text_of(app)
                    assert {cell_len(line) for line in lines} == {size[0]}
                    assert word in "\n".join(lines)
                    await pilot.press("escape")
                    await until(pilot, lambda: pilot.app.screen is main_of(pilot))
