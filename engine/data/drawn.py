"""What terms make of columns whose numbers are drawn, not read: all are numbers, y is given."""

from __future__ import annotations

from collections.abc import Sequence

from engine.data.column import Column
from engine.data.design import all_terms, multiplied, plain_feature
from engine.data.formula import KEY, Factor, Term, read_formula
from engine.data.inputs import Feature, Input, Inputs
from engine.data.table import nearest
from engine.support.errors import BadInput
from engine.support.translation import tr


def inputs_by(terms: str, columns: Sequence[Column], target: Column) -> tuple[Inputs, bool]:
    """The features that terms make of columns, and whether there is an intercept.

    Raises BadInput for terms that cannot be read, that name no column, or that predict another y.
    """
    formula = read_formula(terms)
    y = Factor(target.name)
    if formula.target not in (None, y):
        allowed = tr("what is predicted is {name}", name=target.name)
        raise BadInput(KEY, str(formula.target), allowed)
    by_name = {column.name: column for column in columns}

    def made(term: Term) -> Feature:
        for factor in term:
            if factor.column not in by_name:
                raise BadInput(KEY, str(factor), nearest(factor.column, list(by_name)))
            if factor.function == "C":
                raise BadInput(KEY, str(factor), tr("only numbers of a file can be categories"))
        return multiplied([plain_feature(by_name[factor.column], factor) for factor in term])

    features = {each.column.name: each for each in map(made, all_terms(formula, [*by_name], y))}
    if not features:
        raise BadInput(KEY, terms, tr("no column is left to predict {name} by", name=target.name))
    named = dict.fromkeys(name for each in features.values() for name in each.sources)
    return Inputs(tuple(map(Input, named)), tuple(features.values())), formula.intercept
