"""Pictures as Textual exports them, made true for a browser."""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree

from engine.support.cell_width import cells

SVG = "http://www.w3.org/2000/svg"
CELL = 12.2
"""Width of a cell in the units of the picture: Rich's characters are 20 high and 0.61 as wide."""


def in_cells(svg: str) -> str:
    """The same picture with every text as wide as the cells that it fills.

    Rich gives each character the width of one cell, so that a browser squeezes wide characters into
    half their room. A text of narrow and wide characters is divided, because a browser spreads its
    length over all characters alike. Blanks are no-break ones, or those at an end would be lost.
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)
    for group in root.iter(f"{{{SVG}}}g"):
        for index in reversed(range(len(group))):
            element = group[index]
            if element.tag == f"{{{SVG}}}text" and element.get("textLength"):
                group[index : index + 1] = divided(element)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def divided(element: ElementTree.Element) -> list[ElementTree.Element]:
    """A text as pieces of narrow and of wide characters, each in its place."""
    place, pieces = float(element.get("x", "0")), []
    for _, characters in groupby(element.text or "", key=lambda character: cells(character) > 1):
        piece = ElementTree.Element(element.tag, element.attrib)
        piece.text = "".join(characters)
        width = CELL * cells(piece.text)
        piece.set("x", f"{place:.6g}")
        piece.set("textLength", f"{width:.6g}")
        place += width
        pieces.append(piece)
    pieces[-1].tail = element.tail
    return pieces
