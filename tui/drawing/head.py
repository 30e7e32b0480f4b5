"""The head of a chart: its title and its legend."""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

from tui.ascii import clean
from tui.drawing.chart import Chart
from tui.drawing.markers import swatch
from tui.drawing.page import Page
from tui.themes import Palette

COMMA = re.compile(", |，")
SHORTEST = 6
"""Cells below which a title says nothing any more."""


def write_head(page: Page, chart: Chart, palette: Palette) -> None:
    """Write the title at the left and the legend, uppermost curve first, at the right."""
    ascii, width, curves = page.ascii, page.width, chart.curves
    text = palette.style("text")
    title = clean(chart.title, ascii)
    named = [index for index, curve in enumerate(curves) if curve.label][::-1]
    signs = {index: swatch(chart, index, ascii=ascii) for index in named}
    sizes = [len(signs[i]) + 3 + cell_len(clean(curves[i].label, ascii)) for i in named]
    while sizes and sum(sizes) - 2 > width:  # the title goes before a curve does
        sizes.pop()
    column = width - sum(sizes) + 2
    room = column - 2 if sizes else width
    while cell_len(title) > room and (commas := list(COMMA.finditer(title))):
        title = title[: commas[-1].start()]  # what comes last is missed least
    if cell_len(title) > room < SHORTEST and sizes:
        title = ""
    if title and cell_len(title) > room:
        more = clean("…", ascii)
        title = set_cell_size(title, max(room - len(more), 0)).rstrip() + more
    page.write(0, 0, title, text)
    for index, size in zip(named, sizes, strict=False):
        page.write(column, 0, signs[index], palette.style(curves[index].color))
        page.write(column + len(signs[index]) + 1, 0, curves[index].label, text)
        column += size
