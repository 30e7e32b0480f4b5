"""What is remembered: a round trip, and no damaged file is ever lost or a reason to crash."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as configured
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.lessons.library import find_lesson, lessons
from engine.session import Session
from engine.support.translation import get_language, set_language
from engine.support.user_files import settings_file
from tests.support.pilots import app_for, settled, text_of, until
from tests.support.sessions import FakeSession
from tests.support.snapshots import ready
from tui import app as app_module
from tui.app import LinregApp, open_app
from tui.settings import Settings, load, save


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "linreg-tui" / "settings.toml"


def write(file: Path, content: str | bytes) -> bytes:
    """Put content into the settings file; returns it as bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    file.write_bytes(data)
    return data


# Round trips ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", lessons())
def test_round_trip(file: Path, name: str) -> None:
    before = Settings("linreg-light", True, {"start": "t"}, find_lesson(name).experiment)
    assert save(before, file) == ""
    after, message = load(file)
    assert message == ""
    assert after == before
    assert list(file.parent.iterdir()) == [file]


def test_nothing_there_gives_the_defaults_and_writes_nothing(file: Path) -> None:
    assert load(file) == (Settings(), "")
    assert not file.parent.exists()


def test_file_is_one_that_a_person_can_edit(file: Path) -> None:
    save(Settings(), file)
    values = tomllib.loads(file.read_text())
    assert values["theme"] == "linreg-dark"
    assert values["experiment"]["lr"] == 0.03
    write(file, 'theme = "linreg-light"\n[experiment]\nlr = 0.5\n')
    settings, message = load(file)
    assert message == ""
    assert settings.theme == "linreg-light"
    assert settings.experiment == Experiment().changed({"lr": 0.5})


# Damaged files -------------------------------------------------------------------------------

DAMAGED: dict[str, str | bytes] = {
    "no TOML": "theme = [unclosed",
    "brackets": "[[[",
    "binary": b"\x00\xff\xfe\x80binary",
    "NUL": "\x00",
    "wrong type of theme": "theme = 7",
    "wrong type of ascii": 'ascii = "yes"',
    "wrong type of keys": "keys = 1",
    "wrong type of a key": "[keys]\nstart = 1",
    "wrong type of the experiment": "experiment = 1",
    "unknown key": "colour = 1",
    "unknown key of the experiment": "[experiment]\nspeed = 1",
    "refused number": "[experiment]\nlr = -1.0",
    "number that is not finite": "[experiment]\nlr = nan",
    "text for a number": '[experiment]\nepochs = "many"',
    "unknown entry": '[experiment]\nloss = "cubic"',
    "number for an entry": "[experiment]\ndata = 5",
    "list for an entry": "[experiment.data]\nname = [1]",
    "unknown parameter": '[experiment.loss]\nname = "huber"\ngamma = 1.0',
    "date": "[experiment]\nseed = 1979-05-27",
    "parts that do not go together": '[experiment.model]\nname = "ohm"',
    "a number of five thousand digits": "theme = " + "1" * 5000,
    "deep nesting": "theme = " + "[" * 5000,
    "enormous integer": "[experiment]\nlr = " + "9" * 400,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_file_is_set_aside_unchanged(file: Path, content: str | bytes) -> None:
    data = write(file, content)
    settings, message = load(file)
    assert settings == Settings()
    assert "settings.damaged.toml" in message
    assert not file.exists()
    assert (file.parent / "settings.damaged.toml").read_bytes() == data
    assert save(settings, file) == ""
    assert load(file) == (Settings(), "")


def test_second_damaged_file_leaves_the_first_alone(file: Path) -> None:
    kept = []
    for number in range(4):
        kept.append(write(file, f"damage {number}"))
        assert load(file)[1]
    names = ["settings.damaged.toml", *(f"settings.damaged-{n}.toml" for n in (2, 3, 4))]
    assert [(file.parent / name).read_bytes() for name in names] == kept


def test_folder_in_place_of_the_file(file: Path) -> None:
    file.mkdir(parents=True)
    (file / "inside").write_text("kept")
    settings, message = load(file)
    assert settings == Settings()
    assert message
    assert (file.parent / "settings.damaged.toml" / "inside").read_text() == "kept"
    assert save(settings, file) == ""


def test_file_in_place_of_the_folder(file: Path) -> None:
    file.parent.write_text("in the way")
    settings, message = load(file)
    assert settings == Settings()
    assert "the defaults are used" in message
    assert "could not be saved" in save(settings, file)
    assert file.parent.read_text() == "in the way"


def refuse(*arguments: object) -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("method", ["mkdir", "write_text", "replace"])
def test_folder_that_cannot_be_written(
    file: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write(file, 'theme = "linreg-light"')
    monkeypatch.setattr(Path, method, lambda *arguments, **keywords: refuse())
    assert "Permission denied" in save(Settings(), file)
    assert file.read_bytes() == data


def test_damaged_file_that_cannot_be_renamed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write(file, "damage")
    monkeypatch.setattr(Path, "rename", refuse)
    settings, message = load(file)
    assert settings == Settings()
    assert "the defaults are used" in message
    assert file.read_bytes() == data


KEYS = ["theme = ", "ascii = ", "[keys]", "[experiment]", "[experiment.data]", "name = ", "lr = "]
VALUES = ['"linear"', "1", "-1.5", "1e999", "nan", "true", "start", "1979-05-27", "0x", "\\u0000"]
MARKS = ["\n", "=", "[", "]", "{", "}", ",", '"', "'", "#", " ", "\ufeff", "\r"]
fragments = st.sampled_from([*KEYS, *VALUES, *MARKS])


@configured(
    deadline=None,
    derandomize=True,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text() | st.lists(fragments, max_size=12).map("".join))
@example('theme = "linreg-light"\n[experiment]\nlr = 1')
def test_any_text_is_read_or_set_aside(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "settings.toml"
        data = write(file, text.encode("utf-8", "surrogatepass"))
        settings, message = load(file)
        assert isinstance(settings.experiment, Experiment)
        kept = Path(folder) / "settings.damaged.toml" if message else file
        assert kept.read_bytes() == data
        assert save(settings, file) == ""
        assert load(file) == (settings, "")


# In the app ----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["theme = [unclosed", "[/b]x = [", "theme = [b]", 'x="[/]"'])
async def test_app_says_that_the_settings_were_damaged(file: Path, content: str) -> None:
    write(file, content)
    settings, message = load(file)
    app = app_for(FakeSession(ready()), settings, message)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        await until(pilot, lambda: "damaged" in " ".join(text_of(app)))


async def test_unknown_theme_is_no_trouble() -> None:
    app = app_for(FakeSession(ready()), Settings(theme="gone"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app.theme == "linreg-dark"


class Fly:
    """Takes the place of `App.run`: what a person does in the app, without a terminal."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.seen: list[tuple[str, Experiment, bool, str]] = []

    def through(self, do: Callable[[LinregApp], None], ascii: bool = False) -> int:
        def run(app: LinregApp) -> None:
            self.seen.append((app.theme, app.main.desk.experiment, app.settings.ascii, app.message))
            do(app)

        self.monkeypatch.setattr(LinregApp, "run", run)
        return open_app(None, ascii)


@pytest.fixture
def fly(monkeypatch: pytest.MonkeyPatch) -> Fly:
    def session(experiment: Experiment) -> Session:
        return FakeSession(ready(experiment))

    monkeypatch.setattr(app_module, "Session", session)
    return Fly(monkeypatch)


def test_theme_and_last_experiment_are_there_the_next_time(fly: Fly) -> None:
    def change(app: LinregApp) -> None:
        app.theme = "linreg-light"
        app.main.desk.experiment = find_lesson("huber").experiment

    assert fly.through(change) == 0
    assert settings_file().exists()
    fly.through(lambda app: None)
    assert fly.seen == [
        ("linreg-dark", Experiment(), False, ""),
        ("linreg-light", find_lesson("huber").experiment, False, ""),
    ]


def test_ascii_of_one_start_is_not_remembered(fly: Fly) -> None:
    fly.through(lambda app: None, ascii=True)
    fly.through(lambda app: None)
    assert [seen[2] for seen in fly.seen] == [True, False]


def test_remembered_ascii_is_in_english(fly: Fly) -> None:
    spoken: list[str] = []
    for settings in ("ascii = false\n", "ascii = true\n"):
        write(settings_file(), settings)
        set_language("zh")
        fly.through(lambda app: spoken.append(get_language()))
    assert spoken == ["zh", "en"]


def test_remapped_keys_survive_an_app_that_does_not_change_them(fly: Fly) -> None:
    write(settings_file(), '[keys]\nstart = "t"\n')
    fly.through(lambda app: None)
    assert load(settings_file())[0].keys == {"start": "t"}


def test_damaged_settings_start_the_app_with_a_message(fly: Fly) -> None:
    write(settings_file(), "damage")
    assert fly.through(lambda app: None) == 0
    assert "settings.damaged.toml" in fly.seen[0][3]
    assert load(settings_file()) == (Settings(), "")


def test_settings_that_cannot_be_saved_are_said_and_no_crash(
    fly: Fly, capsys: pytest.CaptureFixture[str]
) -> None:
    settings_file().parent.parent.mkdir(parents=True, exist_ok=True)
    settings_file().parent.write_text("in the way")
    assert fly.through(lambda app: None) == 0
    assert "could not be saved" in capsys.readouterr().err


def test_session_is_closed_even_where_the_app_breaks(
    fly: Fly, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession(ready())
    monkeypatch.setattr(app_module, "Session", lambda experiment: session)

    def broken(app: LinregApp) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        fly.through(broken)
    assert ("close",) in session.calls
