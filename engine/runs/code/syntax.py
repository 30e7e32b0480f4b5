"""Python's own text: where a function stands in its source, and values as expressions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import CodeType


class Renamed(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, new: Mapping[str, ast.expr]) -> None:
        self.new = new

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The expression of a name, or the name."""
        return deepcopy(self.new[node.id]) if node.id in self.new else node


def stored(statements: list[ast.stmt]) -> set[str]:
    """The names that statements assign, comprehensions and imports among them."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names | {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
    }


def located(code: CodeType) -> ast.FunctionDef | ast.Lambda:
    """Where the source defines a function."""
    for node in nodes_of(code.co_filename):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            if code.co_firstlineno in (node.lineno, *(each.lineno for each in node.decorator_list)):
                return node
        elif isinstance(node, ast.Lambda) and code.co_name == "<lambda>":
            begin, end = (node.body.lineno, node.body.col_offset), (
                node.body.end_lineno, node.body.end_col_offset,
            )  # fmt: skip
            if node.lineno == code.co_firstlineno and all(
                begin <= place < end for place in places(code)
            ):
                return node
    raise LookupError(code.co_qualname)


def places(code: CodeType) -> Iterator[tuple[int, int]]:
    """Lines and columns of what a function computes."""
    for line, _, column, end in code.co_positions():
        if line is not None and column is not None and end != column:
            yield line, column


@cache
def source_of(file: str) -> list[str]:
    """The lines of a file of source."""
    return Path(file).read_text(encoding="utf-8").split("\n")


@cache
def nodes_of(file: str) -> tuple[ast.AST, ...]:
    """All that the source of a file is made of."""
    return tuple(ast.walk(ast.parse("\n".join(source_of(file)))))


def is_literal(value: object) -> bool:
    """Whether a value can be written down."""
    if isinstance(value, tuple):
        return all(map(is_literal, value))
    return value is None or isinstance(value, bool | int | float | str)


def literal(value: object) -> ast.expr:
    """A value, written down."""
    return parsed_expression(re.sub(r"\binf\b", "float('inf')", repr(value)))


def parsed_expression(text: str) -> ast.expr:
    """An expression from its text."""
    return ast.parse(text, mode="eval").body


def difference(left: str, right: str) -> str:
    """One expression less another, in parentheses where they need them."""
    return ast.unparse(ast.BinOp(parsed_expression(left), ast.Sub(), parsed_expression(right)))


def unparsed(node: ast.stmt) -> str:
    """The text of a statement."""
    return ast.unparse(ast.fix_missing_locations(node))


def identifier(text: str) -> str:
    """A name of Python like a text."""
    name = re.sub(r"\W+", "_", text).strip("_")
    return name if name.isidentifier() else f"_{name}"


def literal_text(value: object) -> str:
    """The text of a value."""
    return ast.unparse(literal(value))
