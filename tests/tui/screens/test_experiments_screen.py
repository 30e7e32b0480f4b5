"""Experiments are saved under names and opened again; none is overwritten unasked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.experiment import Experiment
from engine.runs.named import file_named, read_saved, saved
from engine.support.errors import BadInput
from tests.support.pictures import Look, named
from tests.support.pilots import LARGE, app_for, resize, says, settled, text_of, until
from tests.support.sessions import FakeSession
from tests.support.snapshots import ready
from tui.screens.dialogs import ConfirmScreen
from tui.screens.experiments import ExperimentsScreen


@pytest.mark.parametrize("name", ["", " ", ".", "..", "/", ".hidden", "a\x1bb"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match="name="):
        file_named(name)


async def test_save_refuse_replace_and_open(tmp_path: Path, accepted: Look) -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("O", "E")
        await says(pilot, "nothing is saved yet: type a name")
        await pilot.press(*"one", "enter")
        await says(pilot, "written to ")
        (file,) = saved()
        one = replace(Experiment(), batch_size=1)
        assert file.stem == "one"
        assert read_saved(file) == one
        await says(pilot, "one  as it is now")
        await pilot.press("escape", "n", "E")
        await says(pilot, "one  seed 8→7")
        for size in LARGE:
            app.clear_notifications()
            await resize(pilot, size)
            await accepted(pilot, named(size))
        await resize(pilot, LARGE[0])
        for answer, content in (("n", one), ("y", replace(one, seed=8))):
            app.screen.query_one("Input").value = "one"  # type: ignore[attr-defined]
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            await says(pilot, "one is there already. Replace it?")
            await pilot.press(answer)
            await until(pilot, lambda: isinstance(app.screen, ExperimentsScreen))
            assert read_saved(file) == content
        app.screen.query_one("Input").value = f"{tmp_path}/deep/two"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, (tmp_path / "deep/two.toml").exists)
        file.with_name("bad.toml").write_text("lr = -1", encoding="utf-8")
        await pilot.press("escape", "B", "E")
        await until(pilot, lambda: any("lr=-1: must be" in line for line in text_of(app)))
        app.screen.query_one("Input").value = ""  # type: ignore[attr-defined]
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ExperimentsScreen))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.main.desk.experiment == replace(one, seed=8))
        await pilot.press("u")
        await says(pilot, "back: the experiment before one")
        assert app.main.desk.experiment.batch_size == 1000
