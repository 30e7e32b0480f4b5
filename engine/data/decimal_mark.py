"""Whether a point or a comma stands before the decimals, by the cells that leave no doubt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from engine.data.cells import ambiguous, evidence, number
from engine.support.errors import BadInput
from engine.support.translation import Message, tr


def decimal_of(
    columns: Sequence[Sequence[str]], names: Sequence[str], asked: str, delimiter: str
) -> tuple[str, list[Message]]:
    """The decimal point by the cells that leave no doubt, and what to say; raises BadInput."""
    if asked != "auto":
        if asked not in (".", ","):
            raise BadInput("data.decimal", asked, tr("must be auto, . or ,"))
        return asked, []
    clear = [cell for cells in columns if (cell := next(filter(evidence, cells), ""))]
    if clear:
        decimal = Counter(map(evidence, clear)).most_common(1)[0][0]
        cell = next(cell for cell in clear if evidence(cell) == decimal)
        return decimal, [Message("decimal comma, as in {cell}", cell=cell)] * (decimal == ",")
    for name, cells in zip(names, columns, strict=True):
        if cell := next(filter(ambiguous, cells), ""):
            return resolved(cell, name, cells, delimiter)
    return ".", []


def resolved(
    cell: str, name: str, cells: Sequence[str], delimiter: str
) -> tuple[str, list[Message]]:
    """The decimal point where every cell is as ambiguous as this one, by what stands around it."""
    mark = "." if "." in cell else ","
    if any(re.fullmatch(r"[+-]?\d{4,}", other) for other in cells):
        # Digits are not grouped here, so that the mark can only be a decimal point.
        return mark, [Message("decimal comma, as in {cell}", cell=cell)] * (mark == ",")
    if mark == delimiter == ",":
        value = number(cell, ".")
        message = Message(
            "{cell} is {value:g}, as commas separate the cells", cell=cell, value=value
        )
        return ".", [message]
    allowed = tr(
        "{cell} in column {name} may be {point:g} or {comma:g}, and no cell tells; "
        "say -s data.decimal=. or -s data.decimal=,",
        cell=cell, name=name, point=number(cell, "."), comma=number(cell, ","),
    )  # fmt: skip
    raise BadInput("data.decimal", "auto", allowed)
