"""What helps to install and find commands: completion, manual page, version, specification."""

from __future__ import annotations

import json
import subprocess
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from engine.lessons.library import files
from engine.support.release import commit_of
from tests.support.commands import cli
from tui.command import command
from tui.keys.table import ACTIONS


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_the_program(shell: str) -> None:
    shown = cli("completion", shell)
    assert shown.code == 0
    assert f"_LINREG_TUI_COMPLETE={shell}_complete" in shown.out


def completed(*words: str) -> set[str]:
    """What the last word may become."""
    *before, begun = words
    shell = ShellComplete(command, {}, "linreg-tui", "_LINREG_TUI_COMPLETE")
    return {item.value for item in shell.get_completions(before, begun)}


def test_commands_lessons_and_keys_are_completed() -> None:
    assert completed("sw") == {"sweep", "sweep-merge"}
    assert completed("run", "-s", "data.n") == {"data.n=", "data.noise="}
    assert completed("run", "pl") == {name for name in files() if name.startswith("pl")} | {"pl"}
    assert completed("completion", "") == {"bash", "zsh", "fish"}


def commands_of(group: click.Command, name: str) -> dict[str, click.Command]:
    """All commands by what is typed for them."""
    inner = getattr(group, "commands", {})
    found = {f"{name} {word}": each for word, each in inner.items()}
    for title, each in tuple(found.items()):
        found |= commands_of(each, title)
    return found


def test_the_manual_page_has_every_command_and_option() -> None:
    page = cli("man").out.replace(r"\-", "-")
    for title, each in commands_of(command, "linreg-tui").items():
        section = page.partition(rf".SS \fB{title}\fR")[2].partition(".SS")[0]
        assert section, title
        for param in each.params:
            if isinstance(param, click.Option):
                assert param.opts[0] in section, (title, param.name)
    lines = page.splitlines()
    macros = {line.split()[0] for line in lines if line.startswith(".")}
    assert macros == {".TH", ".SH", ".SS", ".PP", ".TP"}
    assert not any(line.startswith("'") for line in lines)


def test_version_and_specification() -> None:
    shown = cli("--version").out
    assert shown.startswith(f"linreg-tui {version('linreg-tui')}")
    spec = json.loads(cli("--spec").out)
    assert f"linreg-tui {spec['version']}\n" == shown
    assert set(spec["command"]["commands"]) == set(command.commands)
    assert [key["id"] for key in spec["keys"]] == [action.id for action in ACTIONS]


def test_the_commit_is_that_of_git(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        options = ("-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path))
        done = subprocess.run(["git", *options, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "-q")
    assert commit_of(tmp_path / ".git") == ""
    git("commit", "-q", "--allow-empty", "-m", "one")
    commit = git("rev-parse", "HEAD")
    assert commit_of(tmp_path / ".git") == commit
    git("pack-refs", "--all")
    assert commit_of(tmp_path / ".git") == commit
    git("worktree", "add", "-q", str(tmp_path / "other"))
    assert commit_of(tmp_path / "other" / ".git") == commit
    git("checkout", "-q", "--detach")
    assert commit_of(tmp_path / ".git") == commit
    assert commit_of(tmp_path / "nothing") == ""
