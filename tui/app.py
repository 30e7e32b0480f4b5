"""The app: owns the session, themes, settings and screens."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any

from rich.console import RenderableType
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.events import Event, Key, MouseDown, MouseScrollDown, MouseScrollUp, Resize
from textual.filter import LineFilter
from textual.geometry import Size
from textual.screen import ModalScreen, Screen
from textual.timer import Timer
from textual.widgets import Input

from engine.cli.output import say
from engine.experiment import Experiment, flattened
from engine.lessons.lesson import Lesson
from engine.lessons.library import find_lesson, title_of
from engine.opening import Request, waits
from engine.own_data import over_file
from engine.runs.keeper import Keeper
from engine.runs.share import command_line
from engine.runs.store import Store
from engine.session import Session
from engine.support.translation import set_language, tr
from engine.support.user_files import runs_folder, settings_file
from engine.training.snapshot import Snapshot
from tui.ascii import AsciiFilter, SeenFilter
from tui.backend import Backend, hurry
from tui.bindings import holder_of, is_key
from tui.browser import Returned, Uploaded, tell_page
from tui.drawing.page import Picture
from tui.in_turn import TYPED, InTurn
from tui.keys.in_use import in_use, remap
from tui.keys.table import ACTIONS
from tui.recent import remember
from tui.screens.dialogs import ConfirmScreen
from tui.screens.files import FilesScreen
from tui.screens.main import MainScreen
from tui.screens.palette import Palette
from tui.settings import Settings, load, save
from tui.terminal import TerminalDriver, driver_class, leaving_by_signals
from tui.text.numbers import clock, loss_text
from tui.themes import DARK, LIGHT, MONO, THEMES

LOOK_AT_TERMINAL = 1.0
"""Seconds between two looks whether the terminal is still there."""
STALE = 1.0
"""Seconds after which a key that was not heard is no longer meant."""
PRESSES = Key, MouseDown, MouseScrollDown, MouseScrollUp
"""What somebody does who waits for what comes of it."""
LAST_WORD = 0.5
"""Seconds that a run under way has to write down that it was stopped."""
LEAST = Size(12, 4)
"""The smallest terminal that anything is drawn in."""


class LinregApp(App[None]):
    """linreg-tui on a terminal."""

    CSS_PATH = "linreg.tcss"
    TITLE = "linreg-tui"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (40, "-narrow"), (80, "-medium"), (120, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (12, "-low"), (20, "-fair"), (30, "-high")]

    def __init__(
        self,
        session: Backend,
        settings: Settings,
        message: str = "",
        lesson: Lesson | None = None,
        request: Request | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class())
        self.animation_level = "none"  # what a key scrolls is there at once
        self.session = session
        self.settings = settings
        self.message = message
        self.in_turn = InTurn(self, self.route)
        self.filters = (SeenFilter(), AsciiFilter())
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = settings.theme if settings.theme in self.available_themes else THEMES[0].name
        self.used: list[str] = []
        """What was done by its name, the latest first."""
        self.is_small = False
        """Whether the terminal has no room for anything."""
        self.styled_theme = self.theme
        self.stylesheet.set_variables(self.get_css_variables())
        ids = {action.id for action in ACTIONS}
        wrong = [
            f"{name} = {key}"
            for name, key in settings.keys.items()
            if name not in ids or not is_key(key)
        ]
        if wrong:
            unknown = tr("keys: no such action or key: {names}", names=", ".join(wrong))
            self.message = f"{message} {unknown}".strip()
        remapped = {name: key for name, key in settings.keys.items() if name in ids and is_key(key)}
        if doubled := [
            f"{name} = {key}" for name, key in remapped.items() if holder_of(name, remapped)
        ]:
            shared = tr("keys: another action loses its own: {names}", names=", ".join(doubled))
            self.message = f"{self.message} {shared}".strip()
        remap(remapped)
        self.set_keymap(remapped)
        self.main = MainScreen(session, settings.experiment, lesson, request, settings.live)

    def on_mount(self) -> None:
        """Show the main screen."""
        self.push_screen(self.main)
        self.set_interval(LOOK_AT_TERMINAL, self.look_at_terminal)
        self.theme_changed_signal.subscribe(self, lambda theme: self.color_charts())

    def on_unmount(self) -> None:
        """Leave the process as it was: a last key may have brought nothing."""
        gc.enable()

    async def on_event(self, event: Event) -> None:
        """Take what is typed in turn, but at once the key that leaves."""
        if isinstance(event, PRESSES) and not event.is_forwarded:
            hurry(self.session)
        leaves = isinstance(event, Key) and event.key == "ctrl+q"
        if isinstance(event, TYPED) and not (event.is_forwarded or leaves):
            await self.in_turn.take(event)
        else:
            await self.route(event)

    async def route(self, event: Event) -> None:
        """Hand an event on; a key that has waited for too long is dropped, but not ctrl+q."""
        if isinstance(event, Key):
            stale = event.key != "ctrl+q" and monotonic() >= event.time + STALE
            if stale or not self._screen_stacks.get(self.current_mode):  # it is leaving
                return
        await super().on_event(event)

    def look_at_terminal(self) -> None:
        """Leave where the terminal is gone, though the signal of it may be ignored."""
        if isinstance(self._driver, TerminalDriver) and self._driver.is_gone:
            self.exit(return_code=128 + signal.SIGHUP)

    def on_ready(self) -> None:
        """Once the first frame is drawn, what it did not wait for."""
        self.color_charts()
        self.main.call_after_refresh(self.main.fill)
        if self.message:
            self.notify(self.message, severity="warning", timeout=10, markup=False)

    def refresh_css(self, animate: bool = True) -> None:
        """Style everything anew for another theme.

        Textual asks for it in every start as well, where all was styled for the theme just before.
        """
        if self.theme != self.styled_theme:
            self.styled_theme = self.theme
            super().refresh_css(animate)

    def pop_screen(self) -> AwaitComplete:
        """Leave a dialog; a second enter, typed before it was gone, does not take the main screen.

        Textual's palette and lists pop whatever is on top.
        """
        return AwaitComplete() if self.screen is self.main else super().pop_screen()

    async def action_quit(self) -> None:
        """Textual's own ctrl+q: asks like q, and a second one leaves."""
        if isinstance(self.screen, ConfirmScreen):
            self.screen.dismiss(True)
        else:
            self.main.commands.quit()

    def action_command_palette(self) -> None:
        """All that can be done, by its name; once more, it is left again."""
        if isinstance(self.screen, Palette):
            self.screen.close()
        elif not isinstance(self.screen, ModalScreen):  # over a dialog there is nothing to do
            self.push_screen(Palette(self.used))

    def action_press(self, key: str) -> None:
        """A click on a key in a line of text; where one types, it would be a letter of the text."""
        if isinstance(self.focused, Input) and key not in ("enter", "escape", "tab"):
            self.screen.set_focus(None)
        pressed = Key(key, None)
        pressed.set_sender(self)  # Textual stops what comes to the widget that has sent it
        self.post_message(pressed)

    def _handle_exception(self, error: Exception) -> None:
        """What trips over a screen that was half there when the app was left ends nothing more."""
        if not self._exit:
            super()._handle_exception(error)

    def set_timer(self, *arguments: Any, **options: Any) -> Timer:
        """A timer that fires however late the process comes to it.

        Textual skips it where the process was held up for as long as it lasts. The one of a new
        size of the terminal, 1/120 s, would then be waited for at every later size, in vain.
        """
        timer = super().set_timer(*arguments, **options)
        timer._skip = False
        return timer

    def on_resize(self, event: Resize) -> None:
        """A terminal smaller than LEAST is laid out as large as that, and nothing is drawn."""
        width, height = event.size
        was_small, self.is_small = self.is_small, width < LEAST.width or height < LEAST.height
        event.size = Size(max(width, LEAST.width), max(height, LEAST.height))
        if was_small and not self.is_small:
            self.screen.refresh()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if not self.is_small:
            super()._display(screen, renderable)
        self.session.give_way(0)
        gc.enable()

    def color_charts(self) -> None:
        """Give everything that has colours of its own those of the theme, the page around too."""
        theme = self.theme_variables
        tell_page(self, "colors", background=theme["background"], foreground=theme["foreground"])
        palette = DARK if self.current_theme.dark else LIGHT
        palette = MONO if "NO_COLOR" in os.environ else palette
        for screen in self.screen_stack:
            for picture in screen.query(Picture):
                picture.palette = palette.stark() if self.main.projector.is_on else palette
                picture.ascii = self.settings.ascii

    def on_returned(self, event: Returned) -> None:
        """Draw all of the screen for a page that has nothing of it."""
        self.refresh()

    def on_uploaded(self, event: Uploaded) -> None:
        """Open a file that has come through the browser; over a dialog, say that it is there."""
        if self.screen is self.main:
            self.main.commands.own_data.bring(event.path)
        elif isinstance(self.screen, FilesScreen):
            self.screen.go_to(event.path)
        else:
            words = tr("{file} is here: {data} opens it", file=event.path, **in_use())
            self.notify(words, markup=False)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Every character that is drawn passes a filter, with --ascii another one."""
        seen, ascii = self.filters
        own = (seen, ascii) if self.settings.ascii else (seen,)
        return [*super().get_line_filters(), *own]


def open_app(
    experiment: Experiment | None,
    ascii: bool,
    lesson: str | None = None,
    request: Request | None = None,
) -> int:
    """Run the app on the terminal until it is left; returns the exit code.

    `experiment` is the one to open on, `request` a file that one is made of once it is read; None
    for the experiment of the last time. The lesson of the name `lesson` is opened beside it. A
    summary of the runs, and the command that opens the experiment, are printed afterwards.
    """
    file = settings_file()
    settings, message = load(file)
    remembered_ascii = settings.ascii
    settings.ascii = ascii or settings.ascii
    if settings.ascii:
        set_language("en")
    if not (experiment or request):
        request = unread(settings)
    settings.experiment = experiment or settings.experiment
    first = settings.experiment
    if experiment:
        remember(over_file(experiment))
    folder = runs_folder()
    listen = partial(Keeper, folder) if settings.keep_runs else None
    session = Session(settings.experiment, request, listen, Store(folder))
    app = LinregApp(session, settings, message, find_lesson(lesson) if lesson else None, request)
    try:
        with leaving_by_signals(app):
            app.run()
    finally:
        under_way = session.latest.state in ("running", "paused")
        session.close(timeout=LAST_WORD if under_way else 0)
    settings.theme = app.theme
    settings.live = app.main.live.on
    settings.ascii = remembered_ascii
    settings.experiment = app.main.desk.experiment
    if experiment or settings.experiment != first:
        settings.unread = {}
    trouble = save(settings, file)
    with suppress(OSError):  # the terminal may be gone
        if trouble:
            say(trouble, err=True)
        for line in summary(session.runs):
            say(line)
        say(command_line(settings.experiment))
    return app.return_code or 0


def unread(settings: Settings) -> Request | None:
    """What is to be read before the experiment of the last time can be there."""
    changes = flattened(settings.unread)
    request = waits(changes)
    return replace(request, make=partial(Experiment().changed, changes)) if request else None


def summary(runs: tuple[Snapshot, ...]) -> list[str]:
    """A line a run: what is left on the terminal afterwards."""
    return [
        tr(
            "run {number}: {title}, lr {lr:g}, {state} after epoch {epoch}, loss {loss}, {time}",
            number=run.number,
            title=title_of(run.experiment),
            lr=run.lr,
            state=tr(run.state),
            epoch=run.epoch,
            loss=loss_text(run.loss or 0.0),
            time=clock(run.seconds),
        )
        for run in runs
    ]
