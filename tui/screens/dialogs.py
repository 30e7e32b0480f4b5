"""The small screens over the main one: help, jump, and the question before leaving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.lessons.library import lessons
from engine.support.cell_width import left
from engine.support.translation import Translatable, tr
from tui.keys.in_use import in_use, shown
from tui.keys.table import NUMBERED, groups
from tui.overlay import Over
from tui.steady import SteadyList
from tui.text.copies import lines_of
from tui.text.links import with_keys
from tui.text.symbols import symbols_in
from tui.text.wrap import Page, blocks_of

INTRODUCTION: tuple[tuple[Translatable, Translatable], ...] = (
    (
        "",
        "A lab for linear regression and gradient descent. Choose data, model and training, press "
        "{start}, and watch. Change one thing: what {start} would bring is dotted at once. Press "
        "{start} again: the run before stays as a dashed line.",
    ),
    (
        "Loss ",
        "is the mean over all the data after each epoch; the dots are single minibatches. A "
        "dashed level is the noise floor, what pure noise costs, and θ* the loss of the closed "
        "form: below them there is nothing left to learn.",
    ),
    (
        "Fit ",
        "shows the data and the model's line. {view} turns to the residuals, which should end as "
        "noise around zero, and to the parameters on their way to the true values.",
    ),
    (
        "Values ",
        "are what training found, beside the truth, the closed form (least squares, no training) "
        "and the gradient of the last minibatch, taken before its step.",
    ),
    (
        "With the mouse ",
        "on a chart a click puts the cursor, the wheel zooms, a drag shows that part, a double "
        "click fills the screen, a right click shows all again. Tabs, keys, cells and racers take "
        "clicks.",
    ),
    (
        "In a field ",
        "enter applies, esc undoes, ↑ ↓ go on, page up and down or shift with ↑ ↓ step a number: "
        "0.01, 0.02, 0.05. In a choice ← → turn it and enter lists all.",
    ),
)


class HelpScreen(ModalScreen[None], Over[None]):
    """What this is, how to read it, and every key."""

    BINDINGS = [("escape,q,question_mark,f1,enter", "dismiss", "close")]

    def __init__(self, hint: str, keys: Sequence[tuple[str, Translatable]] = ()) -> None:
        super().__init__()
        self.hint = hint
        """What stands in the line of hints, which may be cut there."""
        self.keys = keys
        """The keys of another screen than the main one, with what they do."""

    def compose(self) -> ComposeResult:
        """One text in a box."""
        blocks = blocks_of(self.text())
        page = Page(lambda width: blocks)
        page.border_title = tr("Help")
        page.border_subtitle = with_keys(tr("↑ ↓ scroll · [b]esc[/b] close"))
        yield page

    def symbols(self) -> Text:
        """What the symbols on the screen below stand for; empty where there are none."""
        below = self.app.screen_stack[-2]
        seen = lines_of(self.lines_below(below), below.region)
        rows = [f"  {left(symbol, 10)} {words}" for symbol, words in symbols_in(seen)]
        if not rows:
            return Text()
        return Text.assemble((tr("Symbols on this screen"), "bold"), "\n", "\n".join(rows), "\n\n")

    def text(self) -> Text:
        """Introduction, keys by group, lessons."""
        if self.keys:
            rows = (f"  {left(key, 10)} {tr(help)}" for key, help in self.keys)
            return Text.assemble(f"{self.hint}\n\n", self.symbols(), "\n".join(rows))
        introduction = Text("\n\n").join(
            Text.assemble((tr(head) if head else "", "bold"), tr(words, **in_use()))
            for head, words in INTRODUCTION
        )
        text = Text.assemble((f"{self.hint}\n\n", "italic"), self.symbols(), introduction)
        for name, actions in groups():
            text.append(f"\n\n{tr(name)}\n", style="bold")
            lines = [f"  {left(shown(action), 10)} {tr(action.help)}" for action in actions]
            text.append("\n".join(lines))
        text.append(f"\n\n{tr('Lessons')}\n", style="bold")
        lines = [
            f"  {number:<10} {lesson.title}"
            for number, lesson in enumerate(list(lessons().values())[:NUMBERED], 1)
        ]
        return text.append("\n".join(lines))


class LetterScreen(ModalScreen[str | None], Over[str | None]):
    """A list to choose from by letter."""

    heading: Translatable
    BINDINGS = [("escape,q", "dismiss(None)", "close")]

    def __init__(self, names: Mapping[str, str]) -> None:
        """`names` has what is chosen by each letter."""
        super().__init__()
        self.names = names
        self.letters = set(names)
        """Those that choose something."""

    def compose(self) -> ComposeResult:
        """One line a letter."""
        options = SteadyList(
            *(
                Option(Text.assemble((letter, "bold"), f"  {name}"), letter)
                for letter, name in self.names.items()
            )
        )
        options.border_title = tr(self.heading)
        yield options

    def on_key(self, event: Key) -> None:
        """A letter chooses at once."""
        if event.character in self.letters:
            event.stop()
            self.dismiss(event.character)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter chooses what is marked."""
        self.dismiss(event.option_id)


class CopyScreen(LetterScreen):
    """What can be copied, by letter."""

    heading: Translatable = "Copy"


class ConfirmScreen(ModalScreen[bool], Over[bool]):
    """A question that is answered by y or n."""

    BINDINGS = [("y,q,enter", "dismiss(True)", "yes"), ("n,escape", "dismiss(False)", "no")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        """The question and the keys that answer it."""
        keys = with_keys(f"[b]y[/b] {tr('yes')}   [b]n[/b] {tr('no')}")
        yield Static(Content.assemble(self.question, "\n\n", keys))


class AskScreen(ModalScreen[str | None], Over[str | None]):
    """A line to be typed: enter hands it back, escape nothing."""

    BINDINGS = [("escape", "dismiss(None)", "close")]

    def __init__(self, question: str, text: str) -> None:
        super().__init__()
        self.question, self.text = question, text

    def compose(self) -> ComposeResult:
        """The line, with what is there now."""
        line = Input(self.text)
        line.cursor_blink = False
        line.border_title = self.question
        yield line

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand back what was typed."""
        self.dismiss(event.value.strip())
