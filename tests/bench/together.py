"""What a step costs that two processes take together, and on how many machines that would pay."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import torch
import torch.distributed as dist

from engine.problem import build
from engine.training.controls import Controls
from engine.training.loops.parallel import Training
from tests.bench.loops import ms, of_size
from tests.bench.report import Row, times
from tests.bench.timing import apart, percentile
from tests.support.pairs import Pair, pair

FEATURES = 10
FEW, MANY = FEATURES + 1, 1_000_000
"""Numbers that are averaged: the parameters of a line, and those of a small net."""
SIZES = 10, 1_000, 100_000
"""Rows of a minibatch."""
MACHINES = 2, 10, 100, 1_000
UNDISTURBED = 0.2
"""The share of the turns that take no longer than is told: what else runs disturbs the others."""
ROWS = 1_000, 100_000, 10_000_000
"""Of the minibatches of which a step is worked out on paper."""


@dataclass(frozen=True)
class Costs:
    """Seconds of which a step on N machines is put together."""

    fixed: float
    """Whatever the minibatch: Python, PyTorch, the optimizer."""
    row: float
    message: float
    """Until a few numbers of two processes are averaged."""
    byte: float
    """More for each byte."""

    def step(self, rows: int, machines: int) -> float:
        """fixed + row·B/N + message·log₂N + byte·bytes·2(N − 1)/N, the least that is sent."""
        sent = 2 * (machines - 1) / machines * 4 * FEW
        rounds = math.log2(machines)
        return self.fixed + self.row * rows / machines + self.message * rounds + self.byte * sent

    def gain(self, rows: int, machines: int) -> float:
        """How many times sooner than on one machine."""
        return self.step(rows, 1) / self.step(rows, machines)

    def best(self, rows: int) -> int:
        """The number of machines, up to a thousand, on which a step takes least."""
        return min(range(1, MACHINES[-1] + 1), key=lambda machines: self.step(rows, machines))


def together(rounds: int) -> Iterator[Row]:
    """An all-reduce over gloo between two processes against a step, and 1,000 machines on paper."""
    with TemporaryDirectory() as folder:
        alone = {size: apart(steps_alone, folder, size, 20 * rounds) for size in SIZES}
        with pair(Path(folder)) as two:
            of_two = {size: slower(two, steps, size, 20 * rounds) for size in SIZES}
            few, many = (slower(two, reductions, n, 40 * rounds) for n in (FEW, MANY))
    yield Row(f"an all-reduce of {FEW} numbers", us(few), note="between two processes by loopback")
    yield Row(f"an all-reduce of {MANY:,} numbers", us(many), note="4 bytes each")
    for size in SIZES:
        yield Row(
            f"a second process, B {size:,}, d {FEATURES}", f"{times(alone[size] / of_two[size])}",
            note=f"a step in {us(alone[size])} alone, {us(of_two[size])} together",
        )  # fmt: skip
    costs = costs_of(alone, few, many)
    sent = costs.byte * 4 * FEW
    yield Row(
        "a step of B rows on N machines, on paper", "a + c·B/N + l·log₂N + b·2(N − 1)/N",
        note=f"a = {us(costs.fixed)}: whatever B; c = {us(costs.row)}: a row; "
        f"l = {us(costs.message)}: a round of the all-reduce; b = {us(sent)}: {FEW} numbers sent",
    )  # fmt: skip
    for rows in ROWS:
        gains = ", ".join(times(costs.gain(rows, machines)) for machines in MACHINES)
        best = costs.best(rows)
        yield Row(
            f"— B {rows:,} on 2, 10, 100, 1,000 machines", gains,
            note=f"most on {best:,}: {times(costs.gain(rows, best))}",
        )  # fmt: skip


def costs_of(alone: dict[int, float], few: float, many: float) -> Costs:
    """The costs from the seconds of steps of one process, by their rows, and of all-reduces."""
    least, most = min(alone), max(alone)
    row = max(alone[most] - alone[least], 0) / (most - least)
    return Costs(alone[least] - least * row, row, few, max(many - few, 0) / (4 * (MANY - FEW)))


def slower(two: Pair, *call: object) -> float:
    """Seconds that the slower of two processes takes."""
    return max(two.both(*call))  # type: ignore[arg-type]


def reductions(numbers: int, count: int) -> float:
    """Seconds of an all-reduce."""
    torch.set_num_threads(1)
    values, seconds = torch.ones(numbers), []
    for _ in range(count):
        begin = perf_counter()
        dist.all_reduce(values)
        seconds.append(perf_counter() - begin)
        values.fill_(1)
    return percentile(seconds, UNDISTURBED)


def steps(size: int, count: int) -> float:
    """Seconds of a step with minibatches of so many rows, taken by all of the group."""
    torch.set_num_threads(1)
    experiment = of_size(20 * size, FEATURES, size, "concise")
    loop = Training(build(experiment), Controls(experiment.lr))
    seconds, begin = [], perf_counter()
    for _ in islice(loop.run(), count):
        seconds.append(perf_counter() - begin)
        begin = perf_counter()
    return percentile(seconds, UNDISTURBED)


def steps_alone(folder: str, size: int, count: int) -> float:
    """The same by the same loop in a group of one."""
    where = f"file://{folder}/alone-{size}"
    dist.init_process_group(
        "gloo", init_method=where, rank=0, world_size=1, timeout=timedelta(seconds=60)
    )
    try:
        return steps(size, count)
    finally:
        dist.destroy_process_group()


def us(seconds: float) -> str:
    """Microseconds in words, nanoseconds or milliseconds."""
    if seconds >= 1e-3:
        return ms(seconds)
    return f"{seconds * 1e6:.3g} µs" if seconds >= 1e-6 else f"{seconds * 1e9:.3g} ns"
