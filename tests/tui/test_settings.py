"""What is remembered: a round trip, and no damaged file is ever lost or a reason to crash."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.lessons.library import find_lesson, lessons
from engine.opening import SMALL, Request
from engine.own_data import experiment_on, over_file
from engine.support.translation import get_language, set_language
from engine.support.user_files import settings_file
from tests.support.examples import tries
from tests.support.pilots import app_for, settled, text_of, until
from tests.support.sessions import FakeSession
from tests.support.snapshots import ready
from tui import app as app_module
from tui.app import LinregApp, open_app
from tui.command import large_file
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

NO_TOML: dict[str, str | bytes] = {
    "no TOML": "theme = [unclosed",
    "brackets": "[[[",
    "binary": b"\x00\xff\xfe\x80binary",
    "NUL": "\x00",
    "a number of five thousand digits": "theme = " + "1" * 5000,
    "deep nesting": "theme = " + "[" * 5000,
}


@pytest.mark.parametrize("content", NO_TOML.values(), ids=NO_TOML)
def test_a_file_that_cannot_be_read_is_set_aside_unchanged(
    file: Path, content: str | bytes
) -> None:
    data = write(file, content)
    settings, message = load(file)
    assert settings == Settings()
    assert "settings.damaged.toml" in message
    assert not file.exists()
    assert (file.parent / "settings.damaged.toml").read_bytes() == data
    assert save(settings, file) == ""
    assert load(file) == (Settings(), "")


GOOD = """
version = 1
theme = "linreg-light"
ascii = true

[keys]
start = "t"
stop = "u"

[experiment]
lr = 0.5
seed = 3

[experiment.loss]
name = "huber"
delta = 2.0
"""
"""A file in which every key differs from its default."""

HUBER = Experiment().changed({"lr": 0.5, "seed": 3, "loss": "huber", "loss.delta": 2.0})
KEYS = {"start": "t", "stop": "u"}
ALL = Settings("linreg-light", True, KEYS, HUBER)

REFUSED: dict[str, tuple[str, str, Settings]] = {
    "version": ("version = 1", "version = -1", ALL),
    "theme": ('"linreg-light"', "7", replace(ALL, theme="linreg-dark")),
    "ascii": ("ascii = true", 'ascii = "yes"', replace(ALL, ascii=False)),
    "a remapped key": ('start = "t"', "start = 1", replace(ALL, keys={"stop": "u"})),
    "a negative number": (
        "lr = 0.5", "lr = -1.0", replace(ALL, experiment=HUBER.changed({"lr": 0.03}))
    ),
    "no finite number": (
        "lr = 0.5", "lr = nan", replace(ALL, experiment=HUBER.changed({"lr": 0.03}))
    ),
    "an enormous number": (
        "lr = 0.5", "lr = " + "9" * 400, replace(ALL, experiment=HUBER.changed({"lr": 0.03}))
    ),
    "a date": (
        "seed = 3", "seed = 1979-05-27",
        replace(ALL, experiment=HUBER.changed({"seed": Experiment().seed})),
    ),
    "text for a number": ("seed = 3", 'seed = 3\nepochs = "many"', ALL),
    "no key of the experiment": ("seed = 3", "seed = 3\nspeed = 1", ALL),
    "a parameter": (
        "delta = 2.0", "delta = -2.0", replace(ALL, experiment=HUBER.changed({"loss.delta": 1.0}))
    ),
    "no parameter": ("delta = 2.0", "delta = 2.0\ngamma = 1.0", ALL),
    "an entry, and what belongs to it": (
        '"huber"', '"cubic"', replace(ALL, experiment=HUBER.changed({"loss": "half_squared"}))
    ),
    "a number for an entry": ("seed = 3", "seed = 3\ndata = 5", ALL),
    "parts that do not go together": ("seed = 3", 'seed = 3\nmodel = "ohm"', ALL),
}  # fmt: skip
"""Of `GOOD`, a piece, what stands in its place, and what is read all the same."""


@pytest.mark.parametrize(("piece", "damage", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_costs_that_key_alone(
    file: Path, piece: str, damage: str, expected: Settings
) -> None:
    write(file, GOOD)
    assert load(file) == (ALL, "")
    data = write(file, GOOD.replace(piece, damage))
    settings, message = load(file)
    assert settings == expected
    assert len(message.splitlines()) == 1
    assert file.read_bytes() == data
    assert (file.parent / "settings.damaged.toml").read_bytes() == data
    assert "settings.damaged.toml" in message
    assert save(settings, file) == ""
    assert load(file) == (expected, "")


@pytest.mark.parametrize("key", ["keys", "experiment"])
def test_a_table_that_is_none_costs_the_table(file: Path, key: str) -> None:
    write(file, f'theme = "linreg-light"\n{key} = 1')
    settings, message = load(file)
    assert settings == Settings("linreg-light")
    assert f"[{key}]" in message


def test_what_is_unknown_is_said_and_written_back(file: Path) -> None:
    write(file, 'colour = 1\ntheme = "linreg-light"\n[later]\nday = 1979-05-27')
    settings, message = load(file)
    assert settings.theme == "linreg-light"
    assert "colour, later" in message
    assert save(settings, file) == ""
    assert tomllib.loads(file.read_text())["later"] == {"day": date(1979, 5, 27)}
    assert tomllib.loads(file.read_text())["colour"] == 1
    assert load(file) == (settings, message)
    assert list(file.parent.iterdir()) == [file]


def test_a_file_of_a_newer_version_is_read_and_left_as_it_is(file: Path) -> None:
    data = write(file, 'version = 2\ntheme = "linreg-light"\nascii = "braille"')
    settings, message = load(file)
    assert (settings.theme, settings.ascii) == ("linreg-light", False)
    assert "newer version" in message
    assert "left as it is" in save(settings, file)
    assert file.read_bytes() == data
    assert list(file.parent.iterdir()) == [file]


def test_a_number_that_cannot_be_written_back_leaves_the_file(file: Path) -> None:
    data = write(file, "huge = 0x" + "f" * 5000)
    settings, _ = load(file)
    assert "could not be saved" in save(settings, file)
    assert file.read_bytes() == data


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


@pytest.mark.parametrize(("owner", "method"), [(Path, "mkdir"), (os, "fsync"), (Path, "replace")])
def test_folder_that_cannot_be_written(
    file: Path, owner: object, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write(file, 'theme = "linreg-light"')
    monkeypatch.setattr(owner, method, lambda *arguments, **keywords: refuse())
    assert "Permission denied" in save(Settings(), file)
    assert file.read_bytes() == data


def test_damaged_file_that_cannot_be_renamed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write(file, "damage")
    monkeypatch.setattr(Path, "rename", refuse)
    settings, message = load(file)
    assert settings == Settings()
    assert "the defaults are used" in message
    assert save(settings, file)
    assert file.read_bytes() == data


def test_damaged_key_in_a_file_that_cannot_be_copied(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write(file, GOOD.replace("lr = 0.5", "lr = -1.0"))
    monkeypatch.setattr(Path, "write_bytes", refuse)
    settings, message = load(file)
    assert settings.theme == "linreg-light"
    assert "lr=-1" in message
    assert save(settings, file)
    assert file.read_bytes() == data


HEADS = ["theme = ", "ascii = ", "[keys]", "[experiment]", "[experiment.data]", "name = ", "lr = "]
VALUES = ['"linear"', "1", "-1.5", "1e999", "nan", "true", "start", "1979-05-27", "0x", "\\u0000"]
MARKS = ["\n", "=", "[", "]", "{", "}", ",", '"', "'", "#", " ", "\ufeff", "\r"]
fragments = st.sampled_from([*HEADS, *VALUES, *MARKS])


@tries(150, HealthCheck.function_scoped_fixture)
@given(st.text() | st.lists(fragments, max_size=12).map("".join))
@example('theme = "linreg-light"\n[experiment]\nlr = 1')
def test_any_text_is_read_or_set_aside(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "settings.toml"
        data = write(file, text.encode("utf-8", "surrogatepass"))
        settings, message = load(file)
        assert isinstance(settings.experiment, Experiment)
        assert len(message.splitlines()) <= 1
        assert data in [left.read_bytes() for left in Path(folder).iterdir()]
        if save(settings, file):
            assert file.read_bytes() == data
        else:
            again, _ = load(file)
            # As text, for a NaN is not equal to itself.
            assert tomli_w.dumps(again.unknown) == tomli_w.dumps(settings.unknown)
            assert replace(again, unknown={}) == replace(settings, unknown={})


values = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=4,
)


@tries(100)
@given(st.dictionaries(st.sampled_from(["theme", "ascii", "keys", "experiment"]), values))
def test_no_value_of_a_key_touches_the_other_keys(damage: dict[str, object]) -> None:
    """What is read of a key is what is read of it alone."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "settings.toml"
        write(file, tomli_w.dumps(tomllib.loads(GOOD) | damage))
        settings, _ = load(file)
        for key in ("theme", "ascii", "keys", "experiment"):
            alone = {key: damage[key]} if key in damage else {}
            write(file, tomli_w.dumps(tomllib.loads(GOOD) | alone))
            assert getattr(settings, key) == getattr(load(file)[0], key)
            if key not in damage:
                assert getattr(settings, key) == getattr(ALL, key)


# In the app ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", ["theme = [unclosed", "[/b]x = [", "theme = [b]", 'ascii="[/]"']
)
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
    def session(experiment: Experiment, request: Request | None, *_: object) -> FakeSession:
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


def test_an_experiment_on_a_large_file_is_not_lost_before_it_is_read(
    fly: Fly, tmp_path: Path
) -> None:
    large = tmp_path / "large.csv"
    large.write_text("a,b\n" + "1,2\n2,3.5\n3,4\n" * (SMALL // 10))
    experiment = experiment_on(str(large), {"lr": "0.25"})
    save(Settings(experiment=experiment), settings_file())
    os.utime(large, (1, 1))  # so that memory does not have it
    waited: list[Request | None] = []
    fly.through(lambda app: waited.append(app.main.request))
    assert fly.seen[0][1] == Experiment()
    (request,) = waited
    assert request is not None
    assert request.make is not None
    assert request.make() == experiment
    os.utime(large, (2, 2))
    assert load(settings_file())[0].unread["data"]["path"] == str(large)
    fly.through(lambda app: setattr(app.main.desk, "experiment", Experiment(lr=0.5)))
    assert load(settings_file())[0].experiment == Experiment(lr=0.5)


@pytest.mark.parametrize("way", ["file", "settings", "toml"])
def test_a_large_file_of_the_command_line_is_read_later(way: str, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_text("a,b\n" + "1,2\n2,3.5\n3,4\n" * (SMALL // 10))
    path, toml = str(large), tmp_path / "mine.toml"
    toml.write_text(f'lr = 0.25\n[data]\nname = "file"\npath = "{path}"\n')
    request = {
        "file": lambda: large_file(path, None, None, ("lr=0.25",), "a ~ b"),
        "settings": lambda: large_file(
            None, None, None, ("data=file", f"data.path={path}", "lr=0.25"), "a ~ b"
        ),
        "toml": lambda: large_file(None, None, toml, (), "a ~ b"),
    }[way]()
    assert request is not None
    assert request.make is not None
    made = request.make()
    assert (made.lr, over_file(made), made.data.options["terms"]) == (0.25, path, "a ~ b")
    assert large_file("sample:cars", None, None, (), None) is None


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
    monkeypatch.setattr(app_module, "Session", lambda *_, **__: session)

    def broken(app: LinregApp) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        fly.through(broken)
    assert ("close",) in session.calls
