"""Terms as they are written, `y ~ a + b + x^2 + a:b + log(x) - 1`: read, never executed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from engine.support.errors import BadInput
from engine.support.translation import tr

Function = Literal["", "log", "C"]
"""What a column goes through first; C makes categories of its numbers."""
LONGEST_FORMULA = 100_000
"""Characters: room for thousands of columns."""
HIGHEST_POWER = 20
KEY = "data.terms"

_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>`[^`]*`)|(?P<number>\d+)(?![\w.])|(?P<name>[^\W\d]\w*(?:\.\w+|\[\d+\])*)"
    r"|(?P<sign>[~+\-:*^().]))"
)


@dataclass(frozen=True)
class Factor:
    """A column in a term: its name, the function it goes through, and the power."""

    column: str
    function: Function = ""
    power: int = 1

    def __str__(self) -> str:
        name = self.column if re.fullmatch(r"[^\W\d]\w*(\.\w+|\[\d+\])*", self.column) else ""
        text = name or f"`{self.column}`"
        if self.function:
            text = f"{self.function}({text})"
        return text if self.power == 1 else f"{text}^{self.power}"


Term = tuple[Factor, ...]
"""The factors of a product, in the order in which they were written."""


def written(term: Term) -> str:
    """A term as it is written."""
    return ":".join(map(str, term))


@dataclass(frozen=True)
class Formula:
    """What is fitted to what: `target ~ terms`."""

    target: Factor | None
    """None where the formula does not say what y is."""
    terms: tuple[Term, ...]
    removed: tuple[Term, ...]
    """What is written behind a minus."""
    others: bool
    """Whether `.` asks for all columns that are not named on the left."""
    intercept: bool


def read_formula(text: str) -> Formula:
    """A formula from its text; raises BadInput, which says where it cannot be read."""
    if len(text) > LONGEST_FORMULA:
        allowed = tr("longer than {most} characters", most=LONGEST_FORMULA)
        raise BadInput(KEY, text, allowed)
    return _Reader(text).formula()


class _Reader:
    """Reads the tokens of one formula from left to right; nothing nests, so nothing recurses."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        """Kind, text and place of each token; the last is the end."""
        at = 0
        while match := _TOKEN.match(text, at):
            kind = match.lastgroup or ""
            self.tokens.append((kind, match[kind], match.start(kind)))
            at = match.end()
        if text[at:].strip():
            at += len(text[at:]) - len(text[at:].lstrip())
            raise self.refusal(at, tr("a name, a number or one of ~ + - : * ^ ( )"))
        self.tokens.append(("end", "", len(text)))
        self.index = 0

    def formula(self) -> Formula:
        """The whole of it."""
        signs = [text for kind, text, _ in self.tokens if kind == "sign"]
        target = None
        if "~" in signs:
            if self.tokens[0][1] != "~":
                target = self.factor()
            self.expect("~")
        terms: dict[frozenset[Factor], Term] = {}
        removed: list[Term] = []
        others, intercept = False, True
        sign = "-" if self.take("-") else "+"
        self.take("+")
        while True:
            if self.take("."):
                others = True
            elif self.tokens[self.index][0] == "number":
                intercept = self.constant(sign)
            else:
                for term in self.product():
                    if sign == "+":
                        terms.setdefault(frozenset(term), term)
                    else:
                        terms.pop(frozenset(term), None)
                        removed.append(term)
            if self.tokens[self.index][0] == "end":
                return Formula(target, tuple(terms.values()), tuple(removed), others, intercept)
            sign = self.take("+") or self.take("-")
            if not sign:
                raise self.refusal(self.tokens[self.index][2], tr("+, - or the end"))

    def constant(self, sign: str) -> bool:
        """Whether there is an intercept after `+ 1`, `- 1` or `+ 0`."""
        _, text, at = self.tokens[self.index]
        if text not in ("0", "1"):
            raise self.refusal(at, tr("1 or 0 for the intercept, or the name of a column"))
        self.index += 1
        return (text == "1") == (sign == "+")

    def product(self) -> list[Term]:
        """Factors with `:` between them; `a*b` stands for a, b and a:b."""
        products: list[Term] = [(self.factor(),)]
        while True:
            if self.take(":"):
                factor = self.factor()
                products[-1] = joined(products[-1], factor)
            elif self.take("*"):
                factor = self.factor()
                if len(products) > 100:
                    raise self.refusal(self.tokens[self.index][2], tr("fewer columns with *"))
                products += [(factor,), *(joined(each, factor) for each in products)]
            else:
                return products

    def factor(self) -> Factor:
        """A column, perhaps in log( ), C( ) or I( ), perhaps to a power."""
        kind, text, at = self.tokens[self.index]
        if kind not in ("name", "quoted"):
            raise self.refusal(at, tr("the name of a column"))
        self.index += 1
        function: Function = ""
        if kind == "name" and self.take("("):
            if text not in ("log", "C", "I"):
                raise self.refusal(at, tr("one of the functions log, C and I"))
            inner = self.column()
            power = self.power()
            self.expect(")")
            function = "log" if text == "log" else "C" if text == "C" else ""
            if function and power != 1:
                raise self.refusal(at, tr("a column alone in {function}( )", function=function))
            return Factor(inner, function, power * self.power())
        return Factor(text.strip("`"), function, self.power())

    def column(self) -> str:
        """The name of a column, in back quotes if need be."""
        kind, text, at = self.tokens[self.index]
        if kind not in ("name", "quoted"):
            raise self.refusal(at, tr("the name of a column"))
        self.index += 1
        return text.strip("`")

    def power(self) -> int:
        """The whole number after `^`; 1 where there is none."""
        if not self.take("^"):
            return 1
        kind, text, at = self.tokens[self.index]
        if kind != "number" or len(text) > 2 or not 1 <= int(text) <= HIGHEST_POWER:
            raise self.refusal(at, tr("a power from 1 to {most}", most=HIGHEST_POWER))
        self.index += 1
        return int(text)

    def take(self, sign: str) -> str:
        """The sign, if it stands here; then it is read."""
        kind, text, _ = self.tokens[self.index]
        if kind != "sign" or text != sign:
            return ""
        self.index += 1
        return sign

    def expect(self, sign: str) -> None:
        """Read the sign, which must stand here."""
        if not self.take(sign):
            raise self.refusal(self.tokens[self.index][2], sign)

    def refusal(self, at: int, allowed: str) -> BadInput:
        """What to say of the place where reading stopped."""
        here = self.text[at : at + 12].strip() or tr("the end")
        words = tr(
            "at character {at} ({here}) there must be {allowed}",
            at=at + 1,
            here=here,
            allowed=allowed,
        )
        return BadInput(KEY, self.text, words)


def joined(term: Term, factor: Factor) -> Term:
    """A product with one factor more; `a:a` is a."""
    return term if factor in term else (*term, factor)
