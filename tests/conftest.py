"""What all tests share: they are in English, whatever the machine speaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.support.translation import use


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The locale has no say, and no test leaves another language behind."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    yield
    use("en")
