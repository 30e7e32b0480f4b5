"""Markdown for a narrow column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import cell_len
from textual.content import Content

from tui.keys.in_use import key_of
from tui.keys.table import ACTIONS
from tui.text.wrap import Block

CODE = "bold on $panel"
BY_SHOWN = {action.shown: action.id for action in ACTIONS if action.id != "resume"}
"""The key of an action as the table has it, as texts name it in code → its id."""


def blocks(markdown: str) -> list[Block]:
    """Markdown as blocks, with an empty one where there is an empty line."""
    return Reader().read(MarkdownIt("commonmark").enable("table").parse(markdown))


def phrase(markdown: str) -> Content:
    """Markdown within one line: code, bold, italic."""
    return inline(MarkdownIt("commonmark").parseInline(markdown)[0].children or [])


@dataclass
class Reader:
    """Goes through the tokens of a text and remembers in which lists it is."""

    done: list[Block] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)
    """What stands before every line here, from the outside in."""
    bullets: list[str] = field(default_factory=list)
    """How the next entry of each list begins; numbers count up."""
    bullet: str = ""
    """What the next block begins with."""
    rows: list[list[Content]] = field(default_factory=list)
    """The rows of a table so far."""
    rights: list[bool] = field(default_factory=list)
    """Whether each column of the table is flush right."""

    def read(self, tokens: list[Token]) -> list[Block]:
        """The blocks of some tokens."""
        style = ""
        for token in tokens:
            kind = token.type
            if kind == "heading_open":
                style = "bold"
            elif kind in ("heading_close", "paragraph_close"):
                style = ""
                if not token.hidden:
                    self.gap()
            elif kind == "inline":
                content = inline(token.children or [])
                if self.rows:
                    self.rows[-1].append(content)
                else:
                    for line in content.stylize(style).split("\n"):
                        self.add(line)
            elif kind == "fence" or kind == "code_block":
                for code in token.content.rstrip("\n").split("\n"):
                    self.add(Content(code), "  ")
                self.gap()
            elif kind == "hr":
                self.add(Content("· · ·"))
                self.gap()
            else:
                self.nest(token)
        while self.done and not self.done[-1].content.plain:
            self.done.pop()
        return self.done

    def nest(self, token: Token) -> None:
        """Go into or out of a list or a quotation."""
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            number = token.attrGet("start") or 1
            self.bullets.append(f"{number}. " if token.type.startswith("ordered") else "• ")
        elif kind == "list_item_open":
            self.bullet = self.bullets[-1]
            self.leads.append(" " * cell_len(self.bullet))
            if self.bullet[0] != "•":
                self.bullets[-1] = f"{int(self.bullet[:-2]) + 1}. "
        elif kind == "list_item_close":
            self.leads.pop()
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.bullets.pop()
            if not self.bullets:
                self.gap()
        elif kind == "blockquote_open":
            self.leads.append("│ ")
        elif kind == "blockquote_close":
            self.leads.pop()
        else:
            self.tabulate(token)

    def tabulate(self, token: Token) -> None:
        """Go on in a table, or out of it."""
        if token.type == "tr_open":
            self.rows.append([])
        elif token.type == "th_open":
            self.rights.append("right" in str(token.attrGet("style")))
        elif token.type == "table_close":
            for row in table(self.rows, self.rights):
                self.add(row, hang="  ")
            self.rows, self.rights = [], []
            self.gap()

    def add(self, content: Content, indent: str = "", hang: str = "") -> None:
        """One more block."""
        around = "".join(self.leads) + indent
        lead = around
        if self.bullet:
            lead = "".join(self.leads[:-1]) + self.bullet + indent
            self.bullet = ""
        self.done.append(Block(content, lead, around + hang))

    def gap(self) -> None:
        """An empty line."""
        if self.done and self.done[-1].content.plain:
            self.done.append(Block(Content()))


def inline(tokens: list[Token]) -> Content:
    """The text of one paragraph; a line break of the file is a space, but none within Chinese."""
    parts: list[Content | str] = []
    styles: list[str] = []
    for index, token in enumerate(tokens):
        kind = token.type
        if kind == "softbreak":
            around = tokens[index - 1].content[-1:], tokens[index + 1 : index + 2]
            after = around[1][0].content[:1] if around[1] else ""
            parts.append("" if cell_len(around[0]) == cell_len(after) == 2 else " ")
        elif kind == "hardbreak":
            parts.append("\n")
        elif kind == "code_inline":
            code = BY_SHOWN.get(token.content)
            text = key_of(code) if code else token.content
            pressed = (f"@click=screen.do('{code}')",) if code else ()
            parts.append(Content.styled(text, " ".join((*styles, CODE, *pressed))))
        elif kind == "link_open":
            styles.append(f'underline link="{token.attrGet("href")}"')
        elif kind in ("strong_open", "em_open"):
            styles.append({"s": "bold", "e": "italic"}[kind[0]])
        elif kind in ("strong_close", "em_close", "link_close"):
            styles.pop()
        else:
            parts.append(Content.styled(token.content, " ".join(styles)))
    return Content.assemble(*parts)


def table(rows: list[list[Content]], rights: list[bool]) -> Iterator[Content]:
    """The rows with their columns under each other, the first one bold."""
    sizes = [max(cell.cell_length for cell in column) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        cells = [
            cell.pad_left(size - cell.cell_length)
            if right
            else cell.pad_right(size - cell.cell_length)
            for cell, size, right in zip(row, sizes, rights, strict=True)
        ]
        line = Content("  ").join(cells)
        yield line if number else line.stylize("bold")
