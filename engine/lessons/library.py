"""The lessons that come with the lab, in the order of their files, and those of a teacher."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

from engine.catalog.param import Value
from engine.data.opened import SAMPLE
from engine.experiment import Experiment
from engine.lessons.lesson import Lesson
from engine.lessons.reading import read_lesson
from engine.support.errors import BadInput
from engine.support.outside import is_there, printable
from engine.support.translation import get_language, tr

FOLDER = Path(__file__).with_name("texts")
"""Files NUMBER-NAME.md; the number gives the order."""
PLACE_OF_LESSONS = "LINREG_TUI_LESSONS"
"""The environment variable that names a folder of a teacher's own ones."""
TEMPLATE = Path(__file__).with_name("template.md")
"""What a lesson of one's own begins as."""


_own: dict[str, Path] = {}
"""The files of a teacher's lessons by name."""


def use_folder(folder: Path | None) -> None:
    """Put a teacher's lessons before those that come along, of the same name in their place.

    None: there are none. Raises BadInput where the folder has none, or one that cannot be used.
    """
    _own.clear()
    for cached in (files, _lesson, _title_of):
        cached.cache_clear()
    if folder is None:
        return
    try:
        _own.update(files_in(folder.absolute()))
    except OSError as error:
        allowed = tr("cannot be read: {reason}", reason=error.strerror)
        raise BadInput("--lessons", folder, allowed) from None
    if not _own:
        raise BadInput("--lessons", folder, tr("has no lesson: no file NUMBER-NAME.md"))
    for name in _own:
        _lesson(name, get_language())


@cache
def files() -> dict[str, Path]:
    """The files of the lessons by name, in their order; none of them is read for this."""
    return {**_own, **{name: file for name, file in files_in(FOLDER).items() if name not in _own}}


def files_in(folder: Path) -> dict[str, Path]:
    """The files of the lessons in a folder; raises OSError."""
    texts = sorted(folder.iterdir())
    return {
        printable(file.stem.partition("-")[2]): file
        for file in texts
        if re.fullmatch(r"\d+-[^.]+\.md", file.name)
    }


def lessons() -> dict[str, Lesson]:
    """The lessons by name, in the language in use."""
    return {name: _lesson(name, get_language()) for name in files()}


@cache
def _lesson(name: str, language: str) -> Lesson:
    return read_lesson(files()[name], name, language)


def find_lesson(name: str) -> Lesson:
    """The lesson of that name, or the one in the file of that name; raises BadInput."""
    if name in files():
        return _lesson(name, get_language())
    file = Path(name)
    if file.suffix == ".md" or is_there(file):
        return read_lesson(file, printable(file.stem), get_language())
    allowed = tr("choose from {names}, or name a file", names=", ".join(files()))
    raise BadInput("lesson", name, allowed)


def title_of(experiment: Experiment) -> str:
    """The title of the lesson an experiment is of, apart from seed and device; else its parts.

    Of a file of data, its name and what is fitted to what.
    """
    return _title_of(experiment, get_language())


@lru_cache(maxsize=64)  # asked for again with every picture of a run
def _title_of(experiment: Experiment, language: str) -> str:
    settled = settled_by(experiment)
    for name in files():  # mostly it is one of the first, and the others need not be read
        lesson = _lesson(name, language)
        if settled_by(lesson.experiment) == settled:
            return lesson.title
    if experiment.data.name == "file":
        return file_title(experiment)
    return " · ".join(
        (
            tr("{label} data", label=tr(experiment.data.entry.label)),
            tr("{label} loss", label=tr(experiment.loss.entry.label)),
            tr("{loop} loop", loop=experiment.loop),
        )
    )


def settled_by(experiment: Experiment) -> dict[str, Value]:
    """The settings of an experiment without its seed and device."""
    return {k: value for k, value in experiment.flat().items() if k not in ("seed", "device")}


def file_title(experiment: Experiment) -> str:
    """The name of a file of data, its target and its features: `cars.csv: distance ~ speed`."""
    dataset, path = experiment.dataset(), str(experiment.data.options["path"])
    file = path.removeprefix(SAMPLE) + ".csv" if path.startswith(SAMPLE) else Path(path).name
    features = " + ".join(column.name for column in dataset.columns)
    return printable(f"{file}: {dataset.target.name} ~ {features}")
