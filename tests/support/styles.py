"""Textual's stylesheets, parsed once for all apps of a process and matched from the end."""

from __future__ import annotations

from functools import cache

from textual.css.match import _check_selectors
from textual.css.model import RuleSet, Selector
from textual.css.parse import parse
from textual.css.tokenize import tokenize_values
from textual.css.tokenizer import Token
from textual.css.types import CSSLocation
from textual.dom import DOMNode

Tokens = dict[str, list[Token]]
parsed: dict[tuple[object, ...], list[RuleSet]] = {}


@cache
def tokens_of(values: tuple[tuple[str, str], ...]) -> Tokens:
    """The variables of a theme as tokens; equal themes get the same object."""
    return tokenize_values(dict(values))


def tokenize_once(values: dict[str, str]) -> Tokens:
    """Stands in for `tokenize_values`."""
    return tokens_of(tuple(values.items()))


def parse_once(
    scope: str,
    css: str,
    read_from: CSSLocation,
    variable_tokens: Tokens,
    is_default_rules: bool,
    tie_breaker: int,
) -> list[RuleSet]:
    """Stands in for `parse`, where the variables come from `tokenize_once`."""
    key = (scope, css, read_from, id(variable_tokens), is_default_rules, tie_breaker)
    if key not in parsed:
        rules = parse(
            scope,
            css,
            read_from,
            variable_tokens=variable_tokens,
            is_default_rules=is_default_rules,
            tie_breaker=tie_breaker,
        )
        parsed[key] = list(rules)
    return parsed[key]


def match_from_the_end(selectors: list[Selector], path: list[DOMNode]) -> bool:
    """Stands in for `_check_selectors`; most rules fail at the last of the path, the node."""
    return selectors[-1].check(path[-1]) and _check_selectors(selectors, path)
