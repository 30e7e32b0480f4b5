"""Being the optimizer: the start of a run moved by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from textual.screen import Screen

from engine.catalog.model import Linear
from engine.catalog.parameters import flat, labels
from engine.support.errors import BadInput
from engine.support.translation import tr, trp
from engine.theory.facts import Facts
from tui.charts.fit import FIT, with_sticks
from tui.charts.landscape import LANDSCAPE
from tui.charts.view import Survey
from tui.drawing.chart import Chart
from tui.drawing.trace import Point
from tui.keys.conditions import NO_DATA
from tui.keys.in_use import key_of
from tui.overlay import tell
from tui.screens.changes import Change
from tui.screens.desk import Desk
from tui.screens.lab import Lab
from tui.screens.navigator import Navigator
from tui.text.numbers import DIGITS, loss_text, significant

DIRECTIONS = {"left": (0, -1), "right": (0, 1), "down": (1, -1), "up": (1, 1)}
"""Key → which of the two parameters that are held it moves, and which way."""
SHARE = 0.05
"""Share of the spread of y by which a step moves ŷ at the far end of a feature."""
FAR = 10
"""Steps in one, with shift."""
FINE = 200
"""Places that the mouse tells apart along the shorter side of a plane, at most 2.5 times more."""


def steer(screen: Screen[None], lab: Lab, desk: Desk, navigator: Navigator) -> None:
    """Take the start of the edited experiment into the hand, or say why that cannot be."""
    if not isinstance(desk.experiment.architecture(), Linear):
        tell(screen, tr("only w and b of a line can be moved by hand"))
        return
    run, fit = desk.at_hand, lab.fit
    if run.experiment != desk.experiment or run.facts is None:
        tell(screen, tr(NO_DATA))
        return
    desk.look_at(None)
    if run.step:
        desk.restart(desk.experiment)
    if fit.view not in (FIT, LANDSCAPE):
        fit.turn_to(FIT)
    navigator.go_to(fit)
    fit.hold(Steering(desk, run.facts, lambda: fit.hold(None)))


class Steering:
    """Arrows move two parameters of a model that is linear in them, those that training has."""

    def __init__(self, desk: Desk, facts: Facts, let_go: Callable[[], None]) -> None:
        self.title = trp("moved", "by hand")
        self.desk, self.before, self.run = desk, desk.experiment, desk.at_hand
        self.let_go = let_go
        """Called where the hand gives up."""
        self.start = flat(facts.start)
        """Where the init that was chosen begins."""
        self.names = [label for label, _ in labels(facts.start)]
        self.steps = sizes(facts)
        self.scale = 1.0
        """How much longer the steps are than at first."""
        self.held = 0
        """The parameter that moves left and right; the one after it moves up and down."""
        self.over: Survey | None = None
        """The plane on which the mouse moves θ₀."""
        self.change: Change | None = None
        """What has been done since the mode began, to be taken back at once."""

    @property
    def is_over(self) -> bool:
        """Whether steps were taken."""
        return self.desk.has_run_since(self.run)

    @property
    def theta(self) -> tuple[float, ...]:
        """Where the run would start, in the order of the names."""
        init = self.desk.experiment.init
        if init.name != "given":
            return self.start
        w, b = init.options["w"], init.options["b"]
        count = self._weights
        return (*(w * count)[:count], *([b] if len(self.start) > count else []))

    @property
    def _weights(self) -> int:
        model = self.before.architecture()
        assert isinstance(model, Linear)
        return model.features

    def press(self, key: str) -> bool:
        """Move, choose what is moved, or give up."""
        name = key.removeprefix("shift+")
        if name in DIRECTIONS:
            which, way = DIRECTIONS[name]
            self.move(self.held + which, way * (FAR if name != key else 1))
        elif key.isdigit() and 1 <= int(key) <= len(self.names):
            self.held = int(key) - 1
        elif key in ("pageup", "pagedown"):
            self.scale *= FAR if key == "pageup" else 1 / FAR
        elif key == "escape":
            self.give_up()
        else:
            return False
        return True

    def move(self, which: int, steps: int) -> None:
        """Move a parameter by so many steps, to a multiple of the step."""
        which %= len(self.names)
        size = self.steps[which] * self.scale
        theta = list(self.theta)
        theta[which] = round(theta[which] / size + steps) * size
        self.put(theta)

    def put(self, theta: Sequence[float]) -> None:
        """Make this the start, in round numbers."""
        theta = [float(significant(value, 12)) for value in theta]
        w, b = theta[: self._weights], theta[self._weights :]
        changes = {"init": "given", "init.w": tuple(w), "init.b": b[0] if b else 0.0}
        try:
            experiment = self.desk.experiment.changed(changes)
        except BadInput:
            return  # farther than numbers may be
        self.change = self.desk.adopt(experiment, onto=self.change, at_start=True)

    def give_up(self) -> None:
        """Take all of it back."""
        self.let_go()
        if self.desk.changes.take_off(self.change):
            self.desk.edit(self.before)

    def grab(self, at: Point, over: Survey | None) -> bool:
        """θ₀ goes with the pointer over a plane; over the data the mouse points as ever."""
        self.over = over
        return over is not None

    def drag(self, at: Point) -> None:
        """Bring θ₀ under the pointer, along the plane only."""
        assert self.over
        _, plane, *ranges = self.over
        fine = round_step(min(high - low for low, high in ranges) / FINE)
        (here,) = zip(*plane.places([self.theta]), strict=True)
        # The second coordinate of a line is the loss.
        a, b = (to - now for to, now in zip(at, here, strict=True))
        self.put(
            [
                round((value + a * u + b * v) / fine) * fine
                for value, u, v in zip(self.theta, plane.u, plane.v, strict=True)
            ]
        )

    def release(self, at: Point | None, other: bool) -> None:
        """Leave θ₀ where it is; a click brings it there."""
        if at and not other:
            self.drag(at)

    def drawn(self, chart: Chart) -> Chart:
        """The chart with the residuals as sticks."""
        return with_sticks(chart)

    def words(self, over: Survey | None) -> str:
        """What is held and how it is moved, how far the steps are, and what came of it."""
        theta, snapshot = self.theta, self.desk.snapshot
        first, second = self.held, (self.held + 1) % len(self.names)
        best = flat(snapshot.facts.optimum) if snapshot.facts else ()
        loss = snapshot.loss if snapshot.experiment == self.desk.experiment else None
        values = {
            "loss": "…" if loss is None else loss_text(loss),
            "distance": significant(math.dist(theta, best), 3) if best else "?",
        }
        parts = [
            tr("the mouse drags θ₀") if over else "",
            f"← → {self.names[first]} {significant(theta[first], DIGITS)}",
            f"↑ ↓ {self.names[second]} {significant(theta[second], DIGITS)}"
            if second != first
            else "",
            tr("loss {loss}, {distance} from θ*", **values),
            tr("{start} goes on", start=key_of("start")),
            tr("esc: as it was"),
            tr("1–{last}: others", last=min(len(theta), 9)) if len(theta) > 2 else "",
            tr("shift: farther"),
        ]
        return " · ".join(filter(None, parts))


def sizes(facts: Facts) -> list[float]:
    """A step of each parameter that is as far as can well be seen: 1, 2 or 5 and zeros."""
    tall = extent(facts.sample.y)
    wide = [extent(column) for column in facts.sample.X]
    wide += [1.0] * (len(flat(facts.start)) - len(wide))
    return [round_step(SHARE * tall / width) for width in wide]


def extent(numbers: Sequence[float]) -> float:
    """From the least to the greatest; 1 where they are all alike."""
    return max(numbers) - min(numbers) or 1.0


def round_step(size: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above a size."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(times * power for times in (5, 2, 1) if times * power <= size * (1 + 1e-9))
