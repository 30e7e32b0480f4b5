"""The design of a regression: the columns of X and y that a formula makes of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

from engine.data.column import Column
from engine.data.formula import KEY, Factor, Formula, Term, read_formula, written
from engine.data.inputs import Feature, Input, Inputs
from engine.data.parts import agreed, exchange
from engine.data.table import Table, TableColumn, nearest
from engine.support.errors import BadInput
from engine.support.translation import tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

MOST_LEVELS = 1000
"""Of numbers that C( ) makes categories of."""
MOST_CATEGORIES = 6
"""In one product."""


@dataclass(frozen=True, eq=False)
class Design:
    """X and y of the rows in which no column in use is missing."""

    target: Column
    columns: tuple[Column, ...]
    """The features, in the order of X."""
    intercept: bool
    X: Doubles
    """(n, features)."""
    y: Doubles
    """(n,)."""
    rows: NDArray[np.int64]
    """(n,), which rows of the table these are."""
    dropped: Mapping[str, int]
    """Rows in which a column in use is missing, by the column's name."""
    references: Mapping[str, str]
    """The level of each category that the others are compared with."""
    inputs: Inputs
    """What X is made of."""
    target_feature: Feature
    """What y is made of."""


def design(table: Table, terms: str = "") -> Design:
    """X and y of a table by a formula; without one the last numeric column ~ the usable others.

    Of a part of a file, the rows of that part.

    Raises BadInput for a term that names no column, for too few rows, and where nothing is numeric.
    """
    import numpy as np

    formula = read_formula(terms if terms.strip() else ".")
    target = target_of(formula, table, terms)
    references: dict[str, str] = {}
    named = all_terms(formula, [column.name for column in table.usable], target)
    features = expanded(named, table.columns, formula.intercept, references)
    if not features:
        raise BadInput(KEY, terms, tr("no column is left to predict {name} by", name=target.column))
    (y_feature,) = expanded([(target,)], table.columns, True, {})
    names = dict.fromkeys([target.column, *(name for each in features for name in each.sources)])
    in_use = {name: table.column(name).numbers for name in names}
    missing = {name: np.isnan(numbers) for name, numbers in in_use.items()}
    kept = ~np.logical_or.reduce([*missing.values()])
    rows = np.flatnonzero(kept)
    if len(rows) < len(in_use[target.column]):
        in_use = {name: numbers[rows] for name, numbers in in_use.items()}
    parameters = len(features) + formula.intercept
    complete = sum(exchange(len(rows)))
    if complete < parameters:
        allowed = tr(
            "{rows} complete rows are too few for {count} parameters",
            rows=complete,
            count=parameters,
        )
        raise BadInput(KEY, terms, allowed)

    def filled() -> tuple[Doubles, Doubles]:
        X = np.empty((len(rows), len(features)))
        for index, feature in enumerate(features):
            X[:, index] = checked(feature, in_use, table, rows)
        return X, checked(y_feature, in_use, table, rows)

    X, y = agreed(filled)
    return Design(
        y_feature.column,
        tuple(feature.column for feature in features),
        formula.intercept,
        X,
        y,
        rows,
        {name: int(lost.sum()) for name, lost in missing.items() if lost.any()},
        references,
        Inputs(inputs_in(named, table, features), tuple(features)),
        y_feature,
    )


def inputs_in(
    terms: Sequence[Term], table: Table, features: Sequence[Feature]
) -> tuple[Input, ...]:
    """The columns of a table that features are made of."""
    numbers = {
        factor.column: tuple(number for _, number in levels_of(table.column(factor.column), factor))
        for term in terms
        for factor in term
        if factor.function == "C" and table.column(factor.column).kind != "category"
    }
    names = dict.fromkeys(name for each in features for name in each.sources)
    columns = [table.column(name) for name in names]
    return tuple(
        Input(each.name, each.kind, each.levels, each.first_day, numbers.get(each.name))
        for each in columns
    )


def target_of(formula: Formula, table: Table, terms: str) -> Factor:
    """What is predicted: what stands before the ~, else the last numeric column."""
    if formula.target:
        if formula.target.function == "C" or not is_numeric(table.column(formula.target.column)):
            allowed = tr("{name} is not numeric; y must be", name=formula.target.column)
            raise BadInput(KEY, terms, allowed)
        return formula.target
    named = {factor.column for term in formula.terms for factor in term}
    numeric = [each for each in table.usable if each.kind == "number" and each.name not in named]
    if not numeric:
        raise BadInput(KEY, terms, tr("no numeric column is left to be y"))
    return Factor(numeric[-1].name)


def all_terms(formula: Formula, names: Sequence[str], target: Factor) -> list[Term]:
    """The terms of a formula, `.` written out as all columns of these names but that of y.

    Raises BadInput where y stands on both sides.
    """
    for term in formula.terms:
        if any(factor.column == target.column for factor in term):
            raise BadInput(KEY, written(term), tr("{name} is y already", name=target.column))
    terms = dict.fromkeys(formula.terms)
    if formula.others:
        removed = set(formula.removed)
        others: list[Term] = [(Factor(name),) for name in names if name != target.column]
        terms = dict.fromkeys(term for term in (*others, *terms) if term not in removed)
    return list(terms)


def expanded(
    terms: Sequence[Term],
    columns: Sequence[TableColumn],
    intercept: bool,
    references: dict[str, str],
) -> list[Feature]:
    """The features that terms make of columns: a category becomes one for each level but the first.

    It keeps the first one too where nothing else says what that level is like; see `blocks`. The
    level that is left out goes into `references`. Products stand behind what they are made of.
    """
    by_name = {column.name: column for column in columns}
    features: dict[str, Feature] = {}
    spanned: set[frozenset[Factor]] = {frozenset()} if intercept else set()
    for term in sorted(terms, key=len):
        for factor in term:
            if factor.column not in by_name:
                raise BadInput(KEY, str(factor), nearest(factor.column, list(by_name)))
        categories = {
            factor: levels_of(by_name[factor.column], factor)
            for factor in term
            if factor.function == "C" or by_name[factor.column].kind == "category"
        }
        for block in blocks(term, tuple(categories), spanned):
            parts: list[list[Feature]] = []
            for factor, is_full in block.items():
                column = by_name[factor.column]
                if factor in categories:
                    first, *others = categories[factor]
                    if not is_full:
                        references[column.name] = first[0]
                    levels = [first, *others] if is_full else others
                    parts.append([level_feature(column, *level) for level in levels])
                elif is_numeric(column):
                    parts.append([plain_feature(Column(column.name, column.unit), factor)])
                else:
                    raise BadInput(KEY, str(factor), tr("{name} is text", name=column.name))
            for combination in product(*parts):
                feature = multiplied(combination)
                features.setdefault(feature.column.name, feature)
    return list(features.values())


def blocks(
    term: Term, categories: tuple[Factor, ...], spanned: set[frozenset[Factor]]
) -> list[dict[Factor, bool]]:
    """The products that a term comes to, and which of their categories keep all levels.

    A category with all its levels spans what it does without the first one, and what is there
    without it. So a term is split into what each subset of its categories adds to what is `spanned`
    already, and these are put together again. `spanned` grows. As patsy codes them, and R where R's
    columns are independent. Raises BadInput for too many categories at once.
    """
    if len(categories) > MOST_CATEGORIES:
        allowed = tr("at most {most} categories in one product", most=MOST_CATEGORIES)
        raise BadInput(KEY, written(term), allowed)
    numbers = [factor for factor in term if factor not in categories]
    parts: list[dict[Factor, bool]] = []
    for size in range(len(categories) + 1):
        for subset in combinations(categories, size):
            key = frozenset((*numbers, *subset))
            if key not in spanned:
                spanned.add(key)
                parts.append(dict.fromkeys(subset, False))
    while pair := next(filter(differ_by_one, combinations(parts, 2)), None):
        short, long = pair
        long.update(dict.fromkeys(long.keys() - short.keys(), True) | short)
        parts.remove(short)
    return [
        {factor: part.get(factor, True) for factor in term if factor in part or factor in numbers}
        for part in parts
    ]


def differ_by_one(pair: tuple[dict[Factor, bool], dict[Factor, bool]]) -> bool:
    """Whether the second has one category more than the first, and else the same."""
    short, long = (part.items() for part in pair)
    return len(long) == len(short) + 1 and short <= long


def levels_of(column: TableColumn, factor: Factor) -> list[tuple[str, float]]:
    """The levels of a category and the numbers that stand for them; raises BadInput."""
    import numpy as np

    if factor.power != 1 or factor.function == "log":
        raise BadInput(KEY, str(factor), tr("a category has neither powers nor a logarithm"))
    if column.kind == "category":
        return [(level, float(index)) for index, level in enumerate(column.levels)]
    if not is_numeric(column):
        raise BadInput(KEY, str(factor), tr("{name} is text", name=column.name))
    own = np.unique(column.numbers[~np.isnan(column.numbers)])
    numbers = np.unique(np.concatenate(exchange(own[: MOST_LEVELS + 1]))).tolist()
    if len(numbers) > MOST_LEVELS:
        allowed = tr("has {count} values, at most {most}", count=len(numbers), most=MOST_LEVELS)
        raise BadInput(KEY, str(factor), allowed)
    if not numbers:
        raise BadInput(KEY, str(factor), tr("{name} is empty", name=column.name))
    return [(f"{number:g}", number) for number in numbers]


def level_feature(column: TableColumn, level: str, number: float) -> Feature:
    """1 where a category has this level, else 0."""
    return Feature(
        Column(f"{column.name}={level}"),
        (column.name,),
        lambda columns: (columns[column.name] == number).astype(float),
    )


def plain_feature(column: Column, factor: Factor) -> Feature:
    """The numbers of a column, their logarithm or a power."""
    import numpy as np

    is_log, power = factor.function == "log", factor.power

    def values(columns: Mapping[str, Doubles]) -> Doubles:
        x = columns[column.name]
        if is_log:
            with np.errstate(divide="ignore", invalid="ignore"):
                x = np.log(x)
        return x if power == 1 else x**power

    plain = not is_log and power == 1
    made = column if plain else Column(str(factor).replace("`", ""))
    return Feature(made, (column.name,), values)


def multiplied(factors: Sequence[Feature]) -> Feature:
    """The product of some features."""
    if len(factors) == 1:
        return factors[0]

    def values(columns: Mapping[str, Doubles]) -> Doubles:
        total = factors[0].values(columns)
        for factor in factors[1:]:
            total = total * factor.values(columns)
        return total

    name = ":".join(factor.column.name for factor in factors)
    return Feature(Column(name), tuple(name for each in factors for name in each.sources), values)


def checked(
    feature: Feature, columns: Mapping[str, Doubles], table: Table, rows: NDArray[np.int64]
) -> Doubles:
    """A feature's numbers (n,); raises BadInput with the first line where one is not finite."""
    import numpy as np

    values = feature.values(columns)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        line = int(table.lines[rows[bad[0]]])
        number = columns[feature.sources[0]][bad[0]]
        allowed = tr("line {line}: {number:g} has no finite value", line=line, number=number)
        raise BadInput(KEY, feature.column.name, allowed)
    return values


def is_numeric(column: TableColumn) -> bool:
    """Whether a column's numbers mean what they say."""
    return column.kind not in ("category", "text") and len(column.numbers) > 0
