"""The code beside the charts: what a change changes in it, and where a minibatch is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.content import Content
from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.runs.code import Dress
from engine.runs.code.script import code_of
from engine.training.snapshot import Snapshot
from engine.training.statements import Done, Made
from tests.support.pictures import Look, named
from tests.support.pilots import (
    LARGE,
    app_for,
    app_of,
    main_of,
    resize,
    says,
    session_of,
    settled,
    show,
    text_of,
    until,
)
from tests.support.sessions import FakeSession
from tests.support.snapshots import paused, ready
from tui.panels.code import made_text, new_lines, with_values
from tui.screens.code import CodeScreen

SCRATCH = (
    Done("minibatch", (Made("X", (10, 2), ()), Made("y", (10, 1), ()))),
    Done("y_hat", (Made("y_hat", (10, 1), ()),)),
    Done("loss", (Made("loss", (), (3.20412,)),)),
    Done("backward", (Made("w.grad", (2, 1), (-1.2, 0.4)), Made("b.grad", (1,), (-3.1,)))),
    Done("update", (Made("w", (2, 1), (0.5, -0.25)), Made("b", (1,), (0.125,)))),
)


def stopped_behind(count: int) -> Snapshot:
    """A run that has executed so many statements of a minibatch."""
    return replace(paused(), experiment=Experiment(), statements=SCRATCH[:count])


# The words ----------------------------------------------------------------------------------


def test_lines_that_are_new() -> None:
    assert new_lines("a\nb\nc\n", "a\nx\nb\nc\n") == {1}
    assert new_lines("a\nb\n", "a\nb\n") == set()
    assert new_lines("a\nb\nc", "b\nc") == set()
    assert new_lines("", "a\nb") == {0, 1}


@pytest.mark.parametrize(
    ("done", "text"),
    [
        (SCRATCH[0], "X (10, 2)  y (10, 1)"),
        (SCRATCH[2], "loss 3.204"),
        (SCRATCH[3], "w.grad [-1.2, 0.4]  b.grad [-3.1]"),
        (Done("backward", (Made("w.grad", (9, 1), ()),)), "w.grad (9, 1)"),
        (Done("y_hat", (Made("y_hat", (2, 1), (1.0, 2.0)),)), "y_hat (2, 1)"),
        (Done("zero_grad", ()), ""),
    ],
)
def test_what_a_statement_made(done: Done, text: str) -> None:
    assert made_text(done, 40) == text


def test_shapes_have_room_where_numbers_have_none() -> None:
    assert made_text(SCRATCH[3], 33) == "w.grad [-1.2, 0.4]  b.grad [-3.1]"
    assert made_text(SCRATCH[3], 32) == "w.grad (2, 1)  b.grad (1,)"
    assert made_text(SCRATCH[2], 5) == "loss 3.204"


@pytest.mark.parametrize(
    ("code", "made", "width", "rows"),
    [
        ("loss.backward()", "", 40, ["loss.backward()"]),
        ("loss.backward()", "w 1", 40, ["loss.backward()                      w 1"]),
        ("x" * 50, "w 1", 40, ["x" * 34 + "…  w 1"]),
        ("loss.backward()", "w 1234567", 20, ["loss.backward()", "           w 1234567"]),
        ("x" * 30, "", 20, ["x" * 19 + "…"]),
        ("x" * 30, "y" * 30, 20, ["x" * 19 + "…", "y" * 19 + "…"]),
    ],
)
def test_values_stand_at_the_end_or_below(
    code: str, made: str, width: int, rows: list[str]
) -> None:
    assert [row.plain for row in with_values(Content(code), made, width)] == rows


# On the screen ------------------------------------------------------------------------------


async def listed(pilot: Pilot[None]) -> None:
    """Open the code and wait until it is there."""
    await settled(pilot)
    await pilot.press("I")
    await until(pilot, lambda: main_of(pilot).lab.code.code is not None)
    await pilot.pause()


async def test_a_minibatch_statement_by_statement(accepted: Look) -> None:
    async with app_for(FakeSession(ready())).run_test(size=LARGE[1]) as pilot:
        await listed(pilot)
        for size in reversed(LARGE):
            await resize(pilot, size)
            for count in (1, 4, 5):
                await show(pilot, stopped_behind(count))
                await accepted(pilot, f"{count}-{named(size)}")


async def test_the_code_comes_and_goes_and_marks_what_a_change_changes(accepted: Look) -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=LARGE[1]) as pilot:
        await listed(pilot)
        main = main_of(pilot)
        panel, navigator = main.lab.code, main.navigator
        assert panel.code
        assert panel.code.text == code_of(Experiment(), "scratch").text
        assert panel.has_focus
        assert main.lab.fit not in navigator.panels
        for key, line in (
            ("O", "lr, batch_size, epochs = 0.03, 1, 3"),
            ("u", "lr, batch_size, epochs = 0.03, 10, 3"),
        ):
            await pilot.press(key)
            await says(pilot, f"+ {line}")
            assert lines_changed(pilot) == [line]
        await accepted(pilot, "changed-120x34", colours=True)
        await pilot.press("l", *"0.1", "enter")
        await says(pilot, "+ lr, batch_size, epochs = 0.1, 10, 3")
        await until(pilot, lambda: panel.has_focus)
        await pilot.press("I")
        assert main.lab.code not in navigator.panels
        assert navigator.here is main.lab.loss
        await pilot.press("tab")
        await until(pilot, lambda: navigator.here is main.lab.fit)
        await pilot.press("I", "v")
        await until(pilot, lambda: main.lab.fit in navigator.panels)
        assert main.lab.fit.view.name == "residuals"
        await pilot.press("I")
        await says(pilot, "for X_batch, y_batch in")


def lines_changed(pilot: Pilot[None]) -> list[str]:
    """The lines of the code that are marked as new."""
    panel = main_of(pilot).lab.code
    assert panel.code
    return [panel.code.text.split("\n")[index] for index in sorted(panel.changed)]


async def test_where_the_code_is_that_of_another_experiment_nothing_is_marked() -> None:
    session = FakeSession(stopped_behind(4))
    async with app_for(session).run_test(size=LARGE[0]) as pilot:
        await listed(pilot)
        await says(pilot, "▸         loss.backward()")
        main_of(pilot).desk.change({"batch_size": "7"})
        await says(pilot, "epochs = 0.03, 7, 3")
        assert not any("▸" in line for line in text_of(app_of(pilot)))


async def test_a_statement_brings_the_code_and_the_compiled_loop_has_none() -> None:
    session = FakeSession(ready(Experiment(loop="fast")))
    async with app_for(session).run_test(size=LARGE[0], notifications=True) as pilot:
        await settled(pilot)
        await pilot.press(",")
        await says(pilot, "the compiled loop has no statements")
        panel = main_of(pilot).lab.code
        assert panel not in main_of(pilot).navigator.panels
        main_of(pilot).desk.change({"loop": "concise"})
        await pilot.press(",")
        await until(pilot, lambda: panel.code is not None)
        assert panel.code
        assert panel.code.dress == "concise"
        assert session_of(pilot.app).asked[-1][0] == "statement"


async def test_a_file_that_no_script_reads_says_why(tmp_path: Path) -> None:
    file = tmp_path / "blanks.csv"
    file.write_text("a,b,y\n" + "".join(f"{i},{i * i},1 {i % 7:03d}\n" for i in range(1, 31)))
    experiment = Experiment().changed({"data": "file", "data.path": str(file)})
    async with app_for(FakeSession(ready(experiment))).run_test(size=LARGE[0]) as pilot:
        await listed(pilot)
        await says(pilot, "column y is not read")
        await pilot.press(",")
        assert main_of(pilot).lab.code.current is None


class SlowSession(FakeSession):
    """Writes code only when the test says so."""

    def __init__(self, latest: Snapshot) -> None:
        super().__init__(latest)
        self.wanted: list[tuple[Experiment, Dress]] = []

    def write_code(self, experiment: Experiment, dress: Dress) -> None:
        self.wanted.append((experiment, dress))

    def write(self) -> None:
        """Write what was asked for first."""
        super().write_code(*self.wanted.pop(0))


async def test_what_is_changed_while_the_code_is_written_is_asked_for_after_it() -> None:
    session = SlowSession(ready())
    async with app_for(session).run_test(size=LARGE[0]) as pilot:
        await settled(pilot)
        await pilot.press("I")
        await says(pilot, "writing the code …")
        await pilot.press("O", "n")
        await pilot.pause()
        assert session.wanted == [(Experiment(), "scratch")]
        session.write()
        newest = replace(Experiment(), batch_size=1, seed=8)
        await until(pilot, lambda: session.wanted == [(newest, "scratch")])
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, CodeScreen))
        await pilot.press("tab")
        await until(pilot, lambda: len(session.wanted) == 3)
        session.write()
        session.write()
        session.write()  # nobody has seen the first two of them
        await until(pilot, lambda: "nn.Linear" in str(code_on(pilot).code.render()))
        await pilot.press("escape")
        await until(pilot, lambda: bool(session.wanted))
        session.write()
        await says(pilot, "lr, batch_size, epochs = 0.03, 1, 3")


def code_on(pilot: Pilot[None]) -> CodeScreen:
    """The screen of the code, which is open."""
    assert isinstance(pilot.app.screen, CodeScreen)
    return pilot.app.screen
