"""Textual's stylesheets: parsed once for all apps of a process, matched once for equal nodes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, cast
from weakref import WeakKeyDictionary

from textual.css.match import _check_selectors
from textual.css.model import RuleSet, Selector
from textual.css.parse import parse
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.css.tokenize import tokenize_values
from textual.css.tokenizer import Token
from textual.css.types import CSSLocation
from textual.dom import DOMNode
from textual.widget import Widget

Tokens = dict[str, list[Token]]
Found = tuple[RulesMap, tuple[bool, ...]]
"""The rules that hold for a node, and what else is said of it."""

FLAGS = ("_has_hover_style", "_has_focus_within", "_has_order_style", "_has_odd_or_even")

parsed: dict[tuple[object, ...], list[RuleSet]] = {}
matched: dict[tuple[object, ...], dict[tuple[object, ...], Found]] = {}
"""By the sources of a stylesheet: what was found for each kind of node."""
matched_of: WeakKeyDictionary[Stylesheet, tuple[object, dict[tuple[object, ...], Found]]] = (
    WeakKeyDictionary()
)
"""The part of `matched` for a stylesheet, and the map of rules that it is true of."""

apply = Stylesheet.apply
replace_rules = Stylesheet.replace_rules


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


def apply_once(
    sheet: Stylesheet,
    node: DOMNode,
    *,
    animate: bool = False,
    cache: dict[tuple[object, ...], RulesMap] | None = None,
) -> None:
    """Stands in for `Stylesheet.apply`: looks for rules once for all nodes that look the same.

    Textual's own cache, which lasts for one pass, says what can be kept: it leaves out the nodes
    whose rules depend on their neighbours.
    """
    known = found_by(sheet)
    kind = tuple(traits(node.css_path_nodes))
    if kind in known:
        rules, flags = known[kind]
        for name, flag in zip(FLAGS, flags, strict=True):
            setattr(node, name, flag)
        if node.styles.base._rules:
            sheet.replace_rules(node, rules, animate=animate)
        else:
            begin_with(node, rules)
        sheet._process_component_classes(node)
        return
    fresh: dict[Any, RulesMap] = {}
    apply(sheet, node, animate=animate, cache=fresh)
    if fresh:
        rules = cast(RulesMap, dict(node.styles.base._rules))
        known[kind] = rules, tuple(bool(getattr(node, name)) for name in FLAGS)


def found_by(sheet: Stylesheet) -> dict[tuple[object, ...], Found]:
    """What was found for the rules that a stylesheet has now."""
    rules = sheet.rules_map
    if sheet not in matched_of or matched_of[sheet][0] is not rules:
        sources = (*sheet.source.items(), *sheet._variables.items())
        matched_of[sheet] = rules, matched.setdefault(sources, {})
    return matched_of[sheet][1]


def traits(path: list[DOMNode]) -> Iterator[tuple[object, ...]]:
    """All of the nodes of a path that a rule can ask for, but their place among neighbours."""
    is_disabled = False
    for node in path:
        if isinstance(node, Widget):
            is_disabled = is_disabled or node.disabled
            states: object = (
                node.mouse_hover, is_disabled, node.has_focus, node.allow_focus()
            )  # fmt: skip
        else:
            states = frozenset(node.get_pseudo_classes())
        yield type(node), node._id, frozenset(node._classes), states


def replace_what_changes(node: DOMNode, rules: RulesMap, animate: bool = False) -> None:
    """Stands in for `Stylesheet.replace_rules`: a node that has these rules already keeps them."""
    if node.styles.base._rules == rules:
        node.notify_style_update()
    else:
        replace_rules(node, rules, animate=animate)


def begin_with(node: DOMNode, rules: RulesMap) -> None:
    """Give a node that has no rules yet those of another one, as that has them."""
    node.styles.base.merge_rules(rules)
    node.refresh(layout=True)
    node.notify_style_update()
