"""The texts of the sources, and the catalogs of languages made to hold exactly these.

`python -m tests.messages` adds new texts to every catalog, untranslated, and takes out those that
are gone. A text is a literal given to `tr`, `trn`, `trp` or `Message`, or to an argument, a field
or a constant annotated as Translatable. Babel's extractor knows neither these annotations nor,
before Python 3.12, a call inside an f-string.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

from polib import POEntry, POFile, pofile

from engine.support.translation import CATALOGS, LANGUAGES

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Message:
    """A text of the sources."""

    text: str
    plural: str = ""
    context: str | None = None

    @property
    def key(self) -> tuple[str | None, str]:
        """What tells the entries of a catalog apart."""
        return self.context, self.text


Line = tuple[int, Message]
"""A message and the line that it stands in."""


def sources() -> list[Path]:
    """The files whose texts are shown to people."""
    return sorted(file for package in ("engine", "tui") for file in ROOT.glob(f"{package}/**/*.py"))


def messages() -> list[Message]:
    """Every text once, in the order of files and lines."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sources()]
    signatures = Signatures()
    for tree in trees:
        signatures.visit(tree)
    texts: dict[tuple[str | None, str], Message] = {}
    for tree in trees:
        for _, message in sorted(lines_of(tree, signatures), key=lambda line: line[0]):
            if message.text and (message.plural or message.key not in texts):
                texts[message.key] = message
    return list(texts.values())


def lines_of(tree: ast.AST, signatures: Signatures) -> Iterator[Line]:
    """The texts of a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from called(node)
            yield from signatures.given(node)
        elif isinstance(node, ast.AnnAssign) and node.value and translatable(node.annotation):
            yield from literals(node.annotation, node.value)
        elif isinstance(node, ast.Subscript) and ast.unparse(node).endswith(", TRANSLATED]"):
            yield from literals(None, node.slice)


def called(call: ast.Call) -> Iterator[Line]:
    """The texts given to `tr` and its like."""
    match ast.unparse(call.func):
        case "tr" | "Message":
            yield from literals(None, call.args[0])
        case "trn":
            one, many = map(ast.literal_eval, call.args[:2])
            yield call.lineno, Message(one, many)
        case "trp":
            context = ast.literal_eval(call.args[0])
            for line, message in literals(None, call.args[1]):
                yield line, Message(message.text, context=context)


# By annotation ------------------------------------------------------------------------------------


@dataclass
class Signature:
    """What a function or a class takes."""

    positional: list[str]
    texts: dict[str, ast.expr]
    """The arguments that are texts, or hold some, with their types."""


@dataclass
class Signatures(ast.NodeVisitor):
    """The functions and classes that are given texts, by name."""

    by_name: dict[str, Signature] = field(default_factory=dict)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Note the arguments of a function; those of a method without `self`."""
        positional = [*node.args.posonlyargs, *node.args.args]
        if positional and positional[0].arg in ("self", "cls"):
            del positional[0]
        every = (*positional, *node.args.kwonlyargs)
        arguments = {argument.arg: argument.annotation for argument in every}
        self.note(node.name, [argument.arg for argument in positional], arguments)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Note the fields of a class, those of its bases before its own."""
        self.generic_visit(node)
        names = [ast.unparse(base).partition("[")[0] for base in node.bases]
        bases = [self.by_name[name] for name in names if name in self.by_name]
        fields = {
            ast.unparse(line.target): line.annotation
            for line in node.body
            if isinstance(line, ast.AnnAssign)
        }
        positional = [name for base in bases for name in base.positional]
        inherited = {name: kind for base in bases for name, kind in base.texts.items()}
        self.note(node.name, [*positional, *fields], inherited | fields)

    def note(
        self, name: str, positional: list[str], arguments: Mapping[str, ast.expr | None]
    ) -> None:
        """Keep what takes a text."""
        texts = {key: kind for key, kind in arguments.items() if kind and translatable(kind)}
        if texts:
            self.by_name[name] = Signature(positional, texts)

    def given(self, call: ast.Call) -> Iterator[Line]:
        """The texts that a call gives to a function or a class noted here."""
        name = ast.unparse(call.func).partition("[")[0].rpartition(".")[2]
        if signature := self.by_name.get(name):
            values = {keyword.arg: keyword.value for keyword in call.keywords}
            values |= dict(zip(signature.positional, call.args, strict=False))
            for argument, kind in signature.texts.items():
                if argument in values:
                    yield from literals(kind, values[argument])


def translatable(kind: ast.expr) -> bool:
    """Whether a type is a text or holds some."""
    return "Translatable" in ast.unparse(kind)


def literals(kind: ast.expr | None, value: ast.expr) -> Iterator[Line]:
    """The texts of a value; of a dict the keys, the values or both, as its type says."""
    match kind, value:
        case ast.Subscript(slice=ast.Tuple(elts=[of_keys, of_values])), ast.Dict():
            if translatable(of_keys):
                yield from (line for key in value.keys if key for line in literals(of_keys, key))
            if translatable(of_values):
                yield from (line for item in value.values for line in literals(of_values, item))
        case _, ast.Constant(value=str(text)):
            yield value.lineno, Message(text)
        case _, ast.IfExp():
            yield from (*literals(kind, value.body), *literals(kind, value.orelse))
        case _, ast.Tuple() | ast.List():
            yield from (line for item in value.elts for line in literals(kind, item))
        case _, ast.Subscript(value=ast.Name("Literal")):
            yield from literals(kind, value.slice)


# Catalogs -----------------------------------------------------------------------------------------


def placeholders(text: str) -> list[tuple[str, str | None, str | None]]:
    """The placeholders of a text with their formats, sorted."""
    fields = Formatter().parse(text)
    return sorted((name, spec, how) for _, name, spec, how in fields if name is not None)


def updated(catalog: POFile, texts: list[Message]) -> POFile:
    """A catalog with an entry for each text, translated as far as it was."""
    before: dict[tuple[str | None, str], POEntry] = {
        (entry.msgctxt, entry.msgid): entry for entry in catalog
    }
    result = POFile(wrapwidth=100)
    result.header, result.metadata = catalog.header, catalog.metadata
    for message in texts:
        new = POEntry(msgid=message.text, msgctxt=message.context)
        entry = before.get(message.key, new)
        entry.flags = ["fuzzy"] * entry.fuzzy + ["python-brace-format"] * ("{" in message.text)
        if entry.msgid_plural != message.plural:
            count = int(result.metadata["Plural-Forms"].partition("nplurals=")[2][0])
            entry.msgid_plural, first = message.plural, entry.msgstr
            entry.msgstr_plural = dict.fromkeys(range(count), first) if message.plural else {}
            entry.msgstr = "" if message.plural else first
        result.append(entry)
    return result


def main() -> None:
    """Bring every catalog up to date."""
    texts = messages()
    for language in LANGUAGES[1:]:
        file = str(CATALOGS / f"{language}.po")
        catalog = updated(pofile(file, encoding="utf-8"), texts)
        catalog.save(file)
        print(f"{file}: {catalog.percent_translated()} % of {len(texts)} texts translated")


if __name__ == "__main__":
    main()
