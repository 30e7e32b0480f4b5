"""Lessons on the screen: by real keys, from the list to the verdict."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import OptionList

from engine.catalog.choice import REGISTRIES
from engine.experiment import Experiment
from engine.lessons.attempt import Attempt
from engine.lessons.lesson import Lesson
from engine.lessons.library import find_lesson, lessons
from engine.lessons.progress import Progress
from engine.lessons.reading import parse_lesson
from engine.support.user_files import progress_file
from engine.training.snapshot import Snapshot
from tests.support.commands import cli
from tests.support.jobs import swept
from tests.support.pilots import (
    about,
    app_of,
    resize,
    says,
    session_of,
    show,
    text_of,
    training_lab,
    until,
)
from tests.support.quiz import QUIZ, quiz
from tests.support.sessions import FakeSession
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import diverged, finished, paused, ready, running, stopped
from tui.app import LinregApp
from tui.forms.fields import Picker, TextField
from tui.keys.table import NUMBERED
from tui.offer import OFFER
from tui.panels.bars import Hint, KeyBar, StatusBar
from tui.panels.lesson import LessonPanel
from tui.screens.classroom import settings_beside
from tui.screens.dialogs import AskScreen
from tui.screens.jump import JumpScreen
from tui.screens.lessons import FREE, LessonsScreen
from tui.screens.offers import offers_on
from tui.text.wrap import Prose


@dataclass
class Desk:
    """An app with a lesson open, and short ways to ask it."""

    app: LinregApp
    session: FakeSession
    pilot: Pilot[None]

    @property
    def panel(self) -> LessonPanel:
        """The open lesson."""
        panel = self.app.main.classroom.panel
        assert panel
        return panel

    @property
    def title(self) -> str:
        """The title of the open lesson, empty in the free lab."""
        panel = self.app.main.classroom.panel
        return panel.lesson.title if panel else ""

    @property
    def text(self) -> str:
        """What stands in the panel, as wide as one likes."""
        parts = [prose for prose in self.panel.query(Prose) if prose.display]
        return "\n".join(line.plain for prose in parts for line in prose.lines(200))

    @property
    def hint(self) -> str:
        return self.app.main.query_one(Hint).shown[0]

    @property
    def place(self) -> str:
        """The id of the panel with the focus."""
        panel = self.app.main.navigator.panel_of(self.app.main.focused)
        return str(panel.id) if panel else ""

    def has_title(self, title: str) -> bool:
        """Whether the open lesson is that of a title."""
        return self.title == title

    def is_at_line(self, line: int) -> bool:
        """Whether this line of the text is the first that can be seen."""
        return self.panel.scroll_offset.y == line

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def end(self, run: Snapshot) -> None:
        """A run comes to its end."""
        self.session.runs = (*self.session.runs, run)
        await show(self.pilot, run)


@asynccontextmanager
async def desk(
    shared_lab: SharedLab,
    lesson: Lesson | None = None,
    now: Snapshot | None = None,
    size: tuple[int, int] = (80, 24),
) -> AsyncIterator[Desk]:
    """The app, on a lesson where one is given."""
    async with shared_lab(now or ready(), size=size, lesson=lesson) as pilot:
        yield Desk(app_of(pilot), session_of(pilot.app), pilot)


# Settings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 34), (50, 24)])
async def test_the_edge_of_a_lesson_says_what_is_set_otherwise(
    shared_lab: SharedLab, size: tuple[int, int]
) -> None:
    async with desk(shared_lab, find_lesson("scratch"), size=size) as here:
        edge = "\n".join(text_of(here.app))
        assert " lr 0.03 " in edge
        assert "(0.03)" not in edge
        await here.press("l", *"0.003", "enter")
        await until(here.pilot, lambda: here.app.main.desk.experiment.lr == 0.003)
        await until(
            here.pilot, lambda: "esc leaves · lr 0.003 (0.03)" in "\n".join(text_of(here.app))
        )
        await here.press("O")
        await until(here.pilot, lambda: "lr 0.003 (0.03), ba" in "\n".join(text_of(here.app)))
        await here.press("l", *"0.03", "enter")
        await until(here.pilot, lambda: "lr 0.03, batch_si" in "\n".join(text_of(here.app)))


def test_settings_beside_those_of_a_lesson() -> None:
    first = Experiment()
    now = first.changed({"loss": "huber", "data.noise": 0.1, "lr": 2.0})
    assert settings_beside(first, first) == "lr 0.03"
    assert settings_beside(now, first) == "lr 2 (0.03), noise 0.1 (0.01), loss huber (half_squared)"


# Opening -----------------------------------------------------------------------------------------


async def test_panels_that_can_be_hidden_are_those_of_the_lab(shared_lab: SharedLab) -> None:
    async with desk(shared_lab) as here:
        of_the_lab = {panel.id for panel in here.app.main.navigator.lab_panels}
        assert of_the_lab - {"third", "fourth"} == set(OFFER.panels)  # these come with the grid


async def test_a_digit_opens_a_lesson_from_the_free_lab_and_from_another(
    shared_lab: SharedLab,
) -> None:
    numbered = list(lessons().values())[:NUMBERED]
    async with desk(shared_lab) as here:
        main = here.app.main
        for number, lesson in enumerate(numbered, 1):
            with about(number):
                here.session.calls.clear()
                await here.press(str(number))
                await until(here.pilot, partial(here.has_title, lesson.title))
                await here.pilot.pause()
                assert here.session.asked == [("prepare", lesson.experiment)]
                assert main.desk.experiment == lesson.experiment
                assert main.focused is here.panel
                assert main.lab.fit.view.name == lesson.view
                assert lesson.title[:20] in main.query_one(StatusBar).render().plain


async def test_the_palette_opens_a_lesson(shared_lab: SharedLab) -> None:
    async with desk(shared_lab) as here:
        await here.pilot.press("ctrl+p", *"lessonohm")
        palette = here.app.screen
        assert isinstance(palette, CommandPalette)
        await until(here.pilot, lambda: palette.query_one(OptionList).option_count > 0)
        await here.press("down", "enter")
        await until(here.pilot, lambda: here.title == lessons()["ohm"].title)


async def test_the_palette_offers_no_lesson_while_a_run_would_be_lost(
    shared_lab: SharedLab,
) -> None:
    async with desk(shared_lab) as here:
        for now, offered in ((ready(), True), (running(2), False)):
            await show(here.pilot, now)
            names = [offer.title for offer in offers_on(here.app.screen)]
            assert ("lesson: ohm" in names) == offered


async def test_the_list_opens_a_lesson_and_leaves_it(shared_lab: SharedLab) -> None:
    names = list(lessons())
    async with desk(shared_lab) as here:
        await here.press("e")
        await until(here.pilot, lambda: isinstance(here.app.screen, LessonsScreen))
        options = here.app.screen.query_one(OptionList)
        assert options.highlighted == 0
        assert options.get_option_at_index(0).id == FREE
        await here.press("down", "down", "enter")
        await until(here.pilot, lambda: here.title == lessons()[names[1]].title)
        await here.press("e")
        await until(here.pilot, lambda: isinstance(here.app.screen, LessonsScreen))
        options = here.app.screen.query_one(OptionList)
        assert options.highlighted == options.get_option_index(names[1])
        await here.press("escape")
        await until(here.pilot, lambda: here.app.screen is here.app.main)
        assert here.title == lessons()[names[1]].title
        await here.press("e", "home", "enter")
        await until(here.pilot, lambda: here.title == "")
        await here.press("e", "2")
        await until(here.pilot, lambda: here.title == lessons()[names[1]].title)


async def test_the_list_says_what_was_reached(shared_lab: SharedLab) -> None:
    lesson = next(iter(lessons().values()))
    async with desk(shared_lab) as here:
        await here.press("e")
        await until(here.pilot, lambda: isinstance(here.app.screen, LessonsScreen))
        text = "\n".join(text_of(here.app))
        assert f"1   {lesson.title[:20]}" in text
        assert lesson.source not in text  # no room
        goals = sum(len(one.goals) for one in lessons().values())
        assert f"goals 0 of {goals} · forecasts right 0 of 0" in text


async def test_what_was_reached_is_handed_in_under_a_name(
    shared_lab: SharedLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = next(iter(lessons()))
    async with desk(shared_lab) as here:
        await here.press("e", "w")
        await until(here.pilot, lambda: isinstance(here.app.screen, AskScreen))
        await here.press("escape")
        await until(here.pilot, lambda: isinstance(here.app.screen, LessonsScreen))
        await here.press("w")
        await until(here.pilot, lambda: isinstance(here.app.screen, AskScreen))
        await here.press(*"Ada", "space", "L")
        here.app.main.classroom.progress.reached(first).goals["status is finished"] = None
        await here.press("enter")
        await until(here.pilot, lambda: (tmp_path / "Ada_L.toml").exists())
    values = tomllib.loads((tmp_path / "Ada_L.toml").read_text())
    assert values["name"] == "Ada L"
    assert values["lessons"] == {first: {"goals": [{"if": "status is finished"}], "forecasts": []}}


async def test_a_wide_list_says_what_a_lesson_answers(shared_lab: SharedLab) -> None:
    lesson = list(lessons().values())[1]
    async with desk(shared_lab, size=(120, 34)) as here:
        await here.press("e")
        await until(here.pilot, lambda: isinstance(here.app.screen, LessonsScreen))
        line = next(line for line in text_of(here.app) if lesson.title in line)
        assert line.index(lesson.title) < line.index(lesson.source) < line.index("0/3")


async def test_the_lesson_can_be_seen_at_once(shared_lab: SharedLab) -> None:
    async with desk(shared_lab) as here:
        main = here.app.main
        for size in ((30, 10), (40, 12), (50, 24), (80, 24), (120, 34), (200, 50)):
            with about(size):
                await main.classroom.close()
                await resize(here.pilot, size)
                await main.classroom.open(quiz())
                await here.pilot.pause()
                assert main.focused is here.panel
                if size[0] >= 40:
                    assert "How large a step?" in "\n".join(text_of(here.app)[1:])
                    assert "esc leaves" in "\n".join(text_of(here.app))
                    assert here.panel.region.height >= size[1] - 6
                if size[0] >= 80:
                    assert main.lab.fit.region.area or main.lab.loss.region.area
                    assert main.lab.values.region.height >= 4


async def test_the_view_opens_in_the_second_chart(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        assert here.app.main.lab.fit.view.name == "residuals"
        assert here.app.main.lab.fit.region.area


def test_a_bad_file_is_one_line_and_exit_2(tmp_path: Path) -> None:
    file = tmp_path / "mine.md"
    file.write_text("+++\ntitle = 'x'\nveiw = 'fit'\n+++\n")
    shown = cli("--lesson", str(file))
    assert (shown.code, shown.out) == (2, "")
    (line,) = shown.err.splitlines()
    assert "mine.md, line 3: 'veiw' is unknown" in line


# What a lesson hides -----------------------------------------------------------------------------


async def test_hidden_panels_are_neither_displayed_nor_reached(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        for size in ((40, 12), (80, 24), (120, 34)):
            with about(size):
                await resize(here.pilot, size)
                await until(here.pilot, lambda: here.place == "lesson")
                visited = [here.place]
                for _ in range(6):
                    await here.press("tab")
                    focused = here.app.main.focused
                    assert focused
                    assert focused.region.area
                    visited.append(here.place)
                assert visited == ["lesson", "data", "training", "loss", "fit", "values", "lesson"]
                assert "Model" not in "\n".join(text_of(here.app))
                await here.press("j")
                await until(here.pilot, lambda: isinstance(here.app.screen, JumpScreen))
                jump = here.app.screen
                assert isinstance(jump, JumpScreen)
                assert "m" not in jump.names
                await here.press("m")
                assert isinstance(here.app.screen, JumpScreen)
                await here.press("e")
                await until(here.pilot, lambda: here.place == "lesson")


async def test_hidden_tools_say_so_and_are_not_offered(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz(), now=finished()) as here:
        await here.press("w", "t")
        assert here.app.screen is here.app.main
        assert here.session.asked == []
        said = [one.message for one in here.app._notifications]
        assert said == ["not in this lesson: theory; esc leaves it"]
        assert "theory" not in str(here.app.main.query_one(KeyBar).render())
        screen: Screen[Any] = here.app.screen
        titles = {offer.title for offer in offers_on(screen)}
        assert not titles & {"sweep", "theory"}
        assert "race" in titles
        kinds = {title.partition(":")[0] for title in titles} & REGISTRIES.keys()
        assert kinds == {"data", "optimizer", "schedule"}  # those of the panels that are shown


async def test_any_panels_can_be_hidden(shared_lab: SharedLab) -> None:
    keys = ("tab", "l", "v", "y", "right", "plus", "k", "tab", "shift+tab", "enter")
    hiding = (
        (OFFER.panels, (50, 24)),
        (("loss", "fit"), (120, 34)),
        (("training", "values"), (50, 24)),
    )
    async with desk(shared_lab) as here:
        main = here.app.main
        for hidden, size in hiding:
            await resize(here.pilot, size)
            await main.classroom.open(replace(quiz(), hide_panels=hidden))
            for key in keys:
                with about(f"{key} without {hidden}"):
                    await here.press(key)
                    assert main.focused
                    assert here.place not in hidden
            await here.press("escape", "escape", "escape")
            await until(here.pilot, lambda: here.title == "")
            for _ in OFFER.panels:
                await here.press("tab")
                assert main.focused
                assert main.focused.region.area, hidden


async def test_the_free_lab_is_as_it_was_before(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, size=(120, 34)) as here:
        before = text_of(here.app)
        await here.press("1")
        await until(here.pilot, lambda: bool(here.title))
        await here.press("escape")
        await until(here.pilot, lambda: not here.title)
        await here.pilot.pause()
        assert text_of(here.app) == before


# Forecasts ---------------------------------------------------------------------------------------


async def test_forecasts_are_settled_by_a_run(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        await here.press("k", *"6e-5", "enter")
        assert here.panel.attempt.forecasts[0].answer == 6e-5
        assert here.app.main.focused is here.panel
        await here.press("k")
        picker = here.app.main.focused
        assert isinstance(picker, Picker)
        await here.press("right")
        assert here.panel.attempt.forecasts[1].answer == 1
        await here.press("right")
        assert here.panel.attempt.forecasts[1].answer == 2
        await here.end(finished())
        assert "you said 6e-05 · measured 4.98e-05 · ✓\N{NO-BREAK SPACE}right" in here.text
        assert "Forecasts right: 1 of 1." in here.text
        assert picker.display  # only a run with lr > 1 settles it
        await here.end(replace(diverged(), loss=1e9))
        assert "you said: It runs away. · ✓\N{NO-BREAK SPACE}right" in here.text
        assert not picker.display
        assert not here.app.main.can("question")


async def test_a_wrong_forecast_is_said_with_what_was_measured(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        await here.press("k", *"0.5", "enter")
        await here.end(finished())
        assert "you said 0.5 · measured 4.98e-05 · ✗\N{NO-BREAK SPACE}wrong" in here.text
        await until(here.pilot, lambda: "✗ forecast wrong" in "\n".join(text_of(here.app)))


async def test_what_is_no_answer_is_refused_in_the_hint_line(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        await here.press("k", *"much", "enter")
        assert "answer=much: must be a number" in here.hint
        assert not here.panel.attempt.forecasts
        field = here.panel.questions[0].field
        assert field.has_class("-refused")
        assert field.has_focus
        await here.press(*"1", "enter")
        assert here.app.main.focused is here.panel
        assert here.panel.attempt.forecasts[0].answer == 1
        assert not field.has_class("-refused")
        assert "must be" not in here.hint


async def test_a_refused_setting_is_mended_before_anything_else(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        await here.press("l", *"x", "enter")
        await here.pilot.pause()
        await until(
            here.pilot, lambda: here.app.main.focused is here.app.main.lab.training.fields["lr"]
        )
        assert here.place == "training"
        assert here.app.main.lab.training.display
        await here.press(*"0.3", "enter")
        await until(here.pilot, lambda: here.app.main.desk.experiment.lr == 0.3)
        assert here.place == "lesson"
        assert here.title == quiz().title


async def test_no_answer_is_taken_during_a_run(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        await here.press("k", *"1", "enter")
        for state in (running(2), paused(2)):
            await show(here.pilot, state)
            assert not any(box.field.display for box in here.panel.questions)
            assert "you said 1" in here.text
            assert "No forecast was made." in here.text
            await here.press("k")
            assert here.app.main.focused is here.panel
        await here.end(stopped(2))
        assert here.panel.attempt.forecasts[0].right is False


async def test_a_field_in_focus_gives_way_to_the_run(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        await here.press("k", *"12")
        await show(here.pilot, running(2))
        await here.pilot.pause()
        assert here.app.main.focused is here.panel
        assert not here.panel.attempt.forecasts


async def test_k_goes_to_what_has_no_answer_yet(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        fields = [box.field for box in here.panel.questions]
        await here.press("k", *"1", "enter", "k")
        assert here.app.main.focused is fields[1]
        assert "lists them" in here.hint
        await here.press("k")
        assert here.app.main.focused is fields[1]
        await here.press("right", "k")
        assert here.app.main.focused is fields[0]
        assert "enter commits" in here.hint


async def test_escape_in_a_choice_goes_back_to_the_text(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        await here.press("k", *"1", "enter", "k", "escape")
        assert here.app.main.focused is here.panel
        await here.press("escape")
        assert here.title == ""


async def test_escape_in_a_choice_takes_back_what_was_turned_to(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        choice = here.panel.questions[1].field
        forecasts = here.panel.attempt.forecasts
        assert isinstance(choice, Picker)
        await here.press("k", *"1", "enter", "k", "right")
        await until(here.pilot, lambda: 1 in forecasts)
        await here.press("escape")
        await until(here.pilot, lambda: 1 not in forecasts)
        assert here.app.main.focused is here.panel
        assert choice.value == "your answer"
        await here.press("k", "right", "right", "tab")
        await until(here.pilot, lambda: 1 in forecasts and forecasts[1].answer == 2)
        await here.press("k", "k", "left", "escape")
        await until(here.pilot, lambda: choice.value == "2" and not choice.has_focus)
        assert forecasts[1].answer == 2


async def test_a_wrong_forecast_is_said_again_beside_what_was_true(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        await here.press("k", *"1", "enter", "k", "right")
        await until(here.pilot, lambda: 1 in here.panel.attempt.forecasts)
        await here.end(diverged(2))
        text = " ".join(here.text.split())
        assert "you said: It learns faster." in text
        shown = text.replace("\N{NO-BREAK SPACE}", " ")
        assert "✗ wrong: status is diverged, not finished · it was: It runs away." in shown


async def test_a_tool_is_used_when_its_work_is_done_not_when_its_screen_opens(
    shared_lab: SharedLab,
) -> None:
    async with desk(shared_lab, find_lesson("learning-rates")) as here:
        used = here.panel.attempt.used
        await here.press("w")
        await until(here.pilot, lambda: here.app.screen is not here.app.main)
        assert "sweep" not in used
        here.session.sweep = swept("running", 0.4)
        here.app.main.look()
        assert "sweep" not in used
        here.session.sweep = swept("finished")
        await until(here.pilot, lambda: "sweep" in used)


# Goals and hints ---------------------------------------------------------------------------------


async def test_goals_are_ticked_off_and_the_next_lesson_is_a_key_away(
    shared_lab: SharedLab,
) -> None:
    following = list(lessons().values())[1]
    async with desk(shared_lab, quiz()) as here:
        assert here.text.count("○") == 3
        await here.end(finished())
        assert "✓ Reach the noise floor." in here.text
        await here.press("v", "v", "v")
        assert here.app.main.lab.fit.view.name == "directions"
        assert "✓ See the directions." in here.text
        assert "All goals" not in here.text
        await here.end(diverged())
        assert "All goals are reached." in here.text
        assert f"N: next lesson, {following.title}" in here.text
        await here.press("N")
        await until(here.pilot, lambda: here.title == following.title)
        assert here.session.asked[-1] == ("prepare", following.experiment)


async def test_a_pause_counts_and_runs_from_before_do_not(shared_lab: SharedLab) -> None:
    early = (finished(1), diverged(2))
    async with shared_lab(early[-1], *early, size=(80, 24), lesson=quiz()) as pilot:
        session = session_of(pilot.app)
        here = Desk(app_of(pilot), session, pilot)
        session.runs = (*early, stopped(2))  # ended by the opening
        await show(pilot, ready(number=3))
        assert not here.panel.attempt.met
        await show(pilot, replace(paused(3), loss=5e-5))
        assert here.panel.attempt.met == {0}
        assert here.panel.attempt.run is None


async def test_each_run_is_told_of_once(
    shared_lab: SharedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(Attempt, "look", lambda self, run: told.append(run.number))
    async with desk(shared_lab, quiz()) as here:
        here.session.runs = (stopped(2), stopped(3))
        await show(here.pilot, stopped(3))
        await show(here.pilot, ready(number=4))
        await here.end(finished(4))
        assert told == [2, 3, 4]


async def test_the_last_lesson_names_the_list(shared_lab: SharedLab) -> None:
    last = list(lessons())[-1]
    async with desk(shared_lab, quiz(last)) as here:
        assert not here.app.main.can("next_lesson")
        await here.press("N")
        here.panel.attempt.met |= {0, 1}
        await here.end(diverged())
        assert "e: all lessons" in here.text


async def test_hints_come_one_by_one(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        assert "Hint" not in here.text
        await here.press("h")
        assert "Hint: Press s." in here.text
        assert "Hint: Press v." not in here.text
        await here.press("h")
        assert "Hint: Press v." in here.text
        assert not here.app.main.can("hint")
        await here.end(finished())
        assert "Hint: Press s." not in here.text


async def test_a_verdict_comes_to_the_front(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        await here.press("k", *"1", "enter", "tab", "tab", "tab")
        assert here.place == "loss"
        assert not here.panel.display
        await here.end(finished())
        assert here.panel.display


async def test_the_text_is_scrolled_by_key(shared_lab: SharedLab) -> None:
    lesson = parse_lesson(QUIZ + "\n\nmore\n" * 40, "long", "long.md")
    async with desk(shared_lab, lesson) as here:
        for key, there in (("down", 1), ("down", 2), ("up", 1), ("home", 0)):
            await here.press(key)
            await until(here.pilot, partial(here.is_at_line, there))
        await here.press("pagedown")
        await until(here.pilot, lambda: here.panel.scroll_offset.y > 10)
        await here.press("plus")
        assert here.app.main.navigator.chart.x_range is not None


# Leaving -----------------------------------------------------------------------------------------


async def test_escape_leaves_full_screen_first_and_then_the_lesson(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz()) as here:
        await here.press("tab", "tab", "tab", "enter")
        assert here.app.main.has_class("-full")
        await here.press("escape")
        assert not here.app.main.has_class("-full")
        assert here.title
        await here.press("escape")
        assert here.title == ""
        assert not here.app.main.query(LessonPanel)
        assert not here.app.main.can("leave")


async def test_sizes_change_while_a_lesson_is_open(shared_lab: SharedLab) -> None:
    async with desk(shared_lab, quiz(), size=(200, 50)) as here:
        await here.end(finished())
        for size in ((120, 34), (80, 24), (50, 24), (40, 12), (30, 10), (40, 12), (200, 50)):
            await resize(here.pilot, size)
            await here.pilot.pause()
            if size[0] >= 40:
                await until(here.pilot, lambda: here.app.main.focused is here.panel)
                assert here.panel.region.area
                assert here.app.main.region.contains_region(here.panel.region)


# Progress ----------------------------------------------------------------------------------------


async def test_progress_is_written_at_once_and_read_back(shared_lab: SharedLab) -> None:
    lesson = quiz()
    async with desk(shared_lab, lesson) as here:
        assert not progress_file().exists()
        await here.press("k", *"1", "enter")
        await here.end(finished())
        known = Progress(progress_file())
        assert known.read() == ""
        assert known.met(lesson) == {0}
        assert known.score(lesson) == (0, 1)
    async with desk(shared_lab, lesson) as here:
        assert "✓ Reach the noise floor." in here.text
        await here.press("v", "v", "v")
        await here.end(diverged())
        assert "All goals are reached." in here.text
    known = Progress(progress_file())
    known.read()
    assert known.done(lesson)


async def test_a_damaged_file_is_set_aside_and_said(shared_lab: SharedLab) -> None:
    progress_file().parent.mkdir(parents=True)
    progress_file().write_text("damage")
    async with desk(shared_lab, quiz()) as here:
        await until(here.pilot, lambda: "damaged" in " ".join(text_of(here.app)))
        await here.end(finished())
        assert progress_file().exists()
    assert progress_file().with_suffix(".damaged.toml").read_text() == "damage"


# Together ----------------------------------------------------------------------------------------


async def test_forecast_run_and_verdict_over_the_real_engine() -> None:
    lesson = quiz()
    async with training_lab(lesson.experiment) as pilot:
        main = app_of(pilot).main
        classroom = main.classroom
        await classroom.open(lesson)
        await pilot.press("k")
        await until(pilot, lambda: isinstance(main.focused, TextField))
        await pilot.press(*"5e-5", "enter")
        await until(pilot, lambda: bool(classroom.panel and classroom.panel.attempt.forecasts))
        await pilot.press("s")
        await until(
            pilot, lambda: bool(classroom.panel and classroom.panel.attempt.score == (1, 1))
        )
        await says(pilot, "✓ Reach the noise floor.")
        await until(pilot, lambda: main.desk.snapshot.state == "finished")
