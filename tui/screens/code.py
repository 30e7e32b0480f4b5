"""The code of the experiment: a script for PyTorch in two dresses, to be read, copied and saved."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.content import Content
from textual.highlight import highlight
from textual.widgets import Static

from engine.experiment import Experiment
from engine.runs.code import DRESSES, Dress, dress_of
from engine.support.errors import BadInput
from engine.support.translation import Translatable, tr
from engine.support.user_files import write_beside
from tui.overlay import Over, open_over, tell
from tui.panels.bars import Hint
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


class CodeScreen(Over[None]):
    """One script at a time; each is written when it is first looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "turn", "other dress", priority=True),
        Binding("y", "copy", "copy"),
        Binding("w,S", "write", "write to a file"),
        Binding("question_mark,f1", "help", "help"),
        Binding("escape,q,c", "leave", "back"),
    ]

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        self.experiment = experiment
        self.dress: Dress = dress_of(experiment)
        self.scripts: dict[Dress, str] = {}

    def compose(self) -> ComposeResult:
        """The script, a line of words, and the keys."""
        self.code, self.hint = Static(), Hint()
        with ScrollableContainer() as self.box:
            yield self.code
        yield self.hint
        yield Static(Content.from_markup(tr(KEYS)), id="keys")

    def on_mount(self) -> None:
        """Show the dress of the loop."""
        self.box.focus()
        self.show()

    def show(self) -> None:
        """Show the script in its dress, or why there is none."""
        self.box.border_title = (
            tr("Code, from scratch") if self.dress == "scratch" else tr("Code, concise")
        )
        try:
            script = self.script()
        except BadInput as error:
            self.hint.refuse(str(error))
            return
        self.code.update(highlight(script, language="python"))
        self.box.scroll_home(animate=False)
        self.hint.say(tr("On a CPU it prints the losses of this loop, to the last digit."))

    def script(self) -> str:
        """The script on show; raises BadInput where a file is not read by a short one."""
        from engine.runs.code.script import code_of  # brings torch, which is there by now

        if self.dress not in self.scripts:
            self.scripts[self.dress] = code_of(self.experiment, self.dress)
        return self.scripts[self.dress]

    def action_turn(self) -> None:
        """The other dress."""
        self.dress = DRESSES[1 - DRESSES.index(self.dress)]
        self.show()

    def action_copy(self) -> None:
        """To the clipboard."""
        if self.dress in self.scripts:
            self.app.copy_to_clipboard(self.scripts[self.dress])
            tell(self, tr("copied, where the terminal lets programs copy"))

    def action_write(self) -> None:
        """To a file that was not there."""
        if self.dress in self.scripts:
            try:
                file = write_beside(
                    self.scripts[self.dress].encode(),
                    f"{self.experiment.data.name}_{self.dress}",
                    ".py",
                )
            except OSError as error:
                reason = error.strerror or str(error)
                self.hint.refuse(tr("cannot be written: {reason}", reason=reason))
            else:
                tell(self, tr("written to {file}", file=file))

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
