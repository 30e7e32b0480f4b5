"""The view of the losses: every shape on one axis, the residuals on the chosen one."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from engine.catalog.choice import choose
from engine.catalog.losses import LOSSES
from engine.experiment import Experiment
from tests.support.pilots import app_for, main_of, settled, until
from tests.support.sessions import FakeSession
from tests.support.snapshots import finished
from tui.charts.losses import MAX_RESIDUALS, curves, initials, losses_chart, reach, shapes
from tui.drawing.picture import draw
from tui.themes import MONO

RESIDUALS = (-1.5, -0.25, 0.5, 3.0)


def snapshot(text: str = "", residuals: tuple[float, ...] = RESIDUALS):  # type: ignore[no-untyped-def]
    changes = dict(change.split("=") for change in text.split())
    return replace(
        finished(), experiment=Experiment().changed_by_text(changes), residuals=residuals
    )


def test_every_loss_is_there_once_and_the_chosen_one_is_foremost() -> None:
    chart = losses_chart(snapshot("loss=huber loss.delta=3"), 0, None)
    labels = [curve.label for curve in chart.curves if curve.label]
    assert sorted(labels) == sorted(LOSSES.entries)
    assert labels[-1] == "huber"
    line = chart.curves[-2]
    assert (line.color, line.dashed) == ("ink", False)
    assert max(line.ys) == pytest.approx(3 * (5 - 1.5))  # δ = 3, at r = 5


@pytest.mark.parametrize(
    ("loss", "wanted"),
    [
        ("squared", [lambda r: r * r, lambda r: 2 * r, lambda r: 2.0]),
        (
            "huber",
            [
                lambda r: r * r / 2 if abs(r) <= 1 else abs(r) - 0.5,
                lambda r: min(max(r, -1), 1),
                lambda r: float(abs(r) < 1),
            ],
        ),
        (
            "log_cosh",
            [lambda r: math.log(math.cosh(r)), math.tanh, lambda r: 1 / math.cosh(r) ** 2],
        ),
        (
            "quantile",
            [
                lambda r: 0.1 * r if r > 0 else -0.9 * r,
                lambda r: 0.1 if r > 0 else -0.9,
                lambda r: 0.0,
            ],
        ),
    ],
)
def test_residuals_stand_on_the_chosen_loss_and_its_derivatives(loss, wanted) -> None:  # type: ignore[no-untyped-def]
    for order, formula in enumerate(wanted):
        marks = losses_chart(snapshot(f"loss={loss}"), order, None).curves[-1]
        assert list(marks.xs) == sorted(RESIDUALS)
        assert list(marks.ys) == pytest.approx([formula(r) for r in marks.xs], abs=1e-12)


@pytest.mark.parametrize(
    ("residuals", "text", "end"),
    [
        ((), "", 2.0),
        ((0.01,), "", 2.0),
        ((-3.0, 1.0), "", 5.0),
        ((70.0, math.inf, math.nan), "", 100.0),
        ((1e-3,), "loss=huber loss.delta=4", 10.0),
    ],
)
def test_the_axis_is_symmetric_and_shows_the_kink(
    residuals: tuple[float, ...], text: str, end: float
) -> None:
    now = snapshot(text, residuals)
    assert reach(now) == end
    assert losses_chart(now, 0, None).x_range == (-end, end)


def test_many_residuals_are_thinned_out() -> None:
    many = tuple(i / 100 for i in range(-32, 32))
    assert 0 < len(losses_chart(snapshot(residuals=many), 0, None).curves[-1].xs) <= MAX_RESIDUALS


def test_curves_are_kept_while_it_trains() -> None:
    first = losses_chart(snapshot(), 1, None)
    again = losses_chart(snapshot(residuals=(2.1,)), 1, None)
    assert all(a is b for a, b in zip(first.curves[:-1], again.curves[:-1], strict=True))
    assert shapes(snapshot().experiment)[-1] == choose("loss", "half_squared")
    assert curves.cache_info().hits


def test_losses_are_told_apart_without_colour() -> None:
    letters = initials(list(LOSSES.entries))
    assert len(set(letters.values())) == len(letters)
    lines = draw(losses_chart(snapshot(), 0, None), 100, 30, MONO, ascii=True)
    said = "".join(line.text for line in lines)
    assert all(letters[name] in said for name in LOSSES.entries if name != "half_squared")
    assert "@" in said


async def test_v_leads_to_the_losses_and_f_turns_them() -> None:
    async with app_for(FakeSession(finished())).run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        fit = main_of(pilot).lab.fit
        await pilot.press(*"vvvvv")
        await until(pilot, lambda: fit.view.name == "losses")
        seen = []
        for _ in range(4):
            seen.append(fit.chart().y_label)
            await pilot.press("f")
        assert seen == ["ℓ", "ℓ′", "ℓ″", "ℓ"]
        await pilot.press("plus")
        await until(pilot, lambda: fit.chart().x_range != (-2.0, 2.0))
        left, right = fit.chart().x_range or (0.0, 0.0)
        assert left == pytest.approx(-right)
        assert right < 2
