"""The code of the experiment on the screen: two dresses, copied, and written to a new file."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.experiment import Experiment
from engine.runs.code.script import code_of
from tests.support.pictures import Look
from tests.support.pilots import LARGE, main_of, resize, settled, until
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import ready
from tui.screens.code import CodeScreen
from tui.screens.dialogs import HelpScreen


async def opened(pilot: Pilot[None]) -> CodeScreen:
    await settled(pilot)
    await pilot.press("c")
    await until(pilot, lambda: isinstance(pilot.app.screen, CodeScreen))
    screen = pilot.app.screen
    assert isinstance(screen, CodeScreen)
    return screen


async def test_two_dresses_copied_and_written(
    shared_lab: SharedLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accepted: Look
) -> None:
    monkeypatch.chdir(tmp_path)
    scratch, concise = (code_of(Experiment(), dress).text for dress in ("scratch", "concise"))
    async with shared_lab(ready(), size=LARGE[1]) as pilot:
        screen = await opened(pilot)
        await accepted(pilot, "scratch-120x34")
        await pilot.press("w", "w")
        await pilot.press("tab", "y", "S")
        assert pilot.app.clipboard == concise
        texts = {file.name: file.read_text(encoding="utf-8") for file in tmp_path.glob("*.py")}
        assert texts == {
            "linear_scratch.py": scratch,
            "linear_scratch_2.py": scratch,
            "linear_concise.py": concise,
        }
        pilot.app.clear_notifications()
        await resize(pilot, LARGE[0])
        await pilot.press("end")
        await accepted(pilot, "concise-80x24")
        monkeypatch.chdir("/proc")
        await pilot.press("w")
        assert screen.hint.has_class("-needed")
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape", "c")
        await until(pilot, lambda: pilot.app.screen is main_of(pilot))


async def test_it_begins_in_the_dress_of_the_loop_and_says_why_there_is_none(
    shared_lab: SharedLab, tmp_path: Path
) -> None:
    file = tmp_path / "blanks.csv"
    file.write_text("a,b,y\n" + "".join(f"{i},{i * i},1 {i % 7:03d}\n" for i in range(1, 31)))
    experiment = Experiment().changed({"data": "file", "data.path": str(file), "loop": "concise"})
    async with shared_lab(ready(experiment), size=LARGE[0]) as pilot:
        screen = await opened(pilot)
        assert screen.dress == "concise"
        assert screen.hint.shown[1]
        await pilot.press("y", "w")
        assert not list(Path().glob("file_*.py"))
        await pilot.press("tab", "escape")
        await until(pilot, lambda: pilot.app.screen is main_of(pilot))
