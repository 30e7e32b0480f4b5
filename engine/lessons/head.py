"""The head of a lesson's file while it is read: its tables, and each refusal with its line."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.experiment import Experiment, flattened
from engine.lessons.conditions import Condition, parse_amount, parse_condition
from engine.lessons.lesson import Choice, Goal, Lesson, Number, Question, Solution, parse_answer
from engine.lessons.offer import Offer, get_offer
from engine.lessons.tolerance import parse_tolerance
from engine.support.errors import BadInput, shortened, show
from engine.support.outside import is_there, printable, read_toml
from engine.support.translation import Translatable, tr
from engine.support.visitor import brought

FENCE = "+++"
LONGEST_SOUGHT = 60
"""Characters of a text that are looked for in a file, to name its line."""


class BadLesson(BadInput):
    """A lesson that cannot be used; the message is one line: file, line, what is wrong."""

    def __init__(self, file: str, line: int, wrong: str) -> None:
        name = shortened(file)
        words = tr("{file}, line {line}: {wrong}", file=name, line=line, wrong=wrong)
        ValueError.__init__(self, printable(words))
        self.key = "lesson"


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is neither a table nor a list, with its key."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, key)
    else:
        yield key, value


@dataclass
class Head:
    """The head of a file while it is read; every refusal names the line."""

    values: dict[str, Any]
    lines: list[str]
    file: str
    start: int = 0
    """Lines before the table that is being read."""
    offer: Offer = field(default_factory=get_offer)
    folder: Path | None = None
    """That of the file."""

    @classmethod
    def of(cls, text: str, file: str) -> tuple[Head, str]:
        """Head and body of a lesson's text; raises BadLesson."""
        lines = text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n")
        if lines[0].strip() != FENCE:
            wrong = tr("must begin with a line {fence}, the head in TOML behind it", fence=FENCE)
            raise BadLesson(file, 1, wrong)
        end = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == FENCE), 0)
        if not end:
            wrong = tr("the head has no end: a second line {fence}", fence=FENCE)
            raise BadLesson(file, len(lines), wrong)
        try:
            # The empty line makes TOML's count of lines that of the file.
            values = read_toml("\n".join(["", *lines[1:end]]))
        except ValueError as error:
            reason, _, position = str(error).partition(" (at line ")
            line = int(position.partition(",")[0]) if position[:1].isdigit() else end + 1
            raise BadLesson(file, line, tr("not TOML: {error}", error=reason)) from None
        body = "\n".join(printable(line.expandtabs()) for line in lines[end + 1 :])
        return cls(values, lines[:end], file), body.strip() + "\n"

    def wrong(self, near: object, wrong: str) -> BadLesson:
        """What is wrong, with the line of the key `near`, or else of that text, in this table."""
        lines = list(enumerate(self.lines, 1))[self.start :]
        word = re.escape(str(near)[:LONGEST_SOUGHT])
        for pattern in (rf"(?<![\w.]){word}\s*=", word):
            for number, line in lines:
                if near and re.search(pattern, line):
                    return BadLesson(self.file, number, wrong)
        return BadLesson(self.file, self.start + 1, wrong)

    def line_of(self, header: str, number: int, after: int = 0) -> int:
        """How many lines go before the `number`-th line with this header, 0 where there is none."""
        lines = self.headers.get(header, [])
        at = bisect_left(lines, after) + number
        return lines[at] if at < len(lines) else 0

    @cached_property
    def headers(self) -> dict[str, list[int]]:
        """The lines before each header of a table, `[[goal]]`, by the header without blanks."""
        numbers: dict[str, list[int]] = {}
        for at, line in enumerate(self.lines):
            if header := re.match(r"\[[^\]]*\]+", line.replace(" ", "")):
                numbers.setdefault(header[0], []).append(at)
        return numbers

    def only(self, words: Collection[str]) -> None:
        """Raise BadLesson where a translation holds more than words."""
        for key, value in leaves(self.values):
            if key not in words or not isinstance(value, str):
                names = ", ".join(words)
                raise self.wrong(
                    key,
                    tr(
                        "a translation has only {names}, not {key}", names=names, key=shortened(key)
                    ),
                )

    def lesson(self, name: str, body: str) -> Lesson:
        """The lesson; raises BadLesson."""
        top = self.table(
            self.values, tr("the lesson"),
            ("title", "chapter", "source", "view", "hide_panels", "hide_tools", "experiment",
             "question", "goal", "solution", "number"),
        )  # fmt: skip
        title = self.string(top, "title")
        if not title:
            raise self.wrong("title", tr("has no title"))
        offer = self.offer
        view = self.string(top, "view") or next(iter(offer.views), "")
        self.allow(view, offer.views, "there is no view {name!r}; choose from {names}")
        panels, tools = self.strings(top, "hide_panels"), self.strings(top, "hide_tools")
        for panel in panels:
            self.allow(panel, offer.panels, "there is no panel {name!r}; choose from {names}")
        for tool in tools:
            self.allow(tool, offer.tools, "there is no tool {name!r}; choose from {names}")
        experiment = self.experiment(top.get("experiment", {}))
        questions = tuple(
            self.question(table, experiment) for table in self.tables(top, "question")
        )
        numbers = tuple(
            self.number_of(table, experiment, body) for table in self.tables(top, "number")
        )
        goals = tuple(self.goal(table, experiment) for table in self.tables(top, "goal"))
        for goal in goals:
            if not questions and "predicted" in goal.condition.text.split():
                wrong = tr("predicted is never true in a lesson without a [[question]]")
                raise self.wrong(goal.condition.text, wrong)
        return Lesson(
            name,
            title,
            self.string(top, "chapter"),
            self.string(top, "source"),
            experiment,
            view,
            panels,
            tools,
            questions,
            goals,
            tuple(self.solution(table, experiment) for table in self.tables(top, "solution")),
            numbers,
            body,
        )

    def experiment(self, values: object) -> Experiment:
        """The experiment of the head."""
        if not isinstance(values, Mapping):
            raise self.wrong("experiment", tr("experiment must be a table, [experiment]"))
        self.start = self.line_of("[experiment]", 0)
        try:
            experiment = Experiment().changed(self.beside(flattened(values)))
        except BadInput as error:
            raise self.wrong(error.key.rpartition(".")[2], str(error)) from None
        self.start = 0
        return experiment

    def beside(self, changes: dict[str, object]) -> dict[str, object]:
        """Changes of an experiment, where a file of data that lies beside the lesson is found."""
        path = changes.get("data.path")
        if self.folder and isinstance(path, str) and path and is_there(self.folder / path):
            with suppress(OSError):  # said where it is opened
                return {**changes, "data.path": brought(self.folder / path)}
        return changes

    def question(self, values: Mapping[str, Any], experiment: Experiment) -> Question:
        """One [[question]]."""
        table = self.table(
            values, tr("a question"), ("ask", "of", "within", "when", "answer", "choice")
        )
        ask, of = self.string(table, "ask"), self.string(table, "of")
        choices = tuple(
            Choice(self.string(choice, "text"), self.condition(choice, "if", experiment))
            for choice in self.tables(table, "choice", "question.")
        )
        if not ask or bool(of) == bool(choices):
            raise self.wrong("", tr("a question needs ask, and either of or choice"))
        within, answer = self.number(table, "within") or "10 %", self.number(table, "answer")
        try:
            measure = parse_amount(of, experiment) if of else None
        except ValueError as error:
            raise self.wrong("of", str(error)) from None
        try:
            tolerance = parse_tolerance(within)
        except ValueError as error:
            raise self.wrong("within", str(error)) from None
        try:
            parse_answer(answer or "1", len(choices))
        except BadInput as error:
            raise self.wrong("answer", str(error)) from None
        when = self.condition(table, "when", experiment) if "when" in table else None
        return Question(ask, of, measure, tolerance, choices, when, answer)

    def goal(self, values: Mapping[str, Any], experiment: Experiment) -> Goal:
        """One [[goal]]."""
        table = self.table(values, tr("a goal"), ("text", "if", "hint"))
        text = self.string(table, "text")
        if not text:
            raise self.wrong("", tr("a goal needs a text"))
        return Goal(text, self.condition(table, "if", experiment), self.string(table, "hint"))

    def number_of(self, values: Mapping[str, Any], experiment: Experiment, body: str) -> Number:
        """One [[number]]: what stands in the text, what it is, and keys of the experiment."""
        text, of = self.number(values, "text"), self.string(values, "of")
        try:
            float(text)
        except ValueError:
            raise self.wrong("text", tr("{text!r} is no number", text=shortened(text))) from None
        if not re.search(rf"(?<![\d.]){re.escape(text)}(?!\.?\d)", body):
            wrong = tr("{text} does not stand in the text of the lesson", text=shortened(text))
            raise self.wrong("text", wrong)
        try:
            measure = parse_amount(of, experiment)
        except ValueError as error:
            raise self.wrong("of", str(error)) from None
        try:
            tolerance = parse_tolerance(self.number(values, "within") or "5 %")
        except ValueError as error:
            raise self.wrong("within", str(error)) from None
        own = ("text", "of", "within")
        return Number(text, of, measure, tolerance, self.changes(values, own, experiment))

    def solution(self, values: Mapping[str, Any], experiment: Experiment) -> Solution:
        """One [[solution]]: keys of the experiment, `use` and `pause`."""
        used = self.strings(values, "use")
        names = (*self.offer.tools, *self.offer.views)
        for name in used:
            self.allow(name, names, "there is no tool or view {name!r}; choose from {names}")
        pause = values.get("pause", 0)
        if type(pause) is not int or pause < 0:
            raise self.wrong("pause", tr("pause must be a whole number of steps"))
        return Solution(self.changes(values, ("use", "pause"), experiment), used, pause)

    def changes(
        self, values: Mapping[str, Any], own: Collection[str], experiment: Experiment
    ) -> tuple[tuple[str, object], ...]:
        """The keys of the experiment in a table that has some of its own."""
        keys = {key: value for key, value in values.items() if key not in own}
        changes = self.beside(flattened(keys))
        try:
            experiment.changed(changes)
        except BadInput as error:
            raise self.wrong(error.key.rpartition(".")[2], str(error)) from None
        return tuple(changes.items())

    def condition(self, table: Mapping[str, Any], key: str, experiment: Experiment) -> Condition:
        """The condition under a key."""
        text = self.string(table, key)
        try:
            return parse_condition(text, experiment, self.offer)
        except ValueError as error:
            raise self.wrong(key if text else "", f"{key} = {shortened(text)!r}: {error}") from None

    def table(self, value: object, what: str, keys: Collection[str]) -> Mapping[str, Any]:
        """A table that has no other keys."""
        if not isinstance(value, Mapping):
            raise self.wrong(value, tr("{what} must be a table", what=what))
        for key in value:
            if key not in keys:
                names = ", ".join(keys)
                raise self.wrong(
                    key,
                    tr(
                        "{key!r} is unknown; {what} has {names}",
                        key=shortened(key),
                        what=what,
                        names=names,
                    ),
                )
        return value

    def tables(
        self, table: Mapping[str, Any], key: str, within: str = ""
    ) -> Iterator[Mapping[str, Any]]:
        """The tables [[key]], one after the other; what is wrong in one is looked for there."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(inner, Mapping) for inner in value):
            raise self.wrong(key, tr("{key} must be written [[{key}]]", key=key))
        outer = self.start
        for number, inner in enumerate(value):
            self.start = self.line_of(f"[[{within}{key}]]", number, outer) or outer
            yield inner
        self.start = outer

    def string(self, table: Mapping[str, Any], key: str) -> str:
        """A text, empty where there is none."""
        value = table.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(key, tr("{key} must be text in quotation marks", key=key))
        return printable(" ".join(value.split()))

    def number(self, table: Mapping[str, Any], key: str) -> str:
        """A number or a text, as text; empty where there is none."""
        value = table.get(key, "")
        if not isinstance(value, str | int | float):
            raise self.wrong(key, tr("{key} must be a number or text", key=key))
        return show(value)

    def strings(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """A list of names, empty where there is none."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self.wrong(key, tr('{key} must be a list of names: ["…", "…"]', key=key))
        return tuple(value)

    def allow(self, name: str, names: Collection[str], wrong: Translatable) -> None:
        """Raise BadLesson for a name that is not one of them, if there are any."""
        if names and name not in names:
            raise self.wrong(name, tr(wrong, name=shortened(name), names=", ".join(names)))
