"""`linreg-tui watch`: the live view of a run that another process writes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.content import Content
from textual.filter import LineFilter
from textual.widgets import Static

from engine.cli.output import say
from engine.runs.watch import Watch
from engine.support.translation import tr
from engine.support.user_files import settings_file
from tui.ascii import AsciiFilter, SeenFilter
from tui.charts.watch import watch_chart
from tui.drawing.view import ChartView
from tui.settings import load
from tui.terminal import TerminalDriver, leaving_by_signals
from tui.themes import DARK, LIGHT, MONO, THEMES, Palette
from tui.watched import frame, head, values

LOOK_INTERVAL = 1 / 5
"""Seconds between two looks at the files."""
FRAME_SIZE = (80, 24)
"""Cells of a frame that is printed where there is no terminal."""
KEYS_BAR = " [b]q[/b] "
"""Before what it does."""


class WatchApp(App[None]):
    """Head, losses and values of one run; nothing can be changed."""

    CSS_PATH = "linreg.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [("q,escape,ctrl+q,ctrl+c", "quit", "quit")]

    def __init__(self, watch: Watch, theme: str, ascii: bool) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.watch_run = watch
        self.is_ascii = ascii
        for each in THEMES:
            self.register_theme(each)
        self.theme = theme if theme in self.available_themes else THEMES[0].name

    def compose(self) -> ComposeResult:
        """Head, chart, values and the key."""
        yield Static(id="head")
        self.chart = ChartView(id="watched")
        self.chart.palette = MONO if "NO_COLOR" in os.environ else self.own_palette
        self.chart.ascii = self.is_ascii
        yield self.chart
        yield Static(id="watched-values")
        yield Static(Content.from_markup(KEYS_BAR).append(tr("quit")), id="watched-keys")

    @property
    def own_palette(self) -> Palette:
        """The colours of the chart."""
        return DARK if self.current_theme.dark else LIGHT

    def on_mount(self) -> None:
        """Look at once, and then again and again."""
        self.watch_run.look()
        self.show()
        self.set_interval(LOOK_INTERVAL, self.look)

    def look(self) -> None:
        """Show what was added."""
        if self.watch_run.look():
            self.show()

    def show(self) -> None:
        """Show the run as it is known now."""
        self.query_one("#head", Static).update(head(self.watch_run))
        self.chart.show(watch_chart(self.watch_run))
        self.query_one("#watched-values", Static).update(Content(values(self.watch_run)))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Every character that is drawn passes a filter, with --ascii another one."""
        own = (SeenFilter(), AsciiFilter()) if self.is_ascii else (SeenFilter(),)
        return [*super().get_line_filters(), *own]


def print_frame(watch: Watch, ascii: bool) -> None:
    """Print one frame of the size of the terminal, or of FRAME_SIZE."""
    watch.look()
    width, height = shutil.get_terminal_size(FRAME_SIZE)
    for line in frame(watch, width, height, ascii):
        say(line)


def open_watch(watch: Watch, ascii: bool) -> int:
    """Show a run on the terminal until it is left; returns the exit code."""
    settings, _ = load(settings_file())
    app = WatchApp(watch, settings.theme, ascii or settings.ascii)
    with leaving_by_signals(app):
        app.run()
    return app.return_code or 0
