"""The screen over the real engine: keys train, and what is shown is what came out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
import torch
from textual.pilot import Pilot

from engine.catalog.parameters import labels
from engine.experiment import Experiment
from engine.lessons.library import lessons
from engine.training.events import EpochEnded, Finished
from engine.training.snapshot import Snapshot
from engine.training.trainer import train
from tests.support.pilots import app_of, text_of, training_lab, until
from tui.app import LinregApp
from tui.forms.fields import Picker, TextField
from tui.keys.table import NUMBERED
from tui.panels.bars import Hint
from tui.screens.dialogs import ConfirmScreen, HelpScreen
from tui.screens.main import MainScreen
from tui.text.numbers import loss_text, number

LONG = Experiment().changed({"data.n": 100, "epochs": 1_000_000, "device": "cpu"})
CPU = Experiment().changed({"device": "cpu"})
OVER = ("finished", "diverged", "stopped", "failed")


class Lab:
    """A running app over a real session, and short ways to ask it."""

    def __init__(self, app: LinregApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def main(self) -> MainScreen:
        return self.app.main

    @property
    def now(self) -> Snapshot:
        """What the screen shows."""
        return self.main.desk.snapshot

    @property
    def field(self) -> str:
        """The key of the field with the focus."""
        focused = self.main.focused
        return focused.key if isinstance(focused, TextField | Picker) else ""

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)

    async def until(self, predicate: Callable[[], bool]) -> None:
        await until(self.pilot, predicate)

    async def until_state(self, *states: str) -> None:
        """Wait until the screen shows one of these states as the last word of the engine."""

        def there() -> bool:
            return self.now.state in states and self.now is self.app.session.shown.latest

        await self.until(there)

    async def run(self) -> Snapshot:
        """Press s and wait for the end of the new run."""
        number = self.now.number
        runs = len(self.app.session.shown.runs)
        await self.press("s")
        await self.until(lambda: len(self.app.session.shown.runs) > runs)
        await self.until_state(*OVER)
        assert self.now.number >= number
        return self.now

    async def enter_lr(self, text: str) -> None:
        await self.press("l")
        await self.until(lambda: self.field == "lr")
        await self.press(*text, "enter")
        await self.until(lambda: self.main.desk.experiment.lr == float(text))
        await self.until(lambda: self.main.focused is self.main.navigator.chart)

    def screen(self) -> str:
        return "\n".join(text_of(self.app))


@asynccontextmanager
async def lab(
    experiment: Experiment = CPU, size: tuple[int, int] = (120, 34), state: str = "ready"
) -> AsyncIterator[Lab]:
    """The app on an experiment, once the engine is in a state."""
    async with training_lab(experiment, size, state) as pilot:
        yield Lab(app_of(pilot), pilot)


def outcome(experiment: Experiment) -> Finished:
    """The end of the same run without a screen."""
    *_, last = train(experiment)
    assert isinstance(last, Finished)
    return last


async def test_s_trains_and_the_screen_shows_what_came_out(drawn: None) -> None:
    expected = outcome(CPU)
    async with lab() as here:
        await here.run()
        assert here.now.state == "finished"
        assert here.now.loss == expected.loss
        assert here.now.params == expected.params
        lines = text_of(here.app)
        values, errors = (
            next(line for line in lines if f"│ {head} " in line) for head in ("value", "error")
        )
        for _, value in labels(expected.params):
            assert number(value) in values
        for _, error in labels(here.now.errors()):
            assert number(error, signed=True, digits=3) in errors
        assert f"epoch 3, loss {loss_text(expected.loss)}" in here.screen()
        assert "at the noise floor" in here.screen()
        assert "● finished  3/3" in lines[0]
        assert " steps/s" in here.screen()


async def test_pause_step_epoch_resume_stop_reset_by_key() -> None:
    async with lab(LONG) as here:
        await here.press("left_square_bracket", "left_square_bracket")  # 10 epochs a second
        await here.press("s")
        await here.until(lambda: here.now.state == "running" and here.now.step > 3)
        await here.press("space")
        await here.until_state("paused")
        step = here.now.step
        await here.press("full_stop")
        await here.until(lambda: here.now.state == "paused" and here.now.step == step + 1)
        await here.press("greater_than_sign")
        await here.until(lambda: here.now.state == "paused" and here.now.step > step + 1)
        assert here.now.step % 10 == 0
        assert here.now.step // 10 == here.now.epoch == (step + 1) // 10 + 1
        step = here.now.step
        await here.press("space")
        await here.until(lambda: here.now.state == "running" and here.now.step > step)
        await here.press("x")
        await here.until_state("stopped")
        assert [run.state for run in here.app.session.shown.runs] == ["stopped"]
        await here.press("r")
        await here.until_state("ready")
        assert here.now.step == 0
        assert here.main.lab.loss.beside.previous is here.app.session.shown.runs[0]


async def test_learning_rate_changes_while_it_runs() -> None:
    async with lab(LONG) as here:
        await here.press("left_square_bracket", "s")
        await here.until(lambda: here.now.state == "running" and here.now.step > 0)
        number = here.now.number
        await here.enter_lr("0.001")
        await here.until(lambda: here.now.lr == 0.001)
        assert here.now.state == "running"
        assert here.now.number == number
        assert here.now.experiment == LONG
        step = here.now.step
        await here.until(lambda: here.now.step > step)
        await here.press("x")
        await here.until_state("stopped")


async def test_same_seed_gives_the_same_run_again() -> None:
    async with lab() as here:
        first = await here.run()
        await here.press("r")
        await here.until_state("ready")
        second = await here.run()
        assert second.number > first.number
        assert second.epoch_losses.low == first.epoch_losses.low
        assert second.batch_losses.low == first.batch_losses.low
        assert second.params == first.params
        await here.press("n")
        await here.until_state("ready")
        third = await here.run()
        assert third.epoch_losses.low != first.epoch_losses.low


async def test_divergence_is_a_state_with_advice_that_helps(drawn: None) -> None:
    async with lab() as here:
        await here.enter_lr("2")
        await here.until_state("ready")
        await here.run()
        assert here.now.state == "diverged"
        cause = here.now.autopsy
        assert cause
        assert cause.first_bad_step <= here.now.step
        assert cause.lr == 2.0 > cause.limit.lr
        assert f"diverged from step {cause.first_bad_step} on" in here.screen()
        hint = here.main.query_one(Hint).shown[0]
        assert f"Press a to train with {cause.suggestion:g}." in hint
        assert here.main.lab.loss.chart().curves
        await here.press("a")
        await here.until_state("finished")
        assert cause.suggestion
        assert here.main.desk.experiment.lr == cause.suggestion < cause.limit.lr
        assert here.main.lab.training.fields["lr"].value == f"{cause.suggestion:g}"
        assert [run.state for run in here.app.session.shown.runs] == ["diverged", "finished"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="the device is here")
async def test_a_device_that_is_not_there_is_said_and_left_again() -> None:
    experiment = Experiment().changed({"device": "cuda"})
    async with lab(experiment, state="failed") as here:
        assert "device=cuda: not present here; choose from auto, cpu" in here.screen()
        await here.press("s")
        await here.until_state("failed")
        field = here.main.lab.training.fields["device"]
        here.main.set_focus(field)
        await here.press("left")
        await here.until(lambda: here.main.desk.experiment.device == "auto")
        await here.until_state("ready")
        assert "not present" not in here.screen()
        await here.press("right")
        await here.until(lambda: here.main.desk.experiment.device == "cpu")
        await here.until_state("ready")
        await here.press("tab")
        await here.run()
        assert here.now.state == "finished"


async def test_previous_and_pinned_run_stay_on_the_chart() -> None:
    async with lab() as here:
        first = await here.run()
        await here.enter_lr("0.003")
        await here.until_state("ready")
        second = await here.run()
        curves = {curve.label: curve for curve in here.main.lab.loss.chart().curves}
        assert curves["before"].ys == first.epoch_losses.low
        assert curves["epoch"].ys == second.epoch_losses.low
        assert "pinned" not in curves
        await here.press("p")
        await here.until(lambda: here.main.desk.pinned is not None)
        await here.enter_lr("0.01")
        await here.until_state("ready")
        third = await here.run()
        curves = {curve.label: curve for curve in here.main.lab.loss.chart().curves}
        assert curves["pinned"].ys == second.epoch_losses.low
        assert curves["epoch"].ys == third.epoch_losses.low
        fourth = await here.run()
        curves = {curve.label: curve for curve in here.main.lab.loss.chart().curves}
        assert curves["pinned"].ys == second.epoch_losses.low
        assert curves["before"].ys == third.epoch_losses.low
        assert curves["epoch"].ys == fourth.epoch_losses.low == third.epoch_losses.low


async def test_leaving_while_it_trains_asks() -> None:
    async with lab(LONG) as here:
        await here.press("left_square_bracket", "s")
        await here.until(lambda: here.now.state == "running")
        await here.press("q")
        await here.until(lambda: isinstance(here.app.screen, ConfirmScreen))
        await here.press("n")
        await here.until(lambda: here.app.screen is here.main)
        assert here.app.session.shown.latest.state == "running"
        await here.press("q", "y")
        await here.until(lambda: not here.app.is_running)


def is_ready(here: Lab, experiment: Experiment) -> bool:
    return here.now.state == "ready" and here.now.experiment == experiment


async def test_every_lesson_loads_and_trains() -> None:
    async with lab(size=(80, 24)) as here:
        for number, lesson in enumerate(list(lessons().values())[:NUMBERED], 1):
            await here.press(str(number))
            await here.until(partial(is_ready, here, lesson.experiment))
            await here.run()
            assert here.now.state == "finished"
            assert lesson.title[:20] in text_of(here.app)[0]
        assert [run.experiment for run in here.app.session.shown.runs] == [
            lesson.experiment for lesson in list(lessons().values())[:NUMBERED]
        ]


async def test_keys_answer_while_very_many_data_are_drawn() -> None:
    async with lab(size=(80, 24)) as here:
        here.main.set_focus(here.main.lab.forms[0].fields["data.n"])
        await here.until(lambda: here.field == "data.n")
        await here.press(*"5000000", "enter")
        await here.until(lambda: here.now.state == "loading")
        await here.press("question_mark")
        await here.until(lambda: isinstance(here.app.screen, HelpScreen))
        assert here.app.session.shown.latest.state == "loading"
        await here.press("escape")
        await here.until_state("ready")
        assert here.now.facts
        assert here.now.facts.n == 5_000_000


async def test_what_is_tried_is_what_the_run_then_comes_to() -> None:
    async with lab() as here:
        main = here.main
        await here.until(lambda: main.desk.preview is not None)
        await here.press("l", "pageup")
        lr = CPU.changed({"lr": 0.05})
        await here.until(lambda: main.desk.preview is not None and main.desk.preview.lr == 0.05)
        preview = main.desk.preview
        assert preview
        assert preview.experiment == lr
        assert here.now.experiment == CPU  # it was only typed
        await here.press("enter")
        await here.until(lambda: main.desk.experiment == lr)
        run = await here.run()
        assert run.epoch_losses.low == pytest.approx(preview.epoch_losses.low, rel=1e-5)
        await here.until(lambda: main.desk.preview is None)
        fast = list(train(lr.changed({"loop": "fast"})))
        losses = tuple(event.loss for event in fast if isinstance(event, EpochEnded))
        assert preview.epoch_losses.low[1:] == losses
