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

    Cells are at least `cell` wide. Where a column ends before the names do, it has dashes; rows and
    columns in `quiet` are dim.
    """
    first = max(map(cells, names))
    sizes = {
        head: max(cell, 1 + max(map(cells, (head, *column)))) for head, column in columns.items()
    }
    lines: list[Text] = []
    heads = list(columns)
    while heads:
        shown = [heads.pop(0)]
        while heads and first + sum(sizes[head] for head in (*shown, heads[0])) <= width:
            shown.append(heads.pop(0))
        if lines:
            lines.append(Text())
        head_line = " " * first + "".join(right(head, sizes[head]) for head in shown)
        lines.append(Text(head_line, style="dim"))
        for row, name in enumerate(names):
            text = Text(left(name, first))
            for head in shown:
                value = columns[head][row] if row < len(columns[head]) else "–"
                style = "dim" if head in quiet or name in quiet else ""
                text.append(f"{value:>{sizes[head]}}", style=style)
            lines.append(text)
    return lines


def undivided(
    names: Sequence[str],
    columns: Mapping[str, Sequence[str]],
    width: int,
    cell: int,
    quiet: Collection[str] = (),
) -> list[Text]:
    """The lines of one table, with rows for columns where only so it fits; else of several."""
    turned = {
        name: [column[row] if row < len(column) else "–" for column in columns.values()]
        for row, name in enumerate(names)
    }
    ways = [
        side_by_side(names, columns, width, cell, quiet),
        side_by_side(list(columns), turned, width, cell, quiet),
    ]
    return next((lines for lines in ways if Text() not in lines), ways[0])
