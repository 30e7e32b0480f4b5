"""Draw very many awkward charts; a process of its own, since plotext's kernel can abort it.

Run with the repository root as the working folder. Prints the number of charts drawn.
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

from rich.cells import cell_len

from tui.drawing.chart import Chart, Curve, Level
from tui.drawing.picture import draw
from tui.drawing.relief import Relief
from tui.themes import DARK, MONO

SPECIAL = [
    *(0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 1e-300, 1e299, -1e299, 9.99e299, 1e300, 1e308),
    *(math.nan, math.inf, -math.inf, 1e16, 1e16 + 2, 0.1, 3, 10**9),
]
TEXTS = ["", "loss", "½σ²", "損失", "ŵ\n\x1b[31m", "👩‍👩‍👧 🇩🇪", "b̂" * 30, "a very long name " * 10]
SIZES = [(0, 0), (1, 1), (0, 5), (5, 0), (2, 3), (24, 5), (80, 24), (120, 40), (300, 100), (9, 90)]


def number(rng: random.Random) -> float:
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(SPECIAL)
    if kind == 1:
        return rng.uniform(-10, 10)
    return rng.choice((1, -1)) * 10.0 ** rng.uniform(-323, 307) if kind == 2 else rng.gauss(0, 1)


def numbers(rng: random.Random, count: int) -> list[float]:
    kind = rng.randrange(5)
    if kind == 0:
        return [number(rng)] * count
    if kind == 1:
        return [rng.gauss(0, 1) for _ in range(count)]
    if kind == 2:
        return [math.exp(-i / 9) for i in range(count)]
    if kind == 3:
        return [float(i) for i in range(count)]
    return [number(rng) for _ in range(count)]


def curve(rng: random.Random) -> Curve:
    count = rng.choice((0, 1, 1, 2, 3, 20, 300))
    return Curve(
        numbers(rng, count),
        numbers(rng, count),
        rng.choice(("line", "line", "points", "marks")),
        rng.choice(("now", "before", "no such colour", "#12ab34", "series", 0, 7, -3)),
        rng.choice(TEXTS),
        dashed=rng.random() < 0.3,
        marker=rng.choice(("", "x", "é", "xx", " ", "損")),
        mark=rng.choice(("•", "○", "", "損", "\n")),
        highs=numbers(rng, count) if rng.random() < 0.2 else (),
    )


def relief(rng: random.Random) -> Relief:
    lines, columns = rng.choice((0, 1, 2, 40)), rng.choice((0, 1, 3, 80))
    return Relief(
        (number(rng), number(rng)),
        (number(rng), number(rng)),
        tuple(tuple(numbers(rng, columns)) for _ in range(lines)),
    )


def chart(rng: random.Random) -> Chart:
    return Chart(
        tuple(curve(rng) for _ in range(rng.choice((0, 1, 1, 2, 3, 9)))),
        tuple(Level(number(rng), rng.choice(TEXTS)) for _ in range(rng.choice((0, 0, 1, 3)))),
        rng.choice(TEXTS),
        rng.choice(TEXTS),
        log_y=rng.random() < 0.5,
        x_range=(number(rng), number(rng)) if rng.random() < 0.3 else None,
        y_range=(number(rng), number(rng)) if rng.random() < 0.3 else None,
        cursor=number(rng) if rng.random() < 0.3 else None,
        empty=rng.choice(TEXTS),
        heat=relief(rng) if rng.random() < 0.3 else None,
    )


def main() -> None:
    rng = random.Random(0)
    count = int(sys.argv[1])
    for case in range(count):
        size = SIZES[case % len(SIZES)] if case % 3 else (rng.randrange(130), rng.randrange(45))
        width, height = size
        ascii = rng.random() < 0.3
        drawn = chart(rng)
        strips = draw(drawn, width, height, rng.choice((DARK, MONO)), ascii=ascii)
        lines = [strip.text for strip in strips]
        assert len(strips) == height, (case, drawn)
        assert all(strip.cell_length == width for strip in strips), (case, drawn)
        assert all(cell_len(line) == width for line in lines), (case, lines, drawn)
        assert not any("not drawn" in line for line in lines), (case, lines, drawn)
        assert not ascii or all(line.isascii() for line in lines), (case, lines)
        assert all(line.isprintable() for line in lines), (case, lines)
    print(count)


if __name__ == "__main__":
    main()
