"""What the tests of the screen share: a session without an engine, snapshots, and keys that wait.

Every number here is made up and fixed, so that a picture of the screen is the same everywhere.
"""

from __future__ import annotations

import asyncio
import gc
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Literal, Protocol

import pytest
import textual._wait
import torch
from textual.pilot import Pilot

from engine.catalog.optimizers import OPTIMIZERS
from engine.catalog.parameters import Values, flat
from engine.experiment import Experiment
from engine.jobs.axis import Axis
from engine.jobs.band import fan
from engine.jobs.finder import Finding
from engine.jobs.job import JobState
from engine.jobs.race import Race, RaceProgress, Racer, Status, Track
from engine.jobs.sweep import Cell, Sweep, SweepProgress
from engine.lessons.lesson import Lesson, parse_lesson
from engine.lessons.library import lessons
from engine.session import Session
from engine.support.device import DeviceInfo
from engine.theory.curvature import Curvature
from engine.theory.facts import Facts, Sample
from engine.theory.landscape import Landscape, Plane, Range, survey
from engine.theory.stability import Autopsy, Limit, Stability
from engine.theory.study import Study
from engine.training.series import Points
from engine.training.snapshot import Snapshot, State
from engine.training.trail import Path as Way
from tui.app import LinregApp
from tui.screens.main import MainScreen
from tui.settings import Settings

# torch leaves very many objects behind; frozen, they do not slow down every collection.
gc.collect()
gc.freeze()

ROOT = Path(__file__).parents[2]
SIZES = [(40, 12), (50, 24), (80, 24), (120, 34), (200, 50)]
LARGE = [(80, 24), (120, 34)]
LOOKS = 4000
"""How often a condition is looked at before a test gives up on it."""


# The terminal and its folders ------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A terminal and a config folder that do not depend on the machine; the folder is returned."""
    folder = tmp_path / "config"
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(
        "engine.support.user_files.user_config_path", lambda name, appauthor: folder / str(name)
    )
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual's pilot looks five times as often whether the app has nothing left to do."""
    monkeypatch.setattr(textual._wait, "SLEEP_GRANULARITY", 1 / 250)
    monkeypatch.setattr(textual._wait, "SLEEP_IDLE", 1 / 2500)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pilot does not wait until the process is idle: beside a busy engine it never is."""

    async def turn(min_sleep: float = 0, max_sleep: float = 0) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr("textual.app.wait_for_idle", turn)
    monkeypatch.setattr("textual.pilot.wait_for_idle", turn)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that nobody looks at are not made, which saves half of the time; `text_of` draws."""
    monkeypatch.setattr("textual._compositor.Compositor.render_update", lambda *_, **__: None)


Steps = Callable[[Pilot[None]], Awaitable[None]]
"""What is done before a picture is taken."""


class Compare(Protocol):
    """The fixture of pytest-textual-snapshot, and what is made of it."""

    def __call__(
        self, app: LinregApp, *, terminal_size: tuple[int, int], run_before: Steps | None = None
    ) -> bool: ...


# A session without an engine -------------------------------------------------------------------


class FakeSession(Session):
    """Notes what it is asked for; `latest` and `runs` are what the test sets them to."""

    def __init__(self, latest: Snapshot, runs: tuple[Snapshot, ...] = ()) -> None:
        self.latest = latest
        self.runs = runs
        self.sweep: SweepProgress | None = None
        self.race: RaceProgress | None = None
        self.answer: Finding | Study | str | None = None
        self.landscape: Landscape | None = None
        self.calls: list[tuple[object, ...]] = []

    def open(self) -> None:
        self.calls.append(("open",))

    def close(self, timeout: float = 5.0) -> None:
        self.calls.append(("close",))

    def prepare(self, experiment: Experiment) -> None:
        self.calls.append(("prepare", experiment))

    def start(self, experiment: Experiment) -> None:
        self.calls.append(("start", experiment))

    def minibatch(self, experiment: Experiment) -> None:
        self.calls.append(("minibatch", experiment))

    def epoch(self, experiment: Experiment) -> None:
        self.calls.append(("epoch", experiment))

    def pause(self) -> None:
        self.calls.append(("pause",))

    def resume(self) -> None:
        self.calls.append(("resume",))

    def stop(self) -> None:
        self.calls.append(("stop",))

    def set_lr(self, lr: float) -> None:
        self.calls.append(("set_lr", lr))

    def set_pace(self, epochs_per_second: float | None) -> None:
        self.calls.append(("set_pace", epochs_per_second))

    def start_sweep(self, sweep: Sweep) -> None:
        self.calls.append(("start_sweep", sweep))

    def start_race(self, race: Race) -> None:
        self.calls.append(("start_race", race))

    def stop_job(self) -> None:
        self.calls.append(("stop_job",))

    def find_lr(self, experiment: Experiment) -> None:
        self.calls.append(("find_lr", experiment))

    def study(self) -> None:
        self.calls.append(("study",))

    def survey(
        self, experiment: Experiment, facts: Facts, plane: Plane, x_range: Range, y_range: Range
    ) -> None:
        self.landscape = survey(experiment, facts, plane, x_range, y_range)

    @property
    def asked(self) -> list[tuple[object, ...]]:
        """The calls after the opening."""
        return [call for call in self.calls if call != ("open",)]


def app_for(
    session: Session,
    settings: Settings | None = None,
    message: str = "",
    lesson: Lesson | None = None,
) -> LinregApp:
    """The app around a session, with the forms showing its experiment."""
    settings = settings or Settings()
    settings.experiment = session.latest.experiment
    app = LinregApp(session, settings, message, lesson)
    app.animation_level = "none"
    return app


def app_showing(now: Snapshot, *runs: Snapshot, settings: Settings | None = None) -> LinregApp:
    """The app around a session in which nothing ever happens."""
    return app_for(FakeSession(now, runs), settings)


def main_of(pilot: Pilot[None]) -> MainScreen:
    """The main screen of the app that a pilot flies."""
    assert isinstance(pilot.app, LinregApp)
    return pilot.app.main


async def until(pilot: Pilot[None], predicate: Callable[[], bool]) -> None:
    """Return once the predicate holds; the bound only ends a test that would hang."""
    for _ in range(LOOKS):
        if predicate():
            return
        await pilot.pause(1 / 200)
    raise AssertionError("waited in vain")


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the main screen is there with all its fields, and a panel has the focus."""
    main = main_of(pilot)
    await until(pilot, lambda: main.is_current and main.focused is not None)
    await until(pilot, lambda: all(form.fields for form in main.lab.forms))
    await until(pilot, lambda: main.classroom.panel is not None or main.first is None)
    await pilot.pause()


async def calm(pilot: Pilot[None]) -> None:
    """Wait until nothing on the screen changes any more."""
    last: object = None
    same = 0
    for _ in range(LOOKS):
        await pilot.pause()
        now = [list(strip) for strip in pilot.app.screen._compositor.render_strips()]
        same = same + 1 if now == last else 0
        last = now
        if same == 5:
            return
    raise AssertionError("the screen does not come to rest")


async def show(pilot: Pilot[None], snapshot: Snapshot) -> None:
    """Have the session come up with a snapshot and wait until the screen has it."""
    main = main_of(pilot)
    main.session.latest = snapshot
    await until(pilot, lambda: main.desk.snapshot is snapshot)
    await pilot.pause()


def text_of(app: LinregApp) -> list[str]:
    """What stands on the screen, line by line."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


@pytest.fixture
def picture(snap_compare: Callable[..., bool]) -> Compare:
    """Compares the screen with the accepted picture once it has come to rest."""

    def compare(
        app: LinregApp, *, terminal_size: tuple[int, int], run_before: Steps | None = None
    ) -> bool:
        async def steps(pilot: Pilot[None]) -> None:
            await settled(pilot)
            if run_before:
                await run_before(pilot)
            await calm(pilot)

        return snap_compare(app, terminal_size=terminal_size, run_before=steps)

    return compare


# A lesson ----------------------------------------------------------------------------------------

FIRST = next(iter(lessons()))
"""The name of the first lesson of the library."""
QUIZ = """+++
title = "How large a step?"
view = "residuals"
hide_panels = ["model"]
hide_tools = ["sweep", "theory"]

[[question]]
ask = "Which loss is left?"
of = "final loss"
within = "factor 2"

[[question]]
ask = "With lr = 2, what happens?"
when = "lr > 1"
[[question.choice]]
text = "It learns faster."
if = "status is finished"
[[question.choice]]
text = "It runs away."
if = "status is diverged"

[[goal]]
text = "Reach the noise floor."
if = "standing is at the noise floor"
hint = "Press s."

[[goal]]
text = "See the directions."
if = "seen directions"
hint = "Press v."

[[goal]]
text = "Make it diverge."
if = "status is diverged"
+++
# How large a step?

`lr` is the length of a step. **Press** `s`.
"""


def quiz(name: str = FIRST) -> Lesson:
    """A lesson with everything in it; by its name it stands in the place of the first one."""
    return parse_lesson(QUIZ, name, f"{name}.md")


# Snapshots ---------------------------------------------------------------------------------------

CPU = DeviceInfo("cpu", None, "Example CPU 3.0 GHz", 1, 16.0, "2.13.0+cpu")
W, B = (2.0, -3.4), 4.2
TRUE: Values = {"w": W, "b": (B,)}
START: Values = {"w": (0.0021, -0.0134), "b": (0.0,)}
FOUND: Values = {"w": (1.9991, -3.40042), "b": (4.19983,)}
GRADS: Values = {"w": (-0.00131, 0.00214), "b": (-0.00083,)}
STEPS = 100
"""Steps in an epoch."""
EPOCH_LOSSES = (16.2, 0.0378, 1.35e-4, 4.98e-5)
SLOW = Experiment().changed({"lr": 0.003})
FAST = Experiment().changed({"lr": 2.0})


def spread(index: int, offset: float = 0.0) -> float:
    """A number in -1..1 that looks random and is not."""
    return 2 * math.modf((index + 1) * 0.6180339887 + offset)[0] - 1


def sample(w: tuple[float, ...] = W, b: float = B, noise: float = 0.3, n: int = 200) -> Sample:
    """Points around y = Xw + b; far more noise than in an experiment, so that it can be seen."""
    random = Random(7)
    columns = tuple(tuple(random.gauss(0, 1) for _ in range(n)) for _ in w)
    rows = zip(*columns, strict=True)
    y = tuple(
        b + sum(weight * x for weight, x in zip(w, row, strict=True)) + noise * random.gauss(0, 1)
        for row in rows
    )
    return Sample(columns, y)


def steady(parameters: int) -> Stability:
    """Eigenvalues from 1.07 down, each along a parameter of its own; a limit for B = 10."""
    values = torch.tensor([1.07 * 0.88**i for i in range(parameters)], dtype=torch.float64)
    vectors = torch.eye(parameters, dtype=torch.float64)
    H = values.diag()
    return Stability(Curvature(values, vectors), (H, 5 * H @ H), Limit(1.35, "minibatches of 10"))


def facts(true: Values = TRUE, start: Values = START) -> Facts:
    """What is known of the baseline, in round numbers."""
    (_, w), *rest = true.items()
    return Facts(
        n=1000,
        features=len(w),
        steps_per_epoch=STEPS,
        device=CPU,
        devices=("cpu",),
        true=true,
        closed_form={
            name: tuple(value + 0.0002 for value in values) for name, values in true.items()
        },
        optimum=4.93e-5,
        noise_floor=5e-5,
        rounding=2e-12,
        stability=steady(len(w) + 1),
        start=start,
        start_loss=EPOCH_LOSSES[0],
        sample=sample(w, rest[0][1][0] if rest else 0.0),
    )


def falling(steps: int, factor: float = 0.94) -> Points:
    """Minibatch losses that fall from the start's to the noise floor."""
    xs = tuple((step + 1) / STEPS for step in range(steps))
    ys = tuple(
        16 * factor**step * (1 + 0.6 * spread(step)) + 5e-5 * (1 + 0.5 * spread(step, 0.5))
        for step in range(steps)
    )
    return Points(xs, ys, ys)


def points(*losses: float) -> Points:
    """Epoch losses from the start on."""
    return Points(tuple(float(epoch) for epoch in range(len(losses))), losses, losses)


def path(steps: int, factors: tuple[float, ...] = (0.94, 0.955, 0.97)) -> Way:
    """The parameters on their way to the true values, each at its own speed; then noise."""
    kept = tuple(range(0, steps + 1, 3))
    theta = tuple(
        tuple(
            target * (1 - factor**step) + 5e-4 * spread(step, factor)
            for target, factor in zip((*W, B), factors, strict=True)
        )
        for step in kept
    )
    return Way(tuple(step / STEPS for step in kept), theta)


def loading() -> Snapshot:
    """Before torch is there."""
    return Snapshot(Experiment(), lr=0.03)


def ready(experiment: Experiment | None = None, number: int = 1) -> Snapshot:
    """Data drawn, no step taken."""
    experiment = experiment or Experiment()
    return Snapshot(
        experiment,
        number,
        "ready",
        facts=facts(),
        lr=experiment.lr,
        loss=EPOCH_LOSSES[0],
        params=START,
        epoch_losses=points(EPOCH_LOSSES[0]),
        path=path(0),
    )


def stepped(state: State, step: int, number: int = 1) -> Snapshot:
    """A run of the baseline after some steps."""
    epoch = step // STEPS
    return replace(
        ready(number=number),
        state=state,
        epoch=epoch,
        step=step,
        loss=EPOCH_LOSSES[epoch],
        batch_loss=EPOCH_LOSSES[epoch] * 1.1,
        params=FOUND if epoch == 3 else {"w": (1.8123, -3.2045), "b": (3.9871,)},
        grads=GRADS if epoch == 3 else {"w": (-0.1871, 0.2213), "b": (-0.2098,)},
        batch_losses=falling(step),
        epoch_losses=points(*EPOCH_LOSSES[: epoch + 1]),
        path=path(step),
        seconds=step * 0.0005,
        steps_per_second=2000.0,
    )


def running(number: int = 1) -> Snapshot:
    """In the middle of the second epoch."""
    return replace(stepped("running", 140, number), steps_per_second=20.0)


def paused(number: int = 1) -> Snapshot:
    """Halted in the middle of the second epoch."""
    return stepped("paused", 140, number)


def stopped(number: int = 1) -> Snapshot:
    """Ended by hand in the middle of the second epoch."""
    return stepped("stopped", 140, number)


def finished(number: int = 2) -> Snapshot:
    """At the noise floor."""
    return stepped("finished", 300, number)


def previous(number: int = 1) -> Snapshot:
    """An earlier run with a smaller learning rate, still learning at its end."""
    return replace(
        stepped("finished", 300, number),
        experiment=SLOW,
        lr=SLOW.lr,
        loss=2.7,
        params={"w": (1.2, -2.0), "b": (2.5,)},
        batch_losses=falling(300, 0.994),
        epoch_losses=points(16.2, 9.1, 4.8, 2.7),
        path=path(300, (0.997, 0.9965, 0.9962)),
    )


def diverged(number: int = 3) -> Snapshot:
    """Run away in the first epoch."""
    losses = tuple(16.2 * 2.4**step for step in range(17))
    xs = tuple((step + 1) / STEPS for step in range(17))
    return replace(
        ready(FAST, number),
        state="diverged",
        message="the loss rose above 1.6e+07, a million times its start",
        step=17,
        batch_loss=losses[-1],
        params={"w": (-4215.3, 9120.7), "b": (-15023.0,)},
        grads={"w": (-2.1e5, 3.9e5), "b": (1.2e6,)},
        batch_losses=Points(xs, losses, losses),
        seconds=0.02,
        steps_per_second=850.0,
        autopsy=Autopsy(
            first_bad_step=5,
            lr=2.0,
            limit=Limit(1.35, "minibatches of 10"),
            direction=0,
            eigenvalue=1.07,
            heading={"w": (-0.57, 0.81), "b": (0.12,)},
            suggestion=0.67,
        ),
    )


def failed(number: int = 1) -> Snapshot:
    """A device that is not there."""
    experiment = Experiment().changed({"device": "cuda"})
    message = "device=cuda: not present here; choose from auto, cpu"
    return Snapshot(experiment, number, "failed", message, lr=0.03)


def one_point() -> Snapshot:
    """One sample, one step in an epoch, and none taken."""
    experiment = Experiment().changed({"data.n": 1, "batch_size": 1})
    known = replace(facts(), n=1, steps_per_epoch=1, sample=sample(n=1), optimum=0.0)
    return replace(ready(experiment), facts=known)


def constant() -> Snapshot:
    """A loss that does not move."""
    losses = Points(tuple(i / 100 for i in range(1, 301)), (16.2,) * 300, (16.2,) * 300)
    return replace(
        finished(1), loss=16.2, batch_losses=losses, epoch_losses=points(16.2, 16.2, 16.2, 16.2)
    )


def zeros() -> Snapshot:
    """No noise: the loss becomes exactly zero, which has no place on a log axis."""
    known = replace(facts(), optimum=0.0, noise_floor=0.0)
    batches = falling(300)
    lows = tuple(0.0 if i > 250 else y for i, y in enumerate(batches.low))
    return replace(
        finished(1),
        experiment=Experiment().changed({"data.noise": 0.0}),
        facts=known,
        loss=0.0,
        batch_losses=Points(batches.x, lows, lows),
        epoch_losses=points(16.2, 0.0378, 1.1e-9, 0.0),
    )


def not_finite() -> Snapshot:
    """A run whose numbers are gone."""
    return replace(
        diverged(1),
        message="the loss is no longer a finite number",
        loss=math.inf,
        batch_loss=math.nan,
        params={"w": (math.nan, math.inf), "b": (-math.inf,)},
        grads={"w": (math.nan, -math.inf), "b": (math.nan,)},
    )


def many_features() -> Snapshot:
    """Forty weights: more lines than the Values panel has."""
    w = tuple(round(3 * spread(i), 2) for i in range(40))
    experiment = Experiment().changed({"data.w": w})
    true: Values = {"w": w, "b": (B,)}
    found: Values = {
        "w": tuple(value + 0.001 * spread(i) for i, value in enumerate(w)),
        "b": (4.2,),
    }
    grads: Values = {"w": tuple(0.01 * spread(5 * i) for i in range(40)), "b": (0.001,)}
    start: Values = {"w": (0.0,) * 40, "b": (0.0,)}
    return replace(
        finished(1),
        experiment=experiment,
        facts=facts(true, start),
        params=found,
        grads=grads,
        path=Way((0.0, 3.0), (flat(start), flat(found))),
    )


STATES: dict[str, Callable[[], Snapshot]] = {
    made.__name__: made
    for made in (
        loading,
        ready,
        running,
        paused,
        stopped,
        finished,
        diverged,
        failed,
        one_point,
        constant,
        zeros,
        not_finite,
        many_features,
    )
}


# Sweeps ------------------------------------------------------------------------------------------


def swept(state: JobState, done: float = 1.0) -> SweepProgress:
    """A sweep over lr and batch size; the large learning rates diverge."""
    lrs = tuple(10 ** (-3 + 3.5 * i / 15) for i in range(16))
    sweep = Sweep(Experiment(), (Axis("lr", lrs), Axis("batch_size", (1, 5, 10, 50, 100))))
    cells: list[Cell | None] = []
    for index, (lr, batch_size) in enumerate(sweep.settings()):
        assert isinstance(lr, float)
        assert isinstance(batch_size, int)
        runs_away = lr > 1.2 + batch_size / 100
        loss = math.inf if runs_away else 5e-5 + 16 / (1 + (3000 * lr / batch_size) ** 2)
        floor = 1 + index % 3 if loss < 6e-5 else None
        status: Literal["finished", "diverged"] = "diverged" if runs_away else "finished"
        cells.append(Cell(index, loss, floor, status, (loss, loss, loss)))
    count = round(done * len(cells))
    shown = tuple(cells[:count]) + (None,) * (len(cells) - count)
    return SweepProgress(sweep, state, "", shown, count, 0.5 * done)


def seed_band() -> SweepProgress:
    """The baseline over 32 seeds."""
    cells = tuple(
        Cell(
            index,
            5e-5,
            3,
            "finished",
            tuple(loss * (1 + 0.5 * spread(index)) for loss in EPOCH_LOSSES[1:]),
        )
        for index in range(32)
    )
    return SweepProgress(fan(Experiment(), 32), "finished", "", cells, 32, 0.2)


def raced(state: JobState, share: float = 1.0, tuned: bool = False) -> RaceProgress:
    """A race of all optimizers on the baseline; momentum overshoots and AdaGrad is far behind."""
    race = Race(Experiment(), tuple(map(Racer, OPTIMIZERS.entries)), tuned)
    factors = dict(zip(OPTIMIZERS.entries, (0.94, 0.9, 0.89, 0.999, 0.95, 0.97), strict=True))
    steps = tuple(range(0, round(share * 300) + 1, 3))
    tracks = []
    for place, (name, factor) in enumerate(factors.items()):
        losses = tuple(5e-5 + 16 * factor ** (2 * step) for step in steps)
        swing = 0.04 if name in ("momentum", "nesterov") else 0.0
        left = [factor**step * math.cos(swing * step) for step in steps]
        bend = [1 + 0.1 * place * (1 - factor**step) * factor**step for step in steps]
        places: list[Values] = [
            {"w": (W[0] * (1 - rest), W[1] * (1 - rest) * more), "b": (B * (1 - rest),)}
            for rest, more in zip(left, bend, strict=True)
        ]
        status: Status = "finished" if state == "finished" else "running"
        floor = next((s for s, x in zip(steps, losses, strict=True) if x < 5.5e-5), None)
        lr = 0.01 * (place + 1) if tuned else 0.03
        tracks.append(Track(Racer(name), lr, status, steps, losses, tuple(places), floor))
    return RaceProgress(race, state, "", facts(), tuple(tracks), 0.5 * share)


def found() -> Finding:
    """A ramp that falls and then runs away."""
    lrs = tuple(10 ** (-4 + 5 * i / 99) for i in range(100))
    losses = tuple(16 / (1 + (20 * lr) ** 2) + (lr / 1.5) ** 4 for lr in lrs[:90])
    return Finding(lrs[:90], losses, 0.05, 1.87)
