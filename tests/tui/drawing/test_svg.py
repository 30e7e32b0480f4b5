"""Texts of the pictures fill as many cells of a browser as of a terminal."""

from __future__ import annotations

from io import StringIO
from xml.etree import ElementTree

import pytest
from rich.console import Console
from rich.text import Text

from tui.drawing.svg import CELL, SVG, in_cells

BLANK = "\N{NO-BREAK SPACE}"


def exported(line: str) -> str:
    """A line as a picture, as Textual has it made."""
    console = Console(record=True, width=40, file=StringIO())
    console.print(Text(line, style="bold"))
    return console.export_svg(title="a title")


def texts(svg: str) -> list[ElementTree.Element]:
    """The texts in cells, without the title."""
    root = ElementTree.fromstring(svg)
    return [text for text in root.iter(f"{{{SVG}}}text") if text.get("textLength")]


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("损失", [("损失", 0, 4)]),
        ("  lr 学习率 0.03", [("  lr ", 0, 5), ("学习率", 5, 6), (" 0.03", 11, 5)]),
        ("½σ² ⠒⠤ ▰▱", [("½σ² ⠒⠤ ▰▱", 0, 9)]),
        ("<a & b>", [("<a & b>", 0, 7)]),
    ],
)
def test_a_text_is_as_long_as_its_cells(line: str, pieces: list[tuple[str, int, int]]) -> None:
    before = texts(exported(line))[0]
    after = texts(in_cells(exported(line)))[: len(pieces)]
    for text, (characters, start, cells) in zip(after, pieces, strict=True):
        assert text.text == characters.replace(" ", BLANK)
        assert float(text.get("x", "")) == pytest.approx(CELL * start)
        assert float(text.get("textLength", "")) == pytest.approx(CELL * cells)
        for attribute in ("class", "y", "clip-path"):
            assert text.get(attribute) == before.get(attribute)


def test_a_line_without_wide_characters_keeps_its_pieces() -> None:
    svg = exported("half squared loss")
    assert [text.attrib for text in texts(in_cells(svg))] == [text.attrib for text in texts(svg)]
    assert "a title" in in_cells(svg).replace(BLANK, " ")
