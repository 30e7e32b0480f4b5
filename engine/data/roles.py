"""The part that each column of a table has in a formula, and the formula where one is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from engine.data.design import all_terms, is_numeric, target_of
from engine.data.formula import KEY, Factor, Term, read_formula, written
from engine.data.table import Table
from engine.support.errors import BadInput
from engine.support.translation import tr

Role = Literal["y", "x", "off"]


@dataclass(frozen=True)
class Terms:
    """A formula without a dot: what is predicted, and all that it is predicted by."""

    target: Factor
    terms: tuple[Term, ...]
    intercept: bool = True

    def __str__(self) -> str:
        """As `read_formula` reads it."""
        right = " + ".join(map(written, self.terms)) or "1"
        return f"{self.target} ~ {right}{'' if self.intercept else ' - 1'}"

    def role(self, column: str) -> Role:
        """The part of the column of a name."""
        if column == self.target.column:
            return "y"
        return "x" if column in columns_in(self.terms) else "off"

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of those in use, y first."""
        return (self.target.column, *columns_in(self.terms))


def terms_of(table: Table, text: str) -> Terms:
    """A formula over a table, written out; raises BadInput. See `design`."""
    formula = read_formula(text if text.strip() else ".")
    target = target_of(formula, table, text)
    terms = all_terms(formula, [column.name for column in table.usable], target)
    for name in columns_in(terms):
        table.column(name)
    return Terms(target, tuple(terms), formula.intercept)


def switched(
    table: Table, terms: Terms | None, column: str, role: Role
) -> tuple[Terms, tuple[Term, ...]]:
    """The formula in which a column has another part, and the terms that went beside its name.

    A new y changes places with the old one. Terms of other columns stay as they are written; a
    column that only stood in one that goes stays by itself. Without a formula there is no y yet.
    Raises BadInput.
    """
    before = terms.role(column) if terms else "off"
    if terms and before == role:
        return terms, ()
    if role != "off" and not (is_numeric(table.column(column)) or is_category(table, column)):
        raise BadInput(KEY, column, tr("{name} is text", name=column))
    if "`" in column:
        raise BadInput(KEY, column, tr("a name with a back quote cannot be written in terms"))
    if before == "y":
        raise BadInput(KEY, column, tr("this is y; give another column that part first"))
    if terms and role == "x":
        return replace(terms, terms=(*terms.terms, (Factor(column),))), ()
    if role == "y" and not is_numeric(table.column(column)):
        raise BadInput(KEY, column, tr("{name} is not numeric; y must be", name=column))
    if not terms:
        if role != "y":
            raise BadInput(KEY, column, tr("no column is y yet"))
        return Terms(Factor(column), ()), ()
    left, gone = without(terms.terms, column)
    if role == "off":
        return replace(terms, terms=left), gone
    others = ((terms.target,),) if before == "x" else ()
    return replace(terms, target=Factor(column), terms=(*others, *left)), gone


def without(terms: Iterable[Term], column: str) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """The terms without a column, and those with it that are more than its name."""
    with_it = [term for term in terms if column in columns_in([term])]
    left = {term: None for term in terms if term not in with_it}
    for factor in (factor for term in with_it for factor in term):
        if factor.column != column and factor.column not in columns_in(left):
            left[(factor,)] = None
    return tuple(left), tuple(term for term in with_it if term != (Factor(column),))


def columns_in(terms: Iterable[Term]) -> tuple[str, ...]:
    """The names of the columns that terms are made of."""
    return tuple(dict.fromkeys(factor.column for term in terms for factor in term))


def is_category(table: Table, column: str) -> bool:
    """Whether the column of a name is a category."""
    return table.column(column).kind == "category"


def rows_used(table: Table, columns: Iterable[str]) -> int:
    """Rows in which none of some columns is missing."""
    import numpy as np

    gaps = np.zeros(table.rows, dtype=bool)
    for column in map(table.column, columns):
        if column.missing and len(column.numbers):
            gaps |= np.isnan(column.numbers)
    return int(table.rows - gaps.sum())
