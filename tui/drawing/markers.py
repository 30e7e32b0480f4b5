"""The characters that a curve is drawn with, and that the legend knows it by."""

from __future__ import annotations

from rich.cells import cell_len

from tui.ascii import clean
from tui.drawing.chart import Chart

ASCII_MARKERS = "*.ox+#"


def swatch(chart: Chart, index: int, *, ascii: bool) -> str:
    """What the legend shows of a curve."""
    curve = chart.curves[index]
    if ascii:
        return ascii_marker(chart, index)
    if curve.kind != "line":
        mark = clean(curve.mark, False)
        return mark if cell_len(mark) == 1 else "•"
    return "··" if curve.dotted else "┄┄" if curve.dashed else "──"


def ascii_marker(chart: Chart, index: int) -> str:
    """The character that draws a curve in ASCII mode."""
    asked = chart.curves[index].marker
    if len(asked) == 1 and "!" <= asked <= "~":
        return asked
    # Counted from the uppermost curve: the newest run keeps its star when others join it.
    return ASCII_MARKERS[(len(chart.curves) - 1 - index) % len(ASCII_MARKERS)]
