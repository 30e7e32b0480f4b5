"""Parameters and registries: what is allowed, what is refused, and in which words."""

from __future__ import annotations

import math
import re
from pkgutil import resolve_name
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.choice import REGISTRIES
from engine.catalog.losses import LossEntry
from engine.catalog.optimizers import OptimizerEntry
from engine.catalog.param import Flag, Number, Numbers, Numeric, Param, Text, Value, Whole
from engine.catalog.registry import CostEntry, Entry, Registry
from engine.support.errors import BadInput, show
from tests.support.commands import refusal_of
from tests.support.paths import ROOT
from tests.support.strategies import every_entry, every_param, values_of

NUMBER = Number("x", 1.0, "A number.", low=-10.0, high=10.0)
WHOLE = Whole("k", 1, "A whole number.", low=0, high=10)
SWITCH = Flag("on", True, "A switch.")
LIST = Numbers("w", (1.0, 2.0), "Numbers.", low=-10.0, high=10.0, longest=4)
WORD = Text("loop", "a", "A word.", choices=("a", "b"))


def assert_refused(refusal: BadInput, key: str) -> None:
    """A refusal is one line that begins with its key."""
    assert refusal.key == key
    assert str(refusal).startswith(f"{key}=")
    assert len(str(refusal).splitlines()) == 1


@pytest.mark.parametrize(("param", "key"), every_param())
@given(data=st.data())
def test_what_is_shown_reads_back_as_the_same_value(
    param: Param, key: str, data: st.DataObject
) -> None:
    value = data.draw(values_of(param))
    assert param.parse(show(value), key) == value


@pytest.mark.parametrize(("param", "key"), every_param())
@given(data=st.data())
def test_an_allowed_value_is_kept_in_its_type(param: Param, key: str, data: st.DataObject) -> None:
    value = data.draw(values_of(param))
    checked = param.check(value, key)
    assert checked == value
    assert type(checked) is type(param.default)


@pytest.mark.parametrize(("param", "key"), every_param())
def test_a_default_is_allowed(param: Param, key: str) -> None:
    assert param.check(param.default, key) == param.default


@pytest.mark.parametrize(("param", "key"), every_param())
def test_every_parameter_says_what_it_is_and_why_it_matters(param: Param, key: str) -> None:
    assert param.what.endswith(".")
    assert param.why.endswith(".")
    assert param.extremes.endswith(".") or isinstance(param, Text)
    assert param.allowed


@pytest.mark.parametrize(("param", "key"), every_param())
def test_no_parameter_takes_a_value_of_another_type(param: Param, key: str) -> None:
    strange: list[object] = [None, {}, {"a": 1}, object(), [], [[1.0]], ["1"], [None], b"1"]
    if not isinstance(param, Flag):
        strange += [True, False]
    if not isinstance(param, Text):
        strange += ["", "1", "true", "text"]
    if not isinstance(param, Numbers):
        strange += [(1.0,), [1.0]]
    if isinstance(param, Flag | Text):
        strange += [0, 1, 1.0]
    if isinstance(param, Whole):
        strange += [1.5, 2.0]
    for value in strange:
        with pytest.raises(BadInput) as refusal:
            param.check(value, key)
        assert_refused(refusal.value, key)


def numeric_params() -> list[Any]:
    """Parameters that hold a number or several."""
    return [case for case in every_param() if isinstance(case.values[0], Numeric)]


@pytest.mark.parametrize(("param", "key"), numeric_params())
def test_a_number_just_beyond_a_limit_is_refused(param: Numeric, key: str) -> None:
    assert param.low is not None, "every number has limits"
    assert param.high is not None, "every number has limits"
    whole = isinstance(param, Whole)
    below = param.low - 1 if whole else math.nextafter(param.low, -math.inf)
    beyond = param.high + 1 if whole else math.nextafter(param.high, math.inf)
    numbers = [below, beyond, *([param.low] if param.above else [])]
    for number in (*numbers, math.nan, math.inf, -math.inf):
        value = (number,) if isinstance(param, Numbers) else number
        with pytest.raises(BadInput) as refusal:
            param.check(value, key)
        assert_refused(refusal.value, key)
        with pytest.raises(BadInput) as refusal:
            param.parse(show(value), key)
        assert_refused(refusal.value, key)


@pytest.mark.parametrize(("param", "key"), numeric_params())
def test_the_limits_themselves_are_allowed(param: Numeric, key: str) -> None:
    assert param.low is not None
    assert param.high is not None
    whole = isinstance(param, Whole)
    lowest = math.nextafter(param.low, math.inf) if param.above else param.low
    for number in (lowest, param.high):
        value: Value = int(number) if whole else float(number)
        if isinstance(param, Numbers):
            value = (float(number),)
        assert param.check(value, key) == value


@pytest.mark.parametrize(("param", "key"), numeric_params())
@pytest.mark.parametrize("digits", [400, 4000, 5000])
def test_a_whole_number_too_long_for_a_float_is_refused(
    param: Param, key: str, digits: int
) -> None:
    with pytest.raises(BadInput) as refusal:
        param.parse("1" + "0" * digits, key)
    assert_refused(refusal.value, key)


@pytest.mark.parametrize(
    ("param", "text", "value"),
    [
        (NUMBER, "1e-3", 0.001),
        (NUMBER, " 5 ", 5.0),
        (NUMBER, "-.5", -0.5),
        (WHOLE, " 7", 7),
        (SWITCH, "TRUE", True),
        (SWITCH, "false", False),
        (LIST, "2,-3.4", (2.0, -3.4)),
        (LIST, "[2, -3.4]", (2.0, -3.4)),
        (LIST, "(2,)", None),
        (LIST, "7", (7.0,)),
        (LIST, "1,2,3,4,5", None),
        (LIST, "", None),
        (LIST, "1,,2", None),
        (WHOLE, "7.0", None),
        (WHOLE, "", None),
        (NUMBER, "one", None),
        (NUMBER, "nan", None),
        (NUMBER, "-inf", None),
        (SWITCH, "1", None),
        (SWITCH, "No", False),
        (SWITCH, "perhaps", None),
        (WORD, "a", "a"),
        (WORD, "c", None),
    ],
)
def test_text_is_read_as_a_person_means_it(param: Param, text: str, value: Value | None) -> None:
    if value is None:
        with pytest.raises(BadInput) as refusal:
            param.parse(text, "some.key")
        assert_refused(refusal.value, "some.key")
    else:
        assert param.parse(text) == value


@pytest.mark.parametrize(("param", "key"), every_param())
@given(text=st.text())
def test_no_text_does_anything_but_parse_or_be_refused(param: Param, key: str, text: str) -> None:
    refusal = refusal_of(lambda: param.parse(text, key))
    if refusal:
        assert_refused(refusal, key)
    else:
        value = param.parse(text, key)
        assert param.check(value, key) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (1000.0, "1000"),
        (0.03, "0.03"),
        (-0.0, "0"),
        (1e16, "1e+16"),
        (1e-7, "1e-07"),
        ((2.0, -3.4), "2,-3.4"),
        ([1, 2], "1,2"),
        ("two\nlines", "two lines"),
        (None, "None"),
    ],
)
def test_a_value_is_shown_as_a_person_types_it(value: object, text: str) -> None:
    assert show(value) == text


@given(key=st.text(), value=st.text() | st.lists(st.text()) | st.integers() | st.floats())
def test_a_refusal_is_one_line_whatever_was_given(key: str, value: object) -> None:
    assert len(str(BadInput(key, value, "must be right")).splitlines()) == 1


@pytest.mark.parametrize(
    ("param", "words"),
    [
        (NUMBER, "must be a number at least -10 and at most 10"),
        (Number("x", 1.0, "x", low=0.0, above=True), "must be a number above 0"),
        (Number("x", 1.0, "x"), "must be a finite number"),
        (Whole("x", 1, "x"), "must be a whole number"),
        (SWITCH, "must be yes or no"),
        (WORD, "choose from a, b"),
        (LIST, "must be 1 to 4 numbers separated by commas, each at least -10 and at most 10"),
    ],
)
def test_the_limits_in_words(param: Param, words: str) -> None:
    assert param.allowed == words


# Registries ----------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", every_entry())
def test_an_entry_is_described(entry: Entry) -> None:
    assert entry.label
    assert entry.formula
    assert entry.help.endswith(".")
    assert entry.function.__doc__
    names = [param.name for param in entry.params]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("entry", [*every_entry("loss"), *every_entry("optimizer")])
def test_pytorchs_own_class_exists(entry: LossEntry | OptimizerEntry) -> None:
    assert entry.torch is None or callable(resolve_name(entry.torch))


@pytest.mark.parametrize("entry", every_entry("loss"))
def test_a_loss_names_its_noise_floor(entry: LossEntry) -> None:
    assert "σ" in entry.floor


@pytest.mark.parametrize("key", REGISTRIES)
def test_a_registry_names_its_entries_when_one_is_unknown(key: str) -> None:
    registry = REGISTRIES[key]
    names = [entry.name for entry in registry]
    for unknown in ("nothing", "", 3, None, ["linear"], {"a": 1}):
        with pytest.raises(BadInput) as refusal:
            registry[unknown]  # type: ignore[index]
        assert_refused(refusal.value, key)
        assert ", ".join(names) in str(refusal.value)


@pytest.mark.parametrize("entry", every_entry())
def test_an_entry_names_its_parameters_when_one_is_unknown(entry: Entry) -> None:
    with pytest.raises(BadInput) as refusal:
        entry.param("nothing", "key.nothing", 3)
    assert_refused(refusal.value, "key.nothing")
    assert all(param.name in str(refusal.value) for param in entry.params)
    for param in entry.params:
        assert entry.param(param.name, "key") is param


def test_an_added_entry_can_be_chosen_and_a_name_is_taken_once() -> None:
    registry = Registry("thing", "A thing.", CostEntry)

    @registry.add("one", label="One", formula="1", help="One.", params=(NUMBER, SWITCH), kinks=True)
    def one(x: float, on: bool) -> float:
        return x

    assert [entry.name for entry in registry] == ["one"]
    assert registry["one"].function is one
    assert registry["one"].kinks
    assert registry.defaults("one") == {"x": 1.0, "on": True}
    again = registry.add("one", label="One", formula="1", help="Again.")
    with pytest.raises(ValueError, match="twice"):
        again(one)
    assert registry["one"].help == "One."
    with pytest.raises(TypeError, match="color"):
        registry.add("two", label="Two", formula="2", help="Two.", color="red")(one)


# The table in the README ---------------------------------------------------------------------


def row(key: str, entry: Entry) -> str:
    """How the README tells of an entry."""
    params = ", ".join(f"`{param.name}`" for param in entry.params) or "–"
    formula = entry.formula.replace("|", "\\|")
    return f"| `{key}={entry.name}` | {formula} | {params} |"


def test_readme_has_every_entry_and_no_other() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    wanted = [row(key, entry) for key, registry in REGISTRIES.items() for entry in registry]
    keys = "|".join(REGISTRIES)
    assert [line for line in lines if re.match(rf"\| `({keys})=", line)] == wanted
