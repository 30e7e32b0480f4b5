"""`linreg-tui lessons`, `check` and `lesson new`: the lessons without a screen."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click

from engine.cli.output import say
from engine.cli.progress import SECONDS, check_progress, hand_in
from engine.lessons.attempt import prove, solve
from engine.lessons.lesson import Lesson
from engine.lessons.library import TEMPLATE, find_lesson
from engine.lessons.library import lessons as known_lessons
from engine.lessons.progress import Progress
from engine.lessons.quantities import spoken
from engine.support.cell_width import cells, left
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import tr
from engine.support.user_files import progress_file

FAILED = 1
"""Exit code of a check with a goal that was not reached."""


@click.command("lessons")
def lessons() -> int:
    """List the lessons by chapter, with the names that the other commands take; ✓ is done."""
    progress = Progress(progress_file())
    if message := progress.read():
        say(message, err=True)
    library = known_lessons()
    width = max(map(cells, library)) + 2
    for chapter, group in groupby(library.values(), key=lambda lesson: lesson.chapter):
        say(chapter)
        for lesson in group:
            mark = "✓" if progress.done(lesson) else " "
            say(f"{mark} {left(lesson.name, width)}{lesson.title}")
    return 0


@click.command("check")
@click.argument("names", nargs=-1, metavar="[LESSON|FILE]…")
@click.option("--seeds", default=1, show_default=True, help="So many seeds, one after the other.")
@click.option("--progress", is_flag=True, help="The FILEs are progress that was handed in.")
@click.option(
    "--seconds",
    type=float,
    default=SECONDS.default,
    show_default=True,
    help="Most processor time for the runs of one progress file.",
)
def check(names: tuple[str, ...], seeds: int, progress: bool, seconds: float) -> int:
    """Make the runs of a lesson and print a line for each goal, forecast and number of its text.

    Without a name all the lessons are checked. Exit code: 0 all goals were reached and all
    forecasts and numbers right, 1 not all, 2 bad input.

    With --progress the runs in files that were handed in are made again, and each goal and question
    of their lessons is a row of CSV: file, name, lesson, goal, reached, verified, why. Exit code: 0
    all that they claim is proved, 1 not all.
    """
    if progress:
        return 0 if check_progress(names, seconds) else FAILED
    if seeds < 1:
        raise BadInput("--seeds", seeds, tr("must be a whole number at least 1"))
    chosen = [find_lesson(name) for name in names] or list(known_lessons().values())
    passed = [report(lesson, seed) for lesson in chosen for seed in range(seeds)]
    return 0 if all(passed) else FAILED


def report(lesson: Lesson, seed: int) -> bool:
    """Print how the solution of a lesson fares with a seed; whether all of it is right."""
    say(tr("{name}, seed {seed}", name=lesson.name, seed=lesson.experiment.seed + seed))
    attempt = solve(lesson, seed)
    for number, goal in enumerate(lesson.goals):
        met = number in attempt.met
        say(f"  {tr('reached') if met else tr('not reached')}: {goal.text}")
    answered = True
    for number, question in enumerate(lesson.questions):
        forecast = attempt.forecasts.get(number)
        right = bool(forecast and forecast.right)
        answered = answered and right
        said = tr("right") if right else tr("not right")
        if forecast and forecast.measured is not None:
            said = tr(
                "right, said {said:.4g}, measured {measured:.4g}"
                if right
                else "not right, said {said:.4g}, measured {measured:.4g}",
                said=forecast.answer,
                measured=forecast.measured,
            )
        say(f"  {said}: {question.ask}")
    proofs = [] if seed else prove(lesson)  # the text has the numbers of the lesson's own seed
    for proof, measured, right in proofs:
        value = "–" if measured is None else f"{measured:.4g}"
        line = tr(
            "right, the text has {text}, {quantity} is {value}"
            if right
            else "not right, the text has {text}, {quantity} is {value}",
            text=proof.text,
            quantity=spoken(proof.of),
            value=value,
        )
        say(f"  {line}")
    return attempt.done and answered and all(right for _, _, right in proofs)


@click.group("lesson", no_args_is_help=False)
def lesson() -> int:
    """Write lessons of your own, and hand in what was reached."""
    return 0


@lesson.command("new")
@click.argument("file", type=click.Path(path_type=Path))
def new(file: Path) -> int:
    """Write a commented template to FILE, which must not be there yet."""
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(TEMPLATE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise BadInput("file", file, tr("is there already; nothing is overwritten")) from None
    except OSError as error:
        raise BadInput(
            "file", file, tr("cannot be written: {reason}", reason=error.strerror)
        ) from None
    name = printable(str(file))
    say(tr("{file} is written; try: linreg-tui check {file}", file=name))
    return 0


@lesson.command("hand-in")
@click.option("--name", required=True, help="Who hands it in.")
@click.option("-o", "--output", "file", type=click.Path(path_type=Path), required=True)
def hand_in_progress(name: str, file: Path) -> int:
    """Write what was reached in the lessons, with the runs that prove it, to a file to hand in.

    It is TOML, to be read before it is given away, and must not be there yet.
    """
    hand_in(name, file)
    return 0
