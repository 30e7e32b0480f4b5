"""A row as a person types it, read back as the numbers that it was written from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.column import Column
from engine.data.inputs import inputs_of
from engine.support.errors import BadInput
from tests.support.commands import refusal_of

NAMES = st.lists(
    st.text(
        st.characters(exclude_characters="`", min_codepoint=32, exclude_categories=["Cc", "Cs"]),
        min_size=1,
    ),
    min_size=1,
    max_size=4,
    unique=True,
)
BARE = st.lists(
    st.text("abxyz_[]0189^é", min_size=1, max_size=6), min_size=1, max_size=4, unique=True
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(NAMES, BARE, st.data(), st.sampled_from([",", ", ", " ", "  "]))
def test_a_row_is_read_back_with_commas_or_blanks(
    quoted: list[str], bare: list[str], data: st.DataObject, between: str
) -> None:
    written = {f"`{name}`": name for name in quoted} | {name: name for name in bare}
    inputs = inputs_of([Column(name) for name in dict.fromkeys(written.values())])
    row = {name: data.draw(NUMBERS) for name in set(written.values())}
    unique = {name: text for text, name in written.items()}
    pairs = [f"{text}={row[name]!r}" for name, text in unique.items()]
    assert inputs.row_at(between.join(pairs), "row") == row


@given(st.text())
def test_whatever_is_typed_is_read_or_refused_in_one_line(text: str) -> None:
    inputs = inputs_of([Column("x"), Column("a b")])
    refusal = refusal_of(lambda: inputs.row_at(text, "row"))
    assert "=" in text if refusal is None else "\n" not in str(refusal)


def test_names_with_blanks_want_commas_or_quotes() -> None:
    inputs = inputs_of([Column("x"), Column("a b")])
    assert inputs.row_at("x=1,a b=2", "row") == inputs.row_at("x=1 `a b`=2", "row")
    with pytest.raises(BadInput):
        inputs.row_at("x=1 a b=2", "row")
