"""Terms as people write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.formula import Factor, Formula, read_formula
from engine.support.errors import BadInput
from engine.support.outside import printable

A, B, C = (Factor(name) for name in "abc")


@pytest.mark.parametrize(
    ("text", "target", "terms"),
    [
        ("y ~ a + b", Factor("y"), ((A,), (B,))),
        ("a+b", None, ((A,), (B,))),
        ("~ a:b", None, ((A, B),)),
        ("y ~ a*b", Factor("y"), ((A,), (B,), (A, B))),
        ("y ~ a*b*c", Factor("y"), ((A,), (B,), (A, B), (C,), (A, C), (B, C), (A, B, C))),
        ("log(y) ~ a^2", Factor("y", "log"), ((Factor("a", "", 2),),)),
        ("y ~ I(a^3) + C(b)", Factor("y"), ((Factor("a", "", 3),), (Factor("b", "C"),))),
        ("`the y` ~ `a b` + ä", Factor("the y"), ((Factor("a b"),), (Factor("ä"),))),
        ("y ~ x[0] + x.1", Factor("y"), ((Factor("x[0]"),), (Factor("x.1"),))),
        ("y ~ a + a + b - b", Factor("y"), ((A,),)),
    ],
)
def test_a_formula_is_read(text: str, target: Factor | None, terms: tuple[object, ...]) -> None:
    formula = read_formula(text)
    assert (formula.target, formula.terms) == (target, terms)
    assert formula.intercept


@pytest.mark.parametrize(
    ("text", "intercept"),
    [("a - 1", False), ("a + 0", False), ("0 + a", False), ("a + 1", True), ("- 1 + a", False)],
)
def test_ones_and_zeros_are_about_the_intercept(text: str, intercept: bool) -> None:
    assert read_formula(text) == Formula(None, ((A,),), (), False, intercept)


def test_a_dot_asks_for_the_others_and_a_minus_takes_away() -> None:
    formula = read_formula("y ~ . - b")
    assert formula.others
    assert formula.removed == ((B,),)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("y ~", 4),
        ("y ~~ a", 4),
        ("y ~ a b", 7),
        ("y ~ a +", 8),
        ("y ~ exp(a)", 5),
        ("y ~ a^99", 7),
        ("y ~ a^b", 7),
        ("y ~ log(a", 10),
        ("y ~ 2", 5),
        ("y ~ a; b", 6),
        ("y ~ `a", 5),
        ("y = a", 3),
        pytest.param("(" * 10_000, 1, id="brackets"),
        pytest.param("log(" * 10_000 + "a", 8, id="nested"),
    ],
)
def test_a_refusal_says_where(text: str, at: int) -> None:
    with pytest.raises(BadInput, match=rf"at character {at} \(") as refusal:
        read_formula(text)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 250


@given(st.text(max_size=60) | st.text(alphabet="ab~+-:*^().`1 \x1b", max_size=60))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    words = ""
    try:
        read_formula(text)
    except BadInput as refusal:
        words = str(refusal)
    assert printable(words) == words


@given(st.lists(st.from_regex(re.compile(r"[a-z]\w{0,8}", re.ASCII), fullmatch=True), min_size=1))
def test_sums_of_names_come_back_in_their_order(names: list[str]) -> None:
    assert read_formula(" + ".join(names)).terms == tuple(
        (Factor(name),) for name in dict.fromkeys(names)
    )
