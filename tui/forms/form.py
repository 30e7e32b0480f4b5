"""Forms: one row for each key of an experiment, made from the engine's registries."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from textual.await_complete import AwaitComplete
from textual.containers import Vertical, VerticalScroll
from textual.widget import AwaitMount, Widget

from engine.catalog.param import Flag, Numeric, Param, Text
from engine.catalog.registry import Registry
from engine.experiment import Experiment
from engine.support.errors import show
from engine.support.translation import tr
from tui.forms.fields import Choice, Note, NumberField, Picker, Row, TextField
from tui.forms.labels import Labels
from tui.marking import mark


def choices_of(param: Param | Registry[Any]) -> tuple[Choice, ...]:
    """What a picker offers for a key; empty where text is typed."""
    if isinstance(param, Registry):
        return tuple(
            Choice(entry.name, tr(entry.label), entry.formula, tr(entry.help)) for entry in param
        )
    if isinstance(param, Flag):
        return (Choice("true", tr("yes")), Choice("false", tr("no")))
    if not isinstance(param, Text):
        return ()
    about = param.about or ("",) * len(param.choices)
    return tuple(
        Choice(value, value, help=tr(text))
        for value, text in zip(param.choices, about, strict=True)
    )


class Form(VerticalScroll, can_focus=False):
    """Rows for the keys under some heads of an experiment: `data` gives data, data.n, …"""

    heads: tuple[str, ...] = ()

    def __init__(self, **kwargs: Any) -> None:
        self.labels, self.column = Labels(), Vertical()
        super().__init__(self.labels, self.column, **kwargs)
        self.parts: dict[str, TextField | Picker | Note] = {}

    def on_descendant_focus(self) -> None:
        """Say that one of the fields has the focus, or none.

        Not by :focus-within, for which Textual styles all rows anew.
        """
        mark(self, "-focused", self.has_focus_within)

    on_descendant_blur = on_descendant_focus

    @property
    def fields(self) -> dict[str, TextField | Picker]:
        """What can be edited, by key."""
        return {key: part for key, part in self.parts.items() if not isinstance(part, Note)}

    def rows(self, experiment: Experiment) -> list[Row]:
        """The rows for an experiment; a parameter is indented below its entry."""
        rows = []
        for key, value in experiment.flat().items():
            head, dot, name = key.partition(".")
            param = experiment.param(key)
            if head in self.heads and (isinstance(param, Registry) or param.is_shown):
                label = f" {name}" if dot else head
                number = param if isinstance(param, Numeric) else None
                rows.append(Row(key, label, show(value), choices_of(param), number))
        return rows

    def show(self, experiment: Experiment) -> AwaitComplete:
        """Show an experiment; a row that stays keeps its widget and so the focus.

        What is returned may be awaited: then new fields are there.
        """
        rows = self.rows(experiment)
        for key in self.parts.keys() - {row.key for row in rows}:
            self.parts.pop(key).remove()
        mounts: list[AwaitMount] = []
        above: Widget | None = None
        for is_new, neighbours in groupby(rows, lambda row: row.key not in self.parts):
            group = list(neighbours)
            if is_new:
                new = {row.key: part_for(row) for row in group}
                self.parts |= new
                before = None if above else 0
                mounts.append(self.column.mount(*new.values(), before=before, after=above))
            above = self.parts[group[-1].key]
        self.labels.put({row.key: row.label for row in rows})
        for row in rows:
            self.put(row)
        return AwaitComplete(*mounts)

    def put(self, row: Row) -> None:
        """Show what stands in a row, and its label."""
        self.labels.put({**self.labels.texts, row.key: row.label})
        part = self.parts[row.key]
        part.label = row.label
        part.put(row)

    def refuse(self, key: str, trouble: str) -> None:
        """Mark a field whose text is not allowed, or take the mark off."""
        field = self.fields.get(key)
        if isinstance(field, TextField):
            field.refuse(trouble)


def part_for(row: Row) -> TextField | Picker | Note:
    """The widget that edits a row or shows its words."""
    if row.note is not None:
        return Note()
    if row.choices:
        return Picker(row.key, row.value, row.choices)
    if row.param is not None:
        return NumberField(row.key, row.value, row.param)
    return TextField(row.key, row.value)
