"""Which version this is, and of which commit, where that can be known."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from pathlib import Path

PACKAGE = "linreg-tui"
SOURCES = Path(__file__).parents[2]
LENGTH = 8
"""Digits of a commit that are shown."""


@cache
def release() -> str:
    """The version, and the commit of a checkout or of what pip took from a repository."""
    # Here, because the screen's first frame imports this file, and this takes a tenth of its time.
    from importlib.metadata import PackageNotFoundError, version

    try:
        number, commit = version(PACKAGE), commit_installed()
    except PackageNotFoundError:  # a checkout that is run where it lies
        number, commit = "", ""
    commit = commit or commit_of(SOURCES / ".git")
    return " ".join([*filter(None, [number, commit and f"({commit[:LENGTH]})"])])


def commit_installed() -> str:
    """The commit that pip noted (PEP 610); empty where it took no repository."""
    from importlib.metadata import distribution

    text = distribution(PACKAGE).read_text("direct_url.json") or "{}"
    return str(json.loads(text).get("vcs_info", {}).get("commit_id", ""))


def commit_of(folder: Path) -> str:
    """The commit that is checked out, by git's own files; empty where there are none."""
    with suppress(OSError):
        if folder.is_file():  # of a worktree: its folder lies elsewhere
            folder = Path(folder.read_text().removeprefix("gitdir:").strip())
        head = (folder / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        name, common = head.removeprefix("ref: "), folder
        if (folder / "commondir").exists():
            common = folder / (folder / "commondir").read_text().strip()
        if (common / name).exists():
            return (common / name).read_text().strip()
        packed = (common / "packed-refs").read_text().splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    return ""
