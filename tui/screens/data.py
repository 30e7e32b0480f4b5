"""A file of data: what was sensed and why, its columns, and which of them are y and x."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.data.formula import written
from engine.data.roles import Role, Terms, rows_used, switched, terms_of
from engine.data.sensing import Asked
from engine.data.table import Table
from engine.experiment import Experiment
from engine.opening import Reading, Request
from engine.own_data import asked_of, experiment_on, over_file, settings_of
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import Translatable, in_words, tr, trn
from tui.backend import Backend
from tui.forms.fields import Edited, Picker, TextField
from tui.overlay import Over, open_over
from tui.panels.bars import Hint, KeyLine, two_ends
from tui.screens.dialogs import HelpScreen
from tui.screens.files import FilesScreen
from tui.screens.reader import LOOK_INTERVAL, Reader, progress_line
from tui.screens.sensed import SENSED_HELP, SensedForm
from tui.steady import WalkedList
from tui.text.columns import Columns, below_each_other

KEYS: Translatable = (
    " [b]y[/b] [b]x[/b] [b]-[/b] part of the column  [b]enter[/b] take it  [b]esc[/b] back  "
    "[b]o[/b] open  [b]tab[/b] what was sensed  [b]?[/b] help"
)
KEY_HELP: dict[str, Translatable] = {
    "y": "This column is predicted; it changes places with the one that was.",
    "x": "Predict by this column.",
    "- del": "Leave this column out.",
    "enter": "Take file and columns into the experiment.",
    "o": "Open another file.",
    "tab": "To what was sensed, to the file, and back.",
    "esc q": "Stop reading, or back to the lab without a change.",
}
LONGEST_CELL = 24
"""Cells of one in the first rows."""
MARKS: dict[Role, str] = {"y": "y", "x": "x", "off": "·"}


class DataScreen(Over[Experiment | None]):
    """Columns above, what was sensed and the first rows below; hands back an experiment."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "give('y')", "y"),
        Binding("x", "give('x')", "x"),
        Binding("minus,delete,backspace", "give('off')", "off"),
        Binding("o", "open", "open"),
        Binding("enter", "take", "take"),
        Binding("escape,q", "leave", "back"),
        Binding("question_mark,f1", "help", "help"),
        Binding("tab", "turn(1)", priority=True),
        Binding("shift+tab", "turn(-1)", priority=True),
    ]

    def __init__(
        self, session: Backend, experiment: Experiment, reading: Reading | None = None
    ) -> None:
        """`reading` is a file that was opened; else it is that of the experiment."""
        super().__init__()
        self.session, self.experiment = session, experiment
        self.reader = Reader(session, self.hear)
        self.reading = reading
        """What is on show."""
        self.terms: Terms | None = None
        """None where no column is y."""
        self.text = ""
        """The terms as they were written, until a column is switched."""
        self.edited = ""
        """What of the sensed was changed last."""
        self.columns = Columns((), 0)
        self.lines: list[Text] = []
        """Those of the columns, as they are shown."""

    # Layout ----------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Head, columns, what was sensed beside the file, hint and keys."""
        self.form, self.list = SensedForm(id="sensed"), WalkedList()
        self.head, self.titles = Static(id="head"), Static(id="titles")
        self.said, self.first_rows = Static(id="said"), Static(id="rows")
        yield self.head
        with Vertical(id="columns") as columns:
            columns.border_title = tr("Columns")
            yield self.titles
            yield self.list
        with Horizontal(id="below"):
            self.form.border_title = tr("Sensed")
            yield self.form
            with VerticalScroll(id="file") as file:
                file.border_title = tr("The file")
                yield self.said
                yield self.first_rows
        yield Hint()
        yield KeyLine(tr(KEYS))

    def on_mount(self) -> None:
        """Show the file that was opened, or have that of the experiment read."""
        self.form.show(self.experiment)
        self.set_focus(self.list)
        self.set_interval(LOOK_INTERVAL, self.look)
        if self.reading:
            self.show_reading(self.reading)
        else:
            self.text = str(self.experiment.data.options["terms"])
            self.ask(asked_of(self.experiment))

    def on_resize(self) -> None:
        """The table follows the width."""
        self.call_after_refresh(self.show_columns)

    # Reading -----------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """The file on show."""
        return self.reading.request.path if self.reading else over_file(self.experiment)

    @property
    def table(self) -> Table | None:
        """What was read of it."""
        return self.reading.table if self.reading else None

    def ask(self, asked: Asked, make: Callable[[], Experiment] | None = None) -> None:
        """Have the file read as it is asked to be, and something be made of it."""
        request = Request(self.path, asked, make)
        self.query_one(Hint).say(progress_line(Reading(request)))  # the session may be busy
        self.reader.ask(request)
        self.look()

    def look(self) -> None:
        """Hear of the file that is read."""
        if self.is_whole:
            self.reader.look()

    def hear(self, reading: Reading) -> None:
        """Show what has become of what was asked for."""
        if reading.state == "running":
            self.query_one(Hint).say(progress_line(reading))
        elif reading.state == "failed":
            self.form.put_back(self.edited, reading.message)
            self.refuse(reading.message)
        elif reading.experiment:
            self.dismiss(reading.experiment)
        elif reading.state == "finished":
            self.show_reading(reading)

    def refuse(self, why: str) -> None:
        """Say why something cannot be."""
        self.query_one(Hint).refuse(why)

    def show_reading(self, reading: Reading) -> None:
        """Show a file that was read; terms that name columns it does not have are left."""
        assert reading.table
        if self.reading and self.reading.request.path != reading.request.path:
            self.text = ""
        self.reading = reading
        self.columns = Columns(reading.table.columns, reading.table.rows)
        self.form.asked, self.form.table = reading.request.asked, reading.table
        self.form.show(self.experiment)
        trouble = ""
        try:
            self.terms = terms_of(reading.table, self.text)
        except BadInput as error:
            trouble, self.terms = str(error), None
            if self.text:
                self.text = ""
                self.show_reading(reading)
        said = list(about(reading.table))
        self.said.update(Content("\n").join(said))
        self.said.display = bool(said)
        self.first_rows.update(Content("\n").join(rows_of(reading)))
        self.show_columns()
        if trouble:
            self.refuse(trouble)
        else:
            self.say_terms()

    def show_columns(self) -> None:
        """Show the columns with their parts, as wide as there is room."""
        table = self.table
        if not self.is_whole or table is None:
            return
        width = self.list.size.width - 1
        self.titles.update(self.columns.head(width))
        lines = [
            self.columns.line(index, MARKS[self.role(column.name)], width)
            for index, column in enumerate(table.columns)
        ]
        if len(lines) == len(self.lines):
            for index, (before, line) in enumerate(zip(self.lines, lines, strict=True)):
                if line != before:
                    self.list.replace_option_prompt_at_index(index, line)
        else:
            self.list.clear_options().add_options([Option(line) for line in lines])
            self.list.highlighted = 0
        self.lines = lines
        self.show_head()

    def role(self, column: str) -> Role:
        """The part of the column of a name."""
        return self.terms.role(column) if self.terms else "off"

    def show_head(self) -> None:
        """Show the file, and how many of its rows are used."""
        title = f" linreg-tui · {printable(Path(self.path).name)}"
        rows = ""
        if self.table:
            used = rows_used(self.table, self.terms.columns if self.terms else ())
            all_rows = self.table.rows + self.table.dropped
            rows = tr("{used:,} of {rows:,} rows used", used=used, rows=all_rows)
        self.head.update(two_ends(title, rows, self.size.width))

    def say_terms(self, gone: str = "") -> None:
        """Say what is fitted to what, and which terms a switch has cost."""
        terms = str(self.terms or "")
        if gone:
            terms = tr("{terms} — left out too: {gone}", terms=terms, gone=gone)
        self.query_one(Hint).say(terms)

    # Editing -----------------------------------------------------------------------------------

    @on(Edited)
    def edit(self, event: Edited) -> None:
        """Have the file read in another way."""
        event.stop()
        self.edited = event.key
        self.form.refuse(event.key, "")
        self.ask(replace(self.form.asked, **{event.key: event.text}))

    def action_give(self, role: Role) -> None:
        """Give the column under the cursor another part."""
        index = self.list.highlighted
        if self.table is None or index is None or self.focused is not self.list:
            return
        name = self.table.columns[index].name
        try:
            self.terms, gone = switched(self.table, self.terms, name, role)
        except BadInput as error:
            self.refuse(str(error))
            return
        self.text = str(self.terms)
        self.show_columns()
        self.say_terms(", ".join(map(written, gone)))

    def action_open(self) -> None:
        """Open another file."""

        def take(reading: Reading | None) -> None:
            if reading:
                self.show_reading(reading)

        self.reader.stop()
        open_over(self, FilesScreen(self.session), take)

    @on(OptionList.OptionSelected)
    def action_take(self) -> None:
        """Take file and columns into the experiment."""
        if self.reading and self.table:
            if self.terms is None:
                self.refuse(tr("no column is y yet: y makes the one under the cursor it"))
            else:
                self.ask(self.form.asked, self.made(self.table))

    def made(self, table: Table) -> Callable[[], Experiment]:
        """What makes the experiment: of the same file all but the data stays as it is."""
        data = {**settings_of(self.form.asked), "data.terms": self.text}
        if over_file(self.experiment) != self.path:
            return partial(experiment_on, self.path, data)
        data["data.sha256"] = table.sha256
        return partial(self.experiment.changed_by_text, data)

    # Getting about -------------------------------------------------------------------------------

    def action_turn(self, by: int) -> None:
        """From the columns to what was sensed, to the file, and back."""
        stops = [self.list, next(iter(self.form.fields.values())), self.query_one("#file")]
        within = (
            1
            if isinstance(self.focused, TextField | Picker)
            else 2
            if self.focused is stops[2]
            else 0
        )
        self.set_focus(stops[(within + by) % len(stops)])

    def on_descendant_focus(self) -> None:
        """Help for the focused field."""
        if isinstance(self.focused, TextField) and self.focused.trouble:
            self.refuse(self.focused.trouble)
        elif isinstance(self.focused, TextField | Picker):
            self.query_one(Hint).say(tr(SENSED_HELP[self.focused.key]))
        elif self.reader.request is None and not self.query_one(Hint).shown[1]:
            self.say_terms()

    def on_descendant_blur(self) -> None:
        """A field that is left gives the focus back to the columns."""
        self.call_after_refresh(self.refocus)

    def refocus(self) -> None:
        """Focus the columns where nothing else has the focus."""
        if self.focused is None and self.is_current:
            self.set_focus(self.list)  # at once, not over a field that comes back meanwhile

    def action_help(self) -> None:
        """The whole hint, and every key."""
        open_over(self, HelpScreen(self.query_one(Hint).shown[0], tuple(KEY_HELP.items())))

    def action_leave(self) -> None:
        """Give up what is read, or leave without a change."""
        if self.reader.stop() and self.table:
            self.query_one(Hint).say(tr("stopped: all is as before"))
        else:
            self.dismiss(None)


def about(table: Table) -> Iterator[Content]:
    """What was decided of a file and why, and what could not be read of it."""
    for decision in table.decisions:
        yield Content(in_words(decision))
    if table.dropped:
        words = trn("{n:,} row is dropped:", "{n:,} rows are dropped, first:", n=table.dropped)
        yield Content.styled(words, "$text-warning")
        yield from (Content(f"  {problem}") for problem in table.problems)


def rows_of(reading: Reading) -> Iterator[Content]:
    """The names, dim, and the first rows."""
    assert reading.table
    names = tuple(column.name for column in reading.table.columns)
    rows = [row for row in reading.first_rows if len(row) == len(names)]
    for index, line in enumerate(below_each_other([names, *rows], LONGEST_CELL)):
        yield Content.styled(line, "" if index else "dim")
