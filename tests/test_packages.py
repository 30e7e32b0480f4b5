"""The sdist and the wheel are built, installed into an empty environment, and used there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BUILD = """
import sys
from setuptools import build_meta
print(getattr(build_meta, sys.argv[1])(sys.argv[2]))
"""
"""As pip calls it, but in this environment and without a network."""
SHIPPED = {".py", ".typed", ".po", ".md", ".csv", ".tcss", ".html", ".css", ".js"}
"""Suffixes of what the two packages consist of."""


def done(*words: str | Path, folder: Path) -> str:
    """What a command prints that is run in a folder where no source of ours lies."""
    own = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=own | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def built(kind: str, tree: Path, out: Path) -> Path:
    """The archive that a tree of sources becomes."""
    lines = done(sys.executable, "-W", "ignore", "-c", BUILD, f"build_{kind}", out, folder=tree)
    return out / lines.splitlines()[-1]


def sources() -> list[str]:
    """The files of the two packages, as git has them, or will."""
    listed = (
        "git",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
        "engine",
        "tui",
    )
    names = done(*listed, folder=ROOT).split("\0")
    return sorted(name for name in names if name and (ROOT / name).is_file())


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist of a clean tree, and the wheel of that sdist: what an index is given."""
    folder = tmp_path_factory.mktemp("archives")
    tree = folder / "tree"
    for name in (*sources(), "pyproject.toml", "README.md", "LICENSE"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tree / name)
    sdist = built("sdist", tree, folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    return sdist, built("wheel", unpacked, folder)


@pytest.fixture(scope="module")
def bin_folder(archives: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment with nothing but the wheel, and what it needs."""
    folder = tmp_path_factory.mktemp("installed")
    done(sys.executable, "-m", "venv", "--without-pip", "env", folder=folder)
    python = folder / "env" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile")
    done(*pip, "--no-deps", "--no-index", archives[1], folder=folder)
    (place,) = (folder / "env" / "lib").glob("python*/site-packages")
    # What the wheel needs comes from the environment of the tests; .pth files in there, which
    # lead to our sources, are not obeyed.
    shared = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (place / "shared.pth").write_text("\n".join(shared))
    return python.parent


def test_both_have_every_file_of_the_packages(archives: tuple[Path, Path]) -> None:
    sdist, wheel = archives
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    in_wheel = set(zipfile.ZipFile(wheel).namelist())
    names = sources()
    assert {Path(name).suffix for name in names} <= SHIPPED
    assert [name for name in names if name not in in_sdist] == []
    assert [name for name in names if name not in in_wheel] == []
    assert {"README.md", "LICENSE", "pyproject.toml"} <= in_sdist
    assert {name.partition("/")[0] for name in in_wheel} == {
        "engine", "tui", f"linreg_tui-{PROJECT['version']}.dist-info",
    }  # fmt: skip


def test_the_wheel_says_what_installers_ask(archives: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(archives[1]) as wheel:
        folder = f"linreg_tui-{PROJECT['version']}.dist-info"
        metadata = message_from_string(wheel.read(f"{folder}/METADATA").decode())
        points = wheel.read(f"{folder}/entry_points.txt").decode()
    assert points.split() == ["[console_scripts]", "linreg-tui", "=", "tui.__main__:main"]
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert set(metadata.get_all("Provides-Extra", [])) == set(PROJECT["optional-dependencies"])
    needed = [name for name in metadata.get_all("Requires-Dist", []) if "extra ==" not in name]
    assert len(needed) == len(PROJECT["dependencies"])


def test_the_installed_commands_work(bin_folder: Path, tmp_path: Path) -> None:
    program = bin_folder / "linreg-tui"
    assert done(program, "--version", folder=tmp_path) == f"linreg-tui {PROJECT['version']}\n"
    where = done(
        bin_folder / "python", "-c", "import engine, tui; print(engine.__file__, tui.__file__)",
        folder=tmp_path,
    )  # fmt: skip
    assert where.count(str(bin_folder.parent)) == 2
    listed = done(program, "--lang", "zh", "lessons", folder=tmp_path)  # texts and catalogs
    assert "从零" in listed
    # The data are a sample that comes along.
    lines = done(program, "run", "sample:cars", "--json", "-s", "epochs=3", folder=tmp_path)
    events = [json.loads(line) for line in lines.splitlines()]
    assert [event["event"] for event in events] == ["started", *["epoch"] * 3, "finished"]
