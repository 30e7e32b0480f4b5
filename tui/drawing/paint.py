"""Dots of a canvas become rows of characters: the only importer of plotext.

plotext draws the lines. It gets nothing but dot coordinates of the canvas, worked out from finite
numbers: a NaN or an infinity would make its C++ kernel abort the whole process. Its figure is one
global, so draw from the UI thread only.
"""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from functools import lru_cache
from io import StringIO
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from tui.drawing.trace import Dot

if TYPE_CHECKING:
    from tui.drawing.trace import Places


# Most curves of a live chart are those of the frame before: the data, earlier runs.
@lru_cache(maxsize=32)
def paint(
    stretches: tuple[tuple[Dot, ...], ...], marker: str, width: int, height: int
) -> tuple[str, ...]:
    """Let plotext draw one line, given as dots of a canvas; returns the rows of the canvas.

    One curve at a time, because plotext puts all dots of a cell together, whose ever they are: a
    line would swallow the points around it. Raises ValueError where plotext does.
    """
    dots = [dot for stretch in stretches for dot in stretch]
    if not dots:
        return ()
    plotext = load_plotext()
    across, down = (2, 4) if marker == "braille" else (1, 1)
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # it prints hints of its own
        figure = plotext.figure
        plotext.terminal.limit(False, False)
        figure.clear()
        figure.plot_size(width, height)
        figure.axes(False)
        for axis, size in (("x", width), ("y", height)):
            figure.ruler(axis).frequency(0).lim(0, size).alignment(lim="edge")
        signal = figure.signal(
            [(x + 0.5) / across for x, _ in dots],
            [height - (y + 0.5) / down for _, y in dots],
            marker=marker,
        )
        signal.lines(True)
        for start in accumulate(map(len, stretches[:-1])):
            signal.line(start, False)
        figure.draw(signal)
        return tuple(figure.build().string(colorless=True).splitlines())


def sprinkle(places: Places, marker: str, width: int, height: int) -> tuple[str, ...]:
    """Put single dots on a canvas; returns its rows.

    Nothing is joined here, and plotext would take some microseconds for each dot.
    """
    import numpy as np

    columns, rows = places.T
    cells = np.zeros((height, width), int)
    if marker != "braille":
        cells[rows, columns] = ord(marker)
    else:
        bits = np.array(BRAILLE_BITS)[rows % 4, columns % 2]
        np.bitwise_or.at(cells, (rows // 4, columns // 2), bits)
        cells[cells > 0] += BRAILLE
    return tuple("".join(chr(code) if code else " " for code in row) for row in cells.tolist())


BRAILLE = 0x2800
BRAILLE_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Unicode's bits for the dots of a cell, row by row."""


def load_plotext() -> Any:
    """Return plotext; imported when needed, as the first frame can do without its 0.15 s."""
    import plotext  # type: ignore[import-untyped]

    return plotext
