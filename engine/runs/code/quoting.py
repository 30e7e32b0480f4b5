"""Functions as a script holds them: their own source, at the values of an experiment.

What is known when the script is written is worked out: a number stands in its place, a branch that
is not taken is left out, and a function that is mentioned is quoted too. So what is registered in
one place has its code from there.
"""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from textwrap import dedent, indent
from types import FunctionType, MethodType, ModuleType
from typing import Any

from engine.runs.code.syntax import (
    Renamed,
    identifier,
    is_literal,
    literal,
    located,
    parsed_expression,
    source_of,
    stored,
    unparsed,
)

RESERVED = frozenset({
    "torch", "nn", "csv", "math", "X", "y", "X_val", "y_val", "X_batch", "y_batch", "y_hat", "net",
    "loss", "validation", "criterion", "objective", "optimizer", "order", "generator", "epoch",
    "epochs", "lr", "batch_size", "step", "steps", "params", "param", "states", "move", "index",
    "predict", "best", "best_epoch", "rows", "row", "file", "number", "DataLoader", "TensorDataset",
    "means", "deviations", "kept", "rate", "noise", "data_iter", "shuffled",
})  # fmt: skip
"""What scripts call their own."""
OF_NUMBERS = {"minimum": "min", "maximum": "max", "abs": "abs"}
"""Python's word for a function of numpy, of a single number; the others are those of math."""


@dataclass(frozen=True, eq=False)
class Text:
    """An expression of the script that stands for a value of which only its text is known."""

    text: str


@dataclass
class Quotes:
    """The functions and constants that a script holds, and the modules that they need."""

    imports: set[str] = field(default_factory=set)
    definitions: list[str] = field(default_factory=list)
    """In the order in which they must stand."""
    names: dict[str, object] = field(default_factory=dict)
    """What each name that is taken stands for."""

    def take(self, wanted: str, kind: str = "") -> str:
        """A name like the one wanted that nothing else in the script has; from now on it is taken.

        One that is taken or a word of Python becomes `wanted_kind`, or has a number behind it.
        """
        name = identifier(wanted)
        tries = [name, f"{name}_{identifier(kind)}"] if kind else [name]
        tries += [f"{name}_{count}" for count in range(2, len(self.names) + 3)]
        free = next(name for name in tries if self._is_free(name))
        self.names[free] = None
        return free

    def _is_free(self, name: str) -> bool:
        return not (
            name in self.names
            or name in RESERVED
            or keyword.iskeyword(name)
            or hasattr(builtins, name)
        )

    def define(
        self,
        function: Callable[..., Any],
        wanted: str = "",
        kind: str = "",
        options: Mapping[str, object] = {},
        bound: Mapping[str, object] = {},
        more: Sequence[str] = (),
    ) -> str:
        """The name under which the script defines a function.

        `options` become defaults of its parameters, values that are `bound` stand in its body in
        their place, and `more` are parameters that it has beside its own.
        """
        key = (function, dict(bound))
        for name, owner in self.names.items():
            if owner == key:
                return name
        folded = Folded(self, function, bound)
        name = wanted or folded.name
        name = name if name in ("predict", "data_iter", "shuffled") else self.take(name, kind)
        self.names[name] = key
        arguments = deepcopy(folded.arguments)
        for argument in arguments.args:
            argument.annotation = None
        arguments.args += [ast.arg(each) for each in more]
        arguments.defaults = [
            literal(options[each.arg]) for each in arguments.args if each.arg in options
        ]
        head: list[ast.stmt] = folded.docstring
        if not folded.source:
            head = [*head, *folded.statements]
        body = head or [ast.Pass()]
        definition = ast.parse("def f(): pass").body[0]
        assert isinstance(definition, ast.FunctionDef)
        definition.name, definition.args, definition.body = name, arguments, body
        text = unparsed(definition)
        if folded.source:
            text = f"{text if head else text.removesuffix('pass').rstrip()}\n{folded.source}"
        self.definitions.append(text)
        return name

    def expression(
        self, function: Callable[..., Any], *given: str, bound: Mapping[str, object] = {}
    ) -> str:
        """A call of a function with expressions of the script: what it returns where that is one
        expression, else the call of its definition."""
        return ast.unparse(
            self.called(function, [parsed_expression(text) for text in given], bound)
        )

    def is_one_expression(self, function: Callable[..., Any], bound: Mapping[str, object]) -> bool:
        """Whether a function does nothing but return an expression."""
        statements = Folded(Quotes(), function, bound).statements
        return len(statements) == 1 and isinstance(statements[0], ast.Return)

    def called(
        self,
        function: Callable[..., Any],
        given: list[ast.expr],
        bound: Mapping[str, object],
        wanted: str = "",
    ) -> ast.expr:
        """See `expression`."""
        folded = Folded(self, function, bound)
        if len(folded.statements) == 1 and isinstance(folded.statements[0], ast.Return):
            value = folded.statements[0].value
            uses = [node.id for node in ast.walk(value or ast.Pass()) if isinstance(node, ast.Name)]
            names = [argument.arg for argument in folded.arguments.args]
            if value and all(
                isinstance(text, ast.Name | ast.Constant) or uses.count(name) <= 1
                for name, text in zip(names, given, strict=True)
            ):
                renamed: ast.expr = Renamed(dict(zip(names, given, strict=True))).visit(
                    deepcopy(value)
                )
                return renamed
        name = self.define(function, wanted, bound=bound)
        return ast.Call(ast.Name(name), given, [])

    def statements(self, function: Callable[..., Any], target: str) -> list[str]:
        """The body of a function, its parameters being names of the script; the value that it
        returns at its end goes into `target`."""
        folded = Folded(self, function, {})
        *body, last = folded.statements
        returns = [node for each in body for node in ast.walk(each) if isinstance(node, ast.Return)]
        if returns or not isinstance(last, ast.Return) or last.value is None:
            given = ", ".join(argument.arg for argument in folded.arguments.args)
            return [f"{target} = {self.define(function)}({given})"]
        lines = [unparsed(statement) for statement in body]
        value = ast.unparse(last.value)
        return lines if value == target else [*lines, f"{target} = {value}"]


class Folded:
    """A function without decorators and annotations, what is known of it worked out."""

    def __init__(
        self, quotes: Quotes, function: Callable[..., Any], bound: Mapping[str, object]
    ) -> None:
        known = dict(bound)
        if isinstance(function, MethodType):
            known["self"], function = function.__self__, function.__func__
        assert isinstance(function, FunctionType)
        node = deepcopy(located(function.__code__))
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            known[name] = cell.cell_contents
        self.name = "function" if isinstance(node, ast.Lambda) else node.name
        self.arguments = node.args
        self.arguments.args = [each for each in node.args.args if each.arg not in known]
        self.arguments.defaults = []
        body: list[ast.stmt]
        body = [ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body
        own = {each.arg for each in self.arguments.args} | stored(body)
        self.docstring: list[ast.stmt] = []
        if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            first = str(body[0].value.value).split("\n")[0]
            self.docstring, body = [ast.Expr(ast.Constant(first))], body[1:]
        before = [ast.dump(statement) for statement in body]
        folder = Folder(quotes, known, own - known.keys(), function.__globals__)
        self.statements = folder.block(body)
        self.source = ""
        """The body as it is written, where nothing in it was worked out."""
        if isinstance(node, ast.FunctionDef) and before == list(map(ast.dump, self.statements)):
            lines = source_of(function.__code__.co_filename)
            text = "\n".join(lines[body[0].lineno - 1 : body[-1].end_lineno])
            self.source = indent(dedent(text), "    ")


class Folder(ast.NodeTransformer):
    """Works out what is known in a function: values by name, and those of its module."""

    def __init__(
        self, quotes: Quotes, known: dict[str, object], own: set[str], module: dict[str, Any]
    ) -> None:
        self.quotes, self.known, self.own, self.module = quotes, known, own, module
        self.numpy = ""
        """The name under which the function imports numpy."""

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Statements up to the first return."""
        block: list[ast.stmt] = []
        for statement in statements:
            new = self.visit(statement)
            block += new if isinstance(new, list) else [new] if new else []
            if block and isinstance(block[-1], ast.Return):
                break
        return block

    def visit(self, node: ast.AST) -> Any:
        """The node, or what it comes to where that is known."""
        value = self.value(node) if isinstance(node, ast.expr) else UNKNOWN
        new = None if value is UNKNOWN else self.written(value, node)
        return new or super().visit(node)

    def value(self, node: ast.expr) -> Any:
        """What an expression of known values comes to; UNKNOWN where it is not one of them."""
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        if not names & self.known.keys() or names & self.own or self.numpy in names:
            return UNKNOWN
        if not all(
            name in self.known or name in self.module or hasattr(builtins, name) for name in names
        ):
            return UNKNOWN
        expression = ast.fix_missing_locations(ast.Expression(deepcopy(node)))
        try:
            return eval(compile(expression, "", "eval"), dict(self.module), self.known)
        except Exception:  # of a value whose text alone is known, whatever is asked of it
            return UNKNOWN

    def written(self, value: object, node: ast.AST) -> ast.expr | None:
        """A value as the script says it; None where it can only be taken apart."""
        if isinstance(value, Text):
            return parsed_expression(value.text)
        if isinstance(value, FunctionType | MethodType):
            return ast.Name(self.quotes.define(value, hint(value, node, self.known)))
        return literal(value) if is_literal(value) else None

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A call of a function without a name of its own is what that returns."""
        function = self.value(node.func)
        given = [self.visit(argument) for argument in node.args]
        is_own = isinstance(function, FunctionType | MethodType) and not node.keywords
        if is_own:
            folded = located(function.__code__)
            names = [each.arg for each in folded.args.args if each.arg != "self"]
            flags = {
                name: argument.value
                for name, argument in zip(names, given, strict=True)
                if isinstance(argument, ast.Constant) and isinstance(argument.value, bool)
            }
            rest = [
                argument for name, argument in zip(names, given, strict=True) if name not in flags
            ]
            return self.quotes.called(function, rest, flags, hint(function, node.func, self.known))
        keywords = [ast.keyword(each.arg, self.visit(each.value)) for each in node.keywords]
        return ast.Call(self.visit(node.func), given, keywords)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A name of the function's module is quoted too."""
        if node.id in self.own or node.id not in self.module:
            return node
        value = self.module[node.id]
        if isinstance(value, ModuleType):
            self.quotes.imports.add(value.__name__)
        elif isinstance(value, FunctionType):
            return ast.Name(self.quotes.define(value))
        elif is_literal(value) and node.id not in self.quotes.names:
            self.quotes.names[node.id] = None
            self.quotes.definitions.append(f"{node.id} = {value!r}")
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """What numpy does to one number, Python or math does."""
        if isinstance(node.value, ast.Name) and node.value.id == self.numpy:
            if node.attr in OF_NUMBERS:
                return ast.Name(OF_NUMBERS[node.attr], ast.Load())
            self.quotes.imports.add("math")
            return ast.Attribute(ast.Name("math", ast.Load()), node.attr, ast.Load())
        return ast.Attribute(self.visit(node.value), node.attr, node.ctx)

    def visit_Import(self, node: ast.Import) -> None:
        """The script imports modules at its top."""
        for alias in node.names:
            if alias.name == "numpy":
                self.numpy = alias.asname or alias.name
            else:
                self.quotes.imports.add(alias.name)

    def visit_If(self, node: ast.If) -> ast.stmt | list[ast.stmt]:
        """The branch that is taken, where that is known."""
        test = self.visit(node.test)
        if isinstance(test, ast.Constant | ast.Tuple):
            return self.block(node.body if ast.literal_eval(test) else node.orelse)
        return ast.If(test, self.block(node.body), self.block(node.orelse))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """The value that is taken, where that is known."""
        test = self.visit(node.test)
        if isinstance(test, ast.Constant | ast.Tuple):
            chosen: ast.expr = self.visit(node.body if ast.literal_eval(test) else node.orelse)
            return chosen
        return ast.IfExp(test, self.visit(node.body), self.visit(node.orelse))

    def visit_Assert(self, node: ast.Assert) -> None:
        """Asserts are for the checker of types."""


UNKNOWN = object()


def hint(function: Callable[..., Any], node: ast.AST, known: Mapping[str, object]) -> str:
    """What a function may be called: its own name, else by the expression that stands for it."""
    if function.__name__ != "<lambda>":
        return function.__name__
    match node:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=key):
            expression = ast.fix_missing_locations(ast.Expression(deepcopy(key)))
            return str(eval(compile(expression, "", "eval"), {}, dict(known)))
    return "function"
