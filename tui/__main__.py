"""The entry point of `linreg-tui`, which a Ctrl-C ends without a word while it still loads."""

from __future__ import annotations

import signal


def main() -> None:
    """Run a command, or the screen, and end the process."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from engine import cli
    from tui.command import command

    signal.signal(signal.SIGINT, before)
    cli.leave(cli.main(command))


if __name__ == "__main__":
    main()
