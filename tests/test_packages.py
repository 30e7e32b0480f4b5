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

from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BUILD = """
import os, sys, tarfile
from pathlib import Path
from setuptools import build_meta

out = Path(sys.argv[1])
sdist = build_meta.build_sdist(str(out))
with tarfile.open(out / sdist) as archive:
    archive.extractall(out / "unpacked", filter="data")
os.chdir(*(out / "unpacked").iterdir())
print(sdist, build_meta.build_wheel(str(out)))
"""
"""The sdist of a tree and the wheel of that sdist; as pip calls it, but without a network."""
LESSONS = """
import engine, tui, tui.__main__
print(engine.__file__, tui.__file__)
tui.__main__.main()
"""
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


def built(folder: Path) -> tuple[Path, Path]:
    """The sdist of a clean tree, and the wheel of that sdist: what an index is given."""
    tree = folder / "tree"
    for name in (*sources(), "pyproject.toml", "README.md", "LICENSE"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tree / name)
    lines = done(sys.executable, "-W", "ignore", "-c", BUILD, folder, folder=tree)
    sdist, wheel = lines.splitlines()[-1].split()
    return folder / sdist, folder / wheel


def installed(wheel: Path, folder: Path) -> Path:
    """The commands of an environment with nothing but the wheel, and what it needs."""
    done(sys.executable, "-m", "venv", "--without-pip", "env", folder=folder)
    python = folder / "env" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile")
    done(*pip, "--no-deps", "--no-index", wheel, folder=folder)
    (place,) = (folder / "env" / "lib").glob("python*/site-packages")
    # What the wheel needs comes from the environment of the tests; .pth files in there, which
    # lead to our sources, are not obeyed.
    shared = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (place / "shared.pth").write_text("\n".join(shared))
    return python.parent


def test_sdist_and_wheel_are_whole_and_the_installed_commands_work(tmp_path: Path) -> None:
    sdist, wheel = built(tmp_path)
    both_have_every_file_of_the_packages(sdist, wheel)
    the_wheel_says_what_installers_ask(wheel)
    the_commands_work(installed(wheel, tmp_path), tmp_path)


def both_have_every_file_of_the_packages(sdist: Path, wheel: Path) -> None:
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    with zipfile.ZipFile(wheel) as zipped:
        in_wheel = set(zipped.namelist())
    names = sources()
    assert {Path(name).suffix for name in names} <= SHIPPED
    assert [name for name in names if name not in in_sdist] == []
    assert [name for name in names if name not in in_wheel] == []
    assert {"README.md", "LICENSE", "pyproject.toml"} <= in_sdist
    assert {name.partition("/")[0] for name in in_wheel} == {
        "engine", "tui", f"linreg_tui-{PROJECT['version']}.dist-info",
    }  # fmt: skip


def the_wheel_says_what_installers_ask(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as zipped:
        folder = f"linreg_tui-{PROJECT['version']}.dist-info"
        metadata = message_from_string(zipped.read(f"{folder}/METADATA").decode())
        points = zipped.read(f"{folder}/entry_points.txt").decode()
    assert points.split() == ["[console_scripts]", "linreg-tui", "=", "tui.__main__:main"]
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert set(metadata.get_all("Provides-Extra", [])) == set(PROJECT["optional-dependencies"])
    needed = [name for name in metadata.get_all("Requires-Dist", []) if "extra ==" not in name]
    assert len(needed) == len(PROJECT["dependencies"])


def the_commands_work(commands: Path, folder: Path) -> None:
    program = commands / "linreg-tui"
    assert done(program, "--version", folder=folder) == f"linreg-tui {PROJECT['version']}\n"
    where, listed = done(
        commands / "python", "-c", LESSONS, "--lang", "zh", "lessons", folder=folder
    ).split("\n", 1)  # texts and catalogs
    assert where.count(str(commands.parent)) == 2
    assert "从零" in listed
    # The data are a sample that comes along.
    lines = done(program, "run", "sample:cars", "--json", "-s", "epochs=3", folder=folder)
    events = [json.loads(line) for line in lines.splitlines()]
    assert [event["event"] for event in events] == ["started", *["epoch"] * 3, "finished"]
