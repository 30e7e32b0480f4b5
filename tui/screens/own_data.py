"""Files of data, read while their progress is shown, and put onto the desk."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

from engine.experiment import Experiment
from engine.opening import Reading, Request
from engine.own_data import over_file
from tui.overlay import open_over
from tui.recent import remember
from tui.screens.data import DataScreen
from tui.screens.desk import Desk
from tui.screens.files import FilesScreen
from tui.screens.reader import ReadingScreen
from tui.screens.setup import Setup


class OwnData:
    """The way of a file onto the desk."""

    def __init__(self, screen: Screen[None], desk: Desk, setup: Setup) -> None:
        self.screen, self.desk, self.setup = screen, desk, setup
        self.session = desk.session

    def open(self) -> None:
        """Show the data of the experiment's file; where it has none, let one be chosen."""
        if over_file(self.desk.experiment):
            self.show_data(None)
        else:
            open_over(self.screen, FilesScreen(self.session), self.show_opened)

    def show_opened(self, reading: Reading | None) -> None:
        """Show the data of a file that was opened; None changes nothing."""
        if reading:
            self.show_data(reading)

    def show_data(self, reading: Reading | None) -> None:
        """Show the data of a file, or those of the experiment, and take what is made of them."""
        screen = DataScreen(self.session, self.desk.experiment, reading)
        open_over(self.screen, screen, self.take_data)

    def take_data(self, experiment: Experiment | None) -> None:
        """Take an experiment on a file, and remember the file."""
        if experiment and experiment != self.desk.experiment:
            self.setup.take(experiment)
        if experiment:
            remember(over_file(experiment))

    def bring(self, path: str) -> None:
        """Show the data of a file that has come through the browser, or why it cannot be read."""

        def take(reading: Reading | None) -> None:
            if reading and reading.state == "finished":
                self.show_data(reading)
            elif reading:
                self.refuse(reading)

        self.read(Request(path), take)

    def refuse(self, reading: Reading) -> None:
        """Say why a file could not be read."""
        self.screen.notify(reading.message, severity="error", timeout=10, markup=False)

    def wait_for(self, request: Request) -> None:
        """Show how far a file is that the session reads, and begin on it once it is there."""

        def take(reading: Reading | None) -> None:
            if reading and reading.experiment:
                self.desk.restart(reading.experiment)
                remember(over_file(reading.experiment))
            elif reading:
                self.refuse(reading)

        open_over(self.screen, ReadingScreen(self.session, request), take)

    def read(self, request: Request, take: Callable[[Reading | None], None]) -> None:
        """Have a file read while its progress is shown; `take` hears what came of it."""
        self.session.read(request)
        open_over(self.screen, ReadingScreen(self.session, request), take)
