"""The script's lines are those behind which the loop stops, and make the same values."""

from __future__ import annotations

import contextlib
import io
import sys
from types import FrameType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.catalog.choice import REGISTRIES
from engine.experiment import Experiment
from engine.runs.code import DRESSES, Code, Dress
from engine.runs.code.script import code_of
from engine.training.controls import Controls
from engine.training.statements import LAST, Executed, Statement
from engine.training.trainer import train
from tests.engine.runs.test_code import FITTING

MINIBATCHES = 3
Values = dict[str, Tensor]


class EnoughError(Exception):
    """As many minibatches as are compared."""


def stops(experiment: Experiment) -> list[tuple[Statement, Values]]:
    """Where the loop stops in its first minibatches, and what it has made there."""
    controls = Controls(experiment.lr, by_statement=True)
    executed = (each for each in train(experiment, controls) if isinstance(each, Executed))
    seen: list[tuple[Statement, Values]] = []
    for each in executed:
        made = {name: torch.as_tensor(value).detach().clone() for name, value in each.made.items()}
        seen.append((each.statement, made))
        if [statement for statement, _ in seen].count(LAST) == MINIBATCHES:
            break
    return seen


def lines(code: Code) -> list[tuple[Statement, Values]]:
    """What the variables of the script are behind each of those lines, run by Python itself."""
    statements = {line + 1: statement for statement, line in code.places.items()}
    seen: list[tuple[Statement, Values]] = []
    last: int | None = None

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal last
        if frame.f_code.co_filename != "script.py" or frame.f_code.co_name != "<module>":
            return None
        if statement := statements.get(last or 0):
            if seen and seen[-1][0] == statement:
                seen.pop()  # a line is passed once for each parameter
            elif [each for each, _ in seen].count(LAST) == MINIBATCHES:
                raise EnoughError
            seen.append((statement, variables(code, frame.f_globals)))
        last = frame.f_lineno
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(EnoughError):
            exec(compile(code.text, "script.py", "exec"), {"__name__": "__main__"})
    finally:
        sys.settrace(before)
    return seen


def variables(code: Code, names: dict[str, Any]) -> Values:
    """The script's variables by the names that the loop has for them."""
    names = {**names, "X": names.get("X_batch"), "y": names.get("y_batch")}
    leaves = [
        each
        for name, each in names.items()
        if isinstance(each, Tensor) and each.requires_grad and each.is_leaf and name != "param"
    ]
    if isinstance(net := names.get("net"), nn.Module):
        leaves = list(net.parameters())
    parameters = dict(zip(code.experiment.architecture().shapes, leaves, strict=True))
    slopes = {f"{name}.grad": each.grad for name, each in parameters.items()}
    return {
        name: torch.as_tensor(value).detach().clone()
        for name, value in {**names, **parameters, **slopes}.items()
        if isinstance(value, Tensor | float)
    }


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize(
    ("key", "name"),
    [
        *(
            (key, entry.name)
            for key in ("model", "loss", "optimizer", "penalty", "schedule")
            for entry in REGISTRIES[key]
        ),
        ("reduction", "mean"),
        ("reduction", "total"),
        ("reshape", False),
    ],
)
def test_every_stop_has_its_line_and_makes_its_values(key: str, name: object, dress: Dress) -> None:
    changes = {key: name, "loop": dress, "device": "cpu", "lr": 1e-3, "epochs": 2, "batch_size": 32}
    changes |= FITTING.get(f"{key}.{name}", {})
    experiment = Experiment().changed(changes).changed({"data.n": 70})
    code = code_of(experiment, dress)
    in_loop, in_script = stops(experiment), lines(code)
    assert code.places.keys() == {statement for statement, _ in in_loop}
    assert [each for each, _ in in_loop] == [each for each, _ in in_script]
    for (statement, made), (_, held) in zip(in_loop, in_script, strict=True):
        for each, value in made.items():
            assert torch.equal(value, held[each]), (statement, each)
