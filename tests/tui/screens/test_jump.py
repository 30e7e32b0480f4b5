"""Letters that go to panels and fields."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.color import Color
from textual.geometry import Offset
from textual.renderables.background_screen import BackgroundScreen
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions

from tests.support.pilots import app_of, lab, main_of, text_of, until
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import ready
from tui.backdrop import Backdrop
from tui.screens.jump import ALPHABET, JumpScreen, initials


@pytest.mark.parametrize(("names", "letters"), [
    ((), {}),
    (("lr", "loop", "epochs"), {"L": "lr", "O": "loop", "E": "epochs"}),
    (("data.noise", "noise", "n"), {"N": "data.noise", "O": "noise", "A": "n"}),
    (("x values", "x", "β₁"), {"X": "x values", "A": "x", "B": "β₁"}),
])  # fmt: skip
def test_initials(names: tuple[str, ...], letters: dict[str, str]) -> None:
    assert initials(names) == letters


@given(st.lists(st.text(max_size=8), unique=True, max_size=40))
def test_every_name_has_a_letter_of_its_own_while_there_are_any(names: list[str]) -> None:
    letters = initials(names)
    assert set(letters) <= set(ALPHABET)
    assert sorted(letters.values()) == sorted(names[: len(ALPHABET)])


async def test_a_letter_below_the_last_line_of_a_smaller_terminal_is_left_out() -> None:
    async with lab(ready()) as pilot:
        below = BackgroundScreen(main_of(pilot), Color(0, 0, 0, 0.5))
        backdrop = Backdrop(below, [Strip.blank(4), Strip.blank(4)])
        backdrop.marks = {Offset(1, 1): Segment("A"), Offset(1, 2): Segment("B")}
        strips = backdrop.render_strips(4, None, Style(), RenderOptions(lambda _: Style(), {}))
        assert [strip.text for strip in strips] == ["    ", " A  "]


@pytest.mark.usefixtures("drawn")
async def test_a_letter_stands_before_each_field_and_goes_there(shared_lab: SharedLab) -> None:
    async with shared_lab(ready()) as pilot:
        app = app_of(pilot)
        main = main_of(pilot)
        fields = main.navigator.fields_by_letter()
        keys = {letter: field.key for letter, (_, field) in fields.items()}  # type: ignore[attr-defined]
        assert {"lr", "epochs", "loss", "data.noise"} <= set(keys.values())
        for key, by in (("epochs", "key"), ("data.noise", "click"), ("model", "key")):
            letter = next(letter for letter in keys if keys[letter] == key)
            await pilot.press("j")
            await until(pilot, lambda: isinstance(app.screen, JumpScreen))
            await pilot.pause()
            lines = text_of(app)
            for mark, place in main.navigator.marks().items():
                assert lines[place.y][place.x] == mark
            if by == "click":
                await pilot.click(offset=main.navigator.marks()[letter])
            else:
                await pilot.press(letter)
            await until(pilot, lambda: getattr(main.focused, "key", "") == key)  # noqa: B023
            await pilot.press("escape")
