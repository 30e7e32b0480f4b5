"""What an import brings in, seen in a fresh process; the contracts are import-linter's."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.paths import ROOT

HEAVY = ("torch", "numba", "numpy", "textual", "rich", "plotext", "sympy")
BEGIN = "import json, sys; loaded = []"
LIGHT = (
    "import engine.cli",
    "import tui.command",
    "import engine.session",
    "from engine.experiment import Experiment; Experiment.from_toml(Experiment().to_toml())",
    "from engine.session import Session; Session(Experiment()).latest.eta",
    "from click.testing import CliRunner; from tui.command import command\n"
    "assert CliRunner().invoke(command, ['run', '--help']).output\n"
    "assert CliRunner().invoke(command, ['run', '-s', 'lr=0']).exception",
)
LESSONS = "assert CliRunner().invoke(command, ['lessons']).output"
RUN = """
result = CliRunner().invoke(command, ['run', '-s', 'data.n=50'], standalone_mode=False)
assert result.return_value == 0, result.output
"""
THEORY = RUN.replace("'run'", "'theory'")


def imported(*codes: str) -> list[set[str]]:
    """Which of the heavy packages a fresh Python has loaded after each of some codes in turn."""
    report = f"loaded.append(sorted(set(sys.modules) & set({HEAVY!r})))"
    lines = [line for code in codes for line in (code, report)]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([BEGIN, *lines, "print(json.dumps(loaded))"])],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=120,
        check=True,
    )
    return [set(names) for names in json.loads(done.stdout)]


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    """The list of lessons needs numpy for those with files, a run needs torch and draws nothing.

    Second derivatives by autograd do without the symbols that PyTorch may bring in for them.
    """
    *light, lessons, run, theory = imported(*LIGHT, LESSONS, RUN, THEORY)
    assert dict(zip(LIGHT, light, strict=True)) == {code: set() for code in LIGHT}
    assert lessons == {"numpy"}
    assert run == {"torch", "numpy"}
    assert theory == {"torch", "numpy"}
