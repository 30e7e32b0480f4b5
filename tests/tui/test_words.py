"""Every text that a person reads has its place in every language, and fits where it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.pilot import Pilot

import engine
import tui
from engine.catalog.choice import REGISTRIES
from engine.catalog.registry import Param
from engine.jobs.job import JobState
from engine.jobs.race import Status
from engine.lessons.lesson import PANELS
from engine.settings import SETTINGS
from engine.support.cell_width import cells, left, right
from engine.support.translation import LANGUAGES, catalog, in_use, of_locale, tr, use
from engine.training.snapshot import State
from engine.training.verdicts import Standing
from tests.tui.conftest import (
    LARGE,
    STATES,
    Compare,
    Steps,
    app_showing,
    main_of,
    raced,
    ready,
    settled,
    swept,
    text_of,
    until,
)
from tests.tui.test_theory import ask, studied
from tui.__main__ import command
from tui.app import LinregApp
from tui.charts import race as race_charts
from tui.charts import sweep as sweep_charts
from tui.charts.directions import NO_DIRECTIONS
from tui.keys import ACTIONS
from tui.panels.fit import VIEWS
from tui.panels.training import PACE
from tui.panels.values import COLUMNS
from tui.screens import race, sweep, theory
from tui.screens.dialogs import INTRODUCTION, HelpScreen
from tui.screens.main import JUMPS

OTHERS = [code for code in LANGUAGES if code != "en"]

ENTRIES = [entry for registry in REGISTRIES.values() for entry in registry]
PARAMS: list[Param] = [
    *SETTINGS.values(),
    PACE,
    *(one for entry in ENTRIES for one in entry.params),
]
LABELS = [entry.label for entry in ENTRIES]
HELP = [entry.help for entry in ENTRIES]
FORMS = [*race.RaceForm().texts, *sweep.AxesForm().texts]

TABLES: dict[str, Iterable[str]] = {
    "experiment.entry('data').label": LABELS,
    "experiment.entry('loss').label": LABELS,
    "now.experiment.entry('loss').label": LABELS,
    "optimizer.label": LABELS,
    "entry.label": LABELS,
    "one.label": LABELS,
    "LOSSES[loss].label": LABELS,
    "entry.help": HELP,
    "one.help": HELP,
    "param.what": [*(one.what for one in PARAMS), *(one.what for one in REGISTRIES.values())],
    "param.why": [param.why for param in PARAMS],
    "param.extremes": [param.extremes for param in PARAMS],
    "about": [*(text for param in PARAMS for text in param.about), *VIEWS.values()],
    "text": [text for param in PARAMS for text in param.about],
    "action.label": [action.label for action in ACTIONS],
    "action.help": [action.help for action in ACTIONS],
    "name": [action.group for action in ACTIONS],
    "head": [head for head, _ in INTRODUCTION],
    "words": [said for _, said in INTRODUCTION],
    "run.state": get_args(State),
    "snapshot.state": get_args(State),
    "progress.state": get_args(JobState),
    "track.status": get_args(Status),
    "cell.status": ("finished", "diverged"),
    "where": get_args(Standing),
    "self.view.capitalize()": [view.capitalize() for view in VIEWS],
    "str(panel.id).capitalize()": [panel.capitalize() for panel in PANELS],
    "JUMPS[letter].capitalize()": [panel.capitalize() for panel in JUMPS.values()],
    "column": [
        *COLUMNS,
        "optimizer",
        "lr",
        "loss",
        "floor_step",
        "floor_epoch",
        "status",
    ],
    "way.name": ["formula"],
    "self.heading": [theory.TheoryScreen.heading, theory.XrayScreen.heading],
    "self.about[self.focused.key]": [*race.HELP.values(), *sweep.HELP.values()],
    "READING[self.view]": race.READING.values(),
    "key": FORMS,
    "measure": [sweep_charts.LOSS, sweep_charts.FLOOR],
    "LOSS": [sweep_charts.LOSS],
    "FLOOR": [sweep_charts.FLOOR],
    "NONE": [sweep.NONE],
    "EMPTY": [race_charts.EMPTY, sweep.EMPTY],
    "KEYS": [race.KEYS, sweep.KEYS],
    "NO_DIRECTIONS": [NO_DIRECTIONS],
}
"""What tr is given where that is no literal, and all that it can be there."""


def arguments() -> Iterator[ast.expr]:
    """The first argument of every call of tr."""
    for package in (engine, tui):
        for file in Path(package.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "tr":
                    yield node.args[0]


def texts() -> set[str]:
    """Every text that is translated somewhere."""
    found = set()
    for argument in arguments():
        if isinstance(argument, ast.Constant):
            found.add(str(argument.value))
        else:
            found |= set(TABLES[ast.unparse(argument)])
    return found - {""}


def fields_of(text: str) -> list[tuple[str, str | None, str | None]]:
    """The placeholders of a text with their formats, sorted."""
    return sorted(
        (name, spec, how) for _, name, spec, how in Formatter().parse(text) if name is not None
    )


# The catalogs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_a_translation_and_every_translation_a_text(language: str) -> None:
    known = catalog(language)
    assert texts() - known.keys() == set()
    assert known.keys() - texts() == set()


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_placeholders_of_its_text_and_its_edges(language: str) -> None:
    for english, said in catalog(language).items():
        assert fields_of(said) == fields_of(english), english
        assert said.strip(), english
        assert said.count("\n") == english.count("\n"), english
        assert said.count("[b]") == english.count("[b]"), english


def test_what_is_translated_by_variable_is_known_text() -> None:
    """A table that tr no longer reads is no longer listed here."""
    asked = {ast.unparse(one) for one in arguments() if not isinstance(one, ast.Constant)}
    assert asked == TABLES.keys()


@pytest.mark.parametrize("language", OTHERS)
def test_formulas_are_the_same_in_every_language(language: str) -> None:
    known = catalog(language)
    assert all(known.get(entry.formula, entry.formula) == entry.formula for entry in ENTRIES)


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
    assert of_locale(environment) == language


def test_use_changes_what_tr_says_and_english_is_what_is_missing() -> None:
    assert (in_use(), tr("finished")) == ("en", "finished")
    use("zh")
    assert (in_use(), tr("finished")) == ("zh", "已完成")
    assert tr("epoch {epoch}, loss {loss}", epoch=3, loss="0.1") == "第 3 轮，损失 0.1"
    assert tr("nobody says {what}", what="this") == "nobody says this"
    assert tr("a brace { that stands alone") == "a brace { that stands alone"
    use("en")
    assert tr("finished") == "finished"


def test_an_unknown_language_changes_nothing() -> None:
    use("zh")
    with pytest.raises(FileNotFoundError):
        use("xx")
    assert (in_use(), tr("finished")) == ("zh", "已完成")


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
    output, _ = printed("--lang", "zh", "run", *SMALL, "--json")
    assert '"status": "finished"' in output
    assert '"standing": "still learning"' in output


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
        assert len({cell_len(line) for line in output.splitlines()}) == 1


# The screen in another language ------------------------------------------------------------------


sizes = pytest.mark.parametrize("size", LARGE, ids=lambda size: f"{size[0]}x{size[1]}")
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
            await ask(pilot, "t", studied.__wrapped__())  # in the language in use
        await pilot.pause()

    return steps


@sizes
@pytest.mark.parametrize("state", SHOWN)
def test_in_chinese(picture: Compare, state: str, size: tuple[int, int]) -> None:
    use("zh")
    assert picture(app_in(state), terminal_size=size, run_before=opening(state))


KEYS_TO = {"sweep": "w", "race": "R", "lessons": "e", "jump": "j", "lr": "l"}


@sizes
@pytest.mark.parametrize("state", [*SHOWN, "failed", "loading", *KEYS_TO])
async def test_each_line_is_as_wide_as_the_terminal(state: str, size: tuple[int, int]) -> None:
    use("zh")
    app = app_in(state)
    async with app.run_test(size=size) as pilot:
        await opening(state)(pilot)
        if state in KEYS_TO:
            await pilot.press(KEYS_TO[state])
            await pilot.pause()
        lines = text_of(app)
    assert {cell_len(line) for line in lines} == {size[0]}
    assert any(cell_len(line) > len(line) for line in lines)


@sizes
async def test_a_sweep_and_a_race_in_chinese_fill_their_lines(size: tuple[int, int]) -> None:
    use("zh")
    app = app_showing(ready())
    app.session.sweep, app.session.race = swept("finished"), raced("finished")
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for key, word in (("w", "次运行的最终损失"), ("R", "到噪声底的步数")):
            await pilot.press(key)
            await pilot.pause()
            lines = text_of(app)
            assert {cell_len(line) for line in lines} == {size[0]}
            assert word in "\n".join(lines)
            await pilot.press("escape")
            await until(pilot, lambda: pilot.app.screen is main_of(pilot))
