"""A file opened from inside by real keys: found, read, looked at, its columns switched, taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine import opening
from engine.data import reading
from engine.data.sensing import Asked
from engine.data.table import Table
from engine.experiment import Experiment
from engine.opening import Reading, Request
from engine.own_data import experiment_on, over_file
from engine.support.user_files import recent_file
from tests.support.pictures import Look, named
from tests.support.pilots import (
    LARGE,
    app_for,
    main_of,
    resize,
    says,
    session_of,
    settled,
    text_of,
    until,
)
from tests.support.sessions import FakeSession
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import begun, ready
from tui.app import LinregApp
from tui.panels.bars import Hint
from tui.recent import MOST, recent, remember
from tui.screens.data import DataScreen
from tui.screens.files import FilesScreen
from tui.screens.main import MainScreen
from tui.screens.reader import ReadingScreen

HOMES = """id;Fläche;Zimmer;Lage;Notiz;Preis
;m²;;;;€
007;54,5;2;Stadt;hell, ruhig;1.234,50
008;80,0;3;Land;mit Garten;2.345,00
009;120,25;?;Stadt;am Wald;3.999,99
010;110,5;4;Land;Neubau;3.750,00
zu;kurz
011;31,75;1;Stadt;im Hof;870,25
012;95,5;4;Stadt;zwei Bäder;2.990,00
013;101,0;4;Land;am See;3.110,00
014;64,25;2;Stadt;hoch oben;1.702,50
015;72,0;3;Stadt;im Süden;1.905,00
016;88,5;3;Land;mit Hof;2.455,00
017;140,0;5;Land;am Fluss;4.210,00
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that one works in, with files of data and others."""
    work = tmp_path / "work"
    (work / "more").mkdir(parents=True)
    (work / "homes.csv").write_text(HOMES, encoding="utf-8")
    (work / "words.csv").write_text("a,b\nx,y\nz,w\n")
    (work / "program.py").write_text("")
    (work / ".hidden.csv").write_text("a,b\n1,2\n")
    (work / "more" / "\x1b[31mred.csv").write_text("a,b\n" + "1,2\n2,3\n3,5\n")
    monkeypatch.chdir(work)
    return work


def on(pilot: Pilot[None], kind: type[object]) -> bool:
    return isinstance(pilot.app.screen, kind)


async def press(pilot: Pilot[None], *keys: str, then: type[object] | None = None) -> None:
    """Press keys, and wait until a screen of a kind is on top and whole."""
    await pilot.press(*keys)
    await pilot.pause()
    if then:
        await until(pilot, lambda: on(pilot, then))
        await pilot.pause()


async def open_homes(pilot: Pilot[None]) -> DataScreen:
    """Open the homes from inside."""
    await press(pilot, "o", then=FilesScreen)
    await press(pilot, *"hom", "enter", then=DataScreen)
    assert isinstance(pilot.app.screen, DataScreen)
    return pilot.app.screen


def hint(pilot: Pilot[None]) -> tuple[str, bool]:
    """What the line of hints says, and whether it refuses."""
    return pilot.app.screen.query_one(Hint).shown


def shown(pilot: Pilot[None]) -> str:
    assert isinstance(pilot.app, LinregApp)
    return "\n".join(text_of(pilot.app))


async def test_a_file_is_found_looked_at_switched_and_taken_by_keys(
    shared_lab: SharedLab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once(path: str, *rest: Any) -> Table:
        assert path not in seen, "read again"
        seen.append(path)
        return read(path, *rest)

    seen: list[str] = []
    read = reading._read
    monkeypatch.setattr(reading, "_read", once)
    before = Experiment(lr=0.5)
    async with shared_lab(begun(before), size=(80, 24)) as pilot:
        await open_homes(pilot)
        assert hint(pilot) == ("Preis ~ Fläche + Zimmer + Lage", False)
        assert "10 of 12 rows used" in shown(pilot)
        await press(pilot, "down", "down", "minus")
        assert hint(pilot)[0] == "Preis ~ Fläche + Lage"
        assert "11 of 12 rows used" in shown(pilot)
        await press(pilot, "up", "y")
        assert hint(pilot)[0] == "Fläche ~ Preis + Lage"
        await press(pilot, "x")
        assert "another column" in hint(pilot)[0]
        assert hint(pilot)[1]
        await press(pilot, "down", "down", "down", "x")
        assert "text" in hint(pilot)[0]
        await press(pilot, "enter", then=MainScreen)
        taken = main_of(pilot).desk.experiment
        path = str(folder / "homes.csv")
        assert taken == experiment_on(path, {"data.terms": "Fläche ~ Preis + Lage"})
        assert ("prepare", taken) in session_of(pilot.app).calls
        assert recent() == [path]
        await press(pilot, "u")
        assert main_of(pilot).desk.experiment == before


async def test_what_was_sensed_is_changed_by_key_and_what_cannot_be_loses_nothing(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        screen = await open_homes(pilot)
        await press(pilot, "tab", "down", "right")
        assert hint(pilot)[1]
        assert "auto → semicolon" in shown(pilot)
        assert screen.terms is not None
        await press(pilot, "down", "down", "down", *"no", "enter")
        assert "more than 1 in 10" in hint(pilot)[0]
        field = screen.form.fields["missing"]
        await until(pilot, lambda: field.has_focus)
        assert field.value == "no"
        await press(pilot, "question_mark", "enter")
        await press(pilot, "ctrl+u", "question_mark", "enter")
        assert screen.form.asked == Asked(missing="?")
        await press(pilot, "enter", then=MainScreen)
        assert main_of(pilot).desk.experiment.data.options["missing"] == "?"


async def test_an_experiment_on_a_file_keeps_its_settings_and_its_terms(
    shared_lab: SharedLab,
) -> None:
    cars = experiment_on("sample:cars", {"data.terms": "distance ~ log(speed)", "lr": "0.25"})
    async with shared_lab(begun(cars), size=(80, 24)) as pilot:
        await press(pilot, "o", then=DataScreen)
        await says(pilot, "50 of 50 rows used")
        assert hint(pilot)[0] == "distance ~ log(speed)"
        await press(pilot, "escape", then=MainScreen)
        assert main_of(pilot).desk.experiment is cars
        await press(pilot, "o", then=DataScreen)
        await says(pilot, "50 of 50 rows used")
        await press(pilot, "enter", then=MainScreen)
        assert main_of(pilot).desk.experiment == cars
        await press(pilot, "o", then=DataScreen)
        await says(pilot, "50 of 50 rows used")
        await press(pilot, "delete")
        words = hint(pilot)[0]
        assert words == "distance ~ 1 — left out too: log(speed)"
        await press(pilot, "enter")
        assert "no column is left" in hint(pilot)[0]
        await press(pilot, "x", "enter", then=MainScreen)
        taken = main_of(pilot).desk.experiment
        assert taken.data.options["terms"] == "distance ~ speed"
        assert taken.lr == 0.25


async def test_the_picker_walks_folders_escapes_names_and_stays_where_a_file_is_refused(
    shared_lab: SharedLab, folder: Path
) -> None:
    gone = "/gone/old.csv"
    remember(gone)
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        await press(pilot, "o", then=FilesScreen)
        screen = pilot.app.screen
        assert isinstance(screen, FilesScreen)
        assert next(iter(screen.entries)) == gone
        assert "no longer there · /gone" in shown(pilot)
        assert {"program.py", ".hidden.csv"}.isdisjoint(map(str, screen.entries))
        await press(pilot, "enter")
        assert "No such file" in hint(pilot)[0]
        await press(pilot, *"words", "enter")
        assert "no column of numbers" in hint(pilot)[0]
        screen.go_to("x" * 5000)  # by a paste
        await press(pilot, "enter")
        assert "File name too long" in hint(pilot)[0]
        assert on(pilot, FilesScreen)
        await press(pilot, "ctrl+u", *"mo", "tab")
        assert screen.typed.value == str(folder / "more") + "/"
        assert r"\x1b[31mred.csv" in shown(pilot)
        assert "\x1b" not in shown(pilot)
        await press(pilot, "down", "enter", then=DataScreen)
        assert r"\x1b[31mred.csv" in shown(pilot)
        await press(pilot, "o", then=FilesScreen)
        await press(pilot, "escape", then=DataScreen)
        await press(pilot, "escape", then=MainScreen)
        assert main_of(pilot).desk.experiment == Experiment()


async def test_what_is_being_read_is_stopped_by_a_key(
    shared_lab: SharedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that never gets further stands in for a large file."""

    def begin(session: FakeSession, request: Request) -> None:
        session.reading = Reading(request, share=0.34)

    async with shared_lab(ready(), size=(80, 24)) as pilot:
        screen = await open_homes(pilot)
        monkeypatch.setattr(FakeSession, "read", lambda *_: None)  # it is at something else yet
        await press(pilot, "enter")
        assert "reading ▱▱▱▱▱▱▱▱▱▱ 0%" in hint(pilot)[0]
        await press(pilot, "escape")
        monkeypatch.setattr(FakeSession, "read", begin)
        before = screen.reading
        await press(pilot, "enter")
        assert "34%" in hint(pilot)[0]
        await press(pilot, "escape")
        assert ("stop_reading",) in session_of(pilot.app).calls
        assert screen.reading is before
        assert on(pilot, DataScreen)
        await press(pilot, "o", then=FilesScreen)
        await press(pilot, "enter")
        assert "34%" in shown(pilot)
        await press(pilot, "escape")
        assert "stopped" in hint(pilot)[0]
        await press(pilot, "escape", then=DataScreen)
        await press(pilot, "escape", then=MainScreen)


async def test_a_large_file_of_the_command_line_is_waited_for() -> None:
    session = FakeSession(ready())
    request = Request("sample:cars", make=lambda: experiment_on("sample:cars", {}))
    session.reading = Reading(request, share=0.5)
    app = LinregApp(session, app_for(session).settings, request=request)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: on(pilot, ReadingScreen))
        await says(pilot, "reading ▰▰▰▰▰▱▱▱▱▱ 50%")
        session.read(request)
        await until(pilot, lambda: on(pilot, MainScreen))
        await settled(pilot)
        assert app.main.desk.experiment == experiment_on("sample:cars", {})


async def test_a_large_file_that_is_typed_into_the_form_is_read_by_the_session(
    shared_lab: SharedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "SMALL", 0)
    async with shared_lab(begun(experiment_on("sample:cars", {}))) as pilot:
        desk, read = main_of(pilot).desk, session_of(pilot.app).read
        requests: list[Request] = []

        def noted(request: Request) -> None:
            requests.append(request)
            read(request)

        monkeypatch.setattr(session_of(pilot.app), "read", noted)
        field = main_of(pilot).lab.forms[0].fields["data.path"]
        for path in ("words.csv", "homes.csv", "homes.csv"):
            field.focus()
            await pilot.press("ctrl+u", *path, "enter")
            await until(pilot, lambda: on(pilot, MainScreen))
            if path == "words.csv":
                await says(pilot, "no column of numbers")
            else:
                await until(pilot, lambda: over_file(desk.experiment) == "homes.csv")
        assert [request.path for request in requests] == ["words.csv", "homes.csv"]
        assert desk.experiment.dataset().sha256 == desk.experiment.data.options["sha256"]
        assert desk.experiment.dataset().target.name == "Preis"


def test_files_that_were_opened_are_remembered_the_last_one_first() -> None:
    for number in (*range(MOST + 3), 5):
        remember(f"/data/{number}.csv")
    remember("sample:cars")
    assert recent() == ["/data/5.csv", *(f"/data/{k}.csv" for k in range(MOST + 2, 5, -1)),
                        "/data/4.csv", "/data/3.csv"]  # fmt: skip
    recent_file().write_text("files = 3")
    assert recent() == []


async def test_pictures(shared_lab: SharedLab, accepted: Look) -> None:
    async with shared_lab(ready(), size=LARGE[0]) as pilot:
        await open_homes(pilot)
        for size in (*LARGE, (50, 24)):
            await resize(pilot, size)
            await accepted(pilot, named(size))


async def test_picture_of_the_picker(shared_lab: SharedLab, accepted: Look) -> None:
    remember("/data/old.csv")
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        await press(pilot, "o", then=FilesScreen)
        for size in LARGE:
            await resize(pilot, size)
            await accepted(pilot, named(size))
