"""What a lesson holds: its experiment, text, questions and goals, and the runs that solve it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.experiment import Experiment
from engine.lessons.conditions import Amount, Condition
from engine.lessons.tolerance import Tolerance
from engine.support.errors import BadInput
from engine.support.translation import tr


@dataclass(frozen=True, eq=False)
class Choice:
    """One answer to a question; right where its condition holds of the run."""

    text: str
    condition: Condition


@dataclass(frozen=True, eq=False)
class Question:
    """Something to forecast before a run: a number, or one of several answers."""

    ask: str
    of: str
    """The quantity that is asked for; empty where there are choices."""
    measure: Amount | None
    """How to read it off a run."""
    tolerance: Tolerance
    choices: tuple[Choice, ...]
    when: Condition | None
    """The runs that settle it; without one, any."""
    answer: str
    """What the solution says: a number, or a choice counted from 1."""

    @property
    def identity(self) -> str:
        """What it asks of a run, in the words of its conditions, which no translation changes."""
        asked = self.of or " | ".join(choice.condition.text for choice in self.choices)
        return f"{asked} when {self.when.text}" if self.when else asked


@dataclass(frozen=True, eq=False)
class Goal:
    """Something to bring about."""

    text: str
    condition: Condition
    hint: str


@dataclass(frozen=True, eq=False)
class Number:
    """A number in the text that a run of its own proves."""

    text: str
    """As it stands there, in every language."""
    of: str
    measure: Amount
    tolerance: Tolerance
    changes: tuple[tuple[str, object], ...]
    """Of the experiment, for the run."""

    @property
    def value(self) -> float:
        """The number as such."""
        return float(self.text)


@dataclass(frozen=True)
class Solution:
    """A run that `check` makes: changes to the experiment, and what is opened on the screen."""

    changes: tuple[tuple[str, object], ...]
    use: tuple[str, ...]
    pause: int
    """Look at it in a pause after so many steps; 0: at its end."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """Everything in a lesson's file."""

    name: str
    title: str
    chapter: str
    source: str
    """Which exercise it answers."""
    experiment: Experiment
    view: str
    hide_panels: tuple[str, ...]
    hide_tools: tuple[str, ...]
    questions: tuple[Question, ...]
    goals: tuple[Goal, ...]
    solutions: tuple[Solution, ...]
    numbers: tuple[Number, ...]
    body: str
    """Markdown."""
    digest: str = ""
    """Of the text, whatever the language it is shown in."""


def parse_answer(text: str, choices: int) -> float:
    """A forecast as a number; of choices, which one, counted from 1. Raises BadInput."""
    allowed = tr("must be a number")
    if choices:
        allowed = tr("must be a whole number from 1 to {most}", most=choices)
    try:
        number = float(text)
    except ValueError:
        raise BadInput("answer", text, allowed) from None
    if not math.isfinite(number) or (choices and number not in range(1, choices + 1)):
        raise BadInput("answer", text, allowed)
    return number
