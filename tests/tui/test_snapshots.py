"""The screen in every state at every size, compared with the accepted one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from engine.training.snapshot import Snapshot
from tests.support.jobs import found, seed_band
from tests.support.pictures import Compare, Look, Steps, named
from tests.support.pilots import (
    LARGE,
    SIZES,
    app_for,
    app_showing,
    become,
    main_of,
    resize,
    settled,
    show,
    until,
)
from tests.support.sessions import FakeSession
from tests.support.snapshots import STATES, diverged, finished, loading, previous, ready, running
from tui.app import LinregApp
from tui.forms.fields import ChoiceScreen, Picker, TextField
from tui.screens.dialogs import ConfirmScreen, CopyScreen, HelpScreen
from tui.screens.finder import FinderScreen
from tui.screens.jump import JumpScreen
from tui.settings import Settings


def app_in(state: str, settings: Settings | None = None) -> LinregApp:
    """The app in a state, with an earlier run to compare with where one has been finished."""
    return app_showing(STATES[state](), *before(state), settings=settings)


def before(state: str) -> tuple[Snapshot, ...]:
    """The runs that were over before one came into a state."""
    return (previous(),) if state in ("finished", "diverged") else ()


def pressing(*keys: str, then: Callable[[Pilot[None]], bool] = lambda pilot: True) -> Steps:
    """Press keys and wait for what they bring about."""

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await until(pilot, lambda: then(pilot))

    return steps


def has_screen(kind: type[object]) -> Callable[[Pilot[None]], bool]:
    return lambda pilot: isinstance(pilot.app.screen, kind)


def has_focus(key: str) -> Callable[[Pilot[None]], bool]:
    """Whether the field of a key has the focus."""

    def check(pilot: Pilot[None]) -> bool:
        focused = pilot.app.focused
        return isinstance(focused, TextField | Picker) and focused.key == key

    return check


# States ------------------------------------------------------------------------------------------


async def each(
    accepted: Look, states: tuple[str, ...], *sizes: tuple[int, int], colours: bool = False
) -> None:
    """One app comes into each state at each size."""
    app = app_in(states[0])
    async with app.run_test(size=sizes[0], notifications=True) as pilot:
        await settled(pilot)
        for size in sizes:
            await resize(pilot, size)
            for state in states:
                await become(pilot, STATES[state](), *before(state))
                await accepted(pilot, f"{state}-{named(size)}", colours)


async def test_state(accepted: Look) -> None:
    await each(accepted, ("ready", "finished", "diverged"), *SIZES)


async def test_state_in_colours(accepted: Look) -> None:
    await each(accepted, ("ready", "finished", "diverged", "failed"), *LARGE, colours=True)


SMALL_CHANGE = ("paused", "stopped", "loading", "one_point", "constant")
"""States that differ from others only in what a large terminal shows as well."""


async def test_state_at_80x24(accepted: Look) -> None:
    await each(accepted, SMALL_CHANGE, (80, 24))


async def test_rarer_state(accepted: Look) -> None:
    states = ("running", "failed", "zeros", "not_finite", "many_features", "of_a_file")
    await each(accepted, states, *LARGE)


async def test_words_only(accepted: Look) -> None:
    await each(accepted, ("loading", "running", "finished", "diverged", "failed"), (30, 10))


def test_pinned_run_beside_the_previous_one(picture: Compare) -> None:
    now = finished(3)
    app = app_showing(now, previous(1), diverged(2))
    app.main.desk.pinned = previous(1)
    picture(app, (120, 34), colours=True)


# Looks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["finished", "diverged"])
def test_light_theme(picture: Compare, state: str) -> None:
    app = app_in(state, Settings(theme="linreg-light"))
    picture(app, (120, 34), colours=True)


def test_ascii(picture: Compare) -> None:
    picture(app_in("finished", Settings(ascii=True)), *LARGE)


def test_no_color(picture: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    picture(app_in("finished"), (80, 24), colours=True)


# Changes -----------------------------------------------------------------------------------------


def test_resize_during_a_run(picture: Compare) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await show(pilot, running(2))
        await resize(pilot, (80, 24))
        await until(pilot, lambda: main_of(pilot).has_class("-medium"))
        await show(pilot, running(2))
        await resize(pilot, (50, 24))
        await until(pilot, lambda: main_of(pilot).has_class("-narrow"))
        await pilot.pause()

    app = app_showing(ready(number=2), previous())
    picture(app, (120, 34), steps=steps)


def test_grown_again_after_being_tiny(picture: Compare) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await resize(pilot, (120, 34))
        await until(pilot, lambda: main_of(pilot).has_class("-wide"))
        await pilot.pause()

    picture(app_in("finished"), (30, 10), steps=steps)


def test_keys_before_there_are_any_data(picture: Compare) -> None:
    keys = ("y", "v", "f", "plus", "minus", "left", "right", "v", "0", "p", "enter", "escape")
    app = app_showing(loading())
    picture(app, (80, 24), steps=pressing(*keys))


@pytest.mark.parametrize("chart", ["loss", "fit"])
def test_full_screen(picture: Compare, chart: str) -> None:
    keys = ["enter"] if chart == "loss" else ["tab", "enter"]
    steps = pressing(*keys, then=lambda pilot: main_of(pilot).has_class("-full"))
    picture(app_in("finished"), (80, 24), steps=steps)


def test_zoom_and_value_cursor(picture: Compare) -> None:
    steps = pressing("right", "right", "plus")
    picture(app_in("finished"), (120, 34), steps=steps, colours=True)


def test_a_moment(picture: Compare) -> None:
    picture(app_in("finished"), *LARGE, steps=pressing("home", "shift+right", "right"))


def test_linear_axis(picture: Compare) -> None:
    steps = pressing("y", then=lambda pilot: not main_of(pilot).lab.loss.log_y)
    picture(app_in("finished"), (120, 34), steps=steps)


@pytest.mark.parametrize("turns", [1, 2], ids=["residuals", "parameters"])
def test_view_of_the_fit(picture: Compare, turns: int) -> None:
    steps = pressing("tab", *["v"] * turns)
    picture(app_in("finished"), *LARGE, steps=steps)


def drawn(pilot: Pilot[None]) -> bool:
    """Whether the landscape that is wanted has come, where one is."""
    fit = main_of(pilot).lab.fit
    return fit.view.name != "landscape" or fit.chart().heat is not None


@pytest.mark.parametrize("turns", [3, 4], ids=["landscape", "directions"])
def test_view_of_the_run(picture: Compare, turns: int) -> None:
    steps = pressing("tab", *["v"] * turns, then=drawn)
    picture(app_in("finished"), *LARGE, steps=steps, colours=True)


@pytest.mark.parametrize(
    "settings",
    [Settings(theme="linreg-light"), Settings(ascii=True)],
    ids=["light", "ascii"],
)
def test_landscape_in_full(picture: Compare, settings: Settings) -> None:
    steps = pressing("tab", "v", "v", "v", "f", "enter", then=drawn)
    picture(app_in("finished", settings), (80, 24), steps=steps, colours=True)


@pytest.mark.parametrize("tabs", [1, 2], ids=["fit", "values"])
def test_next_panel(picture: Compare, tabs: int) -> None:
    steps = pressing(*["tab"] * tabs)
    picture(app_in("finished"), *SIZES[:3], steps=steps)


def test_scrolled_values(picture: Compare) -> None:
    keys = ["tab", "tab", *["down"] * 5]
    steps = pressing(*keys, then=lambda pilot: main_of(pilot).lab.values.scroll_offset.y >= 5)
    picture(app_in("many_features"), (80, 24), steps=steps)


# Forms -------------------------------------------------------------------------------------------


def test_field_with_its_hint(picture: Compare) -> None:
    steps = pressing("l", then=has_focus("lr"))
    picture(app_in("ready"), *LARGE, (50, 24), steps=steps)


def test_picker_with_its_hint(picture: Compare) -> None:
    steps = pressing("j", "m", then=has_focus("model"))
    picture(app_in("ready"), *LARGE, steps=steps, colours=True)


@pytest.mark.parametrize(
    ("inside", "size"), [(False, (80, 24)), (True, (120, 34))], ids=["left", "back"]
)
def test_refused_input(picture: Compare, inside: bool, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("l", *"-1", "enter" if inside else "tab")
        field = main_of(pilot).lab.training.fields["lr"]
        await until(pilot, lambda: field.has_class("-refused") and field.has_focus == inside)

    picture(app_in("ready"), size, steps=steps, colours=True)


def test_change_during_a_run(picture: Compare) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        main = main_of(pilot)
        await pilot.press("j", "d", "down")
        await until(pilot, lambda: has_focus("data.w")(pilot))
        await pilot.press(*"1,2,3", "enter")
        await until(pilot, lambda: main.desk.experiment.data.options["w"] == (1.0, 2.0, 3.0))

    picture(app_in("running"), (80, 24), steps=steps)


# Dialogs -----------------------------------------------------------------------------------------


def test_help(picture: Compare) -> None:
    steps = pressing("question_mark", then=has_screen(HelpScreen))
    picture(app_in("ready"), (40, 12), *LARGE, steps=steps, colours=True)


def test_jump(picture: Compare) -> None:
    steps = pressing("j", then=has_screen(JumpScreen))
    picture(app_in("finished"), (40, 12), (80, 24), steps=steps, colours=True)


def test_copy_menu(picture: Compare) -> None:
    steps = pressing("C", then=has_screen(CopyScreen))
    picture(app_in("finished"), *LARGE, steps=steps)


def test_question_before_leaving(picture: Compare) -> None:
    steps = pressing("q", then=has_screen(ConfirmScreen))
    picture(app_in("running"), (40, 12), (80, 24), steps=steps, colours=True)


def test_list_of_losses(picture: Compare) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("j", "m", "down", "down")
        await until(pilot, lambda: has_focus("loss")(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChoiceScreen))
        await pilot.press("down")
        options = pilot.app.screen.query_one(OptionList)
        await until(pilot, lambda: options.highlighted == 1)

    picture(app_in("ready"), (80, 24), (40, 12), steps=steps, colours=True)


def test_palette_closed_again(picture: Compare) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        main = main_of(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: pilot.app.screen is not main)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is main)

    picture(app_in("finished"), (80, 24), steps=steps)


# What a person may have set ----------------------------------------------------------------------


def test_remapped_key_and_a_message_about_the_settings(picture: Compare) -> None:
    settings = Settings(keys={"start": "t", "help": "f1"})
    picture(app_in("ready", settings), (120, 34))


def test_failure_that_a_choice_has_put_right(picture: Compare) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await show(pilot, ready(number=2))

    picture(app_in("failed"), (80, 24), steps=steps)


# Seed band and finder -----------------------------------------------------------------------------


def test_seed_band(picture: Compare) -> None:
    session = FakeSession(finished())
    session.sweep = seed_band()
    picture(app_for(session), (120, 34), colours=True)


def test_finder(picture: Compare) -> None:
    session = FakeSession(ready())

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("L")
        session.answer = found()
        await until(pilot, lambda: isinstance(pilot.app.screen, FinderScreen))

    picture(app_for(session), *LARGE, steps=steps)
