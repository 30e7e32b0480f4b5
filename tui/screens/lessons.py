"""The list of lessons: by chapter, with what was reached in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.lessons.lesson import Lesson
from engine.lessons.library import lessons
from engine.lessons.progress import Progress, file_name
from engine.support.cell_width import left
from engine.support.translation import tr
from engine.support.user_files import write_beside
from tui.browser import hand_over
from tui.keys.table import NUMBERED
from tui.overlay import Over, open_over, tell
from tui.screens.dialogs import AskScreen
from tui.steady import SteadyList
from tui.text.links import with_keys

FREE = ""
"""Stands for the lab without a lesson."""
FRAME_WIDTH = 6
"""Cells of the list beside its lines."""
MARKS_WIDTH = 4
"""Cells of a line before its title."""
GAP_WIDTH = 2


class LessonsScreen(ModalScreen[str | None], Over[str | None]):
    """All lessons; hands back the name of the chosen one, or `FREE`."""

    BINDINGS = [("escape,q,e", "dismiss(None)", "close"), ("w", "hand_in", "hand in")]

    def __init__(self, progress: Progress, here: str) -> None:
        super().__init__()
        self.progress = progress
        self.here = here
        """The lesson that is open, or `FREE`."""

    def compose(self) -> ComposeResult:
        """Chapters and lessons, the score on the border."""
        options = SteadyList(*self.options())
        options.border_title = tr("Lessons")
        options.border_subtitle = with_keys(f"{self.score()} · {tr('[b]w[/b] hand in')}")
        yield options

    def on_mount(self) -> None:
        """Stand on the lesson that is open."""
        options = self.query_one(OptionList)
        here = self.here if self.here in lessons() else FREE
        options.highlighted = options.get_option_index(here)

    def options(self) -> Iterator[Option]:
        """A line a lesson, below its chapter; the free lab comes first."""
        in_order = list(lessons().values())
        titles = max(cell_len(lesson.title) for lesson in in_order)
        sources = max(cell_len(lesson.source) for lesson in in_order)
        scores = max(cell_len(self.counts(lesson)) for lesson in in_order)
        room = max(self.app.size.width * 9 // 10 - FRAME_WIDTH - MARKS_WIDTH - scores, 0)
        titles = min(titles, room)
        sources = sources + GAP_WIDTH if titles + GAP_WIDTH + sources <= room else 0
        yield Option(tr("The lab, without a lesson"), FREE)
        numbers = {lesson.name: number for number, lesson in enumerate(in_order, 1)}
        for chapter, group in groupby(in_order, key=lambda lesson: lesson.chapter):
            yield Option(Text(chapter, style="bold"), disabled=True)
            for lesson in group:
                line = self.line(lesson, numbers[lesson.name], titles, sources)
                yield Option(line, lesson.name)

    def line(self, lesson: Lesson, number: int, titles: int, sources: int) -> Text:
        """Key, mark, title and source in so many cells, and how much was reached."""
        title = Text(lesson.title, no_wrap=True)
        title.truncate(titles, overflow="ellipsis", pad=True)
        key = f"{number}" if number <= NUMBERED else " "
        mark = "✓" if self.progress.done(lesson) else " "
        source = left(" " * GAP_WIDTH + lesson.source, sources) if sources else ""
        more = (source + self.counts(lesson), "dim")
        return Text.assemble((key, "bold"), f" {mark} ", title, more)

    def counts(self, lesson: Lesson) -> str:
        """Goals reached and forecasts right, as they stand in a line."""
        right, asked = self.progress.score(lesson)
        goals = f"{len(self.progress.met(lesson))}/{len(lesson.goals)}" if lesson.goals else ""
        forecasts = f"{right}/{asked}" if asked else ""
        return f"{goals:>6}{forecasts:>6}".rstrip()

    def score(self) -> str:
        """All goals and all forecasts together."""
        all_lessons = lessons().values()
        scores = [self.progress.score(lesson) for lesson in all_lessons]
        return tr(
            "goals {met} of {goals} · forecasts right {right} of {asked}",
            met=sum(len(self.progress.met(lesson)) for lesson in all_lessons),
            goals=sum(len(lesson.goals) for lesson in all_lessons),
            right=sum(right for right, _ in scores),
            asked=sum(asked for _, asked in scores),
        )

    def on_key(self, event: Key) -> None:
        """A number opens its lesson at once."""
        numbers = [str(number) for number in range(1, NUMBERED + 1)]
        if event.character in numbers:
            names = list(lessons())[:NUMBERED]
            index = numbers.index(event.character)
            event.stop()
            if index < len(names):
                self.dismiss(names[index])

    def action_hand_in(self) -> None:
        """Write what was reached to a file to hand in, under a name that is asked for."""

        def write(name: str | None) -> None:
            if not name:
                return
            report = replace(self.progress.report, person=name)
            try:
                file = write_beside(report.text().encode(), file_name(name), ".toml")
            except OSError as error:
                reason = error.strerror or str(error)
                tell(self, tr("cannot be written: {reason}", reason=reason))
            else:
                tell(self, hand_over(self.app, file))

        open_over(self, AskScreen(tr("Your name, for what you hand in"), ""), write)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter opens the lesson that is marked."""
        self.dismiss(event.option_id)
