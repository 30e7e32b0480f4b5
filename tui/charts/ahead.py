"""The run that would follow, tried before it is asked for: its curves on the charts."""

from __future__ import annotations

from collections.abc import Sequence

from engine.support.translation import tr
from tui.drawing.chart import Curve
from tui.keys.in_use import key_of

MARKER = ":"


def ahead(xs: Sequence[float], ys: Sequence[float], highs: Sequence[float] = ()) -> Curve:
    """What would be there after the key that starts."""
    return Curve(
        xs,
        ys,
        color="preview",
        label=tr("if you press {start}", start=key_of("start")),
        dotted=True,
        marker=MARKER,
        highs=highs,
    )
