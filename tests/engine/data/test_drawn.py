"""Terms over generated data, against numpy's columns and least squares."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from engine.experiment import Experiment
from engine.problem import build
from engine.settings import LOOPS
from engine.support.errors import BadInput
from engine.theory.summary import summary
from engine.training.trainer import train
from tests.support.commands import cli, refusal_of
from tests.support.oracles import assert_same, trace
from tests.support.runs import Array, array, facts_of

MORE = ". + x[0]^2 + x[0]:x[1]"
COLUMNS = {"linear": ("x[0]", "x[1]"), "ohm": ("I",), "planck": ("λ",), "wien": ("1/λ",)}


def with_terms(terms: str, **changes: object) -> Experiment:
    """The standard experiment with terms and some settings changed, n = 40."""
    return Experiment().changed({"data.n": 40, "data.terms": terms, **changes})


def plain_columns(data: str) -> tuple[dict[str, Array], Array]:
    """The columns (40,) of generated data by name, and y (40, 1)."""
    plain = build(Experiment().changed({"data": data, "data.n": 40}))
    return dict(zip(COLUMNS[data], array(plain.X).T, strict=True)), array(plain.y)


def numbers_of(term: frozenset[tuple[str, str, int]], columns: Mapping[str, Array]) -> Array:
    """The product of columns, each after its function and to its power."""
    factors = []
    for name, function, power in term:
        with np.errstate(invalid="ignore"):
            x = np.log(columns[name]) if function == "log" else columns[name]
        factors.append(x**power)
    product: Array = np.prod(factors, axis=0)
    return product


@given(data=st.data(), name=st.sampled_from([*COLUMNS]))
def test_terms_make_numpys_columns_or_are_refused_in_one_line(
    data: st.DataObject, name: str
) -> None:
    factor = st.tuples(
        st.sampled_from([*COLUMNS[name], "z"]),
        st.sampled_from(["", "", "log", "C"]),
        st.integers(1, 4),
    )
    terms = data.draw(st.lists(st.lists(factor, min_size=1, max_size=3), min_size=1, max_size=4))
    text = " + ".join(
        ":".join(
            (f"{function}(`{column}`)" if function else f"`{column}`") + f"^{power}"
            for column, function, power in term
        )
        for term in terms
    )
    columns, y = plain_columns(name)
    factors = {factor for term in terms for factor in term}
    wanted = None
    if all(column in columns and function != "C" for column, function, _ in factors):
        wanted = [numbers_of(term, columns) for term in dict.fromkeys(map(frozenset, terms))]
    if wanted is None or not np.isfinite(wanted).all():
        refusal = refusal_of(lambda: build(with_terms(text, data=name)))
        assert refusal
        assert "\n" not in str(refusal)
        return
    problem = build(with_terms(text, data=name))
    assert problem.X.dtype == problem.y.dtype == torch.float64
    np.testing.assert_allclose(array(problem.X), np.stack(wanted, axis=1), rtol=1e-12)
    np.testing.assert_array_equal(array(problem.y), y)


@given(text=st.text("x[01]^:*+-~.()logCIy9 `", max_size=30))
@example("x[0]^20:x[1]^20")
@example("y ~ . - x[1]")
def test_any_text_makes_finite_features_or_is_refused_in_one_line(text: str) -> None:
    refusal = refusal_of(lambda: build(with_terms(text, **{"data.scale": (1e6,)})))
    assert refusal is None or "\n" not in str(refusal)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ("log(x[0])", "log(x[0]) has no finite value"),
        ("C(x[0])", "data.terms=C(x[0]): only numbers of a file"),
        ("log(y) ~ x[0]", "data.terms=log(y): what is predicted is y"),
        ("x[0] ~ x[1]", "what is predicted is y"),
        ("y ~ y:x[0]", "y is y already"),
        ("x[2]", "no column has this name"),
        ("- 1", "no column is left to predict y by"),
        (". + :".join(["x[0]^20"] * 20), "there must be"),
        (":".join(f"x[0]^{power}" for power in range(1, 21)), "has no finite value"),
    ],
)
def test_a_term_that_cannot_be_is_named(terms: str, words: str) -> None:
    shown = cli("summary", "--terms", terms, "-s", "data.scale=1e3")
    assert shown.code == 2
    assert shown.out == ""
    assert words in shown.err.splitlines()[-1]


@pytest.mark.parametrize("standardize", ["yes", "no"])
def test_the_closed_form_is_numpys_and_every_loop_goes_the_same_way(standardize: str) -> None:
    run = with_terms(MORE, standardize=standardize)
    (x0, x1), y = plain_columns("linear")[0].values(), plain_columns("linear")[1]
    design = np.stack([x0, x1, x0**2, x0 * x1, np.ones(40)], axis=1)
    wanted = np.linalg.lstsq(design, y[:, 0], rcond=None)[0]
    facts, expected = facts_of(run), trace(run)
    best = facts.original(facts.optimum)
    assert (*best["w"], *best["b"]) == pytest.approx(wanted, rel=1e-9)
    true = facts.original(facts.true)
    assert (*true["w"], *true["b"]) == pytest.approx((2, -3.4, 0, 0, 4.2), abs=1e-12)
    for loop in LOOPS:
        assert_same(list(train(run.changed({"loop": loop}))), expected)


def test_intervals_cover_the_true_weight_zero_of_what_was_added() -> None:
    seeds, covered = 200, 0
    for seed in range(seeds):
        found = summary(with_terms(MORE, seed=seed))
        assert found.true["x[0]:x[1]"] == 0
        (added,) = (each for each in found.regression.coefficients if each.name == "x[0]:x[1]")
        covered += added.low <= 0 <= added.high
    assert covered / seeds == pytest.approx(0.95, abs=0.045)  # 3 standard errors


def test_the_truth_is_known_where_all_the_columns_are_left() -> None:
    plain, more = Experiment().changed({"data.n": 40}), with_terms(MORE)
    assert facts_of(more).floor.noise == facts_of(plain).floor.noise
    assert more.parameter_names() == ("x[0]", "x[1]", "x[0]^2", "x[0]:x[1]", "(intercept)")
    less = with_terms("x[0] + x[0]^2")
    facts = facts_of(less)
    assert (facts.true, facts.floor.noise, less.is_standardized) == ({}, None, False)
    assert facts.floor.level == facts.floor.optimum
    without = with_terms(". - 1")
    assert without.parameter_names() == ("x[0]", "x[1]")
    assert facts_of(without).true == {"w": (2, -3.4)}


@pytest.mark.parametrize("label", ["log", "peak"])
def test_a_polynomial_in_the_wavelength_keeps_the_floor_of_plancks_law(label: str) -> None:
    plain = {"data": "planck", "data.label": label}
    floors = [
        facts_of(with_terms(terms, **plain)).floor.noise for terms in ("", "λ^2 + λ + log(λ)")
    ]
    assert floors[1] == pytest.approx(floors[0], rel=1e-3)  # float32 before
    with pytest.raises(BadInput, match="without terms"):
        with_terms("λ", **plain, model="planck")


def test_rows_are_predicted_by_the_columns() -> None:
    columns, y = plain_columns("linear")
    x0, x1 = columns.values()
    design = np.stack([x0, x1, x0**2, x0 * x1, np.ones(40)], axis=1)
    wanted = np.linalg.lstsq(design, y[:, 0], rcond=None)[0] @ [2, 3, 4, 6, 1]
    experiment = with_terms(MORE)
    row = experiment.dataset().inputs.row_at("x[0]=2,x[1]=3", "--at")
    (prediction,) = summary(experiment).predict([row])
    assert prediction.estimate == pytest.approx(wanted, rel=1e-9)


def test_numbers_that_are_drawn_and_left_out_count() -> None:
    with pytest.raises(BadInput, match="300 features must be at most"):
        with_terms("x[0]", **{"data.w": (1.0,) * 300, "data.n": 1_000_000})
