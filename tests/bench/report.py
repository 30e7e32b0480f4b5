"""What was measured, as a table: on the terminal while it grows, and in RESULTS.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path

from engine.support.machine import cpu_name
from tests.bench.timing import Ratio

RESULTS = Path(__file__).with_name("RESULTS.md")
REMARKS = "\n## Remarks\n"
"""What people write below this heading of RESULTS.md is kept."""
PACKAGES = (
    "torch",
    "numpy",
    "numba",
    "textual",
    "plotext",
    "jax",
    "scikit-learn",
)


@dataclass(frozen=True)
class Row:
    """One figure beside what is wanted of it."""

    what: str
    measured: str
    wanted: str = ""
    """Empty for a figure that only explains another one."""
    met: bool | None = None
    note: str = ""
    rounds: int = 0

    @property
    def verdict(self) -> str:
        """met, not met, or nothing where nothing is wanted."""
        return "" if self.met is None else "met" if self.met else "**not met**"


@dataclass(frozen=True)
class Section:
    """The figures of one benchmark."""

    name: str
    about: str
    rows: list[Row]


def at_least(what: str, ratio: Ratio, wanted: float | None = None, note: str = "") -> Row:
    """A ratio that should be large; without `wanted` it only explains another one."""
    met = None if wanted is None else ratio.median >= wanted
    asked = "" if wanted is None else f"≥ {times(wanted)}"
    return Row(what, spread(ratio), asked, met, note, ratio.rounds)


def at_most(what: str, ratio: Ratio, wanted: float | None = None, note: str = "") -> Row:
    """A ratio that should be small; without `wanted` it only explains another one."""
    met = None if wanted is None else ratio.median <= wanted
    asked = "" if wanted is None else f"≤ {times(wanted)}"
    return Row(what, spread(ratio), asked, met, note, ratio.rounds)


def missing(what: str, package: str) -> Row:
    """A figure that could not be taken because a peer is not there."""
    return Row(what, "not installed", note=f"`make bench` installs {package}")


def times(value: float) -> str:
    """A ratio in words: 1570×, 23.4×, 1.05×."""
    return f"{value:.0f}×" if value >= 100 else f"{value:.3g}×"


def spread(ratio: Ratio) -> str:
    """The median, and in brackets the lowest and highest of the rounds."""
    return f"{times(ratio.median)} ({times(ratio.low)}–{times(ratio.high)})"


def installed(package: str) -> str:
    """A package with its version."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} not installed"


def machine() -> list[str]:
    """Where and with what the figures were taken."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [
        f"{cpu_name()}, {cores} cores, {platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}, {', '.join(map(installed, PACKAGES))}",
    ]


def load() -> str:
    """What else the machine had to do, where the system tells it."""
    try:
        return f"load average {os.getloadavg()[0]:.1f}"
    except (AttributeError, OSError):
        return ""


def line(row: Row) -> str:
    """A row for the terminal."""
    wanted = f"  wanted {row.wanted}: {row.verdict.strip('*')}" if row.wanted else ""
    note = f"\n      {row.note}" if row.note else ""
    rounds = f"  [{row.rounds} rounds]" if row.rounds else ""
    return f"- {row.what}: {row.measured}{wanted}{rounds}{note}"


def write(file: Path, sections: Sequence[Section], seconds: float, load_before: str) -> None:
    """Write the results anew, down to the remarks."""
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    remarks = before.partition(REMARKS)[2]
    judged = [row for section in sections for row in section.rows if row.met is not None]
    unmet = [row for row in judged if not row.met]
    text = [
        "# Speed",
        "",
        "Written by `make bench`. Every ratio is of two things timed in turns in the same run: the "
        "median of the rounds, in brackets the lowest and the highest. Lines without a wish "
        "explain the ones above them. torch has 1 thread; all work is in float32.",
        "",
        *(f"- {item}" for item in machine()),
        f"- {datetime.now(UTC):%Y-%m-%d}, {seconds / 60:.1f} minutes, {load_before} at the start, "
        f"{load()} at the end",
        f"- {len(judged) - len(unmet)} of {len(judged)} wishes met" + "; not met:" * bool(unmet),
        *(f"  - {row.what}: {row.measured}, wanted {row.wanted}" for row in unmet),
        "",
        *chain.from_iterable(map(table, sections)),
    ]
    file.write_text("\n".join(text) + REMARKS + remarks, encoding="utf-8")


def table(section: Section) -> list[str]:
    """The lines of a benchmark: heading, what it is, a row for each figure."""
    return [
        f"## {section.name}",
        "",
        section.about,
        "",
        "| what | wanted | measured | | rounds | how |",
        "|---|---|---|---|---|---|",
        *(
            f"| {row.what} | {row.wanted} | {row.measured} | {row.verdict} "
            f"| {row.rounds or ''} | {row.note} |"
            for row in section.rows
        ),
        "",
    ]
