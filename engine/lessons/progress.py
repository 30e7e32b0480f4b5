"""What was reached in the lessons, kept in one TOML file that several running apps may share.

Goals and questions are told apart by what they ask of a run, which no translation changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.lessons.attempt import Attempt
from engine.lessons.lesson import Lesson, Question
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import tr
from engine.support.user_files import held, read_kept, write_kept


@dataclass
class Reached:
    """What was reached in one lesson."""

    goals: set[str] = field(default_factory=set)
    """The conditions of the goals that were reached."""
    forecasts: dict[str, bool] = field(default_factory=dict)
    """Question → whether the first answer that a run has settled was right."""


class Progress:
    """What was reached in all lessons; what others have written into the file meanwhile is kept."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.reached: dict[str, Reached] = {}

    def read(self) -> str:
        """Take in what the file holds; the message is empty if all is well."""
        nothing: dict[str, Reached] = {}
        stored, message = read_kept(self.file, parse, nothing)
        for name, reached in stored.items():
            own = self.reached.setdefault(name, Reached())
            own.goals |= reached.goals
            own.forecasts |= reached.forecasts
        return message

    def note(self, attempt: Attempt) -> str:
        """Write down what an attempt has reached, if that is new; a message as of `read`."""
        lesson, own = attempt.lesson, self.of(attempt.lesson)
        goals = {lesson.goals[number].condition.text for number in attempt.met}
        forecasts = {
            identity(lesson.questions[number]): forecast.right
            for number, forecast in attempt.forecasts.items()
            if forecast.right is not None
        }
        if goals <= own.goals and forecasts.keys() <= own.forecasts.keys():
            return ""
        own = self.reached.setdefault(lesson.name, own)
        own.goals |= goals
        own.forecasts = forecasts | own.forecasts
        try:
            with held(self.file):
                return self._merge()
        except OSError as error:
            reason = printable(str(error))
            return tr("{file} could not be saved: {reason}", file=self.file.name, reason=reason)

    def _merge(self) -> str:
        """Take in what others have written, and write all of it."""
        message = self.read()
        if message and self.file.exists():  # damaged, and could not be set aside
            return message
        return write_kept(self._values(), self.file) or message

    def of(self, lesson: Lesson) -> Reached:
        """What is known of a lesson."""
        return self.reached.get(lesson.name, Reached())

    def met(self, lesson: Lesson) -> set[int]:
        """The numbers of the goals that were reached."""
        conditions = self.of(lesson).goals
        return {i for i, goal in enumerate(lesson.goals) if goal.condition.text in conditions}

    def done(self, lesson: Lesson) -> bool:
        """Whether a lesson has goals and all of them were reached."""
        return 0 < len(lesson.goals) == len(self.met(lesson))

    def score(self, lesson: Lesson) -> tuple[int, int]:
        """How many forecasts were right, and how many were settled."""
        right = self.of(lesson).forecasts
        verdicts = [right[key] for key in map(identity, lesson.questions) if key in right]
        return sum(verdicts), len(verdicts)

    def _values(self) -> dict[str, Any]:
        return {
            name: {"goals": sorted(reached.goals), "forecasts": dict(reached.forecasts)}
            for name, reached in self.reached.items()
        }


def identity(question: Question) -> str:
    """What a question asks of a run, in the words of its conditions."""
    asked = question.of or " | ".join(choice.condition.text for choice in question.choices)
    return f"{asked} when {question.when.text}" if question.when else asked


def parse(values: dict[str, Any]) -> dict[str, Reached]:
    """Records from the nested values of a TOML file; raises BadInput."""
    return {name: parse_reached(name, value) for name, value in values.items()}


def parse_reached(name: str, value: object) -> Reached:
    """What was reached in one lesson; raises BadInput."""
    if isinstance(value, dict) and value.keys() <= {"goals", "forecasts"}:
        goals, forecasts = value.get("goals", []), value.get("forecasts", {})
        if (
            isinstance(goals, list)
            and all(isinstance(goal, str) for goal in goals)
            and isinstance(forecasts, dict)
            and all(isinstance(right, bool) for right in forecasts.values())
        ):
            return Reached(set(goals), forecasts)
    raise BadInput(name, value, tr("must be a lesson's goals and forecasts"))
