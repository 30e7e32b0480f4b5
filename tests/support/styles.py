"""Textual's parser of stylesheets, with a memory that all apps of a process share."""

from __future__ import annotations

from functools import cache

from textual.css.model import RuleSet
from textual.css.parse import parse
from textual.css.tokenize import tokenize_values
from textual.css.tokenizer import Token
from textual.css.types import CSSLocation

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
