"""The runs beside the lab: listed, looked at, put on the charts, taken back, named, removed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from textual.screen import Screen

from engine.runs.following import MOST_LISTED, Wanted
from engine.runs.info import RunInfo, read_info
from engine.runs.losses import KeptLosses
from engine.runs.store import Store
from engine.support.translation import tr
from engine.training.snapshot import Snapshot
from tui.charts.runs import MOST
from tui.keys.conditions import UNDER_WAY
from tui.keys.in_use import in_use
from tui.overlay import open_over
from tui.panels.runs import Asked, Marks, Row
from tui.screens.desk import Desk
from tui.screens.dialogs import AskScreen, ConfirmScreen
from tui.screens.lab import Lab
from tui.screens.runs import Chosen, RunsScreen
from tui.screens.setup import Setup


class Shelf:
    """This session's runs and those that are kept, and what the panel of runs asks for."""

    def __init__(
        self, screen: Screen[None], lab: Lab, desk: Desk, setup: Setup, store: Store
    ) -> None:
        self.screen, self.lab, self.desk, self.setup, self.store = screen, lab, desk, setup, store
        self.session = desk.session
        self.kept = self.session.kept
        self.removed: set[str] = set()
        """The runs of this session that are no longer listed."""

    # Following the store -----------------------------------------------------------------------

    def follow(self) -> None:
        """Have the engine look at the store, where what is there is on show."""
        desk, run = self.desk, self.desk.looked_at
        losses = frozenset(run.id for run in desk.compared)
        kept = desk.awaited or (run.id if run and run.number < 0 else "")
        if self.screen.is_current and (self.screen.has_class("-wide") or losses or kept):
            self.session.follow(Wanted(losses, kept))
            self.look()

    def look(self) -> None:
        """Show what the engine has seen there since the last look."""
        kept, desk = self.session.kept, self.desk
        is_awaited = bool(desk.awaited) and kept.id == desk.awaited
        if kept is self.kept and not is_awaited:
            return
        self.kept, run, looked_at = kept, kept.run, desk.looked_at
        compared = tuple(kept.losses.get(each.id, each) for each in desk.compared)
        is_on_show = looked_at is not None and looked_at.number < 0 and kept.id == looked_at.id
        if isinstance(run, Snapshot) and (is_awaited or (is_on_show and not desk.awaited)):
            desk.look_at(run, self.title_of(run))
        elif is_awaited:
            desk.awaited = ""
            self.lab.hint.refuse(run if isinstance(run, str) else tr("the run was removed"))
        if compared != desk.compared:
            desk.compare(compared)
        self.show()

    def title_of(self, run: Snapshot) -> str:
        """What a run is called in the list."""
        return next((row.title for row in self.rows() if row.id == run.id), run.id)

    # The list ----------------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        """The newest runs: those of this session, then those of others, also of processes now."""
        desk, now = self.desk, self.desk.shown.latest
        infos = {info.id: info for info in self.kept.runs}
        own = [*desk.shown.runs, *([now] if desk.under_way and now.step else [])]
        rows = [own_row(run, infos.pop(run.id, None)) for run in reversed(own[-MOST_LISTED:])]
        ids = {run.id for run in own}
        rows += [kept_row(info) for info in infos.values() if info.id not in ids]
        return [row for row in rows[:MOST_LISTED] if row.id not in self.removed]

    def show(self) -> None:
        """Show the list; the cursor stands on the run that is on show, or soon will be."""
        desk = self.desk
        shown = id_of(desk.snapshot)
        pinned = id_of(desk.pinned) if desk.pinned else ""
        marks = Marks(shown, pinned, tuple(run.id for run in desk.compared))
        self.lab.runs.show(self.rows(), marks, desk.awaited or shown)

    def open_all(self, is_filtering: bool = False) -> None:
        """Open the list of all runs that are kept, on its filter where they are to be filtered."""

        def take(chosen: Chosen | None) -> None:
            if chosen:
                self.desk.compare(chosen.compared)
                self.setup.take(chosen.experiment)
                self.follow()

        screen = RunsScreen(self.session, self.store, self.desk.compared, is_filtering)
        open_over(self.screen, screen, take)

    # What the panel asks for -------------------------------------------------------------------

    def do(self, act: Asked, row: Row | None) -> None:
        """Do what the panel asks for with a run."""
        if act == "look":
            self.look_at(row)
        elif act == "filter":
            self.open_all(is_filtering=True)
        elif row:
            acts: dict[Asked, Callable[[Row], None]] = {
                "mark": self.mark, "take": self.take, "name": self.name, "remove": self.remove
            }  # fmt: skip
            acts[act](row)
        self.show()

    def look_at(self, row: Row | None) -> None:
        """Show a run in every panel; one of another process once the engine has read it."""
        if row is None or row.run is None:
            self.desk.await_run(row.id if row else "")
            self.follow()
        elif row.run is self.desk.shown.latest or row.run is self.desk.at_hand:
            self.desk.look_at(None)
        else:
            self.desk.look_at(row.run, row.title)

    def mark(self, row: Row) -> None:
        """Put a run on the charts, or take it off."""
        compared = self.desk.compared
        others = tuple(run for run in compared if run.id != row.id)
        if len(others) == len(compared):
            if len(compared) >= MOST:
                words = tr("{most} runs are on the charts already", most=MOST)
                self.lab.hint.refuse(words)
                return
            others = (*compared, self.kept.losses.get(row.id) or losses_of(row))
        self.desk.compare(others)
        self.follow()

    def take(self, row: Row) -> None:
        """Take the settings of a run back."""

        def take() -> None:
            if row.run:
                self.setup.take(row.run.experiment)
            elif row.info:
                self.setup.take(row.info.open_experiment())

        self.setup.attempt(take)

    def name(self, row: Row) -> None:
        """Ask for another name."""
        info = self.info_of(row)
        if info is None:
            self.lab.hint.refuse(tr("this run is not kept"))
            return

        def rename(name: str | None) -> None:
            if name is not None:
                self.setup.attempt(lambda: self.store.rename(info, name))
                self.follow()

        words = tr("a name for {run}", run=row.title)
        open_over(self.screen, AskScreen(words, info.name), rename)

    def remove(self, row: Row) -> None:
        """Remove a run from the list, and from the disk where it is kept; asks before."""
        if row.run and not row.run.over:
            self.lab.hint.refuse(tr(UNDER_WAY, **in_use()))
            return
        info = self.info_of(row)

        def remove(sure: bool | None) -> None:
            if sure:
                self.setup.attempt(lambda: self.remove_for_good(row, info))

        question = tr("Remove the run {run} from the disk?", run=row.title)
        if info is None:
            question = tr("Remove {run} from the list?", run=row.title)
        open_over(self.screen, ConfirmScreen(question), remove)

    def remove_for_good(self, row: Row, info: RunInfo | None) -> None:
        """Remove a run; raises BadInput where it cannot be."""
        if info:
            self.store.remove(info)
        self.removed.add(row.id)
        desk = self.desk
        desk.compare(tuple(run for run in desk.compared if run.id != row.id))
        if id_of(desk.snapshot) == row.id:
            desk.look_at(None)
        self.follow()
        self.show()

    def info_of(self, row: Row) -> RunInfo | None:
        """What the store knows of a run; None where it is not kept."""
        if row.info or not row.run or not row.run.id:
            return row.info
        with suppress(OSError, ValueError):
            return read_info(self.store.folder / row.id)
        return None


def id_of(run: Snapshot) -> str:
    """What tells a run from others in the list."""
    return run.id or f"#{run.number}"


def own_row(run: Snapshot, info: RunInfo | None) -> Row:
    """The line of a run of this session."""
    name = info.name if info else ""
    settings = run.experiment.flat()
    return Row(id_of(run), str(run.number), name, settings, run.state, run.loss, run, info)


def kept_row(info: RunInfo) -> Row:
    """The line of a run of another day, or of another process."""
    name, settings = info.name, info.settings()
    return Row(info.id, began(info), name, settings, info.state, info.loss, info=info)


def began(info: RunInfo, today: datetime | None = None) -> str:
    """When a run began, short: the time of today, or the day, in the time of this place."""
    try:
        start = datetime.fromisoformat(info.started).astimezone()
    except ValueError:
        return "?"
    is_today = start.date() == (today or datetime.now()).date()
    return start.strftime("%H:%M" if is_today else "%m-%d")


def losses_of(row: Row) -> KeptLosses:
    """The losses of a run, as far as they are known here."""
    losses = KeptLosses(row.id, row.title, row.settings)
    if row.run is None:
        return losses
    curve = row.run.epoch_losses
    return replace(losses, epochs=curve.x, losses=curve.low)
