"""What all tests share: they are in English, miss no text, and hold lessons to the real screen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from gettext import GNUTranslations, NullTranslations

import pytest
import torch
from hypothesis import settings

from engine.cli import output
from engine.lessons.offer import set_offer
from engine.support import translation
from engine.support.translation import set_language
from tui.offer import OFFER

settings.register_profile("tests", deadline=None, derandomize=True, max_examples=30)
settings.load_profile("tests")
set_offer(OFFER)
# As the session has it; two pools of threads on few cores would wait for each other.
torch.set_num_threads(1)


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
