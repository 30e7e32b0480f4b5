"""`linreg-tui completion`: the script by which a shell completes commands, lessons and keys."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

from engine.cli.output import say
from engine.experiment import Experiment
from engine.lessons.library import files

PROGRAM, VARIABLE = "linreg-tui", "_LINREG_TUI_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the script that makes a shell complete commands, options, lessons and keys.

    bash, zsh: eval "$(linreg-tui completion bash)" in the shell's start file; fish: linreg-tui
    completion fish > ~/.config/fish/completions/linreg-tui.fish
    """
    script = get_completion_class(shell)
    assert script is not None
    say(script(context.find_root().command, {}, PROGRAM, VARIABLE).source().strip())
    return 0


def lessons_and_files(
    context: click.Context, param: click.Parameter, begun: str
) -> list[CompletionItem]:
    """The lessons whose names begin so, and the shell's own files."""
    names = [CompletionItem(name) for name in files() if name.startswith(begun)]
    return [*names, CompletionItem(begun, type="file")]


def keys(context: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The keys of the baseline that begin so, up to their equals sign."""
    return [CompletionItem(f"{key}=") for key in Experiment().flat() if f"{key}=".startswith(begun)]
