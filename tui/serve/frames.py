"""What travels: frames of text from a browser, packets to and from the pipes of an app."""

from __future__ import annotations

import json
from asyncio import StreamReader
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 1 << 18
"""Of a frame; a longer text cannot be pasted."""
MOST_IN_PACKET = 1 << 26
"""Bytes that an app may send at once."""
SMALLEST, LARGEST = (12, 4), (400, 160)
"""Columns and lines of a terminal in a browser."""
FIRST_LINE = b"__GANGLION__\n"
"""What an app of Textual's writes before its packets."""
LONGEST_NAME = 120


class Malformed(ValueError):
    """A frame that no page of ours has sent."""


@dataclass(frozen=True)
class Packet:
    """What an app says: data for the terminal, or values about something."""

    kind: bytes
    """D or M."""
    content: bytes

    @property
    def values(self) -> dict[str, Any]:
        """Of a packet of kind M."""
        values = json.loads(self.content)
        return values if isinstance(values, dict) else {}


def packed(kind: bytes, content: bytes) -> bytes:
    """A packet as Textual's driver reads and writes it."""
    return b"%b%b%b" % (kind, len(content).to_bytes(4, "big"), content)


def told(kind: str, **values: object) -> bytes:
    """A packet that tells an app something."""
    return packed(b"M", json.dumps({"type": kind, **values}).encode())


async def packet_from(pipe: StreamReader) -> Packet:
    """The next packet; raises EOFError at the end, Malformed where there is none."""
    head = await pipe.readexactly(5)
    size = int.from_bytes(head[1:], "big")
    if head[:1] not in (b"D", b"M", b"P") or size > MOST_IN_PACKET:
        raise Malformed(head)
    return Packet(head[:1], await pipe.readexactly(size))


def packet_of(frame: str) -> bytes:
    """What an app is to hear of a frame, as a packet; empty for nothing. Raises Malformed."""
    try:
        kind, *rest = json.loads(frame)
        match kind, rest:
            case "stdin", [str(keys)]:
                return packed(b"D", keys.encode())
            case "resize", [{"width": int(width), "height": int(height)}]:
                width, height = clamped(width, height)
                return told("resize", width=width, height=height)
            case (("focus" | "blur"), []):
                return told(kind)
            case "open", [str(name)]:
                return told("open", name=name[:LONGEST_NAME])
            case "ping", [_]:
                return b""
    except (ValueError, TypeError, RecursionError):  # no JSON, no list, half a character
        pass
    raise Malformed(frame[:LONGEST_NAME])


def size_of(packet: bytes) -> tuple[int, int] | None:
    """The size that a packet for an app tells; None where it tells something else."""
    if packet[:1] != b"M":
        return None
    values = json.loads(packet[5:])
    return (values["width"], values["height"]) if values["type"] == "resize" else None


def clamped(width: int, height: int) -> tuple[int, int]:
    """A size that can be drawn."""
    return (
        min(max(width, SMALLEST[0]), LARGEST[0]),
        min(max(height, SMALLEST[1]), LARGEST[1]),
    )


def size_in(width: str, height: str) -> tuple[int, int]:
    """The size that an address asks for; 80 × 24 where it asks for none."""
    if width.isdecimal() and height.isdecimal() and len(width + height) < LONGEST_NAME:
        return clamped(int(width), int(height))
    return 80, 24
