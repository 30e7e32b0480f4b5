"""`linreg-tui data`: a file in JSON and in lines, and what is refused in one."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.data.source import standard_input
from tests.support.commands import Shown, cli
from tests.support.outside import obeyed
from tests.support.paths import ROOT

FILES = ROOT / "tests/engine/data/files"


def refused(shown: Shown) -> str:
    """The one line on stderr, exit code 2."""
    assert (shown.code, shown.out) == (2, "")
    (line,) = shown.err.splitlines()
    return line


def test_a_file_as_json() -> None:
    shown = cli("data", str(FILES / "category.csv"), "--json")
    assert json.loads(shown.out) == {
        "rows": 5,
        "used": 5,
        "encoding": "utf-8",
        "delimiter": ",",
        "decimal": ".",
        "header": True,
        "units": False,
        "columns": [
            {
                "name": "color", "kind": "category", "missing": 0, "min": None, "mean": None,
                "max": None, "sd": None, "levels": ["blue", "green", "red"],
            },
            {
                "name": "sold", "kind": "boolean", "missing": 0, "min": 0, "mean": 0.6, "max": 1,
                "sd": pytest.approx(0.3**0.5), "levels": [],
            },
            {
                "name": "y", "kind": "number", "missing": 0, "min": 1, "mean": 2.7, "max": 5,
                "sd": pytest.approx(2.2**0.5), "levels": [],
            },
        ],
        "problems": [],
    }  # fmt: skip


def test_bad_rows_and_gaps_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b\n" + "1,2\n" * 18 + "NA,4\nx,5\n")
    found = json.loads(cli("data", str(file), "--json").out)
    assert (found["rows"], found["used"]) == (20, 18)
    assert found["problems"] == [{"line": 21, "column": "a", "why": "x is not a number"}]
    out = cli("data", str(file)).out
    assert "20 rows, 18 without a gap" in out
    assert "line 21, column a: x is not a number" in out


def test_a_line_a_column() -> None:
    lines = cli("data", str(FILES / "semicolon_decimal_comma.csv")).out.splitlines()
    head, fläche = (" ".join(line.split()) for line in lines[-4:-2])
    assert head == "name kind n missing min mean max sd"
    assert fläche == "fläche number 3 0 54.5 84.9167 120.25 33.1496"
    assert "blue (reference), green, red" in cli("data", str(FILES / "category.csv")).out


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_dirty_file_has_words_in_every_language(language: str) -> None:
    for file in FILES.glob("*.csv"):
        shown = cli("--lang", language, "data", str(file))
        assert shown.code == (2 if file.stem == "ragged" else 0)
        assert shown.out or refused(shown)


def test_what_is_sensed_may_be_said(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a;b\n1.234;2\n2.345;3\n")
    assert "data.decimal=," in refused(cli("data", str(file)))
    found = json.loads(cli("data", str(file), "-s", "data.decimal=,", "--json").out)
    assert (found["columns"][0]["max"], found["decimal"]) == (2345, ",")
    assert "data.decimal=x" in refused(cli("data", str(file), "-s", "data.decimal=x"))
    assert "unknown key" in refused(cli("data", str(file), "-s", "data.shape=x"))
    assert "key=value" in refused(cli("data", str(file), "-s", "decimal"))


def test_standard_input_is_read_once_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input.cache_clear()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n3,4\n")))
    first, second = (cli("data", "-", "--json") for _ in range(2))
    assert (first.code, json.loads(first.out)["rows"]) == (0, 2)
    assert first == second
    standard_input.cache_clear()


def test_a_pipe_that_ends_early_costs_its_last_row() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui", "data", "-", "--json"],
        input="a,b\n" + "1,2\n" * 30 + "3",
        text=True,
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout)["problems"][0]["line"] == 32


@pytest.mark.parametrize("kind", ["folder", "device", "fifo", "nothing", "unreadable name", "huge"])
def test_what_is_no_file_of_data_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.csv"
    match kind:
        case "folder":
            path.mkdir()
        case "device":
            path = Path("/dev/zero")
        case "fifo":
            os.mkfifo(path)
        case "unreadable name":
            path = tmp_path / "a\x1b[2J\0.csv"
        case "huge":
            with path.open("wb") as file:
                file.write(b"a,b\n" + b"1,2\n" * 50_000)
                file.truncate(10 << 30)
    line = refused(cli("data", str(path)))
    assert "data.path=" in line
    assert obeyed(line) == set()


def test_names_and_levels_are_not_obeyed_by_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a\x1b]0;pwn\x07,b\nx\x1b[2J,1\nx\x1b[2J,2\nw,3\n" + "\x1b[31m,4,4\n")
    for options in ((), ("--json",), ("-s", "data.delimiter=,")):
        shown = cli("data", str(file), *options)
        assert obeyed(shown.out + shown.err) <= {"\n"}
