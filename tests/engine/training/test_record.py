"""What a run came to: the same numbers as the trainer's events, and the same after storing."""

from __future__ import annotations

import json

import pytest

from engine.experiment import Experiment
from engine.training.events import Diverged
from engine.training.record import Record, Recorder
from engine.training.trainer import train
from tests.support.runs import epochs_of, facts_of, outcome

SMALL = Experiment().changed({"data.n": 60})
RUNS = {
    "finished": SMALL,
    "diverged": SMALL.changed({"lr": 5.0}),
    "diverged in a valley": SMALL.changed({"lr": 5.0, "data.scale": (1.0, 30.0)}),
    "validated": SMALL.changed({"validation_split": 0.2}),
    "stopped early": SMALL.changed({"epochs": 50, "patience": 1, "lr": 0.3}),
    "physical": SMALL.changed({"data": "ohm", "model": "ohm"}),
    "not linear": SMALL.changed({"data": "planck", "model": "planck", "data.n": 60}),
    "fast": SMALL.changed({"loop": "fast", "epochs": 40}),
}


def record_of(experiment: Experiment) -> Record:
    recorder = Recorder(experiment)
    for event in train(experiment):
        recorder.fold(event)
    return recorder.record(seconds=1.5)


@pytest.mark.parametrize("name", RUNS)
def test_a_record_has_the_numbers_of_the_events(name: str) -> None:
    experiment = RUNS[name]
    record, events = record_of(experiment), list(train(experiment))
    end, facts = outcome(events), facts_of(experiment)
    assert record.experiment == experiment
    assert record.state == ("diverged" if isinstance(end, Diverged) else "finished")
    assert (record.epoch, record.step, record.loss) == (end.epoch, end.step, end.loss)
    assert (record.reason, record.params) == (end.reason or "", end.params)
    losses = [facts.start_loss, *(epoch.loss for epoch in epochs_of(events))]
    assert record.epoch_losses.low == record.epoch_losses.high == tuple(losses)
    assert record.epoch_losses.x == tuple(range(len(losses)))
    validation = [epoch.validation for epoch in epochs_of(events) if epoch.validation is not None]
    assert record.validation_losses.low == tuple(validation)
    assert (record.floor, record.optimum) == (facts.floor, facts.optimum)
    standing = facts.floor.standing(end.loss)
    assert record.standing == ("diverged" if isinstance(end, Diverged) else standing)
    assert (record.autopsy is not None) == isinstance(end, Diverged)
    if record.autopsy:
        assert record.autopsy.remedy == facts.remedy
        assert (facts.remedy is not None) == (name == "diverged in a valley")
    for part, errors in record.error.items():
        expected = [a - b for a, b in zip(end.params[part], facts.true[part], strict=True)]
        assert list(errors) == expected
    assert record.error.keys() == facts.true.keys()


def test_a_record_knows_the_physical_quantities() -> None:
    value, true, unit = record_of(RUNS["physical"]).quantities["R"]
    assert (true, unit) == (10.0, "Ω")
    assert value == record_of(RUNS["physical"]).params["R"][0]


@pytest.mark.parametrize("name", RUNS)
def test_a_record_is_the_same_after_it_was_stored(name: str) -> None:
    record = record_of(RUNS[name])
    again = Record.from_dict(json.loads(json.dumps(record.to_dict())))
    assert again.to_dict() == record.to_dict()
    assert (again.experiment, again.params, again.floor) == (
        record.experiment,
        record.params,
        record.floor,
    )
    assert again.reason == record.reason
    assert (again.quantities, again.autopsy) == (record.quantities, record.autopsy)
