"""An app as the server starts it, without one: it shows what it hears, and begins in no time.

`spawn` starts a child that outlives it, `deaf` has it hear nothing more, `crash` ends it, `where`
shows its folder, `limits` what it may have; `deliver NAME` hands a file over, and what `garbage`
brings is no packet; `paint` tells colours.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO


def send(kind: bytes, content: bytes) -> None:
    """Write a packet."""
    os.write(1, kind + len(content).to_bytes(4, "big") + content)


def read(pipe: BinaryIO) -> tuple[bytes, bytes]:
    """The next packet; empty at the end."""
    head = pipe.read(5)
    return head[:1], pipe.read(int.from_bytes(head[1:], "big"))


def obey(words: list[str]) -> None:
    """Do what was typed."""
    match words:
        case ["spawn"]:
            child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
            send(b"D", f"child {child.pid}".encode())
        case ["deaf"]:
            send(b"D", b"deaf")
            subprocess.run([sys.executable, "-c", "import time; time.sleep(60)"], check=False)
        case ["crash"]:
            os._exit(1)
        case ["limits"]:
            limits = resource.getrlimit(resource.RLIMIT_DATA), os.nice(0)
            send(b"D", f"limits {limits[0][1]} {limits[1]}".encode())
        case ["where"]:
            send(b"D", str(Path.cwd()).encode())
        case ["deliver", name]:
            send(b"M", json.dumps({"type": "deliver", "name": name}).encode())
        case ["paint"]:
            send(b"M", b'{"type": "colors", "background": "#fff"}')
        case ["garbage"]:
            os.write(1, b"not a packet at all")


def main() -> None:
    """Show what is heard until the end is asked for."""
    os.write(1, b"a word before\n__GANGLION__\n")
    send(b"D", f"{os.getpid()} {os.environ['COLUMNS']}x{os.environ['ROWS']}".encode())
    with os.fdopen(0, "rb") as pipe:
        while (packet := read(pipe))[0]:
            kind, content = packet
            if kind == b"M" and json.loads(content)["type"] == "quit":
                break
            send(b"D", b"heard " + content)
            if kind == b"D":
                obey(content.decode().split())
    send(b"M", b'{"type": "exit"}')


if __name__ == "__main__":
    main()
