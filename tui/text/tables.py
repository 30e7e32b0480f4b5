"""Tables of numbers: columns that do not fit side by side are put below each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rich.text import Text

from engine.support.cell_width import cells, left, right


def side_by_side(
    names: Sequence[str],
    columns: Mapping[str, Sequence[str]],
    width: int,
    cell: int,
    quiet: Collection[str] = (),
) -> list[Text]:
    """The lines of a table: a name and right-aligned cells in each, for a width in cells.

    Where a column ends before the names do, it has dashes; those in `quiet` are dim.
    """
    first = max(map(cells, names))
    at_once = max(1, (width - first) // cell)
    heads = list(columns)
    lines: list[Text] = []
    for begin in range(0, len(heads), at_once):
        shown = heads[begin : begin + at_once]
        if lines:
            lines.append(Text())
        head_line = " " * first + "".join(right(head, cell) for head in shown)
        lines.append(Text(head_line, style="dim"))
        for row, name in enumerate(names):
            text = Text(left(name, first))
            for head in shown:
                value = columns[head][row] if row < len(columns[head]) else "–"
                text.append(f"{value:>{cell}}", style="dim" if head in quiet else "")
            lines.append(text)
    return lines
