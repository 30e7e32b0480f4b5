"""What the system tells about the machine, and what is said where it tells nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.support import machine


def test_the_processor_has_a_name_of_one_line() -> None:
    name = machine.cpu_name()
    assert name.strip() == name
    assert name
    assert len(name.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("processor\t: 0\nmodel name\t: Fast  CPU @ 3GHz \nmodel name: other\n", "Fast CPU @ 3GHz"),
        ("processor\t: 0\n", "riscv64"),
        ("", "riscv64"),
    ],
)
def test_the_name_is_the_first_that_linux_tells(
    text: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda self: text)
    monkeypatch.setattr("platform.processor", lambda: "riscv64")
    assert machine.cpu_name() == name


def test_memory_is_that_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    there = machine.memory()
    assert there == 0 or there > 100_000_000
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}.__getitem__)
    assert machine.memory() == 4_096_000


@pytest.mark.parametrize("error", [ValueError, OSError, AttributeError])
def test_a_system_that_does_not_tell_has_no_known_memory(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(name: str) -> int:
        raise error

    monkeypatch.setattr(os, "sysconf", fails)
    assert machine.memory() == 0
