"""Experiments under names: the one on the desk is saved, another one is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.text import Text
from textual.binding import Binding
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.experiment import Experiment
from engine.runs.differences import difference_between
from engine.runs.named import file_named, read_saved, save, saved
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import tr
from tui.browser import hand_over
from tui.overlay import open_over
from tui.screens.dialogs import ConfirmScreen
from tui.screens.picking import PickerScreen


@dataclass(frozen=True)
class Opened:
    """An experiment and the name that it was saved under."""

    experiment: Experiment
    name: str


class ExperimentsScreen(PickerScreen[Opened | None]):
    """Saves under the name that is typed, or opens the marked one; hands back what was opened."""

    BINDINGS = [Binding("escape", "dismiss(None)", "close")]

    def __init__(self, experiment: Experiment) -> None:
        super().__init__(
            tr("Experiments"),
            tr("a name and enter: save · ↑ ↓ enter: open · [b]esc[/b] close"),
            tr("save this experiment as: a name, or a path with /"),
        )
        self.experiment = experiment
        """The one on the desk."""

    def show_list(self) -> None:
        """A line a file: its name, and what it has that the experiment on the desk has not."""
        options = [Option(self.line(file), str(file)) for file in saved()]
        self.list.clear_options().add_options(options)
        self.hint.say("" if options else tr("nothing is saved yet: type a name"))

    def line(self, file: Path) -> Text:
        """One line of the list."""
        try:
            words = difference_between(read_saved(file), self.experiment) or tr("as it is now")
        except BadInput as error:
            words = str(error)
        text = Text.assemble((printable(file.stem), "bold"), "  ", (words, "dim"))
        text.no_wrap, text.overflow = True, "ellipsis"
        return text

    def on_input_submitted(self) -> None:
        """Save under the name that was typed; without one, open what is marked."""
        try:
            if self.typed.value.strip():
                self.save(file_named(self.typed.value))
            elif self.marked:
                self.hand_back(self.marked)
        except BadInput as error:
            self.hint.refuse(str(error))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click opens."""
        try:
            self.hand_back(str(event.option_id))
        except BadInput as error:
            self.hint.refuse(str(error))

    def hand_back(self, path: str) -> None:
        """Hand back the experiment of a file; raises BadInput."""
        file = Path(path)
        self.dismiss(Opened(read_saved(file), file.stem))

    def save(self, file: Path) -> None:
        """Save, after a question where there is such a file."""

        def write(sure: bool | None) -> None:
            if sure and (trouble := save(self.experiment, file)):
                self.hint.refuse(trouble)
            elif sure:
                self.typed.value = ""
                self.show_list()
                self.hint.say(hand_over(self.app, file))

        if file.exists():
            question = tr("{name} is there already. Replace it?", name=printable(file.stem))
            open_over(self, ConfirmScreen(question), write)
        else:
            write(True)
