"""The code of the experiment: a script for PyTorch in two dresses, to be read, copied and saved."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.widgets import Static

from engine.experiment import Experiment
from engine.runs.code import DRESSES, Code, Dress, dress_of
from engine.support.translation import Translatable, tr
from engine.support.user_files import write_beside
from tui.backend import Backend
from tui.browser import hand_over
from tui.overlay import Over, open_over, tell
from tui.panels.bars import Hint, KeyLine
from tui.screens.dialogs import HelpScreen

KEYS: Translatable = (
    " [b]tab[/b] other dress  [b]y[/b] copy  [b]w[/b] write to a file  [b]?[/b] help  "
    "[b]esc[/b] back"
)
KEY_HELP: tuple[tuple[str, Translatable], ...] = (
    ("tab", "From scratch, as d2l §3.2 has it, or concise, as §3.3."),
    ("y", "Copy the script, where the terminal lets programs copy (OSC 52)."),
    ("w", "Write the script to a new file in this folder; none is overwritten."),
    ("↑ ↓ ← →", "Scroll."),
    ("esc q c", "Back to the lab."),
)
LOOK_INTERVAL = 1 / 20
"""Seconds between two looks at the session."""


class CodeScreen(Over[None]):
    """One script at a time; the session writes each when it is first looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "turn", "other dress", priority=True),
        Binding("y", "copy", "copy"),
        Binding("w,S", "write", "write to a file"),
        Binding("question_mark,f1", "help", "help"),
        Binding("escape,q,c", "leave", "back"),
    ]

    def __init__(self, session: Backend, experiment: Experiment) -> None:
        super().__init__()
        self.session, self.experiment = session, experiment
        self.dress: Dress = dress_of(experiment)
        self.codes: dict[Dress, Code] = {}

    def compose(self) -> ComposeResult:
        """The script, a line of words, and the keys."""
        self.code, self.hint = Static(), Hint()
        with ScrollableContainer() as self.box:
            yield self.code
        yield self.hint
        yield KeyLine(tr(KEYS))

    def on_mount(self) -> None:
        """Show the dress of the loop."""
        self.set_focus(self.box)
        self.turn_to(self.dress)
        self.set_interval(LOOK_INTERVAL, self.look)

    def turn_to(self, dress: Dress) -> None:
        """Show the script in a dress, once it is there."""
        self.dress = dress
        self.box.border_title = (
            tr("Code, from scratch") if dress == "scratch" else tr("Code, concise")
        )
        if code := self.codes.get(dress):
            self.show(code)
        else:
            self.code.update("")
            self.hint.say(tr("writing the code …"))
            self.session.write_code(self.experiment, dress)
            self.look()

    def look(self) -> None:
        """Take a script that the session has written."""
        code = self.session.code
        if code and code.experiment == self.experiment and code.dress not in self.codes:
            self.codes[code.dress] = code
            if code.dress == self.dress:
                self.show(code)

    def show(self, code: Code) -> None:
        """Show a script, or why there is none."""
        from textual.highlight import highlight  # brings pygments: the first frame needs none

        self.code.update(highlight(code.text, language="python"))
        self.box.scroll_home(animate=False)
        if code.trouble:
            self.hint.refuse(code.trouble)
        else:
            self.hint.say(tr("On a CPU it prints the losses of this loop, to the last digit."))

    @property
    def script(self) -> str:
        """The script on show; empty where there is none."""
        return self.codes[self.dress].text if self.dress in self.codes else ""

    def action_turn(self) -> None:
        """The other dress."""
        self.turn_to(DRESSES[1 - DRESSES.index(self.dress)])

    def action_copy(self) -> None:
        """To the clipboard."""
        if self.script:
            self.app.copy_to_clipboard(self.script)
            tell(self, tr("copied, where the terminal lets programs copy"))

    def action_write(self) -> None:
        """To a file that was not there."""
        if self.script:
            try:
                name = f"{self.experiment.data.name}_{self.dress}"
                file = write_beside(self.script.encode(), name, ".py")
            except OSError as error:
                reason = error.strerror or str(error)
                self.hint.refuse(tr("cannot be written: {reason}", reason=reason))
            else:
                tell(self, hand_over(self.app, file))

    def action_help(self) -> None:
        """Every key."""
        about = tr(
            "The experiment as a short script that leans on PyTorch alone; `linreg-tui code` prints"
            " it too."
        )
        open_over(self, HelpScreen(about, KEY_HELP))

    def action_leave(self) -> None:
        """Back to the lab."""
        self.dismiss()
