"""What an import brings in, seen in a fresh process; the contracts are import-linter's."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.paths import ROOT

HEAVY = ("torch", "numba", "numpy", "textual", "rich", "plotext")


def imported(code: str) -> set[str]:
    """Which of the heavy packages a fresh Python has loaded after running some code."""
    report = f"import sys; print(*sorted(set(sys.modules) & set({HEAVY!r})), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=120,
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "code",
    [
        "import engine.cli",
        "import tui.command",
        "import engine.session",
        "from engine.experiment import Experiment; Experiment.from_toml(Experiment().to_toml())",
        "from engine.session import Session; from engine.experiment import Experiment\n"
        "Session(Experiment()).latest.eta",
        "from click.testing import CliRunner; from tui.command import command\n"
        "assert CliRunner().invoke(command, ['run', '--help']).output\n"
        "assert CliRunner().invoke(command, ['run', '-s', 'lr=0']).exception",
    ],
    ids=["cli", "main", "session", "experiment", "snapshot", "commands"],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    assert imported(code) == set()


def test_the_list_of_lessons_needs_numpy_for_those_with_files_and_no_torch() -> None:
    code = (
        "from click.testing import CliRunner; from tui.command import command\n"
        "assert CliRunner().invoke(command, ['lessons']).output"
    )
    assert imported(code) == {"numpy"}


def test_a_headless_run_needs_torch_but_nothing_that_draws() -> None:
    code = (
        "from click.testing import CliRunner; from tui.command import command\n"
        "result = CliRunner().invoke(command, ['run', '-s', 'data.n=50'], standalone_mode=False)\n"
        "assert result.return_value == 0, result.output"
    )
    assert imported(code) == {"torch", "numpy"}
