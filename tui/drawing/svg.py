"""Pictures as Textual exports them, made true for a browser."""

from __future__ import annotations

from itertools import groupby
from xml.etree import ElementTree

from textual.app import App

from engine.support.cell_width import cells
from engine.support.errors import BadInput
from engine.support.translation import tr

SUFFIXES = (".svg", ".png")
ENLARGED = 2
"""Dots of a PNG for a unit of the SVG."""
SVG = "http://www.w3.org/2000/svg"
CELL = 12.2
"""Width of a cell in the units of the picture: Rich's characters are 20 high and 0.61 as wide."""


def picture(app: App[None], suffix: str) -> bytes:
    """The screen as it is now; raises BadInput for another suffix, or where PNG cannot be made."""
    check_suffix(suffix)
    svg = in_cells(app.export_screenshot(title=app.title))
    if suffix == ".svg":
        return svg.encode()
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        allowed = tr("needs the extra pictures: pip install 'linreg-tui[pictures]'")
        raise BadInput("picture", suffix, allowed) from None
    return bytes(svg_to_bytes(svg_string=svg, zoom=ENLARGED))


def check_suffix(suffix: str) -> None:
    """Raise BadInput for a suffix that no picture has."""
    if suffix not in SUFFIXES:
        raise BadInput("picture", suffix, tr("must be one of {names}", names=", ".join(SUFFIXES)))


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
