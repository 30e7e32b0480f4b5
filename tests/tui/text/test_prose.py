"""Markdown in a narrow column: nothing is lost, nothing is too wide, Chinese breaks anywhere."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from tests.support.examples import tries
from tui.text.prose import blocks
from tui.text.wrap import CLOSING, wrapped


def lines(markdown: str, width: int) -> list[str]:
    return [line.plain.rstrip() for block in blocks(markdown) for line in block.lines(width)]


def test_paragraphs_lists_and_quotations() -> None:
    text = "# Head\nOne two\nthree.\n\n1. first of\n   two\n2. second\n   - inner\n\n> said\n\nend"
    assert lines(text, 12) == [
        "Head", "", "One two", "three.", "", "1. first of", "   two", "2. second", "   • inner",
        "", "│ said", "", "end",
    ]  # fmt: skip


def test_code_keeps_its_lines_and_spaces() -> None:
    assert lines("```\nfor x in y:\n    f(x)\n```\n", 40) == ["  for x in y:", "      f(x)"]


def test_columns_of_a_table_stand_under_each_other_in_cells() -> None:
    table = lines("| a | 数字 |\n|--:|---|\n| 学习率 | x |\n| 1 | y |\n", 40)
    assert table == ["     a  数字", "学习率  x", "     1  y"]


def test_chinese_fills_the_line_and_keeps_its_marks() -> None:
    assert lines("步长太大，损失发散。", 8) == ["步长太", "大，损失", "发散。"]
    assert lines("按 `s` 观察（损失）。", 11) == ["按 s 观察", "（损失）。"]


def test_a_line_break_within_chinese_is_no_space() -> None:
    assert lines("第一行\n第二行 a\nb", 40) == ["第一行第二行 a b"]


@pytest.mark.parametrize("mark", ["**", "*", "`"])
def test_marks_become_styles(mark: str) -> None:
    (block,) = blocks(f"a {mark}b{mark} c")
    assert block.content.plain == "a b c"
    assert [(span.start, span.end) for span in block.content.spans] == [(2, 3)]


@tries(200)
@given(
    st.text(st.sampled_from("ab cd，。（损失）· \N{COMBINING ACUTE ACCENT}λ"), max_size=60),
    st.integers(2, 30),
)
@example("abc 损失，", 4)
def test_wrapped_lines_fit_and_lose_only_spaces(text: str, width: int) -> None:
    found = [line.plain for line in wrapped(Content(text), width)]
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(line) <= width for line in found)
    if width > 12 and not any(len(run) > 5 for run in text.split()):
        assert not any(line[:1] in CLOSING for line in found[1:])


@tries(100)
@given(st.text(max_size=80), st.integers(0, 40))
@example("1. \n2. ", 3)
@example("| a |\n|---|\n", 5)
@example("- > - x", 2)
def test_any_markdown_is_laid_out(markdown: str, width: int) -> None:
    for block in blocks(markdown):
        for line in block.lines(width):
            assert "\n" not in line.plain
