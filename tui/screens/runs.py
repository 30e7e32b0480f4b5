"""The runs that are kept: listed, filtered, compared, named, removed, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.experiment import Experiment
from engine.runs.export import write_metrics
from engine.runs.following import Wanted
from engine.runs.foreign import foreign_losses
from engine.runs.info import RunInfo
from engine.runs.losses import KeptLosses
from engine.runs.matching import match_of
from engine.runs.store import Store
from engine.runs.words import title
from engine.support.errors import BadInput
from engine.support.outside import printable
from engine.support.translation import Translatable, tr, trn
from engine.support.visitor import file_at
from tui.backend import Backend
from tui.browser import hand_over
from tui.charts.runs import MOST, runs_chart
from tui.drawing.view import ChartView
from tui.overlay import Over, open_over, tell
from tui.panels.bars import Hint, KeyLine
from tui.panels.kept_runs import about, differing, line, titles
from tui.screens.dialogs import ConfirmScreen, HelpScreen
from tui.screens.listing import MOST_LISTED, RENEWED, SORTS, Listing
from tui.steady import WalkedList

LOOK_INTERVAL = 1 / 20
"""Seconds between two helpings of a long list."""
FRAME_WIDTH = 8
"""Cells of a line that are not the list's."""
KEYS: Translatable = (
    " [b]enter[/b] take  [b]space[/b] chart  [b]/[/b] filter  [b]n[/b] name  [b]s[/b] sort  "
    "[b]del[/b] remove  [b]?[/b] help  [b]esc[/b] back"
)
KEY_HELP: tuple[tuple[str, Translatable], ...] = (
    ("↑ ↓", "Go from run to run; the chart shows the one under the cursor."),
    ("enter", "Take the settings of the run under the cursor to the lab."),
    ("space", "Put the run on the charts, here and in the lab, or take it off; up to eight."),
    ("/", "Show some: words and conditions, as in lr<0.1 loss=huber state=diverged."),
    ("i", "Put the losses of another program on the charts: its CSV, or TensorBoard's folder."),
    ("n", "Give the run a name; an empty one takes it away."),
    ("s", "Sort by time, by loss, by name."),
    ("w", "Write its metrics to a new CSV file in this folder."),
    ("del", "Remove the run from the disk, after a question."),
    ("esc q", "Back to the lab; what is on the charts stays."),
)


@dataclass(frozen=True)
class Chosen:
    """What the screen hands back."""

    compared: tuple[KeptLosses, ...]
    """What is on the charts."""
    experiment: Experiment | None = None
    """The settings that are taken back."""


class RunsScreen(Over[Chosen]):
    """The list above, the losses of the marked runs below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "on the chart"),
        Binding("slash", "filter", "filter"),
        Binding("i", "import", "import"),
        Binding("n", "name", "name"),
        Binding("s", "sort", "sort"),
        Binding("w", "write", "write to a file"),
        Binding("delete,backspace", "remove", "remove"),
        Binding("question_mark,f1", "help", "help"),
        Binding("escape,q,H", "leave", "back"),
    ]

    def __init__(
        self,
        session: Backend,
        store: Store,
        compared: tuple[KeptLosses, ...] = (),
        is_filtering: bool = False,
    ) -> None:
        super().__init__()
        self.session, self.store, self.listing = session, store, Listing(store)
        self.kept = session.kept
        """What the engine has read last of the runs on the chart."""
        self.is_filtering = is_filtering
        """Whether a filter is typed at once."""
        self.marked: dict[str, KeptLosses] = {run.id: run for run in compared}
        """What is on the charts, by its id."""
        self.listed: list[RunInfo] = []
        """Those on show."""
        self.taking: Callable[[str], None] = self.filter
        """What is done with what is typed."""

    def compose(self) -> ComposeResult:
        """Head, what is typed, list, chart, hint and keys."""
        self.head, self.typed, self.list = Static(id="head"), Input(), WalkedList()
        self.typed.cursor_blink = False
        self.chart = ChartView()
        yield self.head
        yield self.typed
        with Vertical(id="runs") as box:
            box.border_title = tr("Runs")
            yield Static(id="titles")
            yield self.list
        with Vertical(id="losses") as losses:
            losses.border_title = tr("Losses")
            yield self.chart
        yield Hint()
        yield KeyLine(tr(KEYS))

    def on_mount(self) -> None:
        """Read the first runs, and the others piece by piece."""
        self.typed.display = False
        self.set_focus(self.list)
        self.read()
        self.set_interval(LOOK_INTERVAL, self.read_more)
        self.set_interval(RENEWED, self.renew)
        if self.is_filtering:
            self.action_filter()

    def on_resize(self) -> None:
        """Lines are cut for the width."""
        self.call_after_refresh(self.show_list)

    # Reading -----------------------------------------------------------------------------------

    def read(self) -> None:
        """Read the store anew."""
        try:
            self.listing.begin()
        except BadInput as error:
            self.query_one(Hint).refuse(str(error))
        self.show_list()

    def read_more(self) -> None:
        """Go on with a long list, and with losses that have come."""
        self.look()
        if self.is_whole and self.listing.take_in():
            if self.listing.order or len(self.listed) < MOST_LISTED:
                self.show_list()
            else:
                self.show_head()

    def renew(self) -> None:
        """Look again at the runs that go on, maybe in other processes, and for newer ones."""
        self.follow()
        if self.is_whole and self.listing.renew():
            self.show_list()

    # Showing -----------------------------------------------------------------------------------

    @property
    def here(self) -> RunInfo | None:
        """The run under the cursor."""
        index = self.list.highlighted
        return self.listed[index] if index is not None and index < len(self.listed) else None

    def show_list(self) -> None:
        """A line a run; the cursor stays on its run."""
        if not self.is_whole:
            return
        here, width = self.here, self.size.width - FRAME_WIDTH
        listed = self.listed = self.listing.fitting()
        self.list.clear_options().add_options(
            [
                Option(line(info, beside, info.id in self.marked, width), info.id)
                for info, beside in zip(listed, differing(listed), strict=True)
            ]
        )
        ids = [info.id for info in listed]
        if listed:
            self.list.highlighted = ids.index(here.id) if here and here.id in ids else 0
        self.query_one("#titles", Static).update(Content.styled(titles(width), "dim"))
        self.show_head()
        if not self.listing.infos:
            self.query_one(Hint).say(tr("No run is kept yet: train one, and it stands here."))
        elif not listed:
            self.query_one(Hint).say(tr("No run fits the filter; / changes it."))
        self.show_chart()

    def show_head(self) -> None:
        """How many runs there are, and how they are sorted."""
        count = trn("{n} run", "{n} runs", n=len(self.listing.infos))
        if len(self.listed) < len(self.listing.infos):
            count = tr("{listed} of {count}", listed=len(self.listed), count=count)
        self.head.update(f" linreg-tui · {tr('Runs')} · {count} · {tr(SORTS[self.listing.order])}")

    def on_option_list_option_highlighted(self) -> None:
        """The chart follows the cursor, and a line says all that the list cuts."""
        self.show_chart()
        if self.here and not self.typed.display:
            self.query_one(Hint).say(about(self.here))

    def show_chart(self) -> None:
        """The losses of what is marked, and of the run under the cursor, which the engine reads."""
        self.follow()
        self.draw_chart()

    def draw_chart(self) -> None:
        """The losses as far as they are read."""
        curves = dict(self.marked)
        if self.here and self.here.id not in curves:
            curves[self.here.id] = self.losses(self.here)
        self.chart.show(runs_chart(list(curves.values())))

    def losses(self, info: RunInfo) -> KeptLosses:
        """The losses of a run; none before they are read."""
        losses = self.kept.losses.get(info.id)
        return losses or KeptLosses(info.id, title(info), info.settings())

    def follow(self) -> None:
        """Have the engine read the losses that are on the chart."""
        here = {self.here.id} if self.here else set()
        self.session.follow(Wanted(frozenset(self.marked) | here))
        self.look()

    def look(self) -> None:
        """Show losses that were read since the last look."""
        if self.kept is not self.session.kept and self.is_whole:
            self.kept = self.session.kept
            self.marked |= {id: run for id, run in self.kept.losses.items() if id in self.marked}
            self.draw_chart()

    # Keys --------------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Put the run on the charts, or take it off."""
        info = self.here
        if info is None:
            return
        if info.id in self.marked:
            del self.marked[info.id]
        elif len(self.marked) < MOST:
            self.marked[info.id] = self.losses(info)
        else:
            self.query_one(Hint).refuse(tr("{most} runs are on the charts already", most=MOST))
            return
        self.show_list()

    def action_filter(self) -> None:
        """Type what is shown."""
        words = tr("words and conditions, as in lr<0.1 loss=huber state=diverged")
        self.ask(words, "", self.filter)

    def action_name(self) -> None:
        """Type a name for the run."""
        if self.here:
            words = tr("a name for {run}", run=title(self.here))
            self.ask(words, self.here.name, partial(self.rename, self.here))

    def action_import(self) -> None:
        """Type where another program has written losses."""
        self.ask(tr("a CSV file of metrics, or TensorBoard's folder"), "", self.import_losses)

    def ask(self, placeholder: str, value: str, take: Callable[[str], None]) -> None:
        """Have something typed above the list."""
        self.taking = take
        self.typed.placeholder, self.typed.value = placeholder, value
        self.typed.display = True
        self.set_focus(self.typed)

    def on_input_changed(self) -> None:
        """The list follows the filter while it is typed."""
        if self.typed.display and self.taking == self.filter:
            self.filter(self.typed.value)

    def filter(self, text: str) -> None:
        """Show what fits; what is no filter yet is said and changes nothing."""
        try:
            self.listing.matches = match_of(text)
        except BadInput as error:
            self.query_one(Hint).refuse(str(error))
        else:
            self.query_one(Hint).say("")
            self.show_list()

    def rename(self, info: RunInfo, name: str) -> None:
        """Give a run a name; raises BadInput."""
        self.store.rename(info, name)
        self.read()

    def import_losses(self, path: str) -> None:
        """Put losses that another program has written on the charts; raises BadInput."""
        epochs, losses = foreign_losses(file_at(path, "metrics"))
        name = printable(Path(path).stem)
        self.marked[path] = KeptLosses(path, name, {}, epochs, losses)
        self.show_chart()

    def on_input_submitted(self) -> None:
        """Take what was typed, and go back to the list; what is refused can be mended."""
        try:
            self.taking(self.typed.value.strip())
        except BadInput as error:
            self.query_one(Hint).refuse(str(error))
        else:
            self.close_typed()

    def close_typed(self) -> None:
        """Back to the list."""
        self.typed.display = False
        self.set_focus(self.list)

    def action_sort(self) -> None:
        """The next order."""
        self.listing.order = (self.listing.order + 1) % len(SORTS)
        self.show_list()

    def action_write(self) -> None:
        """Write the metrics of the run to a file."""
        if self.here:
            try:
                file = write_metrics(self.store, self.here)
            except BadInput as error:
                self.query_one(Hint).refuse(str(error))
            else:
                tell(self, hand_over(self.app, file))

    def action_remove(self) -> None:
        """Remove the run, after a question."""
        info = self.here
        if info is None:
            return

        def answer(sure: bool | None) -> None:
            if sure:
                try:
                    self.store.remove(info)
                except BadInput as error:
                    self.query_one(Hint).refuse(str(error))
                else:
                    self.marked.pop(info.id, None)
                    self.read()

        question = tr("Remove the run {run} from the disk?", run=title(info))
        open_over(self, ConfirmScreen(question), answer)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter takes the settings back."""
        if self.here:
            try:
                experiment = self.here.open_experiment()
            except BadInput as error:
                self.query_one(Hint).refuse(str(error))
            else:
                self.dismiss(Chosen(tuple(self.marked.values()), experiment))

    def action_help(self) -> None:
        """Every key."""
        about = tr("Every run that took a step is kept in {folder}.", folder=self.store.folder)
        open_over(self, HelpScreen(about, KEY_HELP))

    def action_leave(self) -> None:
        """Leave what is typed, or the screen."""
        if self.typed.display:
            if self.taking == self.filter:
                self.filter("")
            self.close_typed()
        else:
            self.dismiss(Chosen(tuple(self.marked.values())))
