"""The palette: what is typed as a command, colours seen before they are taken, the last used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.command import Command, CommandList
from textual.pilot import Pilot

from tests.support.pilots import app_of, lab, main_of, says, until
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import ready
from tui.screens.offers import assignments, fields_of
from tui.screens.palette import Palette
from tui.screens.sweep import SweepScreen

KEYS = ("data", "data.noise", "data.n", "lr", "lr values", "penalty.strength", "init.n", "noisy.e")


@pytest.mark.parametrize(("text", "pairs"), [
    ("lr 0.1", [("lr", "0.1")]),
    ("lr=0.1", [("lr", "0.1")]),
    ("  lr  =  0.1 ", [("lr", "0.1")]),
    ("-s lr=0.1 -s data=ohm", [("lr", "0.1"), ("data", "ohm")]),
    ("lr 0.1 noise 2", [("lr", "0.1"), ("data.noise", "2")]),
    ("lr values 0.1, 0.2 lr 3", [("lr values", "0.1, 0.2"), ("lr", "3")]),
    ("data.n 5", [("data.n", "5")]),
    ("n 5", []),  # two keys end in it
    ("lr", []),
    ("lr 0.1 noise", [("lr", "0.1 noise")]),  # no value behind noise: refused as that of lr
    ("light", []),
    ("take lr 0.1", []),
    ("", []),
])  # fmt: skip
def test_assignments(text: str, pairs: list[tuple[str, str]]) -> None:
    assert assignments(text, KEYS) == pairs


@given(st.lists(st.tuples(st.sampled_from(["data", "data.noise", "lr"]), st.from_regex(
    r"[0-9.,e+-]{1,12}", fullmatch=True)), min_size=1, max_size=4))  # fmt: skip
def test_what_is_written_as_options_comes_back(pairs: list[tuple[str, str]]) -> None:
    for option in ("{} {}", "{}={}", "-s {}={}"):
        assert assignments(" ".join(option.format(*pair) for pair in pairs), KEYS) == pairs


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    for key, value in assignments(text, KEYS):
        assert key in KEYS
        assert value == value.strip() != ""
    assert assignments(text, ()) == []


async def ask(pilot: Pilot[None], text: str) -> CommandList:
    """Type into the palette, and wait until the first of the list is what was typed."""
    await pilot.press("ctrl+p", *text)
    palette = app_of(pilot).screen
    assert isinstance(palette, Palette)
    commands = palette.query_one(CommandList)
    await until(pilot, lambda: commands.highlighted == 0)
    return commands


def first(commands: CommandList) -> str:
    option = commands.get_option_at_index(0)
    assert isinstance(option, Command)
    return str(option.hit.text)


async def test_settings_are_typed_as_commands(shared_lab: SharedLab) -> None:
    async with shared_lab(ready()) as pilot:
        app = app_of(pilot)
        desk = main_of(pilot).desk
        commands = await ask(pilot, "lr 0.25 epochs 7")
        await until(pilot, lambda: first(commands) == "lr 0.25, epochs 7")
        await pilot.press("enter")
        await until(pilot, lambda: (desk.experiment.lr, desk.experiment.epochs) == (0.25, 7))
        await until(pilot, lambda: app.screen is app.main)
        commands = await ask(pilot, "data ohm R 47 n 50 lr 0.5")
        await until(pilot, lambda: first(commands) == "data ohm, data.R 47, data.n 50, lr 0.5")
        await pilot.press("enter")
        await until(pilot, lambda: desk.experiment.lr == 0.5)
        assert desk.experiment.data.name == "ohm"
        assert {"R": 47.0, "n": 50}.items() <= desk.experiment.data.options.items()
        await until(pilot, lambda: app.screen is app.main)
        commands = await ask(pilot, "lr -1")
        await until(pilot, lambda: first(commands) == "lr -1")
        await pilot.press("enter")
        await says(pilot, "lr=-1: must be a number above 0")
        assert desk.experiment.lr == 0.5
        await until(pilot, lambda: app.screen is app.main)
        app.clear_notifications()
        commands = await ask(pilot, "lr abc epochs 20")
        await until(pilot, lambda: first(commands) == "lr abc, epochs 20")
        await pilot.press("enter")
        await until(pilot, lambda: desk.experiment.epochs == 20)  # it is behind the refusal
        await says(pilot, "lr=abc: must be a number")
        field = main_of(pilot).lab.training.fields["lr"]
        assert (field.value, field.has_class("-refused")) == ("0.5", False)


async def test_a_sweep_takes_commands_too(shared_lab: SharedLab) -> None:
    async with shared_lab(ready()) as pilot:
        app = app_of(pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))
        sweep = app.screen
        assert "x values" in fields_of(sweep)
        commands = await ask(pilot, "x values 0.125,0.25")
        await until(pilot, lambda: first(commands) == "x values 0.125,0.25")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is sweep)
        await until(pilot, lambda: fields_of(sweep)["x values"].value == "0.125,0.25")


async def test_a_theme_is_seen_while_it_is_looked_at() -> None:
    async with lab(ready()) as pilot:
        app = app_of(pilot)
        for last, theme in (("escape", "linreg-dark"), ("enter", "linreg-light")):
            commands = await ask(pilot, "theme: linreg-light")
            await until(pilot, lambda: first(commands) == "theme: linreg-light")  # noqa: B023
            await until(pilot, lambda: app.theme == "linreg-light")
            await pilot.press(last)
            await until(pilot, lambda: app.screen is app.main)
            await until(pilot, lambda: app.theme == theme)  # noqa: B023


async def test_what_was_used_last_comes_first(shared_lab: SharedLab) -> None:
    async with shared_lab(ready()) as pilot:
        app = app_of(pilot)
        for title in ("batch_size", "epochs"):
            commands = await ask(pilot, title)
            await until(pilot, lambda: first(commands) == title)  # noqa: B023
            await pilot.press("enter")
            await until(pilot, lambda: app.screen is app.main)
        commands = await ask(pilot, "")
        assert first(commands) == "epochs"
        second = commands.get_option_at_index(1)
        assert isinstance(second, Command)
        assert second.hit.text == "batch_size"
