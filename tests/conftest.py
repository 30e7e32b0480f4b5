"""What all tests share: they are in English, miss no text, and hold lessons to the real screen."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from gettext import GNUTranslations, NullTranslations

import pytest

from engine.cli import output
from engine.lessons.offer import set_offer
from engine.support import translation
from engine.support.translation import set_language
from tests.support.examples import register_profiles
from tests.support.forked import python
from tui.offer import OFFER

LEFT = 5_000
"""Objects from which on it is worth while to look for garbage after a test; an app has more."""

register_profiles()
set_offer(OFFER)

LONGEST_ID = 80
"""Characters of a parameter in the name of a test."""


def pytest_make_parametrize_id(val: object) -> str | None:
    """A text too long for the name of a test gives its beginning; pytest names all others."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_ID:
        return f"{val[:LONGEST_ID]!a}..."
    return None


def pytest_collection() -> None:
    """Import torch, which makes very many objects, as the tests do: none of them is garbage.

    As the session has it, torch has one thread; two pools on few cores would wait for each other.
    """
    gc.disable()
    import torch

    torch.set_num_threads(1)


def pytest_collection_finish() -> None:
    """Leave all objects made so far out of every collection; collect less often than Python."""
    gc.freeze()
    gc.set_threshold(200_000, 10, 1000)
    gc.enable()


def pytest_runtest_logfinish() -> None:
    """Collect what a test has left while it is in the processor's cache, before it gets old."""
    if gc.get_count()[0] > LEFT:
        gc.collect(0)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The locale has no say, and no test leaves another language behind."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    yield
    set_language("en")


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No command says that it takes long because the machine is slow."""
    monkeypatch.setattr(output, "UNSAID", threading.TIMEOUT_MAX)


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs in terminals are forks of this process."""
    monkeypatch.setattr("tests.support.terminal.start", python)


class NoText(NullTranslations):
    """What stands behind a catalog in tests: no text may be missing."""

    def gettext(self, message: str) -> str:
        """Refuse a text that `make messages` has not found."""
        raise AssertionError(f"{message!r} is in no catalog: is it declared as Translatable?")

    def pgettext(self, context: str, message: str) -> str:
        """Refuse a text with a context."""
        return self.gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Refuse a text with a plural."""
        return self.gettext(msgid1)


@pytest.fixture(autouse=True)
def no_text_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that is shown in another language stands in its catalog."""
    read_catalog = translation.read_catalog

    def strict(language: str) -> GNUTranslations:
        catalog = read_catalog(language)
        catalog.add_fallback(NoText())
        return catalog

    monkeypatch.setattr(translation, "read_catalog", strict)
