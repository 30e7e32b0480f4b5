"""The theory dialog and the gradient x-ray: asked for by key, shown when the answer is there."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from engine.catalog.parameters import Values
from engine.experiment import Experiment
from engine.theory.noise import GradientNoise
from engine.theory.study import Study
from tests.support.jobs import found, posed
from tests.support.pictures import Look
from tests.support.pilots import (
    about,
    app_for,
    app_of,
    main_of,
    resize,
    session_of,
    training_lab,
    until,
)
from tests.support.sessions import FakeSession
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import loading, ready
from tests.support.studies import DIALOGS, ask, studied
from tui.backend import MOST_PAINTING
from tui.screens.theory import TheoryScreen, XrayScreen, steps_for
from tui.settings import Settings
from tui.text.wrap import Page


def theory(study: Study, width: int = 80) -> str:
    """What the theory dialog says."""
    return TheoryScreen(study).text(width).plain


def xray(study: Study, width: int = 80) -> str:
    """What the x-ray says."""
    return XrayScreen(study).text(width).plain


# Keys --------------------------------------------------------------------------------------------


async def test_each_key_opens_its_dialog(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        for leave in ("escape", "q", "enter", "the same"):
            for key in ("t", "d", "t"):
                with about(f"{key}, left by {leave}"):
                    await ask(pilot, key, studied())
                    await pilot.press(key if leave == "the same" else leave)
                    await until(pilot, lambda: pilot.app.screen is main_of(pilot))


async def test_keys_in_one_burst_open_the_last_one_and_once(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        main = main_of(pilot)
        await pilot.press("L", "d", "t")
        await until(pilot, lambda: len(session.asked) == 3)
        opened = []
        for answer in (found(), replace(studied()), replace(studied())):
            session.answer = answer
            main.look()
            await pilot.pause()
            if pilot.app.screen is not main:
                opened.append(type(pilot.app.screen))
                await pilot.press("escape")
                await until(pilot, lambda: pilot.app.screen is main)
        assert opened == [TheoryScreen]


async def test_training_waits_until_an_answer_is_painted(
    shared_lab: SharedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        await pilot.press("t")
        await pilot.pause()
        waits: list[float] = []
        monkeypatch.setattr(session, "give_way", waits.append)
        session.answer = studied()
        await until(pilot, lambda: isinstance(pilot.app.screen, TheoryScreen))
        assert waits[0] == MOST_PAINTING
        await pilot.pause()
        assert waits[-1] == 0


async def test_nothing_is_asked_before_there_are_data(shared_lab: SharedLab) -> None:
    async with shared_lab(loading(), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        await pilot.press("t", "d")
        await pilot.pause()
        assert session.asked == []


@pytest.mark.parametrize("key", DIALOGS)
async def test_everything_can_be_scrolled_to_at_any_size(shared_lab: SharedLab, key: str) -> None:
    async with shared_lab(ready(), size=(40, 12)) as pilot:
        screen = await ask(pilot, key, studied())
        page = screen.query_one(Page)
        for size in ((40, 12), (120, 50)):
            with about(size):
                await resize(pilot, size)
                await pilot.press("home")
                await until(pilot, lambda: page.scroll_y == 0)
                rows = rows_of(page)
                while (top := page.scroll_y) < page.max_scroll_y:
                    await pilot.press("pagedown")
                    await until(pilot, lambda before=top: page.scroll_y > before)  # type: ignore[misc]
                    rows += rows_of(page)[int(top - page.scroll_y) :]
                width = page.scrollable_size.width
                assert page.max_scroll_x == 0
                assert (width < page.size.width) == (page.max_scroll_y > 0)
                assert size > (40, 12) or page.max_scroll_y > 0
                assert squeezed("".join(rows)) == squeezed(screen.text(width).plain)


def rows_of(page: Page) -> list[str]:
    """What is seen of a page."""
    return [page.render_line(y).text for y in range(page.size.height)]


def squeezed(text: str) -> str:
    """A text without its spaces and ends of lines."""
    return "".join(text.split())


# Theory ------------------------------------------------------------------------------------------


def test_curvature_has_the_matrix_and_its_directions() -> None:
    found = studied("data.scale=1,10")
    said = theory(found)
    rows = [line.split() for line in said.split("\n") if re.match(r"(w\[\d\]|b) ", line)]
    for row, wanted in zip(rows[:3], found.hessian.tolist(), strict=True):
        assert [float(cell) for cell in row[1:]] == pytest.approx(wanted, rel=1e-3, abs=1e-3)
    assert re.search(r"formula and autograd agree to \de-\d\d", said)
    assert re.search(r"\d\d\.\d+  1\.00 w\[1\]", said)
    assert "a narrow valley" in said
    assert "rank 3 of 3" in said


def test_what_only_rounding_has_left_in_the_matrix_is_0() -> None:
    found = studied()
    hessian = found.hessian.clone()
    hessian[0, 1] = hessian[1, 0] = -7e-17
    rows = re.findall(r"^w\[\d\] +(\S+) +(\S+)", theory(replace(found, hessian=hessian)), re.M)
    assert rows[0][1] == rows[1][0] == "0.0000"


def test_flat_directions_make_a_trough() -> None:
    said = theory(studied("data.n=1 batch_size=1"))
    assert "κ = λmax/λmin = 1.0000: a trough, flat along its floor" in said
    assert "rank 1 of 3: 2 flat directions" in said


def test_learning_rates_are_those_of_the_eigenvalues() -> None:
    # κ is about 98; 676 steps at the best lr, some 83 with momentum.
    found = studied("data.scale=1,10 batch_size=1000")
    said = theory(found)
    kappa = found.curvature.condition
    plain = math.log(1e-6) / math.log((kappa - 1) / (kappa + 1))
    root = math.sqrt(kappa)
    heavy = math.log(1e-6) / math.log((root - 1) / (root + 1))
    assert re.search(rf"\nbest .* {math.ceil(plain)}\n", said)
    assert re.search(rf"\nwith momentum.* {math.ceil(heavy)}\n", said)
    assert 600 < plain < 760
    assert "(2/λmax); lr 0.03 is " in said


@pytest.mark.parametrize(("rate", "steps"), [(0.0, "1"), (0.5, "20"), (0.1, "6"), (1.0, "∞")])
def test_steps_until_a_millionth_is_left(rate: float, steps: str) -> None:
    assert steps_for(rate) == steps


def test_flat_directions_are_explained() -> None:
    said = theory(studied("data.w=1,2,3,4 data.n=3"))
    assert "rank 3 of 5: 2 flat directions" in said
    assert "training keeps what it started with" in said


def test_a_loss_without_curvature_and_an_optimizer_without_a_limit() -> None:
    assert "no curvature here" in theory(studied("loss=l1"))
    assert " has no curvature: no limit" in theory(studied("loss=l1"))
    assert "no fixed limit" in theory(studied("optimizer=adam"))


def test_many_parameters_are_cut_short() -> None:
    said = theory(studied("data.w=" + ",".join(["1"] * 40)))
    assert "41×41 entries, too many to show" in said
    assert "30 more" in said


def test_noise_meter_says_where_larger_batches_stop_helping() -> None:
    found = studied()
    assert "a larger batch stops helping at about 3 samples" in theory(found)
    near = studied(at_start=False)
    noisy = GradientNoise(near.noise.mean, near.noise.mean.square().sum().item() * 5000, 1000)
    assert "even all 1000 samples together are mostly noise" in theory(replace(near, noise=noisy))


def test_closed_form_stands_beside_the_truth() -> None:
    found = studied(at_start=False)
    said = theory(found)
    assert "1.9991" in said
    assert "noise floor ½σ² = 5.0000e-5" in said


# X-ray -------------------------------------------------------------------------------------------


def test_xray_shows_three_ways_and_how_far_they_are_apart() -> None:
    found = studied()
    said = xray(found)
    row = next(line.split() for line in said.split("\n") if line.startswith("w[1]"))
    assert len(row) == 6
    assert row[1] == row[2] == row[3]
    assert abs(float(row[5])) < 1e-6
    assert re.search(r"the three agree to \de-\d\d", said)
    assert "X̃ᵀℓ′(r)/B for ℓ = ½r²" in said
    assert "Gradient of the first minibatch (10 samples)" in said
    assert "minibatch of step 7 (1 sample)" in xray(replace(found, step=7, minibatch_size=1))
    assert "/B + penalty′(w)" in xray(studied("penalty=l2"))


def test_xray_says_where_the_ways_part() -> None:
    found = studied()
    wrong: Values = {"w": (9.0, 9.0), "b": (9.0,)}
    said = xray(replace(found, xray=replace(found.xray, by_hand=wrong)))
    assert "the three part by " in said
    assert "agree" not in said


@pytest.mark.parametrize("width", [20, 32, 60, 100])
def test_tables_fit_their_width(width: int) -> None:
    for line in xray(studied(), width).split("\n"):
        assert len(line) <= width or not line.startswith(("w[", "b ", "  "))


# With the engine ---------------------------------------------------------------------------------


async def test_the_engine_answers_after_a_step() -> None:
    async with training_lab(Experiment().changed({"device": "cpu"}), size=(80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("full_stop")
        await until(pilot, lambda: app.main.desk.snapshot.step == 1)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, XrayScreen))
        answer = app.session.answer
        assert isinstance(answer, Study)
        assert answer.step == 1
        assert answer.params == app.main.desk.snapshot.params
        assert answer.xray.off_by_difference < 1e-6


# Pictures ----------------------------------------------------------------------------------------


LOOKS = {
    "120x34": ((120, 34), Settings()),
    "80x24": ((80, 24), Settings()),
    "40x12": ((40, 12), Settings()),
    "light": ((80, 24), Settings(theme="linreg-light")),
    "ascii": ((80, 24), Settings(ascii=True)),
}


@pytest.mark.parametrize("look", LOOKS)
async def test_dialog(shared_lab: SharedLab, accepted: Look, look: str) -> None:
    size, settings = LOOKS[look]
    own = app_for(FakeSession(ready()), replace(settings))
    usual = settings == Settings()
    async with shared_lab(ready(), size=size) if usual else own.run_test(size=size) as pilot:
        app = app_of(pilot)
        for key in DIALOGS:
            await ask(pilot, key, posed())
            await accepted(pilot, key, colours=look in ("80x24", "light"))
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.main)
