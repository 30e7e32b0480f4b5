"""`linreg-tui config`: the settings file read, changed and checked without a screen."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from engine.support.user_files import settings_file
from tests.support.commands import cli
from tui.configuring import lines_of
from tui.settings import Settings, load


def test_what_is_set_is_got_and_what_the_app_opens_with() -> None:
    assert cli("config", "path").out.strip() == str(settings_file())
    for key, value in (
        ("theme", "linreg-light"),
        ("live", "false"),
        ("keys.start", "Z"),
        ("experiment.data.n", "250"),
        ("experiment.lr", "0.125"),
    ):
        assert cli("config", "set", key, value).code == 0
        assert cli("config", "get", key).out.strip() == value
    settings, message = load(settings_file())
    assert (settings.theme, settings.live, settings.keys, message) == (
        "linreg-light",
        False,
        {"start": "Z"},
        "",
    )
    assert (settings.experiment.lr, settings.experiment.flat()["data.n"]) == (0.125, 250)
    assert tomllib.loads(cli("config", "get").out)["experiment"]["lr"] == 0.125
    assert cli("config", "validate").code == 0


def test_without_a_file_there_are_the_defaults() -> None:
    assert not settings_file().exists()
    assert cli("config", "get", "theme").out.strip() == Settings.theme
    assert cli("config", "validate").code == 0
    assert not settings_file().exists()


@pytest.mark.parametrize(("key", "value", "allowed"), [
    ("theme", "blue", "theme=blue: must be one of linreg-dark, linreg-light"),
    ("live", "2", "live=2: must be true or false"),
    ("lr", "1", "KEY=lr: must be theme, ascii, live, keep_runs, keys.ACTION or experiment.KEY"),
    ("keys.strat", "Z", "linreg-tui: keys.strat=Z: is no action"),
    ("keys.start", "meow", "linreg-tui: keys.start=meow: must be the name of a key"),
    ("keys.start", "f5,l", "linreg-tui: keys.start=f5,l: is the key of lr"),
    ("experiment.lr", "-1", "lr=-1: must be a number above 0"),
    ("experiment.nothing", "1", "nothing"),
])  # fmt: skip
def test_what_is_wrong_is_refused_and_changes_nothing(key: str, value: str, allowed: str) -> None:
    cli("config", "set", "theme", "linreg-light")
    before = settings_file().read_bytes()
    shown = cli("config", "set", "--", key, value)
    assert shown.code == 2
    assert allowed in shown.err
    assert shown.err.count("\n") == 1
    assert settings_file().read_bytes() == before


def test_keys_change_places_one_after_the_other() -> None:
    for key, value in (("lr", "f5"), ("start", "l"), ("pause", "space")):
        assert cli("config", "set", f"keys.{key}", value).code == 0


def test_faults_are_told_with_file_line_and_key(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        'version = 1\ntheme = "blue"\nextra = 3\n\n[keys]\nstrat = "Z"\n\n'
        "[experiment]\nlr = -1\n\n[experiment.data]\nname = 'linear'\nn = 0\n"
    )
    shown = cli("config", "validate", str(file))
    assert shown.code == 1
    lines = shown.out.splitlines()
    faults = (2, "theme=blue"), (3, "extra=3"), (6, "keys.strat=Z"), (9, "lr=-1"), (13, "n=0")
    for line, key in faults:
        assert any(f"{file}:{line}: " in each and key in each for each in lines), key
    assert len(lines) == 5


def test_a_file_that_is_no_toml_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("theme = \n")
    for file_or_folder in (file, tmp_path):
        shown = cli("config", "validate", str(file_or_folder))
        assert shown.code == 2
        assert shown.err.count("\n") == 1


def test_lines_of_a_file() -> None:
    assert lines_of('a = 1\n[x]\n"b" = 2\n  c=3\n[x.y]\nd = [\n 1,\n]\n') == {
        "a": 1, "x.b": 3, "x.c": 4, "x.y.d": 6,
    }  # fmt: skip
