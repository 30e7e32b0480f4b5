"""One go at a lesson: what was forecast, what was tried, which goals were reached."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.experiment import Experiment
from engine.lessons.conditions import BEFORE, PREDICTED, Evidence
from engine.lessons.lesson import Lesson, Number, Question, parse_answer
from engine.lessons.proof import Proof, Recipe
from engine.support.errors import BadInput
from engine.support.release import release
from engine.support.translation import tr
from engine.training.controls import Controls
from engine.training.history import History
from engine.training.snapshot import Snapshot, State

NEVER = Controls.most
"""A step that no run takes."""


@dataclass(frozen=True)
class Forecast:
    """What was answered to a question, and what came of it."""

    answer: float
    """A number, or which of the choices, counted from 1."""
    measured: float | None = None
    """The number that the run had."""
    right: bool | None = None
    """None until a run has settled it."""
    true: int | None = None
    """Which of the choices the run has proved right, counted from 1; None if there is none."""
    why: str = ""
    """What was otherwise than a wrong forecast has it, in words."""
    proof: Proof | None = None
    """The run that has settled it, where that can be told."""


class Attempt:
    """A lesson in progress: told of runs and of what is opened, it judges forecasts and goals."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.forecasts: dict[int, Forecast] = {}
        """By the number of the question, counted from 0."""
        self.met: set[int] = set()
        """Numbers of the goals that were reached; once reached they stay so."""
        self.proofs: dict[int, Proof] = {}
        """By the number of the goal: the run that has reached it here, where that can be told."""
        self.used: set[str] = set()
        self.run: Snapshot | None = None
        """The last run that came to an end."""
        self.seen: tuple[Snapshot, Snapshot | None] | None = None
        """The run that was looked at last, ended or in a pause, and the one before it."""

    def predict(self, question: int, text: str) -> None:
        """Commit a forecast; raises BadInput for what is no answer, or comes after the run."""
        asked = self.lesson.questions[question]
        forecast = self.forecasts.get(question)
        if forecast and forecast.right is not None:
            raise BadInput("answer", text, tr("the run has answered this question already"))
        self.forecasts[question] = Forecast(parse_answer(text, len(asked.choices)))

    def withdraw(self, question: int) -> None:
        """Take back a forecast that no run has settled."""
        if question in self.forecasts and self.forecasts[question].right is None:
            del self.forecasts[question]

    def use(self, name: str) -> None:
        """A tool or view was opened."""
        self.used.add(name)
        self._judge()

    def look(self, run: Snapshot) -> None:
        """A run has come to an end or to a pause: settle the forecasts and judge the goals."""
        self.seen = run, self.run
        if run.over:
            self.run = run
            evidence = self._evidence(*self.seen)
            for number, forecast in self.forecasts.items():
                if forecast.right is None:
                    question = self.lesson.questions[number]
                    verdict = settled(forecast, question, evidence)
                    if verdict.right is not None:
                        proof = self._proof(question.identity, forecast.answer)
                        verdict = replace(verdict, proof=proof)
                    self.forecasts[number] = verdict
        self._judge()

    @property
    def score(self) -> tuple[int, int]:
        """How many forecasts were right, and how many were settled."""
        verdicts = [each.right for each in self.forecasts.values() if each.right is not None]
        return sum(verdicts), len(verdicts)

    @property
    def done(self) -> bool:
        """Whether every goal is reached."""
        return len(self.met) == len(self.lesson.goals)

    def _judge(self) -> None:
        if self.seen is None:
            return
        evidence = self._evidence(*self.seen)
        for number, goal in enumerate(self.lesson.goals):
            # One that was reached in another attempt may lack a proof.
            if number not in self.proofs and goal.condition.holds(evidence):
                self.met.add(number)
                if proof := self._proof(goal.condition.text):
                    self.proofs[number] = proof

    def _proof(self, asked: str, answer: float | None = None) -> Proof | None:
        """What has shown now that a run does what is asked; None where that cannot be told."""
        assert self.seen
        words, before = asked.split(), self.seen[1]
        recipe = Recipe.of(self.seen[0])
        recipe_before = Recipe.of(before) if before and BEFORE in words else None
        if recipe is None or (before and BEFORE in words and recipe_before is None):
            return None
        forecasts = []
        for number, forecast in self.forecasts.items() if PREDICTED in words else ():
            if forecast.proof is None:
                return None
            forecasts.append((self.lesson.questions[number].identity, forecast.proof))
        return Proof(recipe, recipe_before, answer, tuple(forecasts), self.lesson.digest, release())

    def _evidence(self, run: Snapshot, before: Snapshot | None) -> Evidence:
        forecasts = [self.forecasts.get(number) for number, _ in enumerate(self.lesson.questions)]
        verdicts = [
            (each.right, each.answer, each.measured)
            for each in forecasts
            if each and each.right is not None
        ]
        complete = len(verdicts) == len(forecasts)
        return Evidence(run, before, self.used, tuple(verdicts) if complete else None)


def settled(forecast: Forecast, question: Question, evidence: Evidence) -> Forecast:
    """The forecast with its verdict, or as it was where the run says nothing about it."""
    if question.when and not question.when.holds(evidence):
        return forecast
    if question.choices:
        chosen = question.choices[int(forecast.answer) - 1]
        holds = (each.condition.holds(evidence) for each in question.choices)
        true = next((answer for answer, held in enumerate(holds, 1) if held), None)
        right, why = chosen.condition.holds(evidence), chosen.condition.objection(evidence)
        return Forecast(forecast.answer, None, right, true, why)
    measured = question.measure(evidence) if question.measure else None
    if measured is None:
        return forecast
    right = question.tolerance.allows(forecast.answer, measured)
    why = "" if right else question.tolerance.miss(forecast.answer, measured)
    return Forecast(forecast.answer, measured, right, None, why)


def solve(lesson: Lesson, seed: int = 0) -> Attempt:
    """Give the scripted answers and make the scripted runs.

    `seed` is added to that of the lesson's experiment. Raises BadInput as `train` does.
    """
    attempt = Attempt(lesson)
    for number, question in enumerate(lesson.questions):
        if question.answer:
            attempt.predict(number, question.answer)
    for solution in lesson.solutions:
        for name in solution.use:
            attempt.use(name)
        experiment = lesson.experiment.changed(dict(solution.changes))
        experiment = experiment.changed({"seed": experiment.seed + seed})
        attempt.look(outcome(experiment, solution.pause))
    return attempt


def prove(lesson: Lesson) -> list[tuple[Number, float | None, bool]]:
    """Each number of the text, what its run measures, and whether it is near enough.

    Raises BadInput as `train` does.
    """
    proofs = []
    for number in lesson.numbers:
        run = outcome(lesson.experiment.changed(dict(number.changes)))
        measured = number.measure(Evidence(run))
        right = measured is not None and number.tolerance.allows(number.value, measured)
        proofs.append((number, measured, right))
    return proofs


def outcome(experiment: Experiment, pause: int = 0) -> Snapshot:
    """The last snapshot of a run, or that of a pause after so many steps, as the screen has it."""
    return rested(course(experiment, pause or NEVER), "paused")


def course(
    experiment: Experiment,
    pause: int = NEVER,
    lrs: Sequence[tuple[int, float]] = (),
    most: int = NEVER,
) -> Iterator[History]:
    """The history of a run after each event, to its end or to a pause after so many steps.

    `lrs` has the steps after which another lr is set, in their order, each with that lr; `most` is
    how many steps may lie between two events. Raises BadInput as `train` does.
    """
    from engine.training.trainer import train

    history, controls, ahead = History(experiment), Controls(experiment.lr), deque(lrs)
    for event in train(experiment, controls):
        history.fold(event)
        while ahead and ahead[0][0] <= history.step:
            history.lrs.append(ahead.popleft())
            controls.lr = history.lrs[-1][1]
        yield history
        if history.step >= pause and is_between_steps(history):
            return
        change = ahead[0][0] if ahead else NEVER
        controls.most = max(1, min(most, change - history.step, pause - history.step))


def is_between_steps(history: History) -> bool:
    """Whether a run goes on with a step: what ends an epoch or the run has happened."""
    assert history.facts
    whole = history.step // history.facts.steps_per_epoch
    return history.epoch == whole < history.experiment.epochs


def rested(run: Iterator[History], state: State) -> Snapshot:
    """A run as the screen has it where it rests; `state` is overruled by an end of the run."""
    history = deque(run, maxlen=1).pop()
    lr = history.lrs[-1][1] if history.lrs else history.experiment.lr
    return history.snapshot(state, lr, 0.0)
