"""The entry point of `linreg-tui`, which a Ctrl-C ends without a word while it still loads."""

from __future__ import annotations

import gc
import signal


def main() -> None:
    """Run a command, or the screen, and end the process."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()
    from engine import cli
    from tui.command import command

    # Nothing that an import leaves is garbage: looking for it takes a fifth of the start.
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGINT, before)
    cli.leave(cli.main(command))


if __name__ == "__main__":
    main()
