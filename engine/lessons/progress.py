"""What was reached in the lessons, kept in one TOML file that several running apps may share.

Goals and questions are told apart by what they ask of a run, which no translation changes. With
each stands the run that has proved it, which `verifying.py` makes again. A file that is handed in
is one of these with the name of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from engine.lessons.attempt import Attempt
from engine.lessons.lesson import Lesson
from engine.lessons.proof import Proof
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import tr
from engine.support.user_files import held, read_kept, write_kept

VERSION = 2
"""The version of the file's format. The first one had lessons only, without version and proofs."""

LONGEST_NAME = 40
"""Letters of the name of a file that is handed in."""


@dataclass(frozen=True)
class Settled:
    """What came of a forecast."""

    right: bool
    proof: Proof | None = None


@dataclass
class Reached:
    """What was reached in one lesson."""

    goals: dict[str, Proof | None] = field(default_factory=dict)
    """Condition → what has proved it, if that is known, of the goals that were reached."""
    forecasts: dict[str, Settled] = field(default_factory=dict)
    """Question → what came of the first answer that a run has settled."""

    def add(self, other: Reached) -> bool:
        """Take in what another one has more; whether there was anything."""
        goals = {
            goal: proof
            for goal, proof in other.goals.items()
            if goal not in self.goals or (proof and not self.goals[goal])
        }
        forecasts = {of: each for of, each in other.forecasts.items() if of not in self.forecasts}
        self.goals |= goals
        self.forecasts |= forecasts
        return bool(goals or forecasts)


@dataclass
class Report:
    """All that a file of progress holds."""

    lessons: dict[str, Reached] = field(default_factory=dict)
    person: str = ""
    """Who hands it in."""
    version: int = VERSION
    """Of the file that it was read from."""
    unknown: dict[str, Any] = field(default_factory=dict)
    """What else the file holds; it is written back as it was."""

    def values(self) -> dict[str, Any]:
        """The nested values of the file; `parse` is the inverse."""
        person = {"name": self.person} if self.person else {}
        lessons = {
            name: values_of(reached)
            for name, reached in self.lessons.items()
            if reached.goals or reached.forecasts
        }
        return {**self.unknown, "version": VERSION, **person, "lessons": lessons}

    def text(self) -> str:
        """The file as such, TOML."""
        return tomli_w.dumps(self.values())


class Progress:
    """What was reached in all lessons; what others have written into the file meanwhile is kept."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.report = Report()

    def read(self) -> str:
        """Take in what the file holds; the message is empty if all is well."""
        stored, message = read_kept(self.file, parse, Report())
        for name, reached in stored.lessons.items():
            self.reached(name).add(reached)
        self.report.unknown |= stored.unknown
        self.report.version = stored.version
        return self._newer() or message

    def note(self, attempt: Attempt) -> str:
        """Write down what an attempt has reached, if that is new; a message as of `read`."""
        is_new = self.reached(attempt.lesson.name).add(reached_in(attempt))
        if not is_new or self._newer():  # which was said when it was read
            return ""
        try:
            with held(self.file):
                return self._merge()
        except OSError as error:
            reason = printable(str(error))
            return tr("{file} could not be saved: {reason}", file=self.file.name, reason=reason)

    def _merge(self) -> str:
        """Take in what others have written, and write all of it."""
        message = self.read()
        if message and self.file.exists():  # damaged, and could not be set aside; or newer
            return message
        return write_kept(self.report.values(), self.file) or message

    def _newer(self) -> str:
        """That the file is of a newer version of the app, if it is."""
        if self.report.version <= VERSION:
            return ""
        return tr(
            "{file} is of a newer version of the app: it is left as it is, and what is reached now "
            "is not kept.",
            file=self.file.name,
        )

    def reached(self, name: str) -> Reached:
        """What is known of the lesson of a name, to be added to."""
        return self.report.lessons.setdefault(name, Reached())

    def of(self, lesson: Lesson) -> Reached:
        """What is known of a lesson."""
        return self.report.lessons.get(lesson.name, Reached())

    def met(self, lesson: Lesson) -> set[int]:
        """The numbers of the goals that were reached."""
        conditions = self.of(lesson).goals
        return {i for i, goal in enumerate(lesson.goals) if goal.condition.text in conditions}

    def done(self, lesson: Lesson) -> bool:
        """Whether a lesson has goals and all of them were reached."""
        return 0 < len(lesson.goals) == len(self.met(lesson))

    def score(self, lesson: Lesson) -> tuple[int, int]:
        """How many forecasts were right, and how many were settled."""
        settled = self.of(lesson).forecasts
        asked = (question.identity for question in lesson.questions)
        verdicts = [settled[identity].right for identity in asked if identity in settled]
        return sum(verdicts), len(verdicts)


def reached_in(attempt: Attempt) -> Reached:
    """What an attempt has come to."""
    lesson = attempt.lesson
    return Reached(
        {lesson.goals[n].condition.text: attempt.proofs.get(n) for n in sorted(attempt.met)},
        {
            lesson.questions[number].identity: Settled(forecast.right, forecast.proof)
            for number, forecast in attempt.forecasts.items()
            if forecast.right is not None
        },
    )


# As a file -------------------------------------------------------------------------------------


def parse(values: dict[str, Any]) -> Report:
    """All that the nested values of a TOML file hold; raises BadInput.

    Of a newer version that is nothing but the version.
    """
    version = values.get("version")
    if type(version) is not int:
        return Report({name: first_version(name, value) for name, value in values.items()})
    if version > VERSION:
        return Report(version=version)
    lessons, person = values.get("lessons", {}), values.get("name", "")
    if not isinstance(lessons, Mapping):
        raise BadInput("lessons", lessons, tr("must be a table, [{key}]", key="lessons"))
    if not isinstance(person, str):
        raise BadInput("name", person, tr("must be text in quotation marks"))
    unknown = {k: value for k, value in values.items() if k not in ("version", "name", "lessons")}
    reached = {name: second_version(name, value) for name, value in lessons.items()}
    return Report(reached, person, version, unknown)


def first_version(name: str, value: object) -> Reached:
    """What was reached in a lesson, as the first version of the file has it; raises BadInput."""
    if isinstance(value, dict) and value.keys() <= {"goals", "forecasts"}:
        goals, forecasts = value.get("goals", []), value.get("forecasts", {})
        if (
            isinstance(goals, list)
            and all(isinstance(goal, str) for goal in goals)
            and isinstance(forecasts, dict)
            and all(isinstance(right, bool) for right in forecasts.values())
        ):
            settled = {of: Settled(right) for of, right in forecasts.items()}
            return Reached(dict.fromkeys(goals), settled)
    raise BadInput(name, value, tr("must be a lesson's goals and forecasts"))


def second_version(name: str, value: object) -> Reached:
    """What was reached in a lesson; raises BadInput."""
    try:
        if not isinstance(value, Mapping) or value.keys() - {"goals", "forecasts"}:
            raise TypeError
        return Reached(
            {text_of(table, "if"): proof_in(table) for table in value.get("goals", [])},
            {
                text_of(table, "of"): Settled(flag_of(table, "right"), proof_in(table))
                for table in value.get("forecasts", [])
            },
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise BadInput(name, value, tr("must be a lesson's goals and forecasts")) from None


def text_of(table: Mapping[str, Any], key: str) -> str:
    """The text under a key; raises KeyError or TypeError."""
    if not isinstance(table[key], str):
        raise TypeError(key)
    return str(table[key])


def flag_of(table: Mapping[str, Any], key: str) -> bool:
    """The yes or no under a key; raises KeyError or TypeError."""
    if not isinstance(table[key], bool):
        raise TypeError(key)
    return bool(table[key])


def proof_in(table: Mapping[str, Any]) -> Proof | None:
    """The proof in a table, if it has one; raises as `Proof.from_dict`."""
    return Proof.from_dict(table) if "run" in table else None


def values_of(reached: Reached) -> dict[str, Any]:
    """What was reached in a lesson, as the file has it."""
    goals = [
        {"if": goal, **(proof.to_dict() if proof else {})} for goal, proof in reached.goals.items()
    ]
    forecasts = [
        {"of": of, "right": each.right, **(each.proof.to_dict() if each.proof else {})}
        for of, each in reached.forecasts.items()
    ]
    return {"goals": goals, "forecasts": forecasts}


def file_name(person: str) -> str:
    """The name, without its suffix, of the file that somebody hands in."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in person)
    return plain[:LONGEST_NAME] or "progress"
