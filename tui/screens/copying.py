"""What can be copied out of the lab, and written as a picture."""

from __future__ import annotations

from textual.screen import Screen

from engine.runs.share import link
from engine.support.errors import shortened
from engine.support.outside import printable
from engine.support.translation import Translatable, tr, trn
from engine.support.user_files import write_beside
from tui.browser import hand_over
from tui.drawing.svg import picture
from tui.keys.conditions import NO_DATA
from tui.overlay import open_over, tell
from tui.screens.desk import Desk
from tui.screens.dialogs import CopyScreen
from tui.screens.lab import Lab
from tui.screens.navigator import Navigator
from tui.text.copies import lines_of, losses_table, values_table

LONGEST_COPY = 400
"""Characters that are shown of what is copied."""
COPIES: dict[str, Translatable] = {
    "v": "values, as a table with tabs",
    "l": "losses, as CSV",
    "p": "this panel, as text",
    "s": "the screen, as text",
    "k": "the link to this experiment",
    "i": "a picture of the screen, as an SVG file",
}
"""Letter → what can be copied or written."""


class Copying:
    """The clipboard, past ssh too (OSC 52), and the present folder."""

    def __init__(self, screen: Screen[None], lab: Lab, desk: Desk, navigator: Navigator) -> None:
        self.screen, self.lab, self.desk, self.navigator = screen, lab, desk, navigator

    def open(self) -> None:
        """Let a letter say what to copy."""

        def copy(letter: str | None) -> None:
            if letter:
                self.copy_shown(letter)

        open_over(self.screen, CopyScreen({key: tr(name) for key, name in COPIES.items()}), copy)

    def copy_shown(self, letter: str) -> None:
        """Copy one of COPIES, and say of how many lines it is."""
        run, screen, panel = self.desk.snapshot, self.screen, self.navigator.here or self.lab.loss
        strips = screen._compositor.render_strips()
        if letter == "l":
            text = losses_table(run)
        elif letter == "v":
            text = values_table(self.desk.moment)
        elif letter == "k":
            self.copy(link(self.desk.experiment), tr("the link"))
            return
        elif letter == "i":
            self.write_picture()
            return
        else:
            text = lines_of(strips, panel.region if letter == "p" else screen.region)
        if not text:
            tell(screen, tr(NO_DATA))
            return
        screen.app.copy_to_clipboard(text)
        count, name = text.count("\n") + 1, tr(COPIES[letter])
        tell(
            screen, trn("copied, {what}: {n} line", "copied, {what}: {n} lines", n=count, what=name)
        )

    def write_picture(self) -> None:
        """Write the screen as a picture into the present folder, and say where."""
        try:
            file = write_beside(picture(self.screen.app, ".svg"), "linreg-tui", ".svg")
        except OSError as error:
            reason = error.strerror or str(error)
            tell(self.screen, tr("cannot be written: {reason}", reason=reason))
        else:
            tell(self.screen, hand_over(self.screen.app, file))

    def copy(self, text: str, name: str) -> None:
        """Put a text on the clipboard, past ssh too (OSC 52), and show what it is."""
        self.screen.app.copy_to_clipboard(text)
        self.screen.app.clear_notifications()
        words = tr(
            "copied, {what}: {text}", what=name, text=printable(shortened(text, LONGEST_COPY))
        )
        self.screen.notify(words, timeout=10, markup=False)
