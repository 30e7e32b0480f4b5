"""`serve`: the lab in browsers."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli import say
from engine.lessons.library import PLACE_OF_LESSONS
from engine.runs.store import Store
from engine.support.errors import BadInput
from engine.support.translation import get_language, tr
from engine.support.user_files import runs_folder

if TYPE_CHECKING:
    from tui.serve.server import Serving

EXTRA = 'pip install "linreg-tui[web]"'


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 for all networks.")
@click.option("--port", type=click.IntRange(0, 65535), default=8123, show_default=True)
@click.option(
    "--sessions", type=click.IntRange(1, 64), default=4, show_default=True, help="At once."
)
@click.option(
    "--idle",
    type=click.FloatRange(0, min_open=True),
    default=30,
    show_default=True,
    metavar="MINUTES",
    help="Without a key a session ends.",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Keep the visitors' files there; else they go with the server.",
)
@click.option("--public-url", default="", help="Where a proxy serves it, with its path.")
@click.option(
    "--token",
    envvar="LINREG_TUI_TOKEN",
    help="16 letters or digits at least; else a new one each time.",
)
@click.option(
    "--watch",
    "is_show",
    is_flag=True,
    help="Everybody sees the newest run of this machine, as it grows; no key does anything.",
)
def serve(
    host: str,
    port: int,
    keep: Path | None,
    public_url: str,
    token: str | None,
    is_show: bool,
    **bounds: float,
) -> int:
    """Serve the lab to browsers, on this machine alone unless --host names another one.

    Who opens the address that is printed has a lab of their own; with --watch, the run on show.
    """
    if not (find_spec("aiohttp") and find_spec("textual_serve")):
        raise click.UsageError(tr("browsers need an extra: {command}", command=EXTRA))
    from tui.serve.gate import is_token, is_url, new_token
    from tui.serve.server import Serving
    from tui.serve.sessions import Bounds

    if token is not None and not is_token(token):
        raise BadInput("--token", "…", tr("must be 16 to 256 letters, digits or any of -._~"))
    if public_url and not is_url(public_url):
        allowed = tr("must be an address, as https://lab.example.org/linreg/")
        raise BadInput("--public-url", public_url, allowed)
    app: tuple[str, ...] = (sys.executable, "-P", "-m", "tui", "--lang", get_language())
    if lessons := click.get_current_context().meta[PLACE_OF_LESSONS]:
        app = (*app, "--lessons", str(lessons.absolute()))
    source = click.get_current_context().get_parameter_source
    for name in ("sessions", "idle", "keep") if is_show else ():
        if source(name) is not click.core.ParameterSource.DEFAULT:
            allowed = tr("is of labs of one's own, and with --watch there are none")
            raise BadInput(f"--{name}", keep if name == "keep" else bounds[name], allowed)
    enough = Bounds(int(bounds["sessions"]), bounds["idle"] * 60)
    shown = Store(runs_folder()) if is_show else None
    serve_until_interrupted(
        Serving(app, token or new_token(), host, port, public_url, keep, enough, shown)
    )
    return 0


def serve_until_interrupted(serving: Serving) -> None:
    """Serve, and say where; raises BadInput."""
    from tui.serve.server import serve as answer

    def opened(address: str) -> None:
        say(address)
        say(tr("Open this address in a browser; ctrl+c ends it for everybody."), err=True)
        sys.stdout.flush()

    answer(serving, opened)
