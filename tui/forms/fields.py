"""The fields of a form: text to type, a choice to turn or to pick from a list, a note."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.selection import Selection
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.input import Selection as Marked
from textual.widgets.option_list import Option

from engine.catalog.param import Numeric
from engine.support.translation import tr
from tui.forms.stepping import stepped_text
from tui.overlay import Over, open_over
from tui.steady import SteadyList
from tui.text.links import with_keys


@dataclass
class Edited(Message):
    """A person gave a key another value, as text."""

    key: str
    text: str
    is_command: bool = False
    """Whether it was typed as a command, away from its field."""


class Part(Widget):
    """What is edited or read in a row of a form; selected with the mouse, the whole row is."""

    label = ""
    """What stands before it."""

    def said(self) -> str:
        """What stands in it."""
        raise NotImplementedError

    @property
    def visible_siblings(self) -> list[Widget]:
        """None: where a part is hidden its form is, and no other part can take the focus."""
        return []

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """The row as text."""
        return f"{self.label}  {self.said()}".strip(), "\n"


MOST_RETURNS = 3
"""Of a field whose text is refused, to the focus that it lost by being hidden."""


class TextField(Input, Part):
    """A number or a list of numbers; applied with enter or by leaving it, undone with escape."""

    BINDINGS = [
        Binding("escape", "undo", "undo", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, key: str, value: str) -> None:
        super().__init__(value, select_on_focus=True, validate_on=())
        self.cursor_blink = False
        self.key = key
        self.applied = value
        self.announced: str | None = None
        """The text that was announced last, so that enter and leaving do not both announce it."""
        self.trouble = ""
        """Why the text was refused, if it was."""
        self.entered = False
        """Whether enter has left the field: then a refusal comes back to it."""
        self.returns = 0
        """How often it may still take back the focus, until a key is heard here."""

    def said(self) -> str:
        """The text, applied or not."""
        return self.value

    def put(self, row: Row) -> None:
        """Show a value that was applied elsewhere."""
        if row.value != self.applied or not self.has_focus:
            self.applied = self.value = row.value
            self.forget()

    def refuse(self, trouble: str) -> None:
        """Mark the text as not allowed and remember why, or take the mark off."""
        self.trouble = trouble
        self.set_class(bool(trouble), "-refused")
        if trouble and self.entered and self.is_attached:
            # Whoever has the focus now may have hidden the field, which it is to hear of first.
            self.returns = MOST_RETURNS
            self.screen.call_after_refresh(self.come_back)

    def come_back(self) -> None:
        """Take the focus again, where the text is still refused."""
        if self.trouble and self.returns and self.is_attached:
            self.returns -= 1
            self.screen.set_focus(self)

    def forget(self) -> None:
        """Nothing was announced and nothing refused since the applied value."""
        self.announced = None
        self.refuse("")

    def apply(self) -> None:
        """Announce the text if it is new."""
        if self.value not in (self.applied, self.announced):
            self.announced = self.value
            self.post_message(Edited(self.key, self.value))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Only what is typed is worth hearing of."""
        if not self.has_focus:
            event.stop()

    def on_focus(self) -> None:
        """A refusal after tab or an arrow does not come back."""
        self.entered = False

    def on_blur(self) -> None:
        """Leaving a field applies it; one that is to be mended is left by a key or click only."""
        self.apply()
        if self.returns and self.screen.focused is None:  # it was hidden for a moment
            self.screen.call_after_refresh(self.come_back)

    def on_key(self) -> None:
        """Whoever types has seen what is refused."""
        self.returns = 0

    def on_mouse_down(self) -> None:
        """So has whoever clicks."""
        self.returns = 0

    def action_undo(self) -> None:
        """Back to what is applied, and out of the field."""
        self.value = self.applied
        self.forget()
        self.leave()

    async def action_submit(self) -> None:
        """Enter: apply and leave the field, so that the single keys work again.

        A text that is refused is to be mended: its digits are not keys that load lessons.
        """
        refused = self.trouble and self.value == self.announced
        self.entered = True
        self.apply()
        if not refused:
            self.leave()

    def leave(self) -> None:
        """Give the focus away, unless the field has gone with the choice it belonged to."""
        if self.is_attached:
            self.screen.set_focus(None)


class NumberField(TextField):
    """A number, or several with commas between: keys step the one at the cursor."""

    BINDINGS = [
        Binding("pageup,shift+up", "step(True)", show=False),
        Binding("pagedown,shift+down", "step(False)", show=False),
    ]

    def __init__(self, key: str, value: str, param: Numeric) -> None:
        super().__init__(key, value)
        self.param = param

    def put(self, row: Row) -> None:
        """Show a value that was applied elsewhere; the choice that it belongs to may be another."""
        self.param = row.param or self.param
        super().put(row)

    def action_step(self, up: bool) -> None:
        """The next sensible number above or below, marked, so that another one can be typed."""
        text, end = stepped_text(self.param, self.value, self.cursor_position, up)
        if text != self.value:
            self.value = text
            self.selection = Marked(text.rfind(",", 0, end) + 1, end)


class Picker(Part, can_focus=True):
    """One of a few choices: left and right turn to the next, enter opens the list."""

    BINDINGS = [
        Binding("left", "turn(-1)", show=False),
        Binding("right", "turn(1)", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("enter", "open", show=False),
        Binding("escape", "undo", show=False),
    ]
    value: reactive[str] = reactive("")

    def __init__(self, key: str, value: str, choices: tuple[Choice, ...]) -> None:
        super().__init__()
        self.key = key
        self.choices = choices
        self.set_reactive(Picker.value, value)
        self.asked = value
        """What was turned to last; the next turn goes on from there, past what is refused."""
        self.before = value
        """What it was when the focus came."""

    def put(self, row: Row) -> None:
        """Show a value that was applied elsewhere, and what there is to choose from."""
        if row.choices != self.choices:
            self.choices = row.choices
            self.refresh()
        self.value = self.asked = row.value

    def said(self) -> str:
        """The choice as people call it."""
        labels = {choice.value: choice.label for choice in self.choices}
        return labels.get(self.value, self.value)

    def render(self) -> Text:
        """The choice, with a mark that there are others."""
        text = Text(self.said(), no_wrap=True, overflow="ellipsis")
        text.truncate(max(0, self.size.width - 2), pad=True)
        return text.append(" ▾", style="dim")

    def action_turn(self, by: int) -> None:
        """The next or previous choice."""
        values = [choice.value for choice in self.choices]
        index = values.index(self.asked) if self.asked in values else -by
        self.asked = values[(index + by) % len(values)]
        self.choose(self.asked)

    def on_blur(self) -> None:
        """Begin again with what is shown."""
        self.asked = self.value

    def on_focus(self) -> None:
        """Remember what esc brings back."""
        self.before = self.value

    def action_undo(self) -> None:
        """Back to what it was when the focus came, and out of the field."""
        if self.asked != self.before:
            self.asked = self.before
            self.post_message(Edited(self.key, self.before))
        self.screen.set_focus(None)

    def action_open(self) -> None:
        """Show all choices with what they are."""
        open_over(self.screen, ChoiceScreen(self.key, self.choices, self.value), self.choose)

    def on_click(self) -> None:
        """A click opens the list too."""
        self.action_open()

    def choose(self, value: str | None) -> None:
        """Announce a choice if it is another one."""
        if value is not None and value != self.value:
            self.post_message(Edited(self.key, value))


@dataclass(frozen=True)
class Choice:
    """One line of a picker's list."""

    value: str
    label: str
    formula: str = ""
    help: str = ""


class ChoiceScreen(ModalScreen[str | None], Over[str | None]):
    """All the choices of one picker, with formula and help."""

    BINDINGS = [Binding("escape,q", "dismiss(None)", "close")]

    def __init__(self, title: str, choices: tuple[Choice, ...], value: str) -> None:
        super().__init__()
        self.choices = choices
        self.heading = title
        self.chosen = value

    def compose(self) -> ComposeResult:
        """A list with a line or two for each choice."""
        options = SteadyList(*(Option(self.line(choice), choice.value) for choice in self.choices))
        options.border_title = self.heading
        options.border_subtitle = with_keys(tr("[b]enter[/b] choose · [b]esc[/b] close"))
        yield options

    def on_mount(self) -> None:
        """Stand on the present choice."""
        values = [choice.value for choice in self.choices]
        if self.chosen in values:
            self.query_one(OptionList).highlighted = values.index(self.chosen)

    def line(self, choice: Choice) -> Text:
        """Label and formula, the help dim below."""
        text = Text.assemble(
            (choice.label, "bold"), ("  " + choice.formula) if choice.formula else ""
        )
        if choice.help:
            text.append("\n" + choice.help, style="dim")
        return text

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Hand the choice back."""
        self.dismiss(event.option_id)


class Note(Static, Part):
    """A line that is worked out from the others: to be read, without a focus."""

    words = Content()

    def said(self) -> str:
        """The words."""
        return self.words.plain

    def put(self, row: Row) -> None:
        """Show other words; the same ones again cost nothing."""
        if row.note is not None and row.note != self.words:
            self.words = row.note
            self.update(row.note, layout=False)


@dataclass(frozen=True)
class Row:
    """One line of a form."""

    key: str
    label: str
    value: str = ""
    choices: tuple[Choice, ...] = ()
    """Empty where text is typed."""
    param: Numeric | None = None
    """What numbers may stand there, where numbers may."""
    note: Content | None = None
    """Words in place of a value that can be edited."""
