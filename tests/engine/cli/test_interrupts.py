"""What takes long says so, answers to Ctrl-C, and does not print without end."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import threading

import pytest

from engine.cli import output
from engine.cli.interrupts import hearing_interrupts
from engine.cli.output import CLEAR, busy_with
from engine.cli.theory import MOST_SHOWN
from tests.support.commands import cli
from tests.support.paths import ROOT

DEAF = """
import hashlib, signal
from engine.cli.interrupts import hearing_interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
with hearing_interrupts():
    print("ready", flush=True)
    try:
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # one call, many minutes
    except BaseException:
        print("raised")
"""


LOADING = """
import signal, sys
from importlib.abc import MetaPathFinder
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupting(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "tui.command":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from tui.__main__ import main
main()
"""


def test_an_interruption_while_it_loads_ends_the_program_without_a_word() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LOADING], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, b"", b"")


def test_an_interruption_during_one_long_call_ends_the_program() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DEAF],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert said == "linreg-tui: interrupted\n"


ENDLESS = """
import threading
from engine.cli.common import leave
threading.Thread(target=threading.Event().wait).start()
print("all of it", end="")
leave(3)
"""


def test_the_end_waits_for_no_thread_and_loses_no_text() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDLESS], cwd=ROOT, stdout=subprocess.PIPE, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (3, b"all of it")


def test_what_hears_interruptions_leaves_nothing_behind() -> None:
    handler, descriptor = signal.getsignal(signal.SIGINT), signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(descriptor)
    with hearing_interrupts():
        assert signal.getsignal(signal.SIGINT) is not handler
    assert signal.getsignal(signal.SIGINT) is handler
    assert signal.set_wakeup_fd(descriptor) == descriptor


def test_a_person_who_watches_is_told_of_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(stderr, "isatty", lambda: True)
    monkeypatch.setattr("click._compat.isatty", lambda stream: True)  # colours are let through
    with busy_with("drawing"):
        assert stderr.getvalue() == f"{CLEAR}drawing"
    assert stderr.getvalue() == f"{CLEAR}drawing{CLEAR}"


class Heard(io.StringIO):
    """A pipe that tells when something has come."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed = threading.Event()

    def flush(self) -> None:
        """Tell whoever waits."""
        self.flushed.set()


def test_a_pipe_is_told_of_work_once_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Heard()
    monkeypatch.setattr(sys, "stderr", stderr)
    with busy_with("short work"):
        pass
    assert stderr.getvalue() == ""
    monkeypatch.setattr(output, "UNSAID", 0.0)
    with busy_with("drawing"):
        assert stderr.flushed.wait(60)
    assert stderr.getvalue() == "drawing\n"


def a_theory(features: int, *options: str) -> str:
    weights = ",".join(["1"] * features)
    shown = cli("theory", "-s", f"data.w={weights}", "-s", "data.n=50", *options)
    assert shown.code == 0, shown.err
    return shown.out


@pytest.mark.parametrize("features", [MOST_SHOWN - 1, MOST_SHOWN, 60])
def test_large_matrices_are_printed_only_where_they_are_asked_for(features: int) -> None:
    parameters = features + 1
    found, full = (json.loads(a_theory(features, "--json", *more)) for more in ((), ("--full",)))
    for key in ("hessian", "eigenvectors"):
        assert len(full[key]) == parameters
        assert all(len(row) == parameters for row in full[key])
        assert found[key] == (full[key] if parameters <= MOST_SHOWN else None)
    rest = found.keys() - {"hessian", "eigenvectors", "second_derivatives"}
    assert {key: found[key] for key in rest} == {key: full[key] for key in rest}


def test_large_matrices_are_no_lines_either() -> None:
    size = "61×61 numbers; --full prints them"
    short, full = a_theory(60), a_theory(60, "--full")
    assert size in short
    assert size not in full
    assert len(full) - len(short) > 61 * 61 * 12 - 100
