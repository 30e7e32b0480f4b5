"""What click says of a command line that is wrong, in the language of the locale."""

from __future__ import annotations

import ast
import inspect

import click.core
import click.exceptions
import click.parser
import click.types
import pytest

from engine.cli.refusals import TEXTS
from tests.support.commands import cli

WRONG = {
    ("--nope",): "没有选项 '--nope'。 你是指",
    ("nope",): "没有命令 'nope'。",
    ("run", "--nope"): "没有选项 '--nope'。 你是指 '--name' 吗？",
    ("run", "--fork-at", "x"): "'--fork-at' 的值无效：'x' 不是有效的数值",
    ("run", "--fork-at", "-1"): "'--fork-at' 的值无效：-1 不在范围 x>=0 内。",
    ("run", "-s"): "选项 '-s' 需要一个值。",
    ("run", "--json=3"): "选项 '--json' 不带值。",
    ("run", "a", "b", "c"): "多余的参数 (b c)",
    ("runs", "export", "--format", "x"): "'x' 不是 'csv', 'jsonl', 'tensorboard' 之一。",
    ("runs", "rm"): "缺少参数 'NAMES...'",
    ("lesson",): "缺少命令。",
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.items())
def test_in_chinese(
    arguments: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    shown = cli(*arguments)
    assert (shown.code, shown.out) == (2, "")
    assert words in shown.err
    monkeypatch.setenv("LC_ALL", "C")
    in_english = cli(*arguments)
    assert in_english.code == 2
    assert in_english.err.isascii()


def test_the_texts_are_those_of_click() -> None:
    modules = click.core, click.exceptions, click.parser, click.types
    nodes = (node for module in modules for node in ast.walk(ast.parse(inspect.getsource(module))))
    literals = {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert literals.issuperset(TEXTS)
