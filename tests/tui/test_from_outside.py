"""What comes from outside is shown and never obeyed: pastes, names of keys, texts of lessons."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.events import Paste

from engine.lessons.reading import parse_lesson
from tests.support.outside import NASTY, a_lesson, obeyed
from tests.support.pilots import app_for, settled, text_of
from tests.support.sessions import FakeSession
from tests.support.snapshots import ready
from tui.app import LinregApp
from tui.ascii import seen
from tui.forms.fields import TextField
from tui.settings import load

PWN = "\x1b]0;pwn\x07\x9b2J\u202e"


def drawn(app: LinregApp) -> str:
    return "".join(text_of(app))


@given(st.text() | NASTY)
def test_what_is_drawn_keeps_its_width_and_is_not_obeyed(text: str) -> None:
    assert not obeyed(seen(text))
    assert cell_len(seen(text)) <= cell_len(text)


async def test_a_paste_is_not_obeyed() -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        await pilot.press("l")
        field = app.main.focused
        assert isinstance(field, TextField)
        app.post_message(Paste(f"0.1{PWN}"))
        await pilot.pause()
        assert "\x1b" in field.value
        assert "0.1]0;pwn2J" in drawn(app)
        assert not obeyed(drawn(app))
        await pilot.press("enter")
        await pilot.pause()
        assert not obeyed(drawn(app))


@pytest.mark.parametrize("ascii", [False, True])
async def test_texts_of_a_lesson_are_shown_escaped(ascii: bool) -> None:
    lesson = parse_lesson(a_lesson(PWN), "name", "name.md")
    app = app_for(FakeSession(ready()), lesson=lesson)
    app.settings.ascii = ascii
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        assert r"\x1b]0;pwn\x07\x9b2J\u202e" in drawn(app)
        assert not obeyed(drawn(app))


@pytest.mark.parametrize("key", [PWN, "a\nb", "x" * 2000])
def test_the_name_of_a_key_is_a_short_line(tmp_path: Path, key: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f'[keys]\nstart = "{key.encode("unicode_escape").decode()}"\npin = "P"\n')
    file.write_text(file.read_text().replace("\\x", "\\u00"))
    settings, message = load(file)
    assert settings.keys == {"pin": "P"}
    assert "must be the name of a key" in message
    assert not obeyed(message)
    assert len(message) < 300
