"""Texts cut to cells, of which wide characters fill two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.support.cell_width import cells, cut


@given(st.text(alphabet="ab面积é", max_size=12), st.integers(1, 12))
def test_a_text_is_cut_to_its_cells_and_says_so(text: str, width: int) -> None:
    """Oracle: two cells for each Chinese character, one for any other."""
    wide = len(text) + text.count("面") + text.count("积")
    short = cut(text, width)
    assert cells(text) == wide
    assert short == text if wide <= width else short.endswith("…")
    assert cells(short) <= width
    assert cells(short) >= min(wide, width - 1)
    assert text.startswith(short.removesuffix("…"))
