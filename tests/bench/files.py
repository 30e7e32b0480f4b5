"""Files of data: from their bytes to columns, against numpy.loadtxt, in time and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from engine.data.reading import read_table
from engine.data.sensing import sense
from engine.data.text_file import HEAD
from tests.bench.loops import ms
from tests.bench.report import Row, at_most
from tests.bench.timing import Rounds, apart, in_turns, ratio_of, timed

ROWS, COLUMNS = 1_000_000, 7


def files(rounds: int) -> Iterator[Row]:
    """A file of a million rows and seven columns, from its bytes to a table, against loadtxt."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "clean.csv")
        write(file, ROWS, COLUMNS)
        result = apart(race, file, rounds)
        yield at_most(
            f"a clean CSV, {ROWS:,} × {COLUMNS}", result.ratio("ours", "loadtxt"), 1.3,
            f"{result.median('ours'):.2f} s against {result.median('loadtxt'):.2f} s; sensed, with "
            "line numbers, SHA-256 and progress",
        )  # fmt: skip
        array = 8 * ROWS * COLUMNS
        most = apart(peak_memory, file)
        yield at_most(
            "— its peak of memory against the array", ratio_of([most / array]), 3,
            f"{most / 2**20:.0f} MiB for {array / 2**20:.0f} MiB of numbers",
        )  # fmt: skip
        gaps = Path(folder, "gaps.csv")
        write(gaps, ROWS // 10, COLUMNS, gap=0.05)
        result = apart(race_with_gaps, gaps, rounds)
        yield at_most(
            "one cell in twenty missing, against numpy.genfromtxt",
            result.ratio("ours", "genfromtxt"),
        )
        result = apart(senses, file, rounds)
        seconds = result.median("sense")
        yield Row(
            "sensing", ms(seconds), "< 50 ms", seconds < 0.05,
            f"the first {HEAD >> 10} KiB, whatever the size", rounds,
        )  # fmt: skip


def write(file: Path, rows: int, columns: int, gap: float = 0.0) -> None:
    """A CSV of normal numbers with six decimals, of which a share is missing."""
    random = np.random.default_rng(1)
    with file.open("w") as out:
        out.write(",".join(f"x{k}" for k in range(columns)) + "\n")
        for start in range(0, rows, 10_000):
            block = random.normal(0, 100, (min(10_000, rows - start), columns))
            lines = [",".join(f"{value:.6f}" for value in row) for row in block]
            if gap:
                holes = random.random(block.shape) < gap
                lines = [
                    ",".join("" if empty else cell for empty, cell in zip(of_row, row, strict=True))
                    for of_row, row in zip(holes, (line.split(",") for line in lines), strict=True)
                ]
            out.write("\n".join(lines) + "\n")


def read_anew(file: Path) -> None:
    """Read a file that would else come from memory."""
    file.touch()
    read_table(str(file))


def race(file: Path, rounds: int) -> Rounds:
    """Seconds of reading a clean file."""
    return in_turns(
        {
            "ours": timed(lambda: read_anew(file)),
            "loadtxt": timed(lambda: np.loadtxt(file, delimiter=",", skiprows=1)),
        },
        rounds,
    )


def race_with_gaps(file: Path, rounds: int) -> Rounds:
    """Seconds of reading a file with missing cells."""
    return in_turns(
        {
            "ours": timed(lambda: read_anew(file)),
            "genfromtxt": timed(lambda: np.genfromtxt(file, delimiter=",", skip_header=1)),
        },
        rounds,
    )


def senses(file: Path, rounds: int) -> Rounds:
    """Seconds of sensing a file."""
    head = file.read_bytes()[:HEAD]
    whole = file.stat().st_size <= HEAD
    return in_turns({"sense": timed(lambda: sense(head, whole=whole))}, rounds)


def peak_memory(file: Path) -> float:
    """Bytes that reading a file takes at most, above what the process has before; 0 if not told."""
    small = file.with_suffix(".head")
    small.write_bytes(b"a,b\n1,2\n3,4\n")
    read_table(str(small))  # what is imported is not counted
    try:
        Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
        before = peak()
        read_table(str(file))
        return peak() - before
    except OSError:
        return 0.0


def peak() -> float:
    """Most bytes of memory that this process has taken; raises OSError where it is not told."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
