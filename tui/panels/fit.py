"""The Fit chart: the data with the line, and the other views of the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from textual.events import Key, MouseDown, MouseMove, MouseUp
from textual.message import Message

from engine.experiment import Experiment
from engine.support.translation import tr
from engine.theory.landscape import Landscape
from engine.training.snapshot import Snapshot
from tui.charts.empty import absent
from tui.charts.fit import FIT
from tui.charts.view import Scene, Survey, View, epochs
from tui.charts.views import VIEWS
from tui.clock import Clock
from tui.drawing.chart import Chart
from tui.drawing.trace import Point
from tui.panels.chart import ChartPanel
from tui.panels.group import Group
from tui.panels.hand import Hand
from tui.panels.pointer import RIGHT

MAX_ZOOMS = 24
"""Most steps that a plane is zoomed in or out."""


class FitPanel(ChartPanel):
    """One of the views at a time, turned by key."""

    class Wanted(Message):
        """A view is to be drawn that the engine has to work something out for."""

        def __init__(self, asker: str, experiment: Experiment, survey: Survey) -> None:
            super().__init__()
            self.asker, self.experiment, self.survey = asker, experiment, survey

    class Moved(Message):
        """Something was done by hand."""

    def __init__(
        self, clock: Clock | None = None, view: View = VIEWS["fit"], **kwargs: Any
    ) -> None:
        super().__init__(clock, **kwargs)
        self.view = view
        self.turns: Counter[str] = Counter()
        """How often each thing was turned: the feature, the plane, the derivative."""
        self.zooms = 0
        """How often a plane was zoomed in, less how often out."""
        self.centre: Point | None = None
        """The middle of a plane that was zoomed at the pointer."""
        self.moment: Snapshot | None = None
        """The run at the moment that is looked at; None: now."""
        self.previous: Snapshot | None = None
        self.pinned: Snapshot | None = None
        self.preview: Snapshot | None = None
        self.landscape: Landscape | None = None
        """What the engine has worked out last."""
        self.survey: Survey | None = None
        """What the engine was asked for last."""
        self.hand: Hand | None = None
        """What is moved by hand on the chart, if anything is."""
        self.is_held = False
        """Whether the hand has taken what the mouse does until its button comes up."""

    def update(
        self,
        snapshot: Snapshot,
        previous: Snapshot | None = None,
        pinned: Snapshot | None = None,
        moment: Snapshot | None = None,
        preview: Snapshot | None = None,
    ) -> None:
        """Show a run; where the view has them, the one before, the pinned, the one to follow.

        What is not over time shows the run at the moment that is looked at, if any is.
        """
        self.snapshots, self.previous, self.pinned = (snapshot,), previous, pinned
        self.moment, self.preview = moment, preview
        if self.hand and self.hand.is_over:
            self.hold(None)
        self.redraw()

    @property
    def is_over_time(self) -> bool:  # type: ignore[override]
        """Whether the view is."""
        return self.view.is_over_time

    def take(self, landscape: Landscape | None) -> None:
        """Draw what the engine has worked out, unless another screen had asked for it."""
        if landscape is None or landscape is self.landscape or self.survey is None:
            return
        if landscape.sample is self.survey.sample:
            self.landscape = landscape
            self.redraw()

    def redraw(self) -> None:
        """Show the chart; where it needs a landscape that was not asked for yet, ask for it."""
        super().redraw()
        if self.view.survey and self.snapshots and self.snapshots[0].facts:
            survey = self.view.survey(self.scene)
            if survey != self.survey:
                self.survey = survey
                self.post_message(self.Wanted(str(self.id), self.snapshots[0].experiment, survey))

    @property
    def over(self) -> Survey | None:
        """The part of a plane on show, where the view has one."""
        return self.survey if self.view.survey else None

    @property
    def scene(self) -> Scene:
        """What the view is drawn from."""
        return Scene(
            self.snapshots[0] if self.is_over_time else self.moment or self.snapshots[0],
            self.previous,
            self.pinned,
            self.x_range,
            self.cursor,
            self.turns[self.view.turns],
            self.zooms,
            self.centre,
            self.landscape,
            self.preview,
            self.survey[2:] if self.is_held and self.survey else None,
        )

    def next_view(self) -> None:
        """The next view, and round again."""
        views = list(VIEWS.values())
        self.turn_to(views[(views.index(self.view) + 1) % len(views)])

    def turn_to(self, view: View) -> None:
        """Show a view."""
        self.view = view
        self.show_title()
        self.show_all()

    def show_title(self) -> None:
        """Say which view it is, and what is done by hand."""
        title = tr(self.view.title)
        self.border_title = f"{title} · {self.hand.title}" if self.hand else title
        if isinstance(self.parent, Group):
            self.parent.show_tabs()

    def hold(self, hand: Hand | None) -> None:
        """Let something be moved by hand, or nothing any longer."""
        self.loosen()
        self.hand = hand
        self.show_title()
        self.redraw()

    def on_key(self, event: Key) -> None:
        """Keys go to the hand first."""
        if self.hand and self.hand.press(event.key):
            event.stop()
            event.prevent_default()
            self.redraw()
            self.post_message(self.Moved())

    def on_mouse_down(self, event: MouseDown) -> None:
        """The mouse goes to the hand first, over the data and over a plane."""
        at, over = self.point_at(event), self.over
        is_place = over is not None or self.view is FIT
        self.is_held = bool(self.hand and at and is_place and self.hand.grab(at, over))
        if self.is_held:
            event.prevent_default()
            self.capture_mouse()

    def on_mouse_move(self, event: MouseMove) -> None:
        """What is held goes with the pointer."""
        if self.hand and self.is_held:
            event.prevent_default()
            if not event.button:  # it came up where the terminal does not hear of it
                self.put_down(None, other=False)
            elif at := self.point_beside(event):
                self.hand.drag(at)
                self.redraw()
                self.post_message(self.Moved())

    def on_mouse_up(self, event: MouseUp) -> None:
        """The hand puts down what it holds, or something new; the click that follows is none."""
        if self.hand and self.is_held:
            event.prevent_default()
            self.dragged = True
            self.put_down(self.point_at(event), event.button == RIGHT or event.ctrl)

    def put_down(self, at: Point | None, other: bool) -> None:
        """Let the hand leave here what it holds, with the right button where that is `other`."""
        assert self.hand
        self.loosen()
        self.hand.release(at, other)
        self.redraw()
        self.post_message(self.Moved())

    def loosen(self) -> None:
        """What the mouse does is its own again."""
        if self.is_held:
            self.is_held = False
            self.release_mouse()

    def on_blur(self) -> None:
        """Who goes elsewhere lets go."""
        if self.hand:
            self.hold(None)

    def next_turn(self) -> None:
        """The next feature, plane or derivative, where the view has one of several."""
        self.turns[self.view.turns] += 1
        self.show_all()

    def show_all(self) -> None:
        """No zoom, and no cursor of its own."""
        self.zooms, self.centre = 0, None
        super().show_all()

    def zoom(self, closer: bool, at: Point | None = None) -> None:
        """Zoom both axes of a plane, or the x axis of the other views."""
        if not (self.view.survey and self.snapshots[0].facts):
            super().zoom(closer, at)
            return
        before = self.view.survey(self.scene)
        self.zooms = min(max(self.zooms + (1 if closer else -1), -MAX_ZOOMS), MAX_ZOOMS)
        if at and self.zooms > 0:
            self.centre = before.centre_around(at, self.view.survey(self.scene))
        self.redraw()

    @property
    def can_be_dragged_over(self) -> bool:  # type: ignore[override]
        """Not over a plane: there is more than an x axis to choose from."""
        return self.view.survey is None

    def point_to(self, at: Point) -> None:
        """Put the cursor on the path of a plane, or where it can stand nearest to an x."""
        if self.view.nearest and self.snapshots[0].path.x:
            at = self.view.nearest(self.scene, at), at[1]
        super().point_to(at)

    def move_cursor(self, by: int) -> None:
        """Move the cursor by steps; a plane that is zoomed in follows it."""
        self.centre = None
        super().move_cursor(by)

    def full_range(self) -> tuple[float, float]:
        """The x range of all there is to show."""
        now = self.snapshots[0]
        if now.facts is None:
            return epochs(now, 0)
        return self.view.full_range(now, self.turns[self.view.turns])

    def stops(self) -> Sequence[float]:
        """The points of the view, where it has the cursor walk them."""
        return self.view.stops(self.snapshots[0]) if self.view.stops else ()

    def chart(self) -> Chart:
        """The chart of the present view."""
        if self.snapshots[0].facts is None:
            return Chart(empty=absent(self.snapshots[0], tr("drawing the data …")))
        chart = self.view.draw(self.scene)
        return self.hand.drawn(chart) if self.hand and self.view is FIT else chart
