"""An entry is added in one place: CONTRIBUTING's examples pass every test of the engine."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support.paths import ROOT

CHOSEN = "(quartic or amsgrad) and not toy"
ROOMS = ("catalog", "jobs", "kernels", "runs", "theory", "training")
WORDS = ("every_entry", "LOSSES", "OPTIMIZERS", "REGISTRIES")
"""One of them stands in each file whose tests are parametrized by what is registered."""
TESTS = [
    str(file)
    for room in ROOMS
    for file in sorted((ROOT / "tests" / "engine" / room).glob("test_*.py"))
    if any(word in file.read_text(encoding="utf-8") for word in WORDS)
]


def test_the_examples_of_contributing_pass_every_parametrized_test() -> None:
    """The loss's curvature is unbounded; the optimizer has three slots and no class in PyTorch."""
    plugins = ["-p", "tests.support.added_entries", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", *plugins, "-k", CHOSEN, *TESTS],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    passed = re.findall(r"^PASSED (\S+)", done.stdout, re.M)
    assert len(passed) >= 120
    for kind in (
        "test_loops",
        "test_fast",
        "test_lanes",
        "test_race",
        "test_stability",
        "test_code",
    ):
        assert any(kind in name for name in passed), kind
