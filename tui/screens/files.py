"""A file of data to open: those of the last times, samples, and folders to go through by key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text
from textual.binding import Binding
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.data.opened import SAMPLE, SAMPLES
from engine.data.source import SUFFIXES
from engine.opening import Reading, Request, stable
from engine.support.cell_width import cells, cut, left
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import tr
from engine.support.visitor import file_at
from tui.backend import Backend
from tui.recent import recent
from tui.screens.picking import PickerScreen
from tui.screens.reader import LOOK_INTERVAL, Reader, progress_line

MOST_ENTRIES = 500
"""Of a folder that are listed."""
FRAME_WIDTH = 6
"""Cells of the box beside its lines."""


@dataclass(frozen=True)
class Listed:
    """A line of the list that can be opened."""

    path: str
    name: str
    """As it is shown."""
    beside: str = ""
    """What is said of it."""
    is_folder: bool = False


class FilesScreen(PickerScreen[Reading | None]):
    """Opens a file; hands back what was read, or None."""

    BINDINGS = [
        Binding("escape", "leave", "close"),
        Binding("tab", "complete", show=False, priority=True),
    ]

    def __init__(self, session: Backend) -> None:
        super().__init__(
            tr("Open a file of data"),
            tr("[b]enter[/b] open · ↑ ↓ choose · [b]tab[/b] complete · [b]esc[/b] close"),
            tr("a path, or a part of a name"),
        )
        self.reader = Reader(session, self.hear)
        self.entries: dict[str, Listed] = {}
        """Those listed, by their path."""

    def on_mount(self) -> None:
        """Hear of what is read."""
        self.set_interval(LOOK_INTERVAL, self.look)

    def on_input_changed(self) -> None:
        """The list follows what is typed."""
        self.show_list()
        if self.reader.request is None:
            self.hint.say("")

    def on_resize(self) -> None:
        """Lines are cut for the width."""
        self.call_after_refresh(self.show_list)

    def show_list(self) -> None:
        """Files of the last times, samples, and a folder, as far as they fit what is typed."""
        if not self.is_whole:
            return
        typed = self.typed.value
        groups = [
            (tr("Opened before"), list(opened_before(typed))),
            (tr("Samples that come along"), list(samples(typed))),
            (printable(typed.rpartition("/")[0]) or tr("This folder"), list(listed(typed))),
        ]
        self.entries = {entry.path: entry for _, entries in groups for entry in entries}
        options: list[Option] = []
        for title, entries in groups:
            if entries:
                options.append(Option(Text(title, style="bold"), disabled=True))
            options += [
                Option(self.line(entry), entry.path)
                for entry in entries
                if entry.path not in {option.id for option in options}
            ]
        self.list.clear_options().add_options(options)
        if self.entries and not is_file(typed):
            self.list.action_first()

    def line(self, entry: Listed) -> Text:
        """A line of the list: the name, and what is beside it at the right."""
        width = max(self.list.size.width - 4, 20)
        beside = cut(entry.beside, max(width // 2, 8))
        name = cut(entry.name, max(width - cells(beside) - 2, 8))
        return Text.assemble("  ", left(name, width - cells(beside)), (beside, "dim"), no_wrap=True)

    @property
    def chosen(self) -> Listed | None:
        """The entry that is marked."""
        return self.entries.get(self.marked)

    def action_complete(self) -> None:
        """Type the entry that is marked."""
        if self.chosen:
            self.go_to(self.chosen.path + ("/" if self.chosen.is_folder else ""))

    def go_to(self, path: str) -> None:
        """Have a path stand where one types."""
        self.typed.value = path
        self.typed.cursor_position = len(self.typed.value)

    def on_input_submitted(self) -> None:
        """Enter opens what is marked, or what is typed."""
        self.open_entry(self.chosen)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """So does a click."""
        self.open_entry(self.entries.get(event.option_id or ""))

    def open_entry(self, entry: Listed | None) -> None:
        """Go into a folder, or have a file read."""
        typed = self.typed.value.strip()
        path = entry.path if entry else stable(typed)
        if (entry and entry.is_folder) or (not entry and is_folder(path)):
            self.go_to(path.rstrip("/") + "/")
        elif entry or typed:
            request = Request(path)
            self.hint.say(progress_line(Reading(request)))  # the session may be busy
            self.reader.ask(request)
            self.look()

    def look(self) -> None:
        """Hear of the file that is read."""
        if self.is_whole:
            self.reader.look()

    def hear(self, reading: Reading) -> None:
        """Show how far the file is; leave with it when it is read."""
        if reading.state == "running":
            self.hint.say(progress_line(reading))
        elif reading.state == "failed":
            self.hint.refuse(reading.message)
        elif reading.state == "finished":
            self.dismiss(reading)

    def action_leave(self) -> None:
        """Give up the file that is read, or leave."""
        if self.reader.stop():
            self.hint.say(tr("stopped: nothing was opened"))
        else:
            self.dismiss(None)


def is_file(typed: str) -> bool:
    """Whether what is typed is the name of a file; what was pasted may be too long for one."""
    with suppress(OSError, BadInput):
        return file_at(typed, "data.path").is_file()
    return False


def is_folder(path: str) -> bool:
    """Whether a path is that of a folder; what was pasted may be too long for one."""
    with suppress(OSError, BadInput):
        return file_at(path, "data.path").is_dir()
    return False


def folder_of(typed: str) -> tuple[Path, str]:
    """The folder that what is typed stands in, and how the names of its entries begin.

    Raises BadInput.
    """
    head, slash, tail = typed.rpartition("/")
    return Path(stable(str(file_at(head + slash or ".", "data.path")))), tail


def opened_before(typed: str) -> Iterator[Listed]:
    """The files of the last times."""
    for path in recent():
        if typed.casefold() in path.casefold():
            file = Path(path)
            gone = "" if is_file(path) else tr("no longer there") + " · "
            yield Listed(path, printable(file.name), gone + printable(str(file.parent)))


def samples(typed: str) -> Iterator[Listed]:
    """The files that come with the lab."""
    for file in sorted(SAMPLES.glob("*.csv")):
        name = SAMPLE + file.stem
        if typed.casefold() in name:
            yield Listed(name, name)


def listed(typed: str) -> Iterator[Listed]:
    """Folders and files of data in the folder that is typed, by name; none that is hidden."""
    try:
        folder, start = folder_of(typed)
        with os.scandir(folder) as scan:
            entries = [
                (not entry.is_dir(), entry.name, stable(entry.path), entry)
                for entry in scan
                if entry.name.casefold().startswith(start.casefold())
                and (start.startswith(".") or not entry.name.startswith("."))
                and is_listed(entry)
            ]
            sizes = {path: entry.stat().st_size for file, _, path, entry in entries if file}
    except (OSError, ValueError):  # BadInput is one
        return
    if not start and folder != folder.parent:
        yield Listed(str(folder.parent), "../", is_folder=True)
    for is_plain, name, path, _ in sorted(entries, key=lambda entry: entry[:2])[:MOST_ENTRIES]:
        if is_plain:
            yield Listed(path, printable(name), in_bytes(sizes[path]))
        else:
            yield Listed(path, printable(name) + "/", is_folder=True)


def is_listed(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or a file of data; a link that leads in a circle is neither."""
    with suppress(OSError):
        return entry.is_dir() or (entry.is_file() and is_data(entry.name))
    return False


def is_data(name: str) -> bool:
    """Whether a file is listed, by its name."""
    return Path(name).suffix.casefold() in SUFFIXES


def in_bytes(size: int) -> str:
    """A size as people read it: 640 B, 1.2 MB."""
    number = float(size)
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} GB"
