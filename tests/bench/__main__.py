"""`python -m tests.bench`: every benchmark, or the named ones, as `python -m tests.bench keys`."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator

from tests.bench import (
    browser,
    files,
    frames,
    keys,
    loops,
    machines,
    memory,
    report,
    runs,
    screen,
    sweeps,
    together,
)
from tests.bench.report import Row, Section

BENCHMARKS: dict[str, Callable[[int], Iterator[Row]]] = {
    "fast": loops.fast,
    "teaching": loops.teaching,
    "sweeps": sweeps.sweeps,
    "machines": machines.sweeps,
    "together": together.together,
    "files": files.files,
    "runs": runs.runs,
    "first-frame": frames.first_frame,
    "keys": keys.answers,
    "lateness": screen.lateness,
    "long-history": frames.long_history,
    "memory": memory.flat,
    "beside-engine": screen.beside_engine,
    "in-browser": browser.in_browser,
}
"""What is measured; the docstring of each says what it is, also in RESULTS.md."""


def main() -> None:
    """Run benchmarks and print a line a figure; RESULTS.md is written when all of them ran."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=5, help="more are steadier (default 5)")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(BENCHMARKS)}")
    # Programs start as an installed one does from its second start on: with their bytecode.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    load_before, begin = report.load(), time.perf_counter()
    print("\n".join((*report.machine(), load_before)), flush=True)
    sections = []
    for name in arguments.names or BENCHMARKS:
        section = Section(name, (BENCHMARKS[name].__doc__ or "").strip(), [])
        sections.append(section)
        print(f"\n{section.name}: {section.about}", flush=True)
        for row in BENCHMARKS[name](max(1, arguments.rounds)):
            section.rows.append(row)
            print(report.line(row), flush=True)
    seconds = time.perf_counter() - begin
    print(f"\n{seconds / 60:.1f} minutes")
    if not arguments.names:
        report.write(report.RESULTS, sections, seconds, load_before)
        print(f"written: {report.RESULTS}")


if __name__ == "__main__":
    main()
