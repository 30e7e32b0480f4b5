"""A race: every racer takes its own experiment's steps, and the first at the floor is found."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace

import pytest
import torch

from engine.catalog.optimizers import OPTIMIZERS, OptimizerEntry
from engine.experiment import Experiment
from engine.jobs.race import LRS, POINTS, Race, RaceProgress, Racer, Status, Track, parse_racers
from engine.jobs.racing import LOOKS, Racing
from engine.problem import build
from engine.session import Session
from engine.support import machine
from engine.support.errors import BadInput
from engine.theory.gather import facts
from engine.training.controls import Controls
from engine.training.events import Stepped
from engine.training.trainer import train
from tests.support.commands import cli, refusal_of
from tests.support.runs import epochs_of, facts_of, outcome, wait_until
from tests.support.strategies import every_entry

ALL = tuple(map(Racer, OPTIMIZERS.entries))
THREE = (Racer("sgd"), Racer("momentum"), Racer("adam", 0.1))
SMALL = Experiment().changed({"data.n": 100, "device": "cpu"})
"""30 steps."""
NARROW = SMALL.changed({"data.scale": (1.0, 10.0), "batch_size": 100, "epochs": 600})
"""A valley of condition about 100, gone down over all the data."""


def run(race: Race) -> RaceProgress:
    racing = Racing(race)
    for _ in racing.run():
        pass
    return racing.progress("finished", "", 0.0)


def floor_of(experiment: Experiment) -> float:
    known = facts(build(experiment))
    return known.floor.reach


def step_by_step(experiment: Experiment) -> list[float]:
    """The loss over all the data at the start and after every single step."""
    problem = build(experiment)
    losses = [problem.mean_loss(problem.start)]
    for event in train(experiment, Controls(experiment.lr, most=1)):
        if isinstance(event, Stepped):
            losses.append(problem.mean_loss(event.live.params()))
    return losses


def steps_to_floor(experiment: Experiment) -> float:
    """The oracle: infinite where the floor is never reached."""
    floor = floor_of(experiment)
    return next((k for k, loss in enumerate(step_by_step(experiment)) if loss <= floor), math.inf)


# The same run for each ---------------------------------------------------------------------------


@pytest.mark.parametrize("loop", ["scratch", "fast"])
def test_every_racer_takes_the_steps_of_its_own_experiment_number_for_number(loop: str) -> None:
    experiment = SMALL.changed({"loop": loop})
    race = Race(experiment, THREE)
    for racer, track in zip(race.racers, run(race).tracks, strict=True):
        own = race.at(racer)
        lr = {"adam": 0.1}.get(racer.optimizer, experiment.lr)
        assert own == experiment.changed({"optimizer": racer.optimizer, "lr": lr})
        assert (track.racer, track.lr, track.status) == (racer, lr, "finished")
        assert track.steps == tuple(range(31))
        events = list(train(own, Controls(lr, most=1)))
        ways = {event.step: (event.loss, event.params) for event in epochs_of(events)}
        for step, loss, place in zip(track.steps, track.losses, track.places, strict=True):
            if step in ways:
                assert (loss, place) == ways[step]
        assert (track.loss, track.places[-1]) == (outcome(events).loss, outcome(events).params)
        assert list(track.losses) == pytest.approx(step_by_step(own), rel=1e-6)


def test_all_begin_at_the_same_place() -> None:
    progress = run(Race(SMALL, ALL))
    assert progress.facts is not None
    for track in progress.tracks:
        assert track.places[0] == progress.facts.start
        assert track.losses[0] == progress.facts.start_loss


def test_the_experiments_own_optimizer_keeps_its_parameters() -> None:
    own = SMALL.changed({"optimizer": "momentum", "optimizer.momentum": 0.5})
    race = Race(own, (Racer("momentum"), Racer("nesterov")))
    assert race.at(race.racers[0]) == own
    assert race.at(race.racers[1]).optimizer.options == {"momentum": 0.9}


@pytest.mark.parametrize("entry", every_entry("optimizer"))
def test_every_optimizer_can_race_sgd(entry: OptimizerEntry) -> None:
    rival = "momentum" if entry.name == "sgd" else "sgd"
    shown = run(Race(SMALL.changed({"lr": 0.01}), (Racer(rival), Racer(entry.name))))
    start = facts(build(SMALL)).start_loss
    for track in shown.tracks:
        assert track.status == "finished"
        assert track.losses[-1] < start


def test_a_diverged_racer_stops_alone() -> None:
    progress = run(Race(SMALL.changed({"lr": 3.0, "epochs": 30}), (Racer("sgd"), Racer("adagrad"))))
    sgd, adagrad = progress.tracks
    end = outcome(train(progress.race.at(sgd.racer)))
    assert (sgd.status, sgd.steps[-1], sgd.floor_step) == ("diverged", end.step, None)
    assert (adagrad.status, adagrad.steps[-1]) == ("finished", 300)
    assert progress.share == 1.0
    assert progress.ranking() == [adagrad, sgd]


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({"epochs": 3}, 30),
        ({"epochs": 70, "loop": "fast"}, 700),
        ({"epochs": 5000, "batch_size": 100, "loop": "fast"}, 5000),
        ({"epochs": 7, "batch_size": 1, "loop": "fast"}, 700),
    ],
)
def test_a_way_has_enough_points_and_not_too_many(changes: dict[str, object], steps: int) -> None:
    for track in run(Race(SMALL.changed(changes), (Racer("sgd"), Racer("momentum")))).tracks:
        assert (track.steps[0], track.steps[-1]) == (0, steps)
        assert sorted(set(track.steps)) == list(track.steps)
        assert min(steps, POINTS) <= len(track.steps) <= 3 * POINTS + 1
        gaps = [b - a for a, b in zip(track.steps, track.steps[1:], strict=False)]
        assert max(gaps) <= -(-steps // POINTS) + -(-steps // LOOKS)


# The floor ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", ["scratch", "fast"])
def test_the_first_step_at_the_floor_is_that_of_looking_after_every_step(loop: str) -> None:
    experiment = SMALL.changed({"loop": loop, "epochs": 40, "lr": 0.02})
    race = Race(experiment, (Racer("sgd"), Racer("momentum"), Racer("adam")))
    for track in run(race).tracks:
        expected = steps_to_floor(race.at(track.racer))
        assert (track.floor_step or math.inf) == expected
    assert run(race).ranking()[0].racer.optimizer == "momentum"


def test_in_a_long_run_it_is_known_to_a_thousandth_of_the_run() -> None:
    experiment = SMALL.changed({"loop": "fast", "epochs": 300, "lr": 0.003})
    race = Race(experiment, (Racer("sgd"), Racer("momentum")))
    for track in run(race).tracks:
        assert track.floor_step is not None
        assert 0 <= track.floor_step - steps_to_floor(race.at(track.racer)) < 3000 / LOOKS


def test_who_never_gets_there_has_none() -> None:
    progress = run(Race(SMALL.changed({"lr": 1e-6}), (Racer("sgd"), Racer("adam"))))
    assert [track.floor_step for track in progress.tracks] == [None, None]


# The best lr -------------------------------------------------------------------------------------


def lrs() -> list[float]:
    """41 values from 1e-4 to 10, evenly spaced on a log axis."""
    return [float(f"{10 ** (-4 + k / 8):.4g}") for k in range(41)]


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_the_tuned_lr_is_the_best_of_all_that_were_tried(name: str) -> None:
    """By the oracle: of those at the floor at the end, in the soonest epoch, the fewest steps."""
    experiment = SMALL.changed({"loop": "fast", "epochs": 12})
    race = Race(experiment, (Racer(name), Racer("momentum", 0.02)), tuned=True)
    floor, best = floor_of(SMALL), (math.inf, math.inf, math.inf)
    for lr in lrs():
        losses = step_by_step(race.at(Racer(name), lr))
        if len(losses) == 121 and losses[-1] <= floor:
            epoch = next(k for k, loss in enumerate(losses[::10]) if loss <= floor)
            step = next(k for k, loss in enumerate(losses) if loss <= floor)
            best = min(best, (epoch, step, lr))
    tuned, given = run(race).tracks
    assert tuned.lr == best[2]
    assert tuned.floor_step == best[1]
    assert given.lr == 0.02


def test_where_nothing_reaches_the_floor_the_lowest_loss_is_best() -> None:
    experiment = SMALL.changed({"loop": "fast", "data.w": (900.0, -800.0), "epochs": 1})
    race = Race(experiment, (Racer("adam"), Racer("sgd", 1e-3)), tuned=True)
    ends = {lr: outcome(train(race.at(Racer("adam"), lr))).loss for lr in lrs()}
    assert run(race).tracks[0].lr == min(ends, key=lambda lr: ends[lr])


def test_tuned_momentum_is_several_times_faster_in_a_narrow_valley() -> None:
    """√κ in place of κ, where both have the best lr."""
    narrow = NARROW.changed({"loop": "fast", "optimizer": "momentum", "optimizer.momentum": 0.7})
    sgd, momentum = run(Race(narrow, (Racer("sgd"), Racer("momentum")), tuned=True)).tracks
    assert sgd.floor_step is not None
    assert momentum.floor_step is not None
    assert sgd.floor_step > 3 * momentum.floor_step


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"reduction": "sum"}, {"reduction": "mean"}),
        ({"loss": "half_squared"}, {"loss": "squared"}),
    ],
)
def test_adam_barely_notices_a_rescaled_loss(
    one: dict[str, object], other: dict[str, object]
) -> None:
    """Nearly the same path, where SGD takes another one."""

    def ways(changes: dict[str, object]) -> list[torch.Tensor]:
        experiment = SMALL.changed({"batch_size": 40, **changes})
        tracks = run(Race(experiment, (Racer("adam", 0.1), Racer("sgd", 0.1)))).tracks
        return [
            torch.tensor([[*place["w"], *place["b"]] for place in track.places]) for track in tracks
        ]

    adam, sgd = (float((a - b).abs().max()) for a, b in zip(ways(one), ways(other), strict=True))
    assert adam < 0.05
    assert sgd > 5 * adam


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sgd", "optimizers=sgd: choose 2 to 7 from sgd, momentum"),
        ("", "choose 2 to 7 from sgd, momentum"),
        ("sgd,", "choose 2 to 7 from sgd, momentum"),
        ("sgd,newton", "optimizers=newton: choose 2 to 7 from sgd"),
        (",".join(f"sgd@{k}" for k in range(1, 9)), "choose 2 to 7 from"),
        ("sgd,sgd", "optimizers=sgd: runs twice"),
        ("sgd,adam@0.1,adam@0.10", "optimizers=adam@0.1: runs twice"),
        ("sgd,adam@0", "lr of adam=0: must be a number above 0"),
        ("sgd,adam@", "lr of adam=: must be a number above 0"),
        ("sgd,adam@x", "lr of adam=x: must be a number above 0"),
        ("sgd,adam@nan", "lr of adam=nan: must be a number above 0"),
    ],
)
def test_bad_racers_are_refused_in_one_line(text: str, why: str) -> None:
    said = str(refusal_of(lambda: Race(SMALL, parse_racers(text))))
    assert why in said
    shown = cli("race", "--optimizers", text)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err == f"linreg-tui: {said}\n"


def test_racers_are_read_as_they_are_shown() -> None:
    racers = (Racer("sgd"), Racer("adam", 0.1), Racer("adam", 1e-05))
    assert parse_racers(" sgd , adam@0.1,adam@1e-5") == racers
    assert parse_racers(",".join(racer.name for racer in racers)) == racers


def test_a_race_that_needs_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "memory", lambda: 10_000)
    with pytest.raises(BadInput, match="GB of memory"):
        Race(SMALL, THREE)


# How it stands -----------------------------------------------------------------------------------


def test_the_ranking() -> None:
    def track(name: str, loss: float, floor: int | None, diverged: bool = False) -> Track:
        status: Status = "diverged" if diverged else "finished"
        return Track(Racer(name), 0.1, status, (0, 30), (16.0, loss), ({}, {}), floor)

    tracks = (
        track("sgd", math.inf, None, diverged=True),
        track("momentum", 0.2, None),
        track("nesterov", 5e-5, 30),
        track("adagrad", 0.1, None),
        track("adam", 5.1e-5, 12),
    )
    progress = RaceProgress(Race(SMALL, ALL), tracks=tracks)
    names = [track.racer.optimizer for track in progress.ranking()]
    assert names == ["adam", "nesterov", "adagrad", "momentum", "sgd"]


@pytest.mark.parametrize(
    ("floor", "stay", "diverged", "sentence"),
    [
        (12, 12, False, "first: sgd, lr 0.1 → at the floor to stay after 12 steps, 115 samples"),
        (
            1,
            None,
            False,
            "first: sgd, lr 0.1 → at the floor after 1 step, 10 samples, but not to stay",
        ),
        (
            None,
            None,
            False,
            "none at the floor; least loss: sgd, lr 0.1 → 0.5, 1e+04 times the floor",
        ),
        (None, None, True, "all diverged"),
    ],
)
def test_the_sentence_says_who_was_first_and_what_it_cost(
    floor: int | None, stay: int | None, diverged: bool, sentence: str
) -> None:
    """Epochs of 95 samples: nine minibatches of ten, and one of five."""
    experiment = SMALL.changed({"data.n": 95})
    status: Status = "diverged" if diverged else "finished"
    tracks = (
        Track(Racer("sgd"), 0.1, status, (30,), (0.5,), ({},), floor, stay),
        Track(Racer("adam"), 0.1, status, (30,), (0.6,), ({},)),
    )
    race = Race(experiment, (Racer("sgd"), Racer("adam")))
    progress = RaceProgress(race, facts=facts_of(experiment), tracks=tracks)
    known = progress.facts
    assert known
    flat = replace(known, floor=replace(known.floor, noise=5e-5, optimum=4.9e-5))
    assert replace(progress, facts=flat).in_a_sentence() == sentence


@pytest.mark.parametrize("drop_last", [False, True])
def test_samples_at_a_step_are_those_of_the_minibatches_before(drop_last: bool) -> None:
    experiment = SMALL.changed({"data.n": 95, "drop_last": drop_last})
    batches = [10] * 9 + [5] * (not drop_last)
    for step in range(25):
        sizes = [batches[i % len(batches)] for i in range(step)]
        assert experiment.samples_at(step) == sum(sizes)


def test_the_share_of_the_way_only_grows() -> None:
    racing = Racing(Race(SMALL, THREE))
    shares = [racing.progress("running", "", 0.0).share for _ in racing.run()]
    assert shares == sorted(shares)
    assert shares[0] == 0.0


def test_racers_run_side_by_side() -> None:
    racing = Racing(Race(SMALL, THREE))
    for _ in racing.run():
        steps = [runner.step for runner in racing.runners]
        assert max(steps) - min(steps) <= 1


# Headless ----------------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_optimizer_the_first_at_the_floor_on_top() -> None:
    shown = cli(
        "race", "-s", "data.n=100", "-s", "epochs=30", "-s", "device=cpu", "-s", "loop=fast"
    )
    head, *rows, last = (line.split() for line in shown.out.splitlines())
    assert (shown.code, shown.err) == (0, "")
    assert head == ["optimizer", "lr", "loss", "floor_step", "stay_step", "status"]
    race = Race(SMALL.changed({"epochs": 30, "loop": "fast"}), ALL)
    expected = run(race).ranking()
    assert [row[0] for row in rows] == [track.racer.optimizer for track in expected]
    assert {row[0] for row in rows} == set(OPTIMIZERS.entries)
    for row, track in zip(rows, expected, strict=True):
        steps = ["–" if x is None else str(x) for x in (track.floor_step, track.stay_step)]
        assert row[1:] == ["0.03", f"{track.loss:.6g}", *steps, track.status]
    assert max(map(len, shown.out.splitlines())) <= 80
    step = expected[0].stay_step
    assert step
    assert (
        last
        == (
            f"first: {expected[0].racer.optimizer}, lr 0.03 → at the floor to stay after "
            f"{step} steps, {10 * step} samples"
        ).split()
    )


def test_csv_and_json_say_the_same() -> None:
    arguments = ("race", "--optimizers", "sgd,adagrad", "-s", "lr=3", "-s", "data.n=100")
    rows = list(csv.DictReader(io.StringIO(cli(*arguments, "--csv").out)))
    objects = [json.loads(line) for line in cli(*arguments, "--json").out.splitlines()]
    assert [row["optimizer"] for row in rows] == [one["optimizer"] for one in objects]
    for row, one in zip(rows, objects, strict=True):
        assert float(row["lr"]) == one["lr"] == 3.0
        assert row["status"] == one["status"]
        for key in ("floor_step", "stay_step"):
            assert row[key] == ("" if one[key] is None else str(one[key]))
        assert one["loss"] is None or float(row["loss"]) == one["loss"]


def test_tuned_on_the_command_line() -> None:
    arguments = ("race", "--optimizers", "sgd,momentum@0.02", "--tuned", "-s", "data.n=100")
    objects = [json.loads(line) for line in cli(*arguments, "--json").out.splitlines()]
    race = Race(SMALL, (Racer("sgd"), Racer("momentum", 0.02)), tuned=True)
    expected = {track.racer.optimizer: track.lr for track in run(race).tracks}
    assert {one["optimizer"]: one["lr"] for one in objects} == expected
    assert LRS == "lr=log:1e-4:10:41"


# In the engine thread ----------------------------------------------------------------------------


def over(session: Session) -> RaceProgress:
    wait_until(lambda: session.race is not None and session.race.state != "running")
    assert session.race is not None
    return session.race


def test_a_race_in_the_session_comes_to_the_same(open_session: type) -> None:
    race = Race(SMALL, THREE)
    session: Session = open_session(SMALL)
    session.start_race(race)
    progress = over(session)
    assert (progress.state, progress.share) == ("finished", 1.0)
    for one, other in zip(progress.tracks, run(race).tracks, strict=True):
        assert (one.steps, one.losses, one.floor_step) == (
            other.steps,
            other.losses,
            other.floor_step,
        )


def test_a_race_stops_where_it_is_and_another_begins(open_session: type) -> None:
    endless = Race(SMALL.changed({"epochs": 100_000_000}), THREE)
    session: Session = open_session(SMALL)
    session.start_race(endless)
    wait_until(lambda: session.race is not None and session.race.share > 0)
    session.stop_job()
    progress = over(session)
    assert progress.state == "stopped"
    assert all(track.steps for track in progress.tracks)
    session.start_race(replace(endless, experiment=SMALL))
    wait_until(lambda: session.race is not None and session.race.race.experiment == SMALL)
    assert over(session).state == "finished"


def test_a_race_on_a_device_that_is_not_there_fails_in_one_line(open_session: type) -> None:
    session: Session = open_session(SMALL)
    session.start_race(Race(SMALL.changed({"device": "cuda:99"}), THREE))
    progress = over(session)
    assert progress.state == "failed"
    assert "cuda:99" in progress.message
