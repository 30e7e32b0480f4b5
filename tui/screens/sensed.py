"""What a file of data is written in, as fields: asked for, or left to what was sensed."""

from __future__ import annotations

from typing import Any

from textual.content import Content

from engine.data.delimiter import DELIMITERS
from engine.data.sensing import Asked
from engine.data.table import Table
from engine.experiment import Experiment
from engine.support.translation import Translatable, tr
from tui.forms.fields import Choice, Row, TextField
from tui.forms.form import Form

ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1", "mac-roman", "cp437", "gb18030")
"""That are offered; another one can be named by `data.encoding`."""
SENSED_HELP: dict[str, Translatable] = {
    "encoding": "How characters are written; auto looks, and takes cp1252 for what is not UTF-8.",
    "delimiter": "What stands between the cells; auto takes what splits the rows most evenly.",
    "decimal": "What stands before the fraction of a number; auto looks at the cells that tell.",
    "header": "Whether the first row has names; auto takes a row of numbers alone for data.",
    "missing": "Words for no value, separated by commas; auto: empty, NA, N/A, nan, NULL, - ? .",
}


class SensedForm(Form):
    """What a file is written in, as it is asked for and as it was sensed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asked = Asked()
        self.table: Table | None = None

    def rows(self, experiment: Experiment) -> list[Row]:
        """A row for each thing that is sensed; `auto` says what it came to."""
        asked, table = self.asked, self.table
        choices = {
            "encoding": ENCODINGS,
            "delimiter": tuple(DELIMITERS),
            "decimal": (".", ","),
            "header": ("yes", "no"),
        }
        rows = [
            Row(key, key, value, self.offered(key, value, choices[key]))
            for key, value in vars(asked).items()
            if key in choices
        ]
        units = tr("yes") if table and table.dialect.units else tr("no")
        return [
            *rows,
            Row("missing", tr("missing"), asked.missing),
            Row("units", tr("units"), note=Content.styled(units, "dim")),
        ]

    def put_back(self, key: str, why: str) -> None:
        """Show a choice as it was, after another one was refused; a text waits to be mended."""
        field = self.fields.get(key)
        if isinstance(field, TextField):
            field.refuse(why)
        else:
            self.show(Experiment())

    def offered(self, key: str, value: str, values: tuple[str, ...]) -> tuple[Choice, ...]:
        """The choices for a key, `auto` with what was sensed, and the one that is asked for."""
        sensed = self.sensed(key) if value == "auto" else ""
        auto = f"auto → {sensed}" if sensed else "auto"
        others = values if value in ("auto", *values) else (*values, value)
        names = {each: tr(each) if key in ("delimiter", "header") else each for each in others}
        return (Choice("auto", auto), *(Choice(each, names[each]) for each in others))

    def sensed(self, key: str) -> str:
        """What was decided of a key; empty before."""
        if self.table is None:
            return ""
        dialect = self.table.dialect
        if key == "header":
            return tr("yes") if dialect.header else tr("no")
        decided = str(getattr(dialect, key))
        named = {mark: tr(name) for name, mark in DELIMITERS.items()}
        return named.get(decided, decided) if key == "delimiter" else decided
