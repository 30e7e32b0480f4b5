"""A file of data on its way into an experiment: read piece by piece, told of, and given up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from engine.data.opened import SAMPLE, file_of
from engine.data.reading import Stopped, is_read, read_table
from engine.data.sensing import Asked
from engine.data.source import STANDARD_INPUT, stamp
from engine.experiment import Experiment
from engine.support.errors import BadInput, one_line
from engine.support.visitor import file_at, found_again

if TYPE_CHECKING:
    from engine.data.table import Table

ROWS = 8
"""That are shown as they stand in the file."""
SMALL = 1 << 20
"""Bytes of a file up to which nobody notices that it is read."""

State = Literal["running", "finished", "stopped", "failed"]


@dataclass(frozen=True, eq=False)
class Request:
    """A file to be read, as it is asked to be, and what is to be made of it then."""

    path: str
    asked: Asked = Asked()
    make: Callable[[], Experiment] | None = None
    """May raise BadInput. The file comes from memory then."""


@dataclass(frozen=True, eq=False)
class Reading:
    """How far a request is, and what has come of it."""

    request: Request
    state: State = "running"
    share: float = 0.0
    """Of the bytes that are read."""
    message: str = ""
    """Why it has failed, in one line."""
    table: Table | None = None
    first_rows: tuple[tuple[str, ...], ...] = ()
    """As they stand in the file, at most ROWS."""
    experiment: Experiment | None = None


def read(request: Request, publish: Callable[[Reading], None], stop: Callable[[], bool]) -> None:
    """Read a file and make of it what is asked for; an error of any kind is a message.

    `publish` hears of each new state, `stop` is asked whether to give up, a few times a second.
    """
    latest = Reading(request)

    def show(state: State = "running", **changes: object) -> None:
        nonlocal latest
        latest = replace(latest, state=state, **changes)  # type: ignore[arg-type]
        publish(latest)

    show()
    try:
        if stop():
            raise Stopped
        table = read_table(
            file_of(request.path), request.asked, lambda share: show(share=share), stop
        )
        show(table=table, first_rows=rows_of(table), share=1.0)
        experiment = request.make() if request.make else None
    except Stopped:
        show("stopped")
    except BadInput as error:
        show("failed", message=str(error))
    except Exception as error:  # the screen shows it and lives on
        show("failed", message=f"{type(error).__name__}: {one_line(error)}")
    else:
        show("stopped" if stop() else "finished", experiment=experiment)


def rows_of(table: Table) -> tuple[tuple[str, ...], ...]:
    """The first rows of a table; the statistics of its columns are worked out on the way."""
    from engine.data.first_rows import first_rows

    for column in table.columns:
        _ = column.sd  # kept by the column
    try:
        return first_rows(table, ROWS)
    except (OSError, ValueError):  # it has gone in this moment
        return ()


def stable(path: str) -> str:
    """A path by which a file is found from any folder, as the app will the next time."""
    if path == STANDARD_INPUT or path.startswith(SAMPLE):
        return path
    try:
        file = file_at(path, "data.path")
    except BadInput:  # said where it is opened
        return path
    return str(found_again(file))


def waits(changes: Mapping[str, object]) -> Request | None:
    """What is to be read before an experiment can have these changes, where that takes a while.

    Nothing where they name no file, one that is small or in memory, or one that cannot be read.
    """
    path = changes.get("data.path")
    if changes.get("data") != "file" or not isinstance(path, str) or not is_large(path.strip()):
        return None
    asked = {name: str(changes.get(f"data.{name}", value)) for name, value in vars(Asked()).items()}
    request = Request(path.strip(), Asked(**asked))
    return None if is_read(request.path, request.asked) else request


def is_large(path: str) -> bool:
    """Whether reading a file takes so long that it is noticed; samples and pipes never do."""
    if path.startswith((SAMPLE, STANDARD_INPUT)):
        return False
    try:
        return stamp(file_of(path)).size > SMALL
    except BadInput:
        return False
