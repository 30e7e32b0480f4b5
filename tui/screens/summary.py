"""The regression of the present experiment, predictions from it, and its rows written to a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from engine.statistics.words import doubt_of, estimates, goodness, heading, intervals
from engine.support.cell_width import cut, left
from engine.support.errors import BadInput
from engine.support.translation import in_words, tr, trn
from engine.support.visitor import file_at
from tui.backend import Backend
from tui.browser import hand_over
from tui.forms.fields import Edited, TextField
from tui.forms.labels import Labels
from tui.overlay import Over, open_over
from tui.screens.dialogs import ConfirmScreen
from tui.text.links import with_keys
from tui.text.tables import side_by_side
from tui.text.wrap import Block, Prose, blocks_of

if TYPE_CHECKING:
    # These bring torch, which comes after the first frame.
    from engine.statistics.prediction import Prediction
    from engine.theory.bootstrap import Bootstrap
    from engine.theory.summary import Summary

LOOK_INTERVAL = 1 / 20
"""Seconds between two looks at the session."""
MOST_COEFFICIENTS = 40
"""That are listed."""
MOST_PREDICTIONS = 3
"""The last ones, which stay on the screen."""
LONGEST_NAME = 14
"""Cells of a coefficient's name."""
CELL_WIDTH = 9
INTERVALS = 62
"""Cells that a prediction mostly takes."""
FRAME = 2
"""Rows of the border."""
ENTRY = 15
"""Cells of the name of a test."""


class Question(TextField):
    """Text that enter asks about, as often as it is pressed; escape leaves it as it is."""

    def __init__(self, key: str) -> None:
        super().__init__(key, "")
        self.select_on_focus = False  # a long row is mended, not typed anew

    def apply(self) -> None:
        """Whoever leaves the field asks nothing."""

    async def action_submit(self) -> None:
        """Ask, and stay for the next question."""
        self.post_message(Edited(self.key, self.value))

    def action_undo(self) -> None:
        """Out of the field."""
        self.forget()
        self.leave()


class SummaryScreen(ModalScreen[None], Over[None]):
    """What a statistician signs of the data; worked out by the session while the screen waits."""

    BINDINGS = [
        Binding("escape,q,S", "leave", "close"),
        Binding("p", "ask('predict')", "predict"),
        Binding("w", "ask('rows')", "write the rows"),
        Binding("b", "bootstrap", "bootstrap"),
    ]

    def __init__(self, session: Backend) -> None:
        super().__init__()
        self.session = session
        self.answer = session.answer
        """The answer of the session that was looked at last."""
        self.summary: Summary | None = None
        self.bootstrap: Bootstrap | None = None
        self.predictions: list[tuple[str, Prediction]] = []
        """Rows as they were typed, and what the line says of them."""
        self.trouble = ""
        """Why there is no summary."""
        self.fields = {key: Question(key) for key in ("predict", "rows")}

    def compose(self) -> ComposeResult:
        """The page, a field that a key brings up, and what came of it."""
        with Vertical() as box:
            box.border_title = tr("Summary")
            box.border_subtitle = with_keys(
                tr(
                    "↑ ↓ scroll · [b]p[/b] predict · [b]w[/b] write rows · [b]b[/b] bootstrap · "
                    "[b]esc[/b] close"
                )
            )
            with VerticalScroll() as self.scroll:
                self.page = Prose(())
                yield self.page
            with Horizontal(id="asked"):
                self.labels = Labels()
                yield self.labels
                yield from self.fields.values()
            self.result = Prose(())
            yield self.result

    def on_mount(self) -> None:
        """Ask the session, and wait for its answer."""
        self.fields["predict"].label = tr("a row")
        self.fields["rows"].label = tr("to the file")
        inputs = self.session.shown.latest.experiment.dataset().inputs
        example = " ".join(f"{column.name}=…" for column in inputs.columns)
        self.fields["predict"].placeholder = example
        self.fields["rows"].placeholder = "rows.csv"
        self.show_field("")
        self.set_focus(self.scroll)
        self.session.summarize()
        self.set_interval(LOOK_INTERVAL, self.look)

    def on_resize(self) -> None:
        """Lay the tables out for the width that there is."""
        self.call_after_refresh(self.lay_out)

    # Answers ---------------------------------------------------------------------------------

    def look(self) -> None:
        """Take a new answer of the session."""
        answer = self.session.answer
        if answer is self.answer or not self.is_whole:
            return
        self.answer = answer
        from engine.theory.bootstrap import Bootstrap  # there is an answer, so torch is there
        from engine.theory.summary import Summary, Written

        match answer:
            case Summary():
                self.summary = answer
                self.lay_out()
            case Bootstrap():
                self.bootstrap = answer
                self.put(())
                self.lay_out()
                self.scroll.scroll_end(animate=False)
            case Written():
                hand_over(self.app, answer.file)
                self.say(
                    trn(
                        "{n} row written to {file}",
                        "{n} rows written to {file}",
                        n=answer.rows,
                        file=answer.file,
                    )
                )
            case str() if self.summary:
                self.refuse(answer)
            case str():
                self.trouble = answer
                self.lay_out()

    def lay_out(self) -> None:
        """Put the text on the page."""
        width = self.scroll.scrollable_content_region.width
        if self.summary:
            self.page.put(page(self.summary, self.bootstrap, width))
            self.show_predictions()
        elif self.trouble:
            self.page.put([Block(Content.styled(self.trouble, "$text-error"))])
        else:
            self.page.put([Block(Content.styled(tr("working …"), "dim"))])
        self.make_room()

    def show_predictions(self) -> None:
        """Show the last rows that were asked for."""
        if self.predictions:
            width = self.scroll.scrollable_content_region.width
            self.put(predicted(self.predictions[-MOST_PREDICTIONS:], width))

    def say(self, text: str) -> None:
        """Say what a key has done."""
        self.put([Block(Content(text))])

    def refuse(self, why: str) -> None:
        """Say why something cannot be."""
        self.put([Block(Content.styled(why, "$text-error"))])

    def put(self, blocks: Iterable[Block]) -> None:
        """Show below the page what came of a key."""
        self.result.put(blocks)
        self.make_room()

    def make_room(self) -> None:
        """Let the page be no higher than field and result leave room for."""
        below = len(self.labels.texts) + len(self.result.lines(self.scroll.size.width))
        self.scroll.styles.max_height = max(1, self.size.height - FRAME - below)

    # Keys ------------------------------------------------------------------------------------

    def action_ask(self, key: str) -> None:
        """Bring up a field, once there is something to ask."""
        if self.summary:
            self.show_field(key)
            self.set_focus(self.fields[key])

    def action_bootstrap(self) -> None:
        """Have the rows resampled, for the errors of a loss that has none in closed form."""
        if self.summary:
            self.say(tr("working …"))
            self.session.bootstrap(self.summary.experiment)

    def show_field(self, key: str) -> None:
        """Show one of the fields, or none."""
        for name, field in self.fields.items():
            field.display = name == key
        self.labels.put({name: field.label for name, field in self.fields.items() if field.display})
        self.make_room()

    @on(Edited)
    def take(self, event: Edited) -> None:
        """Do what was typed into a field, or say why it cannot be."""
        event.stop()
        text = event.text.strip()
        if not text or self.summary is None:
            return
        try:
            if event.key == "predict":
                self.predict(self.summary, text)
            else:
                self.write_rows(self.summary, file_at(text, tr("to the file")))
        except BadInput as error:
            self.refuse(str(error))
            self.fields[event.key].refuse(str(error))
        else:
            self.fields[event.key].refuse("")

    def predict(self, summary: Summary, text: str) -> None:
        """Predict the row that a text describes; raises BadInput."""
        row = summary.experiment.dataset().inputs.row_at(text, tr("row"))
        (prediction,) = summary.predict([row])
        self.predictions.append((text, prediction))
        self.show_predictions()

    def write_rows(self, summary: Summary, file: Path) -> None:
        """Have the session write the rows; a file that is there is replaced only on a yes."""

        def write(sure: bool | None = True) -> None:
            if sure:
                self.say(tr("working …"))
                self.session.write_rows(summary, file, replace=file.exists())

        if file.exists():
            question = tr("{file} is there already. Replace it?", file=file)
            open_over(self, ConfirmScreen(question), write)
        else:
            write()

    def on_descendant_blur(self) -> None:
        """A field that is left gives the focus back to the page."""
        self.call_after_refresh(self.refocus)

    def refocus(self) -> None:
        """Let the arrow keys scroll where nothing else has the focus."""
        if self.is_whole and self.focused is None:
            self.set_focus(self.scroll)

    def action_leave(self) -> None:
        """Back to the main screen."""
        self.dismiss(None)


# The page ----------------------------------------------------------------------------------------


def page(summary: Summary, bootstrap: Bootstrap | None, width: int) -> list[Block]:
    """All that a summary says, for a width in cells."""
    fit = summary.regression
    title = Content.styled(heading(fit, summary.experiment.dataset().target.label), "bold")
    return [
        Block(title),
        *coefficients(summary, width),
        Block(Content()),
        *verdicts(summary),
        *(resampled(bootstrap, width) if bootstrap else ()),
    ]


def coefficients(summary: Summary, width: int) -> Iterator[Block]:
    """The tables, and what was trained."""
    shown = slice(MOST_COEFFICIENTS)
    table = summary.regression.coefficients
    names = [cut(c.name, LONGEST_NAME) for c in table[shown]]
    columns = {**estimates(summary.regression), **summary.beside()}
    cells = {head: column[shown] for head, column in columns.items()}
    yield from blocks_of(Text("\n").join(side_by_side(names, cells, width, CELL_WIDTH)))
    if more := len(table) - len(names):
        command = "linreg-tui summary"
        yield Block(
            Content(tr("{count} more; {command} has them all", count=more, command=command))
        )
    if summary.reached:
        yield Block(Content(summary.reached.words()))


def verdicts(summary: Summary) -> Iterator[Block]:
    """How well the line fits, tests of its residuals, and what must be known of them."""
    hang = " " * ENTRY
    for name, value in goodness(summary.regression, summary.in_order).items():
        yield Block(Content(value), left(name, ENTRY), hang)
    for note in summary.notes:
        yield Block(Content.styled(in_words(note), "$text-warning"), "• ", "  ")


def resampled(bootstrap: Bootstrap, width: int) -> Iterator[Block]:
    """The optimum of another loss than a squared one, with its errors."""
    yield from (Block(Content()), Block(Content.styled(bootstrap.words(), "bold")))
    shown = slice(MOST_COEFFICIENTS)
    names = [cut(c.name, LONGEST_NAME) for c in bootstrap.coefficients[shown]]
    cells = {head: column[shown] for head, column in bootstrap.columns().items()}
    yield from blocks_of(Text("\n").join(side_by_side(names, cells, width, CELL_WIDTH)))


def predicted(predictions: list[tuple[str, Prediction]], width: int) -> list[Block]:
    """Rows as they were typed, with what the line says of them."""
    names = [cut(text, max(LONGEST_NAME, width - INTERVALS)) for text, _ in predictions]
    table = intervals([prediction for _, prediction in predictions])
    blocks = blocks_of(Text("\n").join(side_by_side(names, table, width, CELL_WIDTH)))
    doubt = doubt_of(predictions[-1][1])
    return [*blocks, *([Block(Content.styled(doubt, "$text-warning"))] if doubt else [])]
