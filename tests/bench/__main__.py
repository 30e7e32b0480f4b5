"""`python -m tests.bench`: every benchmark, or the named ones, as `python -m tests.bench F1 F4`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

from tests.bench import frames, loops, memory, report, screen, sweeps
from tests.bench.report import Row

BENCHMARKS: dict[tuple[str, ...], Callable[[int], Iterator[Row]]] = {
    ("F1", "F2"): loops.fast,
    ("F3",): loops.teaching,
    ("F4",): sweeps.sweeps,
    ("F5",): frames.first_frame,
    ("F6",): screen.answers,
    ("F7",): frames.long_history,
    ("F8",): memory.flat,
    ("F9",): screen.beside_engine,
}
"""Targets of PERFORMANCE, and what measures them."""


def main() -> None:
    """Run benchmarks and print a line a figure; RESULTS.md is written when all of them ran."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    known = [name for names in BENCHMARKS for name in names]
    parser.add_argument("targets", nargs="*", help=", ".join(known))
    parser.add_argument("--rounds", type=int, default=5, help="more are steadier (default 5)")
    asked = parser.parse_args()
    unknown = set(asked.targets) - set(known)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(known)}")
    load_before, begin = report.load(), time.perf_counter()
    print("\n".join((*report.machine(), load_before)), flush=True)
    rows = []
    for names, benchmark in BENCHMARKS.items():
        if not asked.targets or set(names) & set(asked.targets):
            for row in benchmark(max(1, asked.rounds)):
                rows.append(row)
                print(report.line(row), flush=True)
    seconds = time.perf_counter() - begin
    print(f"{seconds / 60:.1f} minutes")
    if not asked.targets:
        report.write(rows, seconds, load_before)
        print(f"written: {report.RESULTS}")


if __name__ == "__main__":
    main()
