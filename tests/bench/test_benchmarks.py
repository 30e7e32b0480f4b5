"""Every benchmark does its work at a tiny size, so that none of them rots; no time is judged."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from engine.jobs.ranked import BLOCK
from engine.runs.store import Store
from tests.bench import (
    browser,
    files,
    frames,
    keys,
    loops,
    machines,
    memory,
    peers,
    report,
    runs,
    screen,
    sweeps,
    together,
)
from tests.bench.__main__ import BENCHMARKS
from tests.bench.keys import cursor_step, learning_rate
from tests.bench.plain import FromParts, FromScratch
from tests.bench.report import Row, Section
from tests.bench.timing import Samples, apart, percentile, ratio_of
from tests.support.pairs import pair
from tests.support.terminal import APP, HEARS_ALL, PATIENCE, Terminal

TINY = 20, 2, 5
LAB = """
import os
def draw(text): os.write(1, b"D" + len(text).to_bytes(4, "big") + text)
os.write(1, b"__GANGLION__\\n")
draw(b"quit")
draw(b"press")
os.read(0, 99)
draw(b"finished")
os.read(0, 99)
"""
"""What a lab draws to whoever is served, without one, in no time."""
SERVER = """
import sys
from tui.serve.server import Serving
from tui.serving import serve_until_interrupted
app = sys.executable, "-S", "-E", "-c", sys.argv[1]
serve_until_interrupted(Serving(app, "a-token-of-a-test", port=0))
"""
"""`serve` with such labs."""
"""Samples, features and batch size."""


def is_timed(seconds: Samples, *names: str) -> bool:
    """Whether these, and only these, were timed, each of them at least once."""
    return set(seconds) == set(names) and all(
        values and min(values) > 0 for values in seconds.values()
    )


def test_each_benchmark_says_in_a_sentence_what_it_measures() -> None:
    for benchmark in BENCHMARKS.values():
        assert benchmark.__doc__
        assert benchmark.__doc__.endswith(".")


def test_the_fast_loop_races_whoever_is_installed() -> None:
    names = [
        name
        for name, package, _ in loops.PEERS
        if peers.HERE["jax" if package == "jax" else "sklearn"]
    ]
    assert is_timed(loops.race(*TINY, rounds=1, samples=40).seconds, "plain", "fast", *names)


@pytest.mark.parametrize("loop", ["scratch", "concise"])
def test_the_teaching_loops_are_timed_beside_the_plain_programs(loop: str) -> None:
    result = loops.plainly(loop, *TINY, rounds=1, samples=40)
    assert is_timed(result.seconds, "plain", "events")


@pytest.mark.parametrize("program", [FromScratch, FromParts])
def test_the_plain_programs_learn(program: type[FromScratch | FromParts]) -> None:
    X = torch.randn(200, 2, generator=torch.Generator().manual_seed(1))
    plain = program(X, X @ torch.tensor([[2.0], [-3.4]]) + 4.2, 10, 0.03)
    first = plain.epoch()
    assert [plain.epoch() for _ in range(10)][-1] < first / 100


def test_keeping_and_listing_runs_are_timed(tmp_path: Path) -> None:
    assert is_timed(runs.keeping("scratch", 1, rounds=1).seconds, "kept", "not kept")
    few, many = tmp_path / "few", tmp_path / "many"
    runs.fill(few, 2)
    runs.fill(many, 5)
    assert len(list(Store(many).runs())) == 5
    assert is_timed(runs.listing(few, many, rounds=1).seconds, "few", "many", "all")


def test_a_sweep_is_timed_from_its_axes_to_its_results() -> None:
    result = sweeps.sweep(("lr=log:1e-3:1:8",), epochs=1, rounds=1, runs=8)
    assert is_timed(result.seconds, "plain", "sweep", "kernels", "facts")


def test_the_loss_chart_of_a_run_is_drawn() -> None:
    assert frames.history(100, seed=0).step == 100
    assert frames.drawing(100)() > 0


def test_what_two_processes_do_together_is_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert together.steps_alone(str(tmp_path), 4, 3) > 0
    with pair(tmp_path) as two:
        assert together.slower(two, together.steps, 4, 3) > 0
        assert together.slower(two, together.reductions, 5, 2) > 0
        monkeypatch.setattr(machines, "pair", lambda _: nullcontext(two))
        # Each sends a block that is full and one that is not.
        result = machines.shared_out((f"lr=log:1e-3:1:{3 * BLOCK}",), epochs=1, rounds=1)
    assert is_timed(result.seconds, "one", "two")


def test_on_paper_messages_eat_the_gain_of_many_machines() -> None:
    """By hand: 1 s and 1,000 rows of 10 ms, 2 s a round, nothing for what is sent."""
    costs = together.Costs(fixed=1.0, row=0.01, message=2.0, byte=0.0)
    assert costs.step(1_000, 1) == pytest.approx(11)
    assert costs.gain(1_000, 4) == pytest.approx(11 / (1 + 2.5 + 4))
    assert costs.gain(1_000, 1_000) < 1 < costs.gain(1_000, costs.best(1_000))
    assert costs.best(1_000) in (3, 4)  # where 10/N = 2/ln 2
    assert together.costs_of({10: 1.1, 110: 2.1}, 2.0, 2.0) == costs


def test_files_of_data_are_read_beside_numpy(tmp_path: Path) -> None:
    clean, gaps = tmp_path / "clean.csv", tmp_path / "gaps.csv"
    files.write(clean, 50, 3)
    files.write(gaps, 50, 3, gap=0.1)
    assert is_timed(files.race(clean, rounds=1).seconds, "ours", "loadtxt")
    assert is_timed(files.race_with_gaps(gaps, rounds=1).seconds, "ours", "genfromtxt")
    assert is_timed(files.senses(clean, rounds=1).seconds, "sense")
    assert files.peak_memory(clean) >= 0


def test_a_session_in_a_browser_is_timed_and_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "SERVER", (sys.executable, "-c", SERVER, LAB))
    monkeypatch.setattr(browser, "SESSIONS", 2)
    monkeypatch.setattr(browser, "chromium_of_system", lambda: "")
    rows = {row.what: row for row in browser.in_browser(1)}
    assert float(rows["an app, once a run is over"].measured.removesuffix(" MB")) > 0
    assert float(rows["from the socket to the first frame"].measured.removesuffix(" s")) >= 0


def test_memory_is_looked_at_three_times() -> None:
    assert len(memory.sizes(20)) == len(memory.SHARES)


def test_ticks_are_late_by_little_or_much_with_every_loop() -> None:
    late = screen.late_ticks(rounds=1, seconds=0.1)
    assert set(late) == {"empty", "idle", "scratch", "fast"}
    assert all(late.values())


def test_the_engine_is_timed_with_and_without_the_screen() -> None:
    result = screen.engine_alone_and_not(rounds=1, work=0.1)
    assert is_timed(result.seconds, "headless", "session", "screen")


@pytest.mark.usefixtures("forks")
def test_a_key_has_arrived_when_its_text_is_on_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "APP", HEARS_ALL + APP)
    monkeypatch.setattr(keys, "WINDOW", 0.01)
    monkeypatch.setattr(keys, "PAUSE", (0.0, 0.0))
    monkeypatch.setattr(keys, "DIALOGS", (keys.HELP,))
    with keys.opened("scratch", str(tmp_path)) as app:
        rate = learning_rate(app.text)
        typed = keys.stepped(app, keys=1)
        assert learning_rate(app.text) != rate
        keys.look_back(app)
        before = cursor_step(app.text)
        keys.start(app)
        seconds = keys.pressed(app, cursor_keys=1, dialog_keys=1)
        assert cursor_step(app.text) != before
        assert keys.HELP.text not in app.text
    assert is_timed(typed, "a number is stepped, live", "a number is stepped, not live")
    assert is_timed(seconds, "value cursor moves", "help opens", "help scrolls", "help closes")
    assert app.process.returncode is not None


def test_the_first_frame_is_told_by_its_text(tmp_path: Path) -> None:
    assert frames.painting(frames.EMPTY, b"first frame", str(tmp_path))() > 0


def test_a_program_ends_with_its_terminal(tmp_path: Path) -> None:
    waiting = f"import time; print('there', flush=True); time.sleep({PATIENCE})"
    with Terminal(waiting, str(tmp_path)) as terminal:
        terminal.until(b"there")
        os.close(terminal.master)
        terminal.master = os.open(os.devnull, os.O_RDONLY)
        assert terminal.process.wait(PATIENCE) == -signal.SIGHUP


def test_a_process_of_its_own_returns_what_it_found() -> None:
    assert apart(percentile, [1.0, 2.0, 3.0, 4.0], 0.5) == 3.0


def test_the_results_name_the_wishes_that_are_not_met_and_keep_the_remarks(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    file.write_text(f"old{report.REMARKS}\n- a remark\n")
    rows = [
        report.at_least("quick", ratio_of([3.0, 5.0, 4.0]), 2.0, "how"),
        report.at_most("slow", ratio_of([2.0]), 1.05),
        report.missing("peer", "jax"),
        Row("late", "20 ms", "< 50 ms", True),
    ]
    report.write(file, [Section("all", "Everything.", rows)], 90.0, "load average 0.1")
    text = file.read_text()
    assert "- 2 of 3 wishes met; not met:\n  - slow: 2× (2×–2×), wanted ≤ 1.05×\n" in text
    assert "## all\n\nEverything.\n" in text
    assert "| quick | ≥ 2× | 4× (3×–5×) | met | 3 | how |" in text
    assert text.endswith(f"{report.REMARKS}\n- a remark\n")
    assert "old" not in text
    assert report.line(rows[1]) == "- slow: 2× (2×–2×)  wanted ≤ 1.05×: not met  [1 rounds]"
