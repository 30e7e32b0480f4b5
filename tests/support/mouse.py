"""What a hand does with a mouse, as the terminal tells it."""

from __future__ import annotations

from textual.events import MouseMove, MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot
from textual.widget import Widget

from tui.drawing.view import ChartView

Cell = tuple[int, int]


def cell_of(chart: ChartView, across: float, down: float = 0.5) -> Cell:
    """The cell of a chart's widget so far across and down its canvas, 0 to 1."""
    area, (left, top) = chart.area, chart.gutter.top_left
    assert area
    return (
        left + area.column + round(across * (area.width - 1)),
        top + area.row + round(down * (area.height - 1)),
    )


async def drag(pilot: Pilot[None], widget: Widget, start: Cell, end: Cell) -> None:
    """Press on a cell, move to another, and let go there."""
    await press_and_move(pilot, widget, start, end)
    await pilot.mouse_up(widget, end)
    await pilot.pause()


async def press_and_move(pilot: Pilot[None], widget: Widget, start: Cell, end: Cell) -> None:
    """Press on a cell, and move to another with the button down."""
    await pilot.mouse_down(widget, start)
    await pilot._post_mouse_events([MouseMove], widget, end, button=1)
    await pilot.pause()


async def wheel(pilot: Pilot[None], widget: Widget, at: Cell, turns: int) -> None:
    """Turn the wheel over a cell: up where `turns` is positive."""
    event = MouseScrollUp if turns > 0 else MouseScrollDown
    for _ in range(abs(turns)):
        await pilot._post_mouse_events([event], widget, at)
    await pilot.pause()
