"""`serve` as a command: what it refuses in one line, and a server from its start to its end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.commands import cli
from tui import serving


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--token", "short"], "--token=…: must be 16 to 256 letters, digits or any of -._~"),
        (["--token", "ä" * 20], "--token=…: must be 16 to 256 letters, digits or any of -._~"),
        (["--public-url", "lab"], "--public-url=lab: must be an address, as https://lab."),
        (["--host", "no such"], "--host=no such: no such address"),
        (["--keep", "/dev/null/x"], "--keep=/dev/null/x: cannot be written: Not a directory"),
        (["--port", "65536"], "Invalid value for '--port': 65536 is not in the range 0<=x<=65535."),
        (["--sessions", "0"], "Invalid value for '--sessions': 0 is not in the range 1<=x<=64."),
        (["--idle", "0"], "Invalid value for '--idle': 0.0 is not in the range x>0."),
    ],
)
def test_what_is_refused(words: list[str], line: str) -> None:
    shown = cli("serve", "--port", "0", *words)
    assert shown.code == 2
    assert shown.err.startswith(f"linreg-tui: {line}")
    assert shown.err.count("\n") == 1


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    shown = cli("serve")
    assert (shown.code, shown.out) == (2, "")
    needed = 'linreg-tui: browsers need an extra: pip install "linreg-tui[web]"\n'
    assert shown.err == needed


def test_a_server_says_where_it_is_and_ends_with_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("LINREG_TUI_TOKEN", "a-token-of-a-test")
    words = (sys.executable, "-m", "tui", "serve", "--port", "0")
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True) as server:
        assert server.stdout
        address = server.stdout.readline().strip()
        assert address.endswith("/?token=a-token-of-a-test")
        with urlopen(address) as page:
            assert b"<main" in page.read()
        assert len(list(tmp_path.iterdir())) == 1
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=60)
    assert (server.returncode, out) == (0, "")
    assert err == "Open this address in a browser; ctrl+c ends it for everybody.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        shown = cli("serve", "--port", str(port), "--keep", str(tmp_path / "kept"))
    assert shown.code == 2
    assert shown.err.startswith(f"linreg-tui: --port={port}: is in use")
    assert not (tmp_path / "kept").exists()
