"""The documents name every folder, and nothing that is not there."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.lessons.library import use_folder
from engine.support.visitor import MOST_OF_VISITOR
from tests.support.commands import cli
from tests.support.paths import ROOT
from tui.command import command
from tui.serve.files import MOST_KEPT, MOST_UPLOADED
from tui.serve.server import Serving
from tui.serve.sessions import ENOUGH

DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md")
FOLDERS = sorted(
    f"{file.parent.relative_to(ROOT).as_posix()}/"
    for package in ("engine", "tui")
    for file in (ROOT / package).rglob("__init__.py")
    if file.parent.name != package
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_folder_is_named(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert FOLDERS
    assert [folder for folder in FOLDERS if f"`{folder}`" not in text] == []


@pytest.mark.parametrize("document", [*DOCUMENTS, "README.md", "tests/bench/RESULTS.md"])
def test_every_path_exists(document: str) -> None:
    file = ROOT / document
    text = file.read_text(encoding="utf-8")
    paths = re.findall(r"`((?:engine|tui|tests|screenshots|\.ci)/[^`\sA-Z]*)`", text)
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    named = [ROOT / path for path in paths] + [file.parent / link for link in links]
    assert [path for path in named if not path.exists()] == []


def test_the_changelog_has_a_head_for_what_comes_and_one_for_this_version() -> None:
    heads = re.findall(r"^## (.+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert heads[0] == "Unreleased"
    assert heads[1].split()[0] == version["version"]


@pytest.mark.parametrize("folder", ["engine", "tui", "tests", "screenshots"])
def test_nothing_refers_to_documents_that_are_not_here(folder: str) -> None:
    """A tag of a letter and a number named a line of a list of wishes."""
    tag = re.compile(r"(?<![\w.#])[NDFSPC]\d{1,2}(?![\w.])(?=[:,;.)\s])")
    assert not [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in sorted((ROOT / folder).rglob("*.py"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if ("#" in line or '"""' in line) and tag.search(line)
    ]


LESSON = """+++
title = "Go"
[[goal]]
text = "Arrive."
if = "status is finished"
+++
Text.
"""


@pytest.fixture
def class_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with what the section on a class speaks of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "1-go.md").write_text(LESSON)
    (tmp_path / "bob.toml").write_text('version = 2\nname = "Bob"\n[lessons.go]\n')
    yield
    use_folder(None)


def test_the_commands_for_a_browser_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    served: list[Serving] = []
    monkeypatch.setattr("tui.serve.server.serve", lambda serving, opened: served.append(serving))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## In a browser\n")[2].partition("\n## ")[0]
    for line in re.findall(r"^linreg-tui (.+?)(?:\s+#.*)?$", section, re.M):
        assert cli(*shlex.split(line)).code == 0, line
    here, room, named = served
    assert (here.host, here.port, here.bounds.sessions, here.keep) == ("127.0.0.1", 8123, 4, None)
    assert (room.host, room.bounds.sessions, room.keep) == ("0.0.0.0", 30, Path("class"))
    assert named.address(8123).startswith("https://lab.example.org/linreg/?token=")
    assert f"`--sessions` ({ENOUGH.sessions})" in section
    assert f"`--idle` ({ENOUGH.idle / 60:g}) minutes" in section
    assert f"at most {MOST_OF_VISITOR:,} numbers" in section
    assert f"a file {MOST_UPLOADED >> 20} MiB" in section
    assert f"all files of a visitor {MOST_KEPT >> 20} MiB" in section
    assert f"a process {ENOUGH.memory / 1e9:g} GB" in section


@pytest.mark.usefixtures("class_room")
def test_the_commands_for_a_class_work() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## For a class\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^linreg-tui (.+?)(?:\s+#.*)?$", section, re.M)
    shown = {}
    for line in lines:
        words = shlex.split(line)
        if "serve" in words:  # it would not end
            at = words.index("serve")
            command.commands["serve"].make_context("serve", words[at + 1 :])
            continue
        shown[line] = cli(*words)
        assert shown[line].code == 0, shown[line].err
    listed, _, checked = shown.values()
    assert listed.out.index("go ") < listed.out.index("scratch ")
    assert checked.out.splitlines()[1:] == [
        "ada.toml,Ada Lovelace,,,no,,nothing was reached yet",
        "bob.toml,Bob,go,Arrive.,no,,",
    ]
