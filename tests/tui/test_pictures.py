"""Pictures of the screen, without a terminal and by key."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from screenshots import make
from tests.support.commands import cli
from tests.support.pilots import app_for, settled, until
from tests.support.sessions import FakeSession
from tests.support.snapshots import ready


@pytest.mark.usefixtures("drawn")
def test_a_picture_is_written_as_svg_and_as_png_and_never_over_another(tmp_path: Path) -> None:
    svg, png = tmp_path / "a.svg", tmp_path / "a.png"
    arguments = ("picture", "--size", "60x20", "-s", "data.n=60", "-o")
    assert cli(*arguments, str(svg)).code == 0
    root = ElementTree.fromstring(svg.read_text())
    words = "".join(text.text or "" for text in root.iter() if text.tag.endswith("text"))
    assert "finished" in words
    assert cli(*arguments, str(svg)).code == 2
    assert cli(*arguments, str(png), "--keys", "question_mark").code == 0
    assert png.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("drawn")
def test_a_picture_of_the_readme_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "FOLDER", tmp_path)
    file = tmp_path / "help.svg"
    file.write_text("stale")
    make.take(make.Picture("help", (40, 12), keys="question_mark"))
    assert "Help" in file.read_text()


@pytest.mark.parametrize("wrong", [("-o", "a.gif"), ("-o", "a.svg", "--size", "0x9")])
def test_what_cannot_be_drawn_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = cli("picture", "--keys", "", *wrong)
    assert shown.code == 2
    assert len(shown.err.splitlines()) == 1
    assert not list(tmp_path.glob("a.*"))


@pytest.mark.usefixtures("drawn")
async def test_by_key_the_screen_becomes_a_file_beside_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with app_for(FakeSession(ready())).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for name in ("linreg-tui.svg", "linreg-tui_2.svg"):
            await pilot.press("C", "i")
            await until(pilot, lambda name=name: (tmp_path / name).exists())  # type: ignore[misc]
            assert "press" in (tmp_path / name).read_text()
