"""The fixtures of the tests of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields

import pytest

from engine.catalog.parameters import flat, numbers
from engine.experiment import Experiment
from engine.problem import Problem
from engine.session import Session
from engine.support.ranks import Ranks
from engine.theory import gather
from engine.theory.facts import Facts
from tests.support.launched import free_port
from tests.support.paths import ROOT
from tests.support.runs import wait_until

UNTOLD = {"loop", "lr", "epochs", "patience"}
"""Settings of which nothing is known before the first step."""


def start_of(problem: Problem) -> tuple[float, ...]:
    """Where a run begins: a fork does elsewhere."""
    return flat(numbers(problem.start))


@pytest.fixture(scope="module")
def known() -> dict[tuple[object, ...], Facts]:
    """What the tests of a file have worked out so far, by all that it depends on."""
    return {}


@pytest.fixture(autouse=True)
def facts_are_worked_out_once(
    known: dict[tuple[object, ...], Facts], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs of a file that differ only in what is UNTOLD share what is known before they begin."""
    work_out = gather.facts
    names = [field.name for field in fields(Experiment) if field.name not in UNTOLD]

    def facts(problem: Problem) -> Facts:
        settings = (*(getattr(problem.experiment, name) for name in names), start_of(problem))
        if settings not in known:
            known[settings] = work_out(problem)
        return known[settings]

    monkeypatch.setattr(gather, "facts", facts)


@pytest.fixture
def own_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the kernels of a loss made up for a test, apart from the real ones."""
    import numba

    monkeypatch.setattr(numba.config, "CACHE_DIR", str(ROOT / ".pytest_cache" / "kernels"))


@pytest.fixture
def one_rank(monkeypatch: pytest.MonkeyPatch) -> Ranks:
    """A rank that is the only one, on a free port of this machine."""
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "")  # put back when the test is over
    return Ranks(0, 1, 0, 1, "127.0.0.1", free_port())


@pytest.fixture
def open_session() -> Iterator[Callable[[Experiment], Session]]:
    """Opens a session whose start is ready; every session is closed when the test is over."""
    sessions: list[Session] = []

    def opened(experiment: Experiment) -> Session:
        session = Session(experiment)
        sessions.append(session)
        session.open()
        wait_until(lambda: session.latest.state in ("ready", "failed"))
        return session

    yield opened
    for session in sessions:
        session.close()
