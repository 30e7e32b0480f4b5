"""Files of progress: handed in by the people of a class, and checked by whoever teaches it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from engine.catalog.param import Number
from engine.cli.output import say
from engine.lessons.library import lessons
from engine.lessons.progress import Progress
from engine.lessons.verifying import Remaking, checked
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import tr
from engine.support.user_files import progress_file

HEAD = ("file", "name", "lesson", "goal", "reached", "verified", "why")
SECONDS = Number("--seconds", 60.0, "", low=0.0, high=86_400.0, above=True)
"""Processor time for the runs of one file."""
FORMULAS = ("=", "+", "-", "@")
"""What a cell begins with that a spreadsheet executes."""


def check_progress(files: Sequence[str], seconds: float) -> bool:
    """Print a row for each goal of the files; whether all that they claim is proved."""
    if not files:
        raise BadInput("--progress", "", tr("needs the files that were handed in"))
    SECONDS.check(seconds)
    remaking, library, proved = Remaking(seconds), lessons(), True
    put(HEAD)
    for file in map(Path, files):
        person, rows = checked(file, library, remaking)
        for row in rows:
            reached = "yes" if row.reached else "no"
            put((file.name, person, row.lesson, row.goal, reached, row.verified, row.why))
            proved = proved and row.verified != "no"
    return proved


def put(cells: Sequence[str]) -> None:
    """Print a row of CSV in which no spreadsheet finds a formula."""
    line = io.StringIO()
    plain = (f"'{cell}" if cell.startswith(FORMULAS) else cell for cell in map(printable, cells))
    csv.writer(line, lineterminator="").writerow(plain)
    say(line.getvalue())


def hand_in(name: str, file: Path) -> None:
    """Write what was reached to a file that is not there yet, under a person's name."""
    progress = Progress(progress_file())
    if message := progress.read():
        say(message, err=True)
    if not name.strip():
        raise BadInput("--name", name, tr("must say who hands it in"))
    progress.report.person = printable(name.strip())
    content = progress.report.text().encode()
    try:
        with file.open("xb") as out:
            out.write(content)
    except FileExistsError:
        raise BadInput("--output", file, tr("is there already; nothing is overwritten")) from None
    except OSError as error:
        allowed = tr("cannot be written: {reason}", reason=error.strerror)
        raise BadInput("--output", file, allowed) from None
    say(tr("{file} is written: hand it in", file=printable(str(file))))
