"""The fixtures of the tests of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from engine.experiment import Experiment
from engine.problem import Problem
from engine.session import Session
from engine.theory import gather
from engine.theory.facts import Facts
from tests.support.paths import ROOT
from tests.support.runs import wait_until


@pytest.fixture(autouse=True)
def facts_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of a test that differ in their loop only share what is known before the first step."""
    work_out = gather.facts
    shared: dict[Experiment, Facts] = {}

    def facts(problem: Problem) -> Facts:
        experiment = replace(problem.experiment, loop="scratch")
        if experiment not in shared:
            shared[experiment] = work_out(problem)
        return shared[experiment]

    monkeypatch.setattr(gather, "facts", facts)


@pytest.fixture
def own_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the kernels of a loss made up for a test, apart from the real ones."""
    import numba

    monkeypatch.setattr(numba.config, "CACHE_DIR", str(ROOT / ".pytest_cache" / "kernels"))


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
