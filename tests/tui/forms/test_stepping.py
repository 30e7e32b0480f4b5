"""Numbers stepped by key: always allowed, always further, and back again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.choice import REGISTRIES
from engine.catalog.param import Numbers, Numeric, Whole
from engine.experiment import Experiment
from engine.settings import SETTINGS
from tests.support.pilots import app_showing, main_of, settled, until
from tests.support.snapshots import ready
from tests.support.strategies import every_param, values_of
from tui.forms.fields import NumberField
from tui.forms.stepping import stepped, stepped_text

NUMERIC = [case for case in every_param() if isinstance(case.values[0], Numeric)]


def walk(param: Numeric, value: float, up: bool, count: int) -> list[float]:
    """The values that so many key presses go through."""
    values = [value]
    for _ in range(count):
        values.append(stepped(param, values[-1], up))
    return values


def setting(key: str) -> Numeric:
    """A number of the experiment."""
    param: Any = SETTINGS[key]
    assert isinstance(param, Numeric)
    return param


def entry_param(head: str, entry: str, name: str) -> Numeric:
    """A number of an entry."""
    param = REGISTRIES[head][entry].param(name, name)
    assert isinstance(param, Numeric)
    return param


@pytest.mark.parametrize(("param", "key"), NUMERIC)
@given(data=st.data())
def test_a_step_is_allowed_and_further_and_two_of_them_come_back_to_the_grid(
    param: Numeric, key: str, data: st.DataObject
) -> None:
    drawn = data.draw(values_of(param, size=1))
    value = drawn[0] if isinstance(drawn, tuple) else drawn
    assert isinstance(value, int | float)
    up = data.draw(st.booleans())
    ends = param.limits
    there = stepped(param, value, up)
    assert param.number(there) is not None
    assert type(there) is (int if isinstance(param, Whole) else float)
    if there == value:
        assert value == ends[up]
        return
    assert (there > value) == up
    # A number on the grid is come back to; from off it, one never lands beyond where one was.
    further = stepped(param, there, up)
    if further != there:
        assert stepped(param, further, not up) == there
    back = stepped(param, there, not up)
    assert (back <= value) if up else (back >= value)


@pytest.mark.parametrize(
    ("param", "start", "expected"),
    [
        (setting("lr"), 0.01, [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0]),
        (setting("lr"), 0.03, [0.05, 0.1]),
        (setting("batch_size"), 1, [2, 5, 10, 20, 50, 100]),
        (setting("epochs"), 1, [2, 3, 5, 10, 20, 30, 50, 100]),
        (setting("seed"), 7, [8, 9, 10, 11]),
        (setting("seed"), 2**63 - 3, [2**63 - 2, 2**63 - 1, 2**63 - 1]),
        (setting("patience"), 0, [1, 2, 5]),
        (setting("validation_split"), 0.0, [0.001, 0.002, 0.005, 0.01]),
        (setting("validation_split"), 0.2, [0.5, 0.8, 0.9, 0.9]),
        (entry_param("optimizer", "momentum", "momentum"), 0.5, [0.8, 0.9, 0.95, 0.98, 0.99]),
        (entry_param("optimizer", "momentum", "momentum"), 0.99, [0.995, 0.998, 0.999, 0.999]),
        (entry_param("schedule", "step", "gamma"), 0.998, [0.999, 1.0, 1.0]),
        (entry_param("data", "linear", "b"), -0.002, [-0.001, 0.0, 0.001, 0.002]),
        (entry_param("data", "linear", "b"), 4.2, [5.0, 10.0]),
        (entry_param("model", "two_layer", "hidden"), 20, [50, 64, 64]),
    ],
)
def test_the_values_are_those_that_people_try(
    param: Numeric, start: float, expected: list[float]
) -> None:
    assert walk(param, start, True, len(expected))[1:] == expected
    down = [start, *dict.fromkeys(expected)]
    assert walk(param, down[-1], False, len(down) - 1)[:-1] == down[:0:-1]


def test_of_several_numbers_the_one_at_the_cursor_is_stepped() -> None:
    weights = entry_param("data", "linear", "w")
    assert isinstance(weights, Numbers)
    text = "2, -3.4,10"
    assert stepped_text(weights, text, 0, True) == ("5, -3.4,10", 1)
    assert stepped_text(weights, text, 1, False) == ("1, -3.4,10", 1)
    assert stepped_text(weights, text, 4, True) == ("2, -2,10", 5)
    assert stepped_text(weights, text, len(text), True) == ("2, -3.4,20", 10)


@pytest.mark.parametrize("text", ["", "x", "1e", "-1", "nan", "1e999", ",", "0"])
def test_a_text_that_is_no_allowed_number_is_left_as_it_is(text: str) -> None:
    assert stepped_text(setting("lr"), text, len(text), True) == (text, len(text))
    assert stepped_text(setting("batch_size"), "2.5", 3, True) == ("2.5", 3)


async def test_two_keys_step_the_number_in_a_field_and_enter_applies_it() -> None:
    app = app_showing(ready())
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        main = main_of(pilot)
        await pilot.press("l", "pageup", "pageup")
        field = main.focused
        assert isinstance(field, NumberField)
        assert field.value == "0.1"
        await pilot.press("shift+down", "pagedown", "shift+up")
        assert (field.value, main.desk.experiment.lr) == ("0.05", 0.03)
        await pilot.press("enter")
        await until(pilot, lambda: main.desk.experiment.lr == 0.05)
        await pilot.press("l", "pagedown", "escape")
        assert main.desk.experiment.lr == 0.05
        # What is typed then takes its place, of several numbers that of the one.
        await pilot.press("l", "pagedown", *"0.3")
        assert field.value == "0.3"
        weights = main.lab.forms[0].fields["data.w"]
        assert isinstance(weights, NumberField)
        weights.focus()
        await pilot.press("home", "pageup", "pageup", "7")
        assert weights.value == "7,-3.4"
        await pilot.press("end", "pagedown", "8")
        assert weights.value == "7,8"
        await pilot.press("escape")
        # The same row of another choice has that choice's bounds.
        for source, most in (("linear", 1e6), ("wien", 1.0)):
            changes = {"data": source} if source == "linear" else {"data": source, "model": source}
            main.desk.adopt(Experiment().changed(changes))
            await pilot.pause()
            noise = main.lab.forms[0].fields["data.noise"]
            assert isinstance(noise, NumberField)
            assert noise.param.high == most
