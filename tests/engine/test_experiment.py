"""The experiment as it is written down: exact in TOML, and never invalid."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.choice import REGISTRIES, Choice, choose
from engine.catalog.datasets import DATASETS
from engine.experiment import KEYS, Experiment
from engine.settings import SETTINGS
from engine.support.errors import BadInput, show
from tests.support.commands import refusal_of
from tests.support.strategies import experiments

Reader = Callable[[dict[str, Any]], Experiment]


def from_nested_toml(values: dict[str, Any]) -> Experiment:
    """Through TOML text with a table for each entry."""
    import tomli_w

    tables: dict[str, Any] = {}
    for key, value in values.items():
        head, dot, name = key.partition(".")
        if dot:
            tables.setdefault(head, {})[name] = value
        elif key in REGISTRIES:
            tables.setdefault(head, {})["name"] = value
        else:
            tables[key] = value
    return Experiment.from_toml(tomli_w.dumps(tables))


READERS = [
    pytest.param(Experiment().changed, id="changed"),
    pytest.param(Experiment.from_dict, id="from_dict"),
    pytest.param(from_nested_toml, id="from_toml"),
]


# There and back ------------------------------------------------------------------------------


@given(experiments())
def test_toml_gives_the_same_experiment_back(experiment: Experiment) -> None:
    assert Experiment.from_toml(experiment.to_toml()) == experiment


@given(experiments())
def test_a_dictionary_gives_the_same_experiment_back_also_through_json(
    experiment: Experiment,
) -> None:
    values = experiment.to_dict()
    assert Experiment.from_dict(values) == experiment
    assert Experiment.from_dict(json.loads(json.dumps(values, allow_nan=False))) == experiment
    assert tomllib.loads(experiment.to_toml()) == values


@given(experiments())
def test_flat_values_typed_in_give_the_same_experiment_back(experiment: Experiment) -> None:
    typed = {key: show(value) for key, value in experiment.flat().items()}
    assert Experiment().changed_by_text(typed) == experiment
    assert Experiment().changed(experiment.flat()) == experiment


@given(experiments(), st.randoms(use_true_random=False))
def test_the_order_of_the_keys_does_not_matter(experiment: Experiment, random: Any) -> None:
    typed = [(key, show(value)) for key, value in experiment.flat().items()]
    random.shuffle(typed)
    assert Experiment().changed_by_text(dict(typed)) == experiment


def test_an_entry_applies_before_its_parameters_in_either_order() -> None:
    one = Experiment().changed_by_text({"loss": "huber", "loss.delta": "2"})
    other = Experiment().changed_by_text({"loss.delta": "2", "loss": "huber"})
    assert one == other
    assert one.loss == Choice("loss", "huber", (("delta", 2.0),))


def test_the_default_is_the_books_baseline_and_lists_every_key() -> None:
    experiment = Experiment()
    assert experiment.flat() == {
        "data": "linear",
        "data.w": (2.0, -3.4),
        "data.b": 4.2,
        "data.n": 1000,
        "data.noise": 0.01,
        "data.scale": (1.0,),
        "data.correlation": 0.0,
        "data.outliers": 0.0,
        "data.outlier_size": 10.0,
        "data.sorted": False,
        "data.terms": "",
        "model": "linear",
        "model.bias": True,
        "loss": "half_squared",
        "penalty": "none",
        "init": "normal",
        "init.std": 0.01,
        "loop": "scratch",
        "optimizer": "sgd",
        "lr": 0.03,
        "schedule": "constant",
        "batch_size": 10,
        "epochs": 3,
        "drop_last": False,
        "reduction": "sum",
        "reshape": True,
        "shuffle": True,
        "standardize": "auto",
        "validation_split": 0.0,
        "patience": 0,
        "seed": 7,
        "device": "auto",
    }
    assert tuple(experiment.to_dict()) == KEYS


def test_every_key_is_a_registry_or_a_setting() -> None:
    assert {field.name for field in fields(Experiment)} == set(REGISTRIES) | set(SETTINGS)


def test_what_is_left_out_keeps_its_default() -> None:
    assert Experiment.from_toml("") == Experiment()
    assert Experiment.from_toml("[loss]\nname = 'huber'\n") == Experiment().changed(
        {"loss": "huber"}
    )
    assert Experiment.from_toml("[data]\nn = 50\n") == Experiment().changed({"data.n": 50})


def test_a_whole_number_will_do_where_a_number_is_meant() -> None:
    experiment = Experiment.from_toml("lr = 1\n[data]\nw = [1, 2]\nb = 3\n")
    assert (experiment.lr, type(experiment.lr)) == (1.0, float)
    assert experiment.data.options["w"] == (1.0, 2.0)
    assert all(type(weight) is float for weight in experiment.data.options["w"])


def test_choosing_an_entry_sets_its_parameters_to_their_defaults() -> None:
    changed = Experiment().changed({"data.n": 50}).changed({"data": "linear"})
    assert changed == Experiment()


def test_a_change_leaves_the_original_alone() -> None:
    experiment = Experiment()
    assert experiment.changed({"lr": 0.5}).lr == 0.5
    assert experiment == Experiment()
    with pytest.raises(FrozenInstanceError):
        experiment.lr = 0.5  # type: ignore[misc]


@given(experiments())
def test_equal_experiments_have_equal_hashes(experiment: Experiment) -> None:
    assert hash(Experiment.from_toml(experiment.to_toml())) == hash(experiment)


# Refused -------------------------------------------------------------------------------------

WRONG = [
    ("lr", True),
    ("lr", "0.1"),
    ("lr", 0),
    ("lr", -0.1),
    ("lr", 1e7),
    ("lr", math.nan),
    ("lr", math.inf),
    ("lr", [0.1]),
    ("batch_size", 0),
    ("batch_size", True),
    ("batch_size", 1.0),
    ("batch_size", 10_000_001),
    ("epochs", -1),
    ("epochs", "3"),
    ("seed", -1),
    ("seed", 2**63),
    ("seed", 0.5),
    ("loop", "slow"),
    ("loop", 3),
    ("reduction", "none"),
    ("device", "tpu"),
    ("device", "cuda:"),
    ("device", "cuda:x"),
    ("device", "CPU"),
    ("device", "cpu "),
    ("device", "cpu\n"),
    ("device", ""),
    ("device", 0),
    ("data", "nothing"),
    ("data", 3),
    ("data", ["linear"]),
    ("loss", "hinge"),
    ("data.n", 0),
    ("data.n", 2.5),
    ("data.n", False),
    ("data.w", []),
    ("data.w", [1.0] * 1001),
    ("data.w", [1.0, math.nan]),
    ("data.w", ["1"]),
    ("data.w", 1.0),
    ("data.noise", -1.0),
    ("data.correlation", 1.0),
    ("data.correlation", -0.1),
    ("data.outliers", 0.6),
    ("data.scale", [0.0]),
    ("data.scale", [1.0, 1.0, 1.0]),
    ("model.bias", 1),
    ("model.bias", "true"),
    ("nothing", 1),
    ("data.nothing", 1),
    ("data.name.x", 1),
    ("loss.delta", 1.0),
    ("lr.x", 1),
    ("", 1),
    ("LR", 0.1),
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("key", "value"), WRONG, ids=[f"{key}={value}"[:30] for key, value in WRONG]
)
def test_a_wrong_value_or_key_is_refused_in_one_line_that_names_it(
    read: Reader, key: str, value: object
) -> None:
    with pytest.raises(BadInput) as refusal:
        read({key: value})
    message = str(refusal.value)
    assert len(message.splitlines()) == 1
    assert refusal.value.key.startswith(key.partition(".")[0])
    assert message.startswith(f"{refusal.value.key}=")


@pytest.mark.parametrize("key", [key for key in KEYS if key in SETTINGS])
def test_a_table_where_a_value_is_meant_is_refused(key: str) -> None:
    with pytest.raises(BadInput, match=rf"^{key}"):
        Experiment.from_dict({key: {"name": 1}})


@pytest.mark.parametrize("text", ["lr 0.1", "= 3", "lr = ", '"', "[data", "lr = 1\nlr = 2", "\x00"])
def test_what_is_not_toml_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as refusal:
        Experiment.from_toml(text)
    assert len(str(refusal.value).splitlines()) == 1
    assert "TOML" in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "seed = " + "1" * 400,
        "seed = " + "1" * 5000,
        "seed = 0x" + "f" * 500,
        "lr = 1" + "0" * 400,
        "a = " + "[" * 5000,
        '"a\\nb" = 3',
        '[data]\n"a\\u2028b" = 3',
    ],
    ids=["400 digits", "5000 digits", "hex", "float", "deep", "newline", "line separator"],
)
def test_toml_made_to_trip_the_reader_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as refusal:
        Experiment.from_toml(text)
    assert len(str(refusal.value).splitlines()) == 1


@given(st.text())
def test_no_text_does_anything_but_read_or_be_refused(text: str) -> None:
    refusal = refusal_of(lambda: Experiment.from_toml(text))
    if refusal:
        assert len(str(refusal).splitlines()) == 1
    else:
        experiment = Experiment.from_toml(text)
        assert Experiment.from_toml(experiment.to_toml()) == experiment


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(KEYS) | st.text(max_size=6),
        PLAIN | st.dictionaries(st.sampled_from(["name", "n", "w", "delta", "bias"]), PLAIN),
        max_size=3,
    )
)
def test_no_nest_of_values_does_anything_but_read_or_be_refused(values: dict[str, object]) -> None:
    refusal = refusal_of(lambda: Experiment.from_dict(values))
    if refusal:
        assert len(str(refusal).splitlines()) == 1
    else:
        experiment = Experiment.from_dict(values)
        assert Experiment.from_dict(experiment.to_dict()) == experiment


@pytest.mark.parametrize(
    "wrong",
    [
        {"lr": -1.0},
        {"lr": math.nan},
        {"batch_size": 0},
        {"loop": "nothing"},
        {"device": "nothing"},
        {"data": Choice("data", "nothing")},
        {"data": Choice("data", "linear", (("n", 0),))},
        {"data": Choice("data", "linear", (("nothing", 1.0),))},
        {"data": Choice("data", "linear", (("w", (1.0,)), ("scale", (1.0, 2.0))))},
        {"loss": Choice("loss", "huber", (("delta", 0.0),))},
        {"model": Choice("model", "ohm")},
    ],
    ids=str,
)
def test_an_invalid_experiment_cannot_even_be_made_directly(wrong: dict[str, Any]) -> None:
    (key,) = wrong
    with pytest.raises(BadInput, match=rf"^{key}"):
        Experiment(**wrong)
    with pytest.raises(BadInput, match=rf"^{key}"):
        replace(Experiment(), **wrong)


def test_a_direct_choice_is_filled_up_and_put_in_order() -> None:
    loose = Experiment(data=Choice("data", "linear", (("n", 50), ("w", (1.0, 2.0)))))
    assert loose == Experiment().changed({"data.n": 50, "data.w": (1.0, 2.0)})
    assert [name for name, _ in loose.data.params] == [p.name for p in DATASETS["linear"].params]


# What does not go together -------------------------------------------------------------------


@pytest.mark.parametrize("features", [1, 2, 5])
@pytest.mark.parametrize("scales", [1, 2, 3, 5])
def test_there_is_one_scale_or_one_for_each_feature(features: int, scales: int) -> None:
    changes = {"data.w": (1.0,) * features, "data.scale": (2.0,) * scales}
    if scales in (1, features):
        assert Experiment().changed(changes).data.options["scale"] == (2.0,) * scales
    else:
        with pytest.raises(BadInput, match=r"^data\.scale=.*" + str(features)):
            Experiment().changed(changes)


def test_ohms_model_needs_data_with_one_feature() -> None:
    with pytest.raises(BadInput, match=r"^model=ohm: .*one feature.*2"):
        Experiment().changed({"model": "ohm"})
    assert Experiment().changed({"model": "ohm", "data.w": (3.0,)}).architecture().weights == ("R",)
    assert Experiment().changed({"model": "ohm", "data": "ohm"}).architecture().weights == ("R",)


def test_the_data_fit_in_memory() -> None:
    largest = {"data.n": 10_000_000, "data.w": (1.0,) * 20}
    assert Experiment().changed(largest).dataset().n == 10_000_000
    with pytest.raises(BadInput, match=r"^data\.n=10000000: .*21 features"):
        Experiment().changed({**largest, "data.w": (1.0,) * 21})


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:12"])
def test_a_device_need_not_be_present_to_be_written_down(device: str) -> None:
    assert Experiment(device=device).to_dict()["device"] == device


def test_an_unknown_key_is_answered_with_the_keys_there_are() -> None:
    with pytest.raises(BadInput) as refusal:
        Experiment().changed({"nothing": 1})
    assert all(key in str(refusal.value) for key in KEYS)


@pytest.mark.parametrize("key", REGISTRIES)
def test_every_entry_can_be_chosen_with_its_defaults(key: str) -> None:
    for entry in REGISTRIES[key]:
        spectrum = (key, entry.name) == ("model", "planck")
        base = Experiment(data=choose("data", "planck" if spectrum else "ohm"))
        chosen = base.changed({key: entry.name})
        assert chosen.choice(key).entry is entry


def test_points_bring_what_suits_them_unless_another_value_was_chosen() -> None:
    points = Experiment().changed({"data": "points"})
    assert (points.lr, points.epochs) == (0.3, 20)
    assert points.changed({"data": "linear"}) == Experiment()
    chosen = Experiment().changed_by_text({"lr": "0.03", "data": "points"})
    assert (chosen.lr, chosen.epochs) == (0.03, 20)
    assert Experiment(lr=0.1).changed({"data": "points"}).lr == 0.1
    assert points.changed({"data.x": [1.0, 2.0], "data.y": [0.0, 1.0], "lr": 0.03}).lr == 0.03
    assert points.changed({"lr": 0.5}).changed({"data": "ohm"}).lr == 0.5
    for experiment in (points, chosen, Experiment(), Experiment(lr=0.3, epochs=20)):
        for other in (points, chosen, Experiment(), Experiment(lr=0.3, epochs=20)):
            assert other.changed(experiment.changes_from(other)) == experiment
        assert Experiment.from_dict(experiment.to_dict()) == experiment
    assert points.typed() == {"data": "points"}
