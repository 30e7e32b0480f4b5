"""What a file of progress claims is made again: nothing in it is trusted, and none of it executed.

What one file may ask for is bounded, in runs, in their size and in time, so that none can keep
whoever checks a pile of them waiting. What is proved is that such a run does what is asked; who
made it, that a forecast came before it, and what was opened on the screen, no file can prove.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Literal

from engine.data.keeping import keep
from engine.data.opened import SAMPLE
from engine.experiment import Experiment
from engine.lessons.attempt import NEVER, Forecast, course, rested, settled
from engine.lessons.conditions import PREDICTED, Condition, Evidence
from engine.lessons.lesson import Lesson, Question, parse_answer
from engine.lessons.progress import VERSION, Reached, Report, parse
from engine.lessons.proof import Proof, Recipe
from engine.own_data import over_file
from engine.settings import SETTINGS
from engine.support.errors import one_line, shortened, show
from engine.support.outside import read_text, read_toml
from engine.support.release import release
from engine.support.translation import tr
from engine.training.history import History
from engine.training.snapshot import Snapshot

MOST_CLAIMS, MOST_RUNS = 1000, 500
"""Of one file."""
MOST_NUMBERS, MOST_PARAMETERS = 500_000, 32
"""Of one run: samples times parameters, and parameters; theory, which comes before its first step,
takes some seconds for so many."""
PIECE = 20_000_000
"""Samples times parameters between two looks at the clock."""

QUESTION = "? "
"""Before a question, among goals."""

Verdict = Literal["yes", "partly", "no", ""]
"""Whether a claim is proved; `partly` where it rests on what was opened on the screen, too; empty
where nothing is claimed."""


@dataclass(frozen=True)
class Row:
    """One goal or question of a lesson, and what a file says of it."""

    lesson: str = ""
    goal: str = ""
    reached: bool = False
    """Whether the file says so; of a question, whether its answer was right."""
    verified: Verdict = ""
    why: str = ""
    """Why it is not proved, in words."""


class Unproved(ValueError):
    """Something that is not proved; the message says why."""


class TooLong(Unproved):
    """A file has used up its time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(tr("the runs of a file may take {seconds:g} s", seconds=seconds))


@contextmanager
def cut_off(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after so many seconds of processor time in the block, by a signal."""
    import engine.training.trainer  # noqa: F401  # no exception may fall into the import of torch

    def end(*_: object) -> None:
        raise TimeoutError

    try:
        before = signal.signal(signal.SIGVTALRM, end)
    except (AttributeError, ValueError):  # no such signal, or not the main thread
        yield
        return
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Remaking:
    """Makes the runs of files again, each within what one file may take."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.process_time) -> None:
        self.seconds, self.clock = seconds, clock
        self._end, self._runs = math.inf, 0
        self._remade: dict[tuple[Experiment, int, Recipe], Snapshot] = {}
        self.proved: dict[tuple[str, str, bool, Proof], str] = {}
        """What many files have alike is proved once: what stays open of it, by the lesson's digest,
        the goal, whether it is said to be reached, and the proof."""

    def begin(self) -> None:
        """Another file: count anew."""
        self._end, self._runs = self.clock() + self.seconds, 0

    def run(self, recipe: Recipe, lesson: Lesson) -> Snapshot:
        """A run of a lesson as it rests where it was looked at; raises Unproved or BadInput."""
        experiment = experiment_of(recipe, lesson)
        for _, lr in recipe.lrs:
            SETTINGS["lr"].check(lr, "lr")
        pause = recipe.step if recipe.state in ("paused", "stopped") else NEVER
        key = experiment, pause, recipe
        run = self._remade.get(key) or self._take(*key)
        return keep(self._remade, key, run, lambda run: run.step * parameters_of(run.experiment))

    def _take(self, experiment: Experiment, pause: int, recipe: Recipe) -> Snapshot:
        self._runs += 1
        if self._runs > MOST_RUNS:
            raise Unproved(tr("a file may have {most} runs", most=MOST_RUNS))
        batch = min(experiment.batch_size, experiment.train_size)
        most = max(1, PIECE // (batch * parameters_of(experiment)))
        run = self._in_time(course(experiment, pause, recipe.lrs, most))
        left = self._end - self.clock()
        if left <= 0:
            raise TooLong(self.seconds)
        try:
            # What theory takes before the first step is not in pieces.
            with cut_off(min(left, self.seconds)):
                return rested(run, recipe.state)
        except TimeoutError:
            raise TooLong(self.seconds) from None

    def _in_time(self, run: Iterator[History]) -> Iterator[History]:
        for history in run:
            if self.clock() > self._end:
                raise TooLong(self.seconds)
            yield history


def experiment_of(recipe: Recipe, lesson: Lesson) -> Experiment:
    """The experiment of a run, on this machine; no other file than the lesson's is opened.

    Raises Unproved or BadInput.
    """
    changes = {**recipe.changes(), "device": "cpu"}
    path = changes.get("data.path", SAMPLE)
    if not path.startswith(SAMPLE):
        own = over_file(lesson.experiment)
        if not own or Path(own).name != path:
            raise Unproved(tr("a file of data that is not the lesson's own"))
        changes["data.path"] = own
    experiment = Experiment().changed_by_text(changes)
    parameters = parameters_of(experiment)
    if parameters > MOST_PARAMETERS or experiment.dataset().n * parameters > MOST_NUMBERS:
        raise Unproved(
            tr(
                "too large to be made again: {n:,} samples, {parameters:,} parameters",
                n=experiment.dataset().n,
                parameters=parameters,
            )
        )
    return experiment


def parameters_of(experiment: Experiment) -> int:
    """How many parameters the model of an experiment has."""
    return sum(map(math.prod, experiment.architecture().shapes.values()))


# Judging ---------------------------------------------------------------------------------------


def checked(
    file: Path, lessons: Mapping[str, Lesson], remaking: Remaking
) -> tuple[str, Iterator[Row]]:
    """Who hands a file in, and what it says of the goals and questions of the lessons it names.

    A file that cannot be read is one row. The rows are worked out as they are asked for.
    """
    try:
        report = parse(read_toml(read_text(file)))
        if report.version > VERSION:
            raise ValueError(tr("of a newer version of the app"))
        if claims_of(report) > MOST_CLAIMS:
            raise ValueError(tr("says more than {most} things", most=MOST_CLAIMS))
    except OSError as error:
        why = tr("cannot be read: {reason}", reason=error.strerror or "")
    except TOMLDecodeError as error:
        why = tr("damaged, or no TOML: {reason}", reason=one_line(error))
    except ValueError as error:
        why = one_line(error)
    else:
        return shortened(report.person), rows_of(report, lessons, remaking)
    return "", iter([Row(verified="no", why=why)])


def claims_of(report: Report) -> int:
    """How many things a file says."""
    reached = report.lessons.values()
    return sum(1 + len(each.goals) + len(each.forecasts) for each in reached)


def rows_of(report: Report, lessons: Mapping[str, Lesson], remaking: Remaking) -> Iterator[Row]:
    """What a file says, lesson by lesson."""
    remaking.begin()
    if not report.lessons:
        yield Row(why=tr("nothing was reached yet"))
    for name, reached in report.lessons.items():
        if name in lessons:
            yield from judged(lessons[name], reached, remaking)
        else:
            yield Row(name, verified="no", why=tr("there is no such lesson here"))


def judged(lesson: Lesson, reached: Reached, remaking: Remaking) -> Iterator[Row]:
    """A row for each goal and question of a lesson, and for what it does not ask."""
    judge = Judge(lesson, remaking)
    for goal in lesson.goals:
        asked = goal.condition.text
        if asked not in reached.goals:
            yield Row(lesson.name, goal.text)
            continue
        proof = reached.goals[asked]
        yield judge.row(goal.text, True, proof, partial(judge.goal, goal.condition))
    for question in lesson.questions:
        forecast, text = reached.forecasts.get(question.identity), QUESTION + question.ask
        if forecast is None:
            yield Row(lesson.name, text)
            continue
        prove = partial(judge.forecast, question, forecast.right)
        yield judge.row(text, forecast.right, forecast.proof, prove)
    in_lesson = {goal.condition.text for goal in lesson.goals}
    in_lesson |= {question.identity for question in lesson.questions}
    said = dict.fromkeys(reached.goals, True)
    said |= {of: forecast.right for of, forecast in reached.forecasts.items()}
    for asked, is_reached in said.items():
        if asked not in in_lesson:
            yield Row(lesson.name, asked, is_reached, "no", tr("the lesson does not ask for it"))


@dataclass(frozen=True)
class Judge:
    """Holds the claims of one lesson to runs that are made again."""

    lesson: Lesson
    remaking: Remaking

    def row(
        self, goal: str, reached: bool, proof: Proof | None, prove: Callable[[Proof], str]
    ) -> Row:
        """The row of a claim; `prove` raises where it is not true, and says what stays open."""
        try:
            if proof is None:
                raise Unproved(tr("without the run that proves it"))
            proved, key = self.remaking.proved, (self.lesson.digest, goal, reached, proof)
            if key not in proved:
                proved[key] = prove(proof)
            remainder = proved[key]
        except Exception as error:  # whatever a file brings about is said in its row
            reasons = [one_line(error) or type(error).__name__]
            if proof and proof.lesson != self.lesson.digest:
                reasons.append(tr("the lesson was another one then"))
            if proof and proof.app != release():
                reasons.append(tr("made with linreg-tui {app}", app=proof.app))
            return Row(self.lesson.name, goal, reached, "no", "; ".join(reasons))
        return Row(self.lesson.name, goal, reached, "partly" if remainder else "yes", remainder)

    def goal(self, condition: Condition, proof: Proof) -> str:
        """What of a goal stays open, in words; raises Unproved where it is not reached."""
        evidence = self._evidence(proof)
        if PREDICTED in condition.text.split():
            evidence = replace(evidence, forecasts=self._forecasts(proof))
        if condition.holds(evidence):
            return ""
        used = opened_by(condition)
        evidence = replace(evidence, used=used)
        if condition.holds(evidence):
            return tr("opened on the screen: {names}", names=", ".join(used))
        reason = condition.objection(evidence) or tr("the forecasts are not right")
        raise Unproved(tr("made again: {reason}", reason=reason))

    def forecast(self, question: Question, right: bool, proof: Proof) -> str:
        """Raise Unproved where the verdict on an answer is another one; nothing stays open."""
        if self._settled(question, proof)[0] is not right:
            raise Unproved(
                tr("made again: the answer is right")
                if not right
                else tr("made again: the answer is wrong")
            )
        return ""

    def _evidence(self, proof: Proof) -> Evidence:
        before = self.remaking.run(proof.before, self.lesson) if proof.before else None
        return Evidence(self.remaking.run(proof.run, self.lesson), before)

    def _forecasts(self, proof: Proof) -> tuple[tuple[bool, float, float | None], ...]:
        """What came of the forecasts that a goal asks for; raises Unproved where one is missing."""
        proofs = dict(proof.forecasts)
        if any(question.identity not in proofs for question in self.lesson.questions):
            raise Unproved(tr("without the run that proves it"))
        return tuple(
            self._settled(question, proofs[question.identity]) for question in self.lesson.questions
        )

    def _settled(self, question: Question, proof: Proof) -> tuple[bool, float, float | None]:
        """Whether an answer is right, what was said, and what was measured; raises Unproved."""
        answer = parse_answer(
            "" if proof.answer is None else show(proof.answer), len(question.choices)
        )
        verdict = settled(Forecast(answer), question, self._evidence(proof))
        if verdict.right is None:
            raise Unproved(tr("made again: the run does not settle it"))
        return verdict.right, answer, verdict.measured


def opened_by(condition: Condition) -> tuple[str, ...]:
    """The tools and views that a condition asks to be opened."""
    words = (part.split(" ", 1) for part in condition.text.split(" and "))
    return tuple(rest[0] for verb, *rest in words if verb in ("used", "seen") and rest)
