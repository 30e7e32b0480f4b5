"""The experiment that is edited, the run at hand, and the one on show."""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.experiment import Experiment
from engine.runs.losses import KeptLosses
from engine.support.errors import show
from engine.training.fork import Fork
from engine.training.moments import fork_of, last_sound
from engine.training.snapshot import Snapshot
from engine.training.statements import Done
from tui.backend import Backend
from tui.clock import Clock
from tui.screens.changes import Change, Changes, Moment


class Desk:
    """One edited experiment and one consistent look at the session that trains it."""

    def __init__(
        self, session: Backend, experiment: Experiment, changed: Callable[[], None]
    ) -> None:
        self.session = session
        self.experiment = experiment
        """What the forms say; the run in progress may be another one."""
        self.changes = Changes()
        self.changed = changed
        """Called after every change of what lies on the desk, but not after a look."""
        self.shown = session.shown
        """The run on show, and the runs that are over."""
        self.sweep = session.sweep
        self.pinned: Snapshot | None = None
        self.compared: tuple[KeptLosses, ...] = ()
        """Runs that are kept, on the chart of losses."""
        self.compared_from = 0
        """Runs up to this number are another matter, with which nothing is compared."""
        self.returned: Snapshot | None = None
        """The finished run of the experiment that the settings were brought back to."""
        self.origin: Snapshot | None = None
        """The run that the last fork goes on from."""
        self.was_now = True
        """Whether no moment was looked at when the last fork was asked for."""
        self.clock = Clock()
        """The moment of the run on show that is looked at."""
        self.preview: Snapshot | None = None
        """The run that would follow, where it is tried and shown."""
        self.looked_at: Snapshot | None = None
        """The run that is on show in place of that at hand, until it is left or another begins."""
        self.looked_name = ""
        """What it is called."""
        self.awaited = ""
        """The id of the kept run that will be looked at as soon as it is read."""

    def look(self) -> bool:
        """Take over what the session has published; whether any of it is new."""
        before = self.shown, self.sweep
        self.shown, self.sweep = self.session.shown, self.session.sweep
        run, latest = before[0].latest, self.shown.latest
        is_another = latest.number > run.number or not run.step
        if latest.step and is_another and latest.number >= run.number:  # it has begun
            self.clock.leave()
            self.looked_at = None
        self.clock.follow(latest)
        return self.shown is not before[0] or self.sweep is not before[1]

    @property
    def snapshot(self) -> Snapshot:
        """The run on show: while one of its moments is looked at, a change keeps it there."""
        return self.clock.run or self.looked_at or self.at_hand

    @property
    def moment(self) -> Snapshot:
        """The run on show as it was at the moment that is looked at, or as it is now."""
        return self.clock.moment or self.snapshot

    @property
    def at_hand(self) -> Snapshot:
        """The run that keys act on: that made of these settings before, until another begins."""
        latest, returned = self.shown.latest, self.returned
        if (
            returned
            and not (latest.step or latest.fork)
            and latest.experiment == returned.experiment
        ):
            return returned
        return latest

    @property
    def runs(self) -> tuple[Snapshot, ...]:
        """The runs that are over."""
        return self.shown.runs

    def look_at(self, run: Snapshot | None, name: str = "") -> None:
        """Show a run of this name in place of that at hand, or None: that at hand again.

        One that has grown since is shown at the moment that is looked at.
        """
        self.awaited = ""
        if run and self.looked_at and run.number == self.looked_at.number:
            self.clock.follow(run)
        else:
            self.clock.leave()
        if run is not self.looked_at:
            self.looked_at, self.looked_name = run, name
            self.changed()

    def await_run(self, id: str) -> None:
        """Look at a kept run as soon as it is read; without an id at that at hand, now."""
        if id:
            self.awaited = id
        else:
            self.look_at(None)

    # Comparing -------------------------------------------------------------------------------

    @property
    def pinned_beside(self) -> Snapshot | None:
        """The pinned run, unless it is the one on show."""
        pinned = self.pinned
        return pinned if pinned and pinned.number != self.snapshot.number else None

    @property
    def previous(self) -> Snapshot | None:
        """The run before the one on show, or which that goes on from, unless it is pinned."""
        first, now = self.compared_from, self.snapshot
        if now.fork:
            runs = (*self.runs, self.origin) if self.origin else self.runs
            before = [run for run in runs if run.number == now.fork.number]
        else:
            before = [
                run
                for run in self.runs
                if first < run.number < now.number and alike(run.experiment, now.experiment)
            ]
        return before[-1] if before and before[-1] is not self.pinned_beside else None

    def pin(self) -> bool:
        """Pin the run on show, or take the pin off it; whether one is pinned now."""
        self.pinned = None if self.pinned is self.snapshot else self.snapshot
        self.changed()
        return self.pinned is not None

    def compare(self, kept: tuple[KeptLosses, ...]) -> None:
        """Put these runs that are kept on the chart of losses, in place of others."""
        self.compared = kept
        self.changed()

    @property
    def under_way(self) -> bool:
        """Whether the run at hand will take more steps."""
        return self.at_hand.state in ("running", "paused")

    def has_run_since(self, before: Snapshot) -> bool:
        """Whether steps were taken, or a run has returned, since this was the run at hand.

        The session may still be at that one, before the start that it was asked for.
        """
        run = self.at_hand
        return run.step > 0 and (run is not before or run is self.returned)

    @property
    def taken_again(self) -> Fork | None:
        """The fork at hand, if it is over and its steps are taken again one by one."""
        run = self.at_hand
        return run.fork if run.over and self.experiment.is_same_but_lr(run.experiment) else None

    @property
    def is_retracing(self) -> bool:
        """Whether the fork at hand is still on its way to where it begins."""
        run = self.at_hand
        return self.under_way and run.fork is not None and run.facts is None

    @property
    def is_ahead(self) -> bool:
        """Whether the experiment differs from that of a run under way, which only takes the lr."""
        return self.under_way and not self.experiment.is_same_but_lr(self.at_hand.experiment)

    @property
    def loop(self) -> str:
        """The loop that takes the next step."""
        return (self.at_hand if self.under_way else self).experiment.loop

    @property
    def statements(self) -> tuple[Done, ...]:
        """What was executed of a minibatch of the run at hand, if that is on show as it is now."""
        if self.clock.run or self.looked_at or self.is_ahead:
            return ()
        return self.at_hand.statements

    @property
    def critical_lr(self) -> float:
        """2/λmax for the batch size and reduction of the experiment; ∞ before it is known."""
        facts = self.at_hand.facts
        if facts is None:
            return math.inf
        shown, asked = (
            experiment.times_mean(experiment.batch_size)
            for experiment in (self.at_hand.experiment, self.experiment)
        )
        return facts.stability.curvature.critical_lr * shown / asked

    # Editing ---------------------------------------------------------------------------------

    def change(self, changes: dict[str, str]) -> None:
        """Change the experiment by text; raises BadInput and leaves it as it was."""
        self.adopt(self.experiment.changed_by_text(changes))

    def adopt(
        self,
        experiment: Experiment,
        name: str = "",
        onto: Change | None = None,
        at_start: bool = False,
    ) -> Change | None:
        """Make this the edited experiment, by a change that can be taken back, with `onto` if any.

        `name` says what replaces the experiment, where it is replaced as a whole; `at_start` shows
        its start also where it has run.
        """
        change = onto
        if experiment != self.experiment:
            change = Change(Moment(self.experiment), Moment(experiment), name)
            change = self.changes.note(change, onto)
        if at_start:
            self.restart(experiment)
        else:
            self.edit(experiment)
        return change

    def edit(self, experiment: Experiment) -> None:
        """Make this the edited experiment; a run under way only takes over an lr changed alone."""
        before, self.experiment = self.experiment, experiment
        self.looked_at, self.awaited = None, ""
        if not alike(experiment, self.snapshot.experiment):
            self.clock.leave()
        if not self.under_way:
            whole = [run for run in self.runs if run.state == "finished" and run.fork is None]
            same = (run for run in reversed(whole) if run.experiment == experiment)
            self.returned = next(same, None)
            self.session.prepare(experiment)
        elif experiment.is_same_but_lr(before):
            self.session.set_lr(experiment.lr)
        self.changed()

    def retry(self) -> None:
        """Train again with the lr that is suggested after a divergence; raises BadInput.

        A fork goes on from where it began. Of a run that is only looked at, all its settings are
        taken.
        """
        run, cause = self.snapshot, self.snapshot.autopsy
        if cause and cause.suggestion:
            experiment = run.experiment if run is self.looked_at else self.experiment
            self.adopt(experiment.changed_by_text({"lr": show(cause.suggestion)}))
            self.clock.leave()
            if run.fork and experiment.is_same_but_lr(run.experiment):
                self.session.fork(self.experiment, run.fork)
            else:
                self.session.start(self.experiment)

    @property
    def to_fork(self) -> Snapshot | None:
        """The run that another one can go on from: that on show, or the one beside its start."""
        return self.snapshot if self.snapshot.step else self.previous or self.pinned_beside

    def fork(self) -> Fork:
        """Go on with the edited settings, as a run of its own, from the moment that is looked at.

        Else from the last moment that is worth it. Raises BadInput where they do not go on there.
        """
        run = self.to_fork
        assert run
        fork = fork_of(run, self.clock.step if self.clock.run else last_sound(run))
        fork.check(self.experiment)
        if run.fork != fork:
            self.origin = run
        self.stand_where(run, fork)
        self.session.fork(self.experiment, fork)
        return fork

    def stand_where(self, run: Snapshot, fork: Fork) -> None:
        """Look at a run where a fork begins, until the steps up to there are taken again."""
        self.awaited, self.was_now = "", self.clock.run is None
        self.clock.go_to(run, fork.step)

    def stop(self) -> None:
        """End the run at hand; where a fork was not there yet, look again at what was on show."""
        if self.is_retracing and self.was_now:
            self.clock.leave()
        self.session.stop()

    def restart(self, experiment: Experiment) -> None:
        """Make this the edited experiment and show its start; ends a run under way."""
        self.clock.leave()
        self.experiment, self.returned = experiment, None
        self.looked_at, self.awaited = None, ""
        self.session.prepare(experiment)
        self.changed()


def alike(one: Experiment, other: Experiment) -> bool:
    """Whether the losses of two experiments can be compared: same data, model and loss."""
    return (one.data, one.model, one.loss) == (other.data, other.model, other.loss)
